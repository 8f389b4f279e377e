"""Switching on from the editor: what is told before, and what fires after all."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.editing.publishing import SourceChange
from engine.errors import Problems, Refused
from engine.sdk.errors import TemporaryFailure
from engine.store.states import RunState, ZapState
from tests.engine.benches import in_a_loop
from tests.engine.editing.desk import ANN, BEN, Desk
from tests.engine.toys import Answers, Waits


def confirmation(desk: Desk, draft):
    return desk.editing.publishing.before_on(draft.id)


def counted(desk: Desk, draft):
    return desk.editing.publishing.before_on(draft.id, counts=True)


@in_a_loop
async def test_before_the_first_time_what_exists_is_said_to_be_ignored(desk: Desk):
    draft = await desk.drawn(trigger="heard_thing")
    told = await confirmation(desk, draft)
    assert (told.first, told.publishes, told.source, told.baseline) == (True, True, SourceChange.NEW, True)
    assert (told.kind, told.listening, told.every.total_seconds(), told.held) == ("polling", True, 3600, 0)
    assert desk.toy.calls["heard_thing"] == 0


@in_a_loop
async def test_how_much_is_there_already_is_told_where_the_app_tells_it(desk: Desk):
    desk.toy.add("a", "b")
    draft = await desk.drawn(trigger="heard_thing")
    assert (await confirmation(desk, draft)).there is None
    assert desk.toy.calls["count"] == 0
    assert (await counted(desk, draft)).there == 2
    silent = await desk.drawn(trigger="new_thing")
    assert (await counted(desk, silent)).there is None
    await desk.editing.publishing.on(draft.id, by=ANN)
    draft = desk.draw(draft, "put_value", "m", "name", "x")
    assert (await counted(desk, draft)).there is None, "it goes on from where it stands"


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param(TemporaryFailure("Not now."), id="it fails"),
        pytest.param(RuntimeError("oops"), id="it has a bug"),
        pytest.param(Answers("many"), id="it says no number"),
        pytest.param(Answers(-1), id="it says nonsense"),
    ],
)
@in_a_loop
async def test_a_count_that_fails_leaves_only_the_number_out(desk: Desk, counts: Any):
    draft = await desk.drawn(trigger="heard_thing")
    desk.toy.next("count", counts)
    told = await counted(desk, draft)
    assert (told.there, told.baseline, told.problems) == (None, True, ())


@in_a_loop
async def test_a_count_that_takes_long_is_not_waited_for(desk: Desk):
    draft = await desk.drawn(trigger="heard_thing")
    waits = Waits()
    desk.toy.next("count", waits)
    hurried = replace(desk.editing.publishing, patience=timedelta(milliseconds=50))
    assert (await hurried.before_on(draft.id, counts=True)).there is None
    assert waits.begun.is_set()
    waits.gate.set()


@in_a_loop
async def test_a_draft_with_problems_says_them_instead(desk: Desk):
    draft = desk.draw(await desk.drawn(), "put_value", "m", "name", "")
    told = await confirmation(desk, draft)
    assert [(one.step, one.field) for one in told.problems] == [("m", "name")]


@in_a_loop
async def test_what_is_on_keeps_its_memory_unless_it_watches_something_else(desk: Desk):
    draft = await desk.drawn()
    await desk.editing.publishing.on(draft.id, by=ANN)
    draft = desk.draw(draft, "put_value", "m", "name", "x")
    told = await confirmation(desk, draft)
    assert (told.first, told.publishes, told.source, told.baseline) == (False, True, SourceChange.SAME, False)
    draft = desk.draw(draft, "put_value", "trigger", "shelf", "b")
    told = await confirmation(desk, draft)
    assert (told.source, told.baseline) == (SourceChange.ANOTHER, True)


@in_a_loop
async def test_held_runs_that_will_go_on_are_counted(desk: Desk):
    zap = await desk.zap()
    await desk.arrive(zap, "a", "b")
    desk.runtime.switching.off(zap, hold_waiting=True)
    told = await desk.editing.publishing.before_on(zap)
    assert (told.held, told.baseline, told.publishes) == (2, True, False)


@in_a_loop
async def test_exactly_the_records_that_were_chosen_fire_when_it_is_switched_on(desk: Desk):
    draft = await desk.drawn()
    desk.toy.add("a", "b", "c")
    found = await desk.editing.publishing.existing(draft.id)
    chosen = [one.id for one in found.records if one.label in ("a", "c")]
    switched = await desk.editing.publishing.on(draft.id, by=BEN, also=chosen)
    assert (switched.fired, switched.new_baseline) == (2, True)
    assert desk.records(draft.id) == ["a", "c"]
    await desk.arrive(draft.id, "d")
    assert desk.records(draft.id) == ["a", "c", "d"]
    await desk.drain()
    assert desk.states(draft.id) == [RunState.SUCCEEDED] * 3


@in_a_loop
async def test_after_it_was_off_what_arrived_meanwhile_can_be_chosen(desk: Desk):
    zap = await desk.zap()
    await desk.arrive(zap, "a")
    desk.runtime.switching.off(zap)
    desk.toy.add("b", "c", "d", "e")
    found = await desk.editing.publishing.existing(zap)
    assert ([one.label for one in found.records], found.more) == (["e", "d", "c"], True)
    assert [one.label for one in (await desk.editing.publishing.existing(zap, 1)).records] == ["e", "d", "c", "b"]
    await desk.editing.publishing.on(zap, also=[found.records[1].id])
    await desk.check(zap)
    assert desk.records(zap) == ["a", "d"]


@in_a_loop
async def test_a_record_that_fired_before_does_not_fire_again(desk: Desk):
    zap = await desk.zap()
    await desk.arrive(zap, "a")
    again = await desk.editing.publishing.on(zap, also=[desk.toy.things[0].id])
    assert (again.fired, desk.records(zap)) == (0, ["a"])
    assert (await desk.editing.publishing.existing(zap)).records == ()


@in_a_loop
async def test_a_chosen_record_that_is_gone_refuses_and_switches_nothing(desk: Desk):
    draft = await desk.drawn()
    desk.toy.add("a")
    with pytest.raises(Refused, match="not among the last ones"):
        await desk.editing.publishing.on(draft.id, also=["gone"])
    assert desk.seen(draft).stored.state is ZapState.DRAFT


@pytest.mark.parametrize("state", [ZapState.ON, ZapState.OFF, ZapState.PAUSED])
@in_a_loop
async def test_publishing_makes_a_version_and_leaves_the_switch_as_it_is(desk: Desk, state):
    zap = await desk.zap()
    desk.change("UPDATE zap SET state = :state WHERE id = :zap", state=state.value, zap=zap)
    draft = desk.draw(desk.editing.drafts.get(zap), "put_value", "made", "name", "x")
    switched = await desk.editing.publishing.publish(zap, by=ANN)
    after = desk.seen(draft)
    assert (switched.version, after.published, after.differs, after.stored.state) == (2, 2, False, state)


@in_a_loop
async def test_a_draft_that_is_published_alone_is_off(desk: Desk):
    draft = await desk.drawn()
    assert (await desk.editing.publishing.publish(draft.id)).published
    again = await desk.editing.publishing.publish(draft.id)
    assert (again.version, again.published) == (1, False)
    assert desk.seen(draft).stored.state is ZapState.OFF
    desk.toy.add("a")
    await desk.check(draft.id)
    assert desk.runs(draft.id) == []


@in_a_loop
async def test_nothing_incomplete_is_published(desk: Desk):
    draft = desk.draw(await desk.drawn(), "add_step", "m")
    for ask in (desk.editing.publishing.on, desk.editing.publishing.publish):
        with pytest.raises(Problems, match="Choose an app"):
            await ask(draft.id)
    assert desk.seen(draft).published is None
