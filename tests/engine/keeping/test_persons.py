"""Erasing a person: everything that names them, the facts stay, and what goes on is asked about."""

import pytest

from engine.errors import Refused, Sentence
from engine.history.finding import Filter
from engine.store import dispatches, notices, samples, zaps
from engine.store.notice_ways import Kind
from engine.store.samples import Sample
from engine.store.states import Contents, RunState
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import error

ADA = "ada@example.com"


def labels(bench: Bench, text: str) -> set[str]:
    return {row.label for row in bench.runtime.persons.find(text).runs}


@in_a_loop
async def test_what_names_a_person_is_found_whatever_its_case_and_where(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, "mail of Ada@Example.com", "mail of bob@example.com", 'say "ada@example.com" twice')
    assert labels(bench, ADA) == {"mail of Ada@Example.com", 'say "ada@example.com" twice'}
    assert labels(bench, 'say "ada') == {'say "ada@example.com" twice'}
    assert bench.runtime.persons.find("carla@example.com").is_nothing


@pytest.mark.parametrize("text", ["", "  a ", "ad\n"])
def test_a_text_that_is_in_everything_is_refused(bench: Bench, text: str):
    with pytest.raises(Refused, match="at least 4"):
        bench.runtime.persons.find(text)


@in_a_loop
async def test_erasing_takes_the_data_and_leaves_the_fact(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    bench.toy.next(f"make {ADA}", error("permanent"))
    run, other = await bench.done(zap, ADA, "bob")
    bench.engine.indexing.catch_up()
    bench.change("UPDATE run SET problem = :said WHERE id = :id", said=f"{ADA.upper()} is unknown", id=run.id)
    erased = bench.runtime.persons.erase(ADA, cancel=False)
    bench.engine.indexing.catch_up()
    assert (erased.runs, erased.left) == (1, 0)
    after = bench.run(run.id)
    assert (after.state, after.contents, after.problem) == (RunState.FAILED, Contents.ERASED, "… is unknown")
    assert bench.run(other.id).contents == Contents.KEPT
    assert bench.runtime.persons.find(ADA).is_nothing
    assert bench.runtime.history.page(Filter(text="ada")).rows == ()
    await bench.check(zap)
    assert len(bench.runs(zap)) == 2, "it does not come again"


@in_a_loop
async def test_samples_and_notices_lose_what_they_say_about_a_person(bench: Bench):
    zap = await bench.zap()
    now = bench.now()
    with bench.runtime.database.write() as session:
        samples.put(session, zap, Sample("trigger", "toy.new_thing", {"name": ADA}, True, "", now))
        samples.put(session, zap, Sample("made", "toy.make", {"name": "bob"}, True, "", now))
        notices.tell(session.connection(), "m", f"Could not write to {ADA} today", now=now)
    kept = bench.runtime.persons.find(ADA)
    assert ([one.step for one in kept.samples], kept.notices) == (["trigger"], 1)
    bench.runtime.persons.erase(ADA, cancel=False)
    with bench.runtime.database.read() as session:
        assert list(samples.of_zap(session, zap)) == ["made"]
    assert bench.notices()["m"].sentence == "Could not write to … today"


@in_a_loop
async def test_what_goes_on_is_listed_and_keeps_its_data_unless_it_is_cancelled(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.arrive(zap, ADA)
    (run,) = bench.runs(zap)
    bench.change("UPDATE run SET state = 'held', hold = 'off'")
    assert [row.id for row in bench.runtime.persons.find(ADA).going_on] == [run.id]
    kept = bench.runtime.persons.erase(ADA, cancel=False)
    assert (kept.runs, kept.cancelled, kept.left) == (0, 0, 1)
    assert bench.records(zap) == [ADA]
    erased = bench.runtime.persons.erase(ADA, cancel=True)
    assert (erased.runs, erased.cancelled, erased.left) == (1, 1, 0)
    assert (bench.run(run.id).state, bench.run(run.id).contents) == (RunState.CANCELLED, Contents.ERASED)
    await bench.drain()
    assert bench.toy.names() == []


@in_a_loop
async def test_replays_of_a_person_are_erased_with_the_first_run(bench: Bench):
    zap = await bench.zap()
    bench.toy.next(f"make {ADA}", error("permanent"))
    (run,) = await bench.done(zap, ADA)
    again = bench.runtime.control.replay(run.id, whole=True)
    await bench.drain()
    assert {row.id for row in bench.runtime.persons.find(ADA).runs} == {run.id, again}
    assert bench.runtime.persons.erase(ADA, cancel=False).runs == 2
    assert bench.runtime.persons.find(ADA).is_nothing


@in_a_loop
async def test_mails_and_calls_on_their_way_lose_what_they_say_about_a_person(bench: Bench):
    now, name = bench.now(), "Erika O'Neill"
    letter = {
        "subject": f"“Zap” failed for {name}",
        "text": "It failed for Erika\nO'Neill, see 0171 1234567",
        "html": '<p class="said">It failed for Erika O&#x27;Neill</p>',
    }
    with bench.runtime.database.write() as session:
        mail = dispatches.add(session, Kind.MAIL, "p", "zap:z", letter, now=now)
        hook = dispatches.add(session, Kind.HOOK, "", "zap:z", {"up": [{"sentence": name, "count": 2}]}, now=now)
        other = dispatches.add(session, Kind.HOOK, "", "zap:y", {"up": [{"sentence": "Bob"}]}, now=now)
        dispatches.again(session, hook, Sentence("no", f"Keine Antwort wegen {name}"), at=now)
    kept = bench.runtime.persons.find(name)
    assert (kept.dispatches, kept.is_nothing) == (2, False)
    assert bench.runtime.persons.erase(name, cancel=False).dispatches == 2
    with bench.runtime.database.read() as session:
        left = {one.id: one for one in dispatches.waiting(session)}
    assert left[mail].content == {
        "subject": "“Zap” failed for …",
        "text": "It failed for …, see 0171 1234567",
        "html": '<p class="said">It failed for …</p>',
    }
    assert left[hook].content == {"up": [{"sentence": "…", "count": 2}]}
    assert left[hook].problem.german == "Keine Antwort wegen …"
    assert left[other].content == {"up": [{"sentence": "Bob"}]}
    assert bench.runtime.persons.find(name).is_nothing


@in_a_loop
async def test_a_notice_that_names_a_person_only_in_german_loses_it_too(bench: Bench):
    said = Sentence("A client could not be written to.", f"An {ADA} konnte nicht geschrieben werden.")
    with bench.runtime.database.write() as session:
        notices.tell(session.connection(), "m", said, now=bench.now())
    assert bench.runtime.persons.find(ADA).notices == 1
    bench.runtime.persons.erase(ADA, cancel=False)
    with bench.runtime.database.read() as session:
        (told,) = notices.still_open(session)
    assert told.sentence == "A client could not be written to."
    assert told.german == "An … konnte nicht geschrieben werden."


@in_a_loop
async def test_what_people_typed_into_zaps_is_named_and_only_forgotten_where_it_could_be_undone(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make", note=f"for {ADA}"))
    other = await bench.zap()
    await bench.done(zap, "Bob")
    with bench.runtime.database.write() as session:
        drawn = zaps.find(session, zap)
        plain = drawn.draft.model_copy(update={"steps": zaps.find(session, other).draft.steps})
        zaps.save_draft(session, zap, plain, revision=drawn.revision, now=bench.now())
    columns, values = "zap_id, place, before, after, undone, person_id, at", ":zap, '', :was, '{}', :no, '', 1"
    bench.change(f"INSERT INTO change ({columns}) VALUES ({values})", zap=other, was=f'{{"note":"{ADA}"}}', no=False)
    kept = bench.runtime.persons.find(ADA)
    assert [(one.zap_id, one.in_draft, one.versions) for one in kept.typed] == [(zap, False, (1,))]
    assert kept.undoable == 1
    erased = bench.runtime.persons.erase(ADA, cancel=False)
    assert (erased.typed, erased.undoable) == (1, 1)
    after = bench.runtime.persons.find(ADA)
    assert ([one.versions for one in after.typed], after.undoable) == ([(1,)], 0), "the zap goes on as it was published"
