"""What a rehearsal says of each record, and that it changes nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.errors import Problems, Refused
from engine.rehearsal.rows import Count, Would
from engine.sdk.errors import AuthFailed
from engine.store import connections, zaps
from tests.engine.benches import do, in_a_loop
from tests.engine.rehearsal.stage import Stage, only, rows_of, step
from tests.engine.toys import Waits, error

ASKS = "make_one"  # the toy's action that can tell what exists


@in_a_loop
async def test_every_record_has_a_row_with_what_would_be_done_the_newest_first(stage: Stage):
    zap_id = await stage.drawn(do("made", "make", note="from {{ trigger.name }}"))
    stage.toy.add("Ada", "Grace")
    rows = await stage.rehearse(zap_id)
    assert [(row.number, row.record_id, row.label, row.outcome) for row in rows] == [
        (1, "2", "Grace", Would.DO),
        (2, "1", "Ada", Would.DO),
    ]
    assert step(rows[0], "made").given == {"name": "Grace", "note": "from Grace"}


@in_a_loop
async def test_nothing_is_done_and_not_one_row_is_changed(stage: Stage):
    zap_id = await stage.zap("new_thing", only(**{"is": "is_not", "to": "Odd"}), do("one", ASKS), do("made", "make"))
    stage.toy.add("Ada", "Odd", "")
    stage.toy.next("existing", error("auth failed"), error("quota"), error("bug"))
    before = stage.everything()
    rows = await stage.rehearse(zap_id)
    assert len(rows) == 3
    assert stage.everything() == before
    assert stage.toy.made == []
    assert stage.toy.calls["make"] == stage.toy.calls[ASKS] == 0


@pytest.mark.parametrize("trigger", ["new_thing", "any_thing", "blocking_thing", "paged_thing"])
@in_a_loop
async def test_a_record_that_was_rehearsed_still_fires(stage: Stage, trigger: str):
    zap_id = await stage.zap(trigger)
    stage.toy.add("Ada")
    assert len(await stage.rehearse(zap_id)) == 1
    await stage.check(zap_id)
    assert stage.records(zap_id) == ["Ada"]


@in_a_loop
async def test_at_most_so_many_records_are_looked_at_as_are_asked_for(stage: Stage):
    zap_ids = [await stage.drawn(trigger=trigger) for trigger in ("new_thing", "paged_thing")]
    stage.toy.add(*(str(number) for number in range(60)))
    for zap_id in zap_ids:
        assert [row.label for row in await stage.rehearse(zap_id, 7)] == ["59", "58", "57", "56", "55", "54", "53"]
        assert len(await stage.rehearse(zap_id)) == 50
    with pytest.raises(Refused, match="1 to 500"):
        await stage.rehearse(zap_ids[0], 501)


@in_a_loop
async def test_what_is_already_there_is_told_with_what_follows_from_it(stage: Stage):
    stage.toy.effect("Ada", "long ago")
    words = ("use", "stop", "create")
    used, stops, another = [await stage.one(do("one", ASKS, if_exists=word), do("then", "make")) for word in words]
    already = step(used, "one")
    assert (already.outcome, already.record, already.if_exists) == (
        Would.EXISTS,
        {"id": "made-1", "name": "Ada"},
        "use",
    )
    assert step(used, "then").outcome == Would.DO
    assert (stops.outcome, len(stops.steps)) == (Would.EXISTS, 1)
    assert (another.outcome, step(another, "one").record) == (Would.DO, {"id": "made-1", "name": "Ada"})
    assert step(another, "one").sentence == "There is one like it already."


@in_a_loop
async def test_a_record_weighs_as_much_as_the_weightiest_of_its_steps(stage: Stage):
    stage.toy.effect("Ada", "long ago")
    row = await stage.one(do("one", ASKS), only(**{"is": "is", "to": "Grace"}), do("made", "make"))
    assert [one.outcome for one in row.steps] == [Would.EXISTS, Would.FILTERED]
    assert row.outcome == Would.EXISTS
    nothing = await stage.one(only(**{"is": "is", "to": "Ada"}), do("seen", "find_thing"))
    assert [one.outcome for one in nothing.steps] == [Would.PASSES, Would.FOUND]
    assert (nothing.outcome, nothing.deciding) == (Would.PASSES, nothing.steps[0])


@pytest.mark.parametrize("kind", ["auth failed", "permission missing", "quota"])
@in_a_loop
async def test_an_account_that_is_refused_is_asked_once_and_stays_as_it_is(stage: Stage, kind: str):
    zap_id = await stage.drawn(do("one", ASKS))
    stage.toy.add("Ada", "Grace", "Edsger")
    stage.toy.next("existing", error(kind))
    rows = await stage.rehearse(zap_id)
    assert {row.outcome for row in rows} == {Would.UNCHECKED}
    assert len({step(row, "one").sentence for row in rows}) == 1
    assert stage.toy.calls["existing"] == 1
    assert stage.runtime.connections.live(stage.connection).id == stage.connection
    assert stage.notices() == {}


@in_a_loop
async def test_a_service_that_is_busy_is_asked_again_and_then_it_is_said_that_it_was_not_checked(stage: Stage):
    zap_id = await stage.drawn(do("one", ASKS))
    stage.toy.add("Ada", "Grace")
    stage.toy.next("existing Grace", error("temporary"))
    stage.toy.next("existing Ada", *(error("temporary") for _ in range(3)))
    grace, ada = await stage.rehearse(zap_id)
    assert grace.outcome == Would.DO
    assert (ada.outcome, step(ada, "one").sentence) == (Would.UNCHECKED, "The service is busy.")
    assert step(ada, "one").given == {"name": "Ada", "note": ""}


@in_a_loop
async def test_where_another_one_is_created_anyway_a_failed_question_is_only_told(stage: Stage):
    zap_id = await stage.drawn(do("one", ASKS, if_exists="create"))
    stage.toy.add("Ada")
    stage.toy.next("existing", *(error("temporary") for _ in range(3)))
    (row,) = await stage.rehearse(zap_id)
    assert row.outcome == Would.DO
    assert "could not be checked: The service is busy." in step(row, "one").sentence


@in_a_loop
async def test_rows_with_exactly_the_same_calls_name_the_first_of_them(stage: Stage):
    zap_id = await stage.drawn(do("made", "make"))
    stage.toy.add("Ada", "Grace", "Ada", "Ada")
    rows = await stage.rehearse(zap_id)
    assert [(row.number, row.same_as) for row in rows] == [(1, None), (2, 1), (3, None), (4, 1)]
    count = Count.of(rows)
    assert (count.records, count.by_outcome[Would.DO], count.by_outcome[Would.PROBLEM], count.repeated) == (4, 4, 0, 2)


@in_a_loop
async def test_the_draft_is_rehearsed_unless_the_live_version_is_asked_for(stage: Stage):
    zap_id = await stage.zap("new_thing", do("made", "make", note="live"))
    with stage.runtime.database.write() as session:
        stored = zaps.find(session, zap_id)
        redrawn = stored.draft.steps[0].model_copy(update={"with_": {"name": "drawn anew"}})
        draft = stored.draft.model_copy(update={"steps": (redrawn,)})
        zaps.save_draft(session, zap_id, draft, revision=stored.revision, now=stage.now())
    stage.toy.add("Ada")
    drawn = await stage.rehearsing.begin(zap_id)
    live = await stage.rehearsing.begin(zap_id, live=True)
    assert (drawn.chosen.version, live.chosen.version) == (None, 1)
    assert [row.steps[0].given["name"] for row in await rows_of(drawn)] == ["drawn anew"]
    assert [row.steps[0].given["note"] for row in await rows_of(live)] == ["live"]


@in_a_loop
async def test_a_zap_that_could_not_run_is_not_rehearsed_and_all_is_told(stage: Stage):
    never = await stage.drawn()
    with pytest.raises(Refused, match="never published"):
        await stage.rehearse(never, live=True)
    wrong = await stage.drawn(do("made", "make", name="{{ nowhere.name }}", colour="red"))
    with pytest.raises(Problems) as refused:
        await stage.rehearse(wrong)
    assert {(one.step, one.field) for one in refused.value.problems} == {("made", "name"), ("made", "colour")}
    assert stage.toy.calls["new_thing"] == 0


@in_a_loop
async def test_a_connection_that_must_be_repaired_is_told_by_step(stage: Stage):
    zap_id = await stage.drawn()
    with stage.runtime.database.write() as session:
        connections.refuse(session.connection(), stage.connection, "The key was revoked.", now=stage.now())
    with pytest.raises(Problems, match="no longer signed in"):
        await stage.rehearse(zap_id)


@in_a_loop
async def test_a_trigger_that_fails_says_so(stage: Stage):
    zap_id = await stage.drawn()
    stage.toy.next("new_thing", error("auth failed"))
    with pytest.raises(AuthFailed, match="The key was revoked"):
        await stage.rehearse(zap_id)


@in_a_loop
async def test_rows_come_as_they_are_known_and_what_takes_too_long_is_left_out_and_told(stage: Stage):
    zap_id = await stage.drawn(do("one", ASKS))
    stage.toy.add("Ada", "Grace")
    waits = Waits()
    stage.toy.next("existing Ada", waits)
    rehearsal = await replace(stage.rehearsing, within=timedelta(seconds=1)).begin(zap_id)
    rows = rehearsal.rows()
    assert (await anext(rows)).label == "Grace"
    assert not waits.begun.is_set()
    assert [row.label async for row in rows] == []
    assert rehearsal.cut == "It took too long: 1 of 2 records were looked at."


@in_a_loop
async def test_a_trigger_that_takes_too_long_ends_the_rehearsal_with_a_sentence(stage: Stage):
    zap_id = await stage.drawn()
    stage.toy.next("new_thing", Waits())
    with pytest.raises(Refused, match="took too long"):
        await replace(stage.rehearsing, within=timedelta(seconds=0.5)).begin(zap_id)
