"""“Where is this mail?”, asked at the app: every answer there is, and that looking touches nothing."""

from datetime import timedelta

import pytest

from engine.errors import Refused
from engine.store import zaps
from engine.triggers.at_the_app import MOST_FOUND, Place, Present, narrowing_inputs, widened
from engine.zaps.model import TriggerUse, Zap
from tests.engine.benches import Bench, in_a_loop
from tests.engine.letters import AUTOMATIC, Post, installed, watching
from tests.engine.toys import ERRORS


@pytest.fixture
def post(bench: Bench) -> Post:
    return installed(bench)


def change_trigger(bench: Bench, zap_id: str, **given: object) -> None:
    """Publishes the zap with other inputs."""
    with bench.runtime.database.write() as session:
        stored = zaps.find(session, zap_id)
        trigger = stored.draft.trigger.model_copy(update={"with_": given})
        drawn = stored.draft.model_copy(update={"trigger": trigger})
        zaps.save_draft(session, zap_id, drawn, revision=stored.revision, now=bench.now())
        zaps.publish(session, zap_id, {"post": 1}, now=bench.now())


async def found(bench: Bench, text: str) -> list[Present]:
    return list((await bench.runtime.at_the_app.ask(text)).found)


async def places(bench: Bench, text: str) -> list[tuple[Place, tuple[str, ...]]]:
    return [(one.place, one.because) for one in await found(bench, text)]


@in_a_loop
async def test_what_was_there_before_switching_on_is_found_by_its_words(bench: Bench, post: Post):
    names = ["Ada", "Bob", "Carla", "Dora", "Emil", "Finn"]
    for hours, name in enumerate(reversed(names), 1):
        post.deliver(f"Anfrage von {name}", bench.now() - timedelta(hours=hours))
    await watching(bench)
    assert bench.runtime.whereabouts.ask("anfrage bob").found == (), "words of it were not kept"
    for name in names:
        assert await places(bench, f"anfrage {name}") == [(Place.BEFORE, ())], name


@in_a_loop
async def test_what_the_triggers_settings_leave_out_says_which(bench: Bench, post: Post):
    zap = await watching(bench, subject_contains="Anfrage", sender_contains="")
    bench.later(timedelta(minutes=5))
    post.deliver("Angebot von Ada", bench.now())
    post.deliver("Anfrage im Rundbrief", bench.now(), AUTOMATIC)
    post.deliver("Rundbrief vom Mai", bench.now(), AUTOMATIC)
    await bench.check(zap)
    assert bench.runs(zap) == []
    assert await places(bench, "angebot ada") == [(Place.LEFT_OUT, ("subject_contains",))]
    assert await places(bench, "Anfrage Rundbrief") == [(Place.LEFT_OUT, ("leave_out",))]
    assert await places(bench, "rundbrief mai") == [(Place.LEFT_OUT, ("subject_contains", "leave_out"))]


@in_a_loop
async def test_what_comes_with_the_next_check_and_what_came_in_are_told_apart(bench: Bench, post: Post):
    zap = await watching(bench)
    bench.later(timedelta(minutes=5))
    post.deliver("Anfrage von Ada", bench.now())
    assert await places(bench, "anfrage ada") == [(Place.NEXT, ())]
    await bench.check(zap)
    (present,) = await found(bench, "anfrage ada")
    assert (present.place, present.run and present.run.id) == (Place.RUN, bench.runs(zap)[0].id)
    assert await places(bench, "1:1") == [(Place.RUN, ())], "its id finds it too"


@in_a_loop
async def test_looking_moves_no_cursor_and_marks_nothing_as_seen(bench: Bench, post: Post):
    zap = await watching(bench)
    before = bench.watch(zap)
    bench.later(timedelta(minutes=5))
    post.deliver("Anfrage von Ada", bench.now())
    await found(bench, "anfrage ada")
    assert (bench.watch(zap).cursor, bench.watch(zap).last_check_at) == (before.cursor, before.last_check_at)
    await bench.check(zap)
    assert len(bench.runs(zap)) == 1


@in_a_loop
async def test_what_a_zap_passed_with_other_settings_is_not_promised(bench: Bench, post: Post):
    zap = await watching(bench)
    bench.later(timedelta(minutes=5))
    post.deliver("Rundbrief vom Mai", bench.now(), AUTOMATIC)
    post.deliver("Anfrage von Ada", bench.now())
    await bench.check(zap)
    change_trigger(bench, zap, leave_out=False)
    assert await places(bench, "rundbrief mai") == [(Place.LEFT_OUT, ())]


@in_a_loop
async def test_a_zap_that_is_off_does_not_take_it_in(bench: Bench, post: Post):
    zap = await watching(bench)
    bench.runtime.switching.off(zap)
    bench.later(timedelta(minutes=5))
    post.deliver("Anfrage von Ada", bench.now())
    assert await places(bench, "anfrage ada") == [(Place.OFF, ())]


@in_a_loop
async def test_what_the_app_has_not_is_said_with_how_far_was_looked(bench: Bench, post: Post):
    post.deliver("Anfrage", bench.now() - timedelta(days=2))
    zap = await watching(bench)
    there = await bench.runtime.at_the_app.ask("Christkind")
    (looked,) = there.looked
    assert (there.found, looked.zap_id, looked.records, looked.problem) == ((), zap, 1, None)
    assert looked.back_to == post.letters[0].date


@pytest.mark.parametrize("kind", ["auth failed", "temporary", "bug"])
@in_a_loop
async def test_an_app_that_cannot_be_asked_is_a_sentence_and_stops_no_other(bench: Bench, post: Post, kind: str):
    await watching(bench)
    await bench.zap()
    post.error = ERRORS[kind]()  # type: ignore[assignment]
    bench.later(timedelta(minutes=5))
    bench.toy.add("Anfrage von Ada")
    there = await bench.runtime.at_the_app.ask("anfrage ada")
    assert [one.place for one in there.found] == [Place.NEXT]
    assert sorted(bool(one.problem) for one in there.looked) == [False, True]


@in_a_loop
async def test_a_trigger_that_remembers_every_id_answers_without_dates(bench: Bench):
    bench.toy.add("Anfrage von Ada")
    await bench.zap("any_thing")
    bench.toy.add("Anfrage von Bob")
    assert await places(bench, "anfrage ada") == [(Place.BEFORE, ())]
    assert await places(bench, "anfrage bob") == [(Place.NEXT, ())]


@in_a_loop
async def test_a_text_that_means_everything_is_refused(bench: Bench):
    with pytest.raises(Refused, match="at least 3"):
        await bench.runtime.at_the_app.ask("a")


def test_inputs_that_name_a_place_or_say_nothing_leave_nothing_out():
    from connectors.mail.imap import new_email

    given = {"folder": "Sales", "subject_contains": "Anfrage", "from_contains": "", "has_attachment": None}
    zap = Zap(name="z", trigger=TriggerUse(use="imap.new_email", with_=given), steps=())
    assert narrowing_inputs(new_email, zap) == ("subject_contains", "ignore_automatic")
    assert widened(new_email, zap).trigger.with_["folder"] == "Sales"
    assert widened(new_email, zap).trigger.with_["ignore_automatic"] is False
    assert narrowing_inputs(new_email, widened(new_email, zap)) == ()


@in_a_loop
async def test_of_many_records_the_first_are_given_and_it_is_told_that_there_are_more(bench: Bench, post: Post):
    for number in range(MOST_FOUND + 1):
        post.deliver(f"Anfrage {number}", bench.now() - timedelta(hours=number + 1))
    post.deliver("Bestellung", bench.now() - timedelta(minutes=1))
    await watching(bench)
    for text, count, more in (("anfrage", MOST_FOUND, True), ("bestellung", 1, False)):
        there = await bench.runtime.at_the_app.ask(text)
        assert (len(there.found), [one.more for one in there.looked]) == (count, [more]), text
