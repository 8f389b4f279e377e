"""Switching zaps on and off: what fires, what does not, and what is refused."""

import asyncio
from datetime import timedelta

import pytest

from engine.errors import NotFound, Problems, Refused
from engine.store import zaps
from engine.store.states import RunState, ZapState
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import Waits, error
from tests.waiting import until
from zapwerk import Account, AuthFailed, InvalidInput

KINDS = ["new_thing", "any_thing", "paged_thing"]


@pytest.mark.parametrize("trigger", KINDS)
@in_a_loop
async def test_what_arrived_while_it_was_off_does_not_fire(bench: Bench, trigger: str):
    zap = await bench.zap(trigger)
    await bench.arrive(zap, "a")
    bench.runtime.switching.off(zap)
    bench.toy.add("b", "c")
    switched = await bench.runtime.switching.on(zap)
    assert switched.new_baseline
    await bench.arrive(zap, "d")
    assert bench.records(zap) == ["a", "d"]


@pytest.mark.parametrize("trigger", KINDS)
@in_a_loop
async def test_what_arrived_while_it_was_off_fires_when_it_shall_be_caught_up(bench: Bench, trigger: str):
    zap = await bench.zap(trigger)
    await bench.arrive(zap, "a")
    bench.runtime.switching.off(zap)
    bench.toy.add("b", "c")
    switched = await bench.runtime.switching.on(zap, catch_up=True)
    assert not switched.new_baseline
    await bench.arrive(zap, "d")
    assert sorted(bench.records(zap)) == ["a", "b", "c", "d"]


@in_a_loop
async def test_what_is_live_is_switched_on_as_it_is_whatever_the_draft_is(bench: Bench):
    zap = await bench.zap()
    bench.runtime.switching.off(zap)
    await edit(bench, zap, steps=(do("made", "no_such_action"),))
    bench.toy.add("a")
    with pytest.raises(Problems):
        await bench.runtime.switching.on(zap)
    switched = await bench.runtime.switching.live_on(zap, catch_up=True)
    assert (switched.version, switched.published, switched.unpublished_changes) == (1, False, True)
    await bench.check(zap)
    await bench.drain()
    assert bench.toy.names() == ["a"]


@in_a_loop
async def test_a_live_version_that_cannot_run_is_not_switched_on_and_nor_is_what_was_never_published(bench: Bench):
    zap = await bench.zap()
    bench.runtime.switching.off(zap)
    await bench.runtime.connecting.remove(bench.connection)
    with pytest.raises(Problems, match="The account “toys” was disconnected"):
        await bench.runtime.switching.live_on(zap)
    draft = bench.draft("new_thing", connection=bench.connection)
    with pytest.raises(Refused, match="never published"):
        await bench.runtime.switching.live_on(draft.id)


@in_a_loop
async def test_nothing_is_checked_while_it_is_off(bench: Bench):
    zap = await bench.zap()
    bench.runtime.switching.off(zap)
    bench.later(timedelta(days=1))
    await bench.engine.polling.tick()
    await bench.arrive(zap, "a")
    assert bench.records(zap) == []
    assert bench.toy.calls["new_thing"] == 1


@in_a_loop
async def test_a_check_under_way_when_it_is_switched_off_stores_nothing_more(bench: Bench):
    zap = await bench.zap()
    waits = Waits()
    bench.toy.next("new_thing", waits)
    bench.toy.add("a")
    checking = asyncio.create_task(bench.check(zap))
    await until(waits.begun.is_set)
    bench.runtime.switching.off(zap)
    waits.gate.set()
    await checking
    assert bench.records(zap) == []


@in_a_loop
async def test_publishing_again_keeps_the_memory_while_the_source_is_the_same(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "a")
    bench.toy.add("b")
    await edit(bench, zap, name="renamed", steps=(do("made", "make", name="edited {{ trigger.name }}"),))
    switched = await bench.runtime.switching.on(zap)
    assert (switched.version, switched.published, switched.new_baseline) == (2, True, False)
    await bench.check(zap)
    assert bench.records(zap) == ["a", "b"]


@in_a_loop
async def test_switching_on_what_is_on_and_unchanged_publishes_nothing(bench: Bench):
    zap = await bench.zap()
    switched = await bench.runtime.switching.on(zap)
    assert (switched.version, switched.published, switched.new_baseline) == (1, False, False)


@in_a_loop
async def test_another_place_is_another_source_with_a_baseline_of_its_own(bench: Bench):
    zap = await bench.zap(given={"shelf": "a"})
    await bench.arrive(zap, "a")
    before = bench.watch(zap).source
    bench.toy.add("b")
    await edit(bench, zap, given={"shelf": "b"})
    assert (await bench.runtime.switching.on(zap)).new_baseline
    assert bench.watch(zap).source != before
    await bench.check(zap)
    assert bench.records(zap) == ["a"]


@in_a_loop
async def test_an_input_that_names_no_place_is_the_same_source(bench: Bench):
    zap = await bench.zap(given={"limit": 5})
    await bench.arrive(zap, "a")
    bench.toy.add("b")
    await edit(bench, zap, given={"limit": 7})
    assert not (await bench.runtime.switching.on(zap)).new_baseline
    await bench.check(zap)
    assert bench.records(zap) == ["a", "b"]


@in_a_loop
async def test_another_connection_to_the_same_account_keeps_everything_and_is_the_one_that_is_watched(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "a")
    other = await bench.connect("again", "another-key-of-the-toys")
    bench.toy.add("b")
    await edit(bench, zap, connection=other.id)
    assert not (await bench.runtime.switching.on(zap)).new_baseline
    assert bench.watch(zap).connection_id == other.id
    bench.toy.refusal = AuthFailed("The key was revoked.")
    await bench.check(zap)
    assert bench.watch(zap).waits_for == other.id
    bench.toy.refusal = None
    await bench.runtime.connecting.check(other.id)
    await bench.check(zap)
    assert bench.records(zap) == ["a", "b"]


@in_a_loop
async def test_a_connection_to_another_account_is_another_source(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "a")
    bench.toy.account = Account("account-2", "others@example.com")
    other = await bench.connect("others")
    await edit(bench, zap, connection=other.id)
    assert (await bench.runtime.switching.on(zap)).new_baseline
    await bench.check(zap)
    assert bench.records(zap) == ["a"]


@in_a_loop
async def test_going_back_to_a_source_does_not_fire_what_was_there_before(bench: Bench):
    zap = await bench.zap(given={"shelf": "a"})
    await bench.arrive(zap, "a")
    for shelf in ("b", "a"):
        await edit(bench, zap, given={"shelf": shelf})
        await bench.runtime.switching.on(zap)
    await bench.arrive(zap, "b")
    assert bench.records(zap) == ["a", "b"]


REFUSALS = [
    pytest.param(InvalidInput("There is no such shelf.", field="shelf"), Problems, "trigger · shelf: There is no"),
    pytest.param(AuthFailed("The key was revoked."), Problems, "trigger · connection: The key was revoked"),
    pytest.param(error("temporary"), Refused, "It was not switched on, because .*: The service is busy"),
    pytest.param(error("permanent"), Refused, "It was not switched on"),
    pytest.param(error("bug"), Refused, "It was not switched on"),
]


@pytest.mark.parametrize(("trouble", "refusal", "sentence"), REFUSALS)
@in_a_loop
async def test_a_baseline_that_cannot_be_taken_refuses_with_the_reason_and_changes_nothing(
    bench: Bench, trouble: BaseException, refusal: type[Exception], sentence: str
):
    bench.connection = (await bench.connect()).id
    stored = bench.draft("new_thing", connection=bench.connection)
    bench.toy.next("new_thing", trouble)
    with pytest.raises(refusal, match=sentence):
        await bench.runtime.switching.on(stored.id)
    assert state(bench, stored.id) == (ZapState.DRAFT, None)


@in_a_loop
async def test_a_connection_that_needs_reconnecting_refuses_switching_on(bench: Bench):
    zap = await bench.zap()
    bench.runtime.switching.off(zap)
    bench.change("UPDATE connection SET state = 'needs_reconnecting', reason = 'Revoked.'")
    with pytest.raises(Problems, match="toys"):
        await bench.runtime.switching.on(zap)
    assert state(bench, zap)[0] == ZapState.OFF


@in_a_loop
async def test_a_change_while_the_baseline_is_taken_is_noticed(bench: Bench):
    bench.connection = (await bench.connect()).id
    stored = bench.draft("new_thing", connection=bench.connection)
    waits = Waits()
    bench.toy.next("new_thing", waits)
    switching = asyncio.create_task(bench.runtime.switching.on(stored.id))
    await until(waits.begun.is_set)
    await edit(bench, stored.id, name="other")
    waits.gate.set()
    with pytest.raises(Refused, match="changed meanwhile"):
        await switching
    assert state(bench, stored.id) == (ZapState.DRAFT, None)


@in_a_loop
async def test_what_arrives_while_it_is_being_switched_on_fires_or_is_baseline_but_is_never_lost_later(bench: Bench):
    bench.connection = (await bench.connect()).id
    stored = bench.draft("paged_thing", connection=bench.connection)
    bench.toy.add("old")
    waits = Waits(after=True)
    bench.toy.next("paged_thing", waits)
    switching = asyncio.create_task(bench.runtime.switching.on(stored.id))
    await until(waits.begun.is_set)
    bench.toy.add("during")
    waits.gate.set()
    await switching
    await bench.arrive(stored.id, "after")
    assert "after" in bench.records(stored.id)
    assert "old" not in bench.records(stored.id)


@in_a_loop
async def test_switching_off_lets_queued_runs_finish(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "a")
    assert bench.runtime.switching.off(zap) == 0
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]


@in_a_loop
async def test_switching_off_may_hold_what_has_not_begun_until_it_is_on_again(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "a", "b")
    assert bench.runtime.switching.off(zap, hold_waiting=True) == 2
    await bench.drain()
    assert [run.hold for run in bench.runs(zap)] == ["off", "off"]
    await bench.runtime.switching.on(zap)
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED] * 2


@in_a_loop
async def test_a_run_stays_on_the_version_it_began_with(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "a")
    await edit(bench, zap, steps=(do("made", "make", name="edited {{ trigger.name }}"),))
    await bench.runtime.switching.on(zap)
    await bench.arrive(zap, "b")
    await bench.drain()
    assert sorted(bench.toy.names()) == ["a", "edited b"]
    assert [run.version for run in bench.runs(zap)] == [1, 2]


@in_a_loop
async def test_a_deleted_zap_lets_its_runs_end_and_takes_nothing_in_any_more(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "a")
    bench.runtime.switching.delete(zap)
    await bench.arrive(zap, "b")
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]
    with pytest.raises(NotFound):
        await bench.runtime.switching.on(zap)


async def edit(
    bench: Bench,
    zap_id: str,
    *,
    name: str | None = None,
    given: dict[str, object] | None = None,
    connection: str | None = None,
    steps: tuple[ActionStep, ...] | None = None,
) -> None:
    """Saves another draft; what is not named stays."""
    with bench.runtime.database.write() as session:
        stored = zaps.find(session, zap_id)
        old = stored.draft
        trigger = TriggerUse(
            use=old.trigger.use,
            connection=connection or old.trigger.connection,
            with_=old.trigger.with_ if given is None else given,
        )
        bound = [step.model_copy(update={"connection": old.trigger.connection}) for step in steps or ()]
        draft = Zap(name=name or old.name, trigger=trigger, steps=tuple(bound) or old.steps)
        zaps.save_draft(session, zap_id, draft, revision=stored.revision, now=bench.now())


def state(bench: Bench, zap_id: str) -> tuple[ZapState, int | None]:
    with bench.runtime.database.read() as session:
        stored = zaps.find(session, zap_id)
    return stored.state, stored.published
