"""Pauses: everything by one switch, a zap that nearly always fails, a plan's limit. None of them stops intake."""

import asyncio
from datetime import timedelta

import pytest

from engine.runs import pausing
from engine.store import zaps
from engine.store.pauses import Failures
from engine.store.states import RunState, ZapState
from tests.engine.benches import Bench, in_a_loop
from tests.engine.toys import Waits, error
from tests.waiting import until
from zapwerk import AuthFailed, QuotaReached

FAILS = 21


@in_a_loop
async def test_while_everything_is_paused_events_are_taken_in_and_no_run_begins(bench: Bench):
    zap = await bench.zap()
    bench.runtime.pausing.pause_all(by="ann")
    await bench.done(zap, "a", "b")
    assert bench.states(zap) == [RunState.QUEUED] * 2
    said = bench.runtime.pausing.all_paused()
    assert said is not None
    assert said.by == "ann"
    bench.runtime.pausing.resume_all()
    assert bench.runtime.pausing.all_paused() is None
    await bench.drain()
    assert sorted(bench.toy.names()) == ["a", "b"]


@in_a_loop
async def test_the_pause_holds_for_an_engine_that_is_started_anew_and_for_what_was_interrupted(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "a")
    waits = Waits()
    bench.toy.next("make", waits)
    draining = asyncio.create_task(bench.drain())
    await until(waits.begun.is_set)
    bench.runtime.pausing.pause_all()
    await bench.crash()
    waits.gate.set()
    await asyncio.gather(draining, return_exceptions=True)
    await bench.start()
    await bench.arrive(zap, "b")
    await asyncio.sleep(0.3)  # several ticks
    assert bench.states(zap) == [RunState.QUEUED] * 2
    bench.runtime.pausing.resume_all()
    await bench.until_ended(zap, 2)
    assert bench.states(zap) == [RunState.NEEDS_REVIEW, RunState.SUCCEEDED]


@in_a_loop
async def test_a_run_under_way_ends_while_everything_is_paused(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "a")
    waits = Waits()
    bench.toy.next("make", waits)
    draining = asyncio.create_task(bench.drain())
    await until(waits.begun.is_set)
    bench.runtime.pausing.pause_all()
    waits.gate.set()
    await draining
    assert bench.states(zap) == [RunState.SUCCEEDED]


@in_a_loop
async def test_a_zap_that_nearly_always_fails_is_paused_with_one_notice_and_intake_goes_on(bench: Bench):
    zap = await bench.zap(flood_limit=None, concurrency=FAILS)
    bench.toy.next("make", *[error("permanent") for _ in range(FAILS)])
    await bench.done(zap, *[f"n{number}" for number in range(FAILS)])
    waiting = await bench.arrive(zap, "later")
    await bench.engine.auto_pause.tick()
    await bench.engine.auto_pause.tick()
    assert state(bench, zap) == ZapState.PAUSED
    notice = bench.notices()[f"paused:{zap}"]
    assert (notice.count, "21 of its last 21 runs failed" in notice.sentence) == (1, True)
    assert "21 der letzten 21" in notice.german
    assert bench.run(waiting[-1].id).hold == "paused"
    (*_, newest) = await bench.done(zap, "and later")
    assert (newest.state, newest.hold) == (RunState.HELD, "paused")

    assert bench.runtime.pausing.resume(zap) == 2
    assert (state(bench, zap), f"paused:{zap}" in bench.notices()) == (ZapState.ON, False)
    bench.toy.next("make later", error("permanent"))
    await bench.drain()
    await bench.engine.auto_pause.tick()
    assert state(bench, zap) == ZapState.ON, "what failed before it was resumed does not count any more"
    assert bench.toy.names() == ["and later"]


async def fail(bench: Bench, zap: str, count: int) -> None:
    bench.toy.next("make", *[error("permanent") for _ in range(count)])
    await bench.done(zap, *[f"n{number}" for number in range(count)])
    await bench.engine.auto_pause.tick()


@in_a_loop
async def test_after_it_was_resumed_a_zap_is_paused_again_for_new_failures_alone(bench: Bench):
    zap = await bench.zap(flood_limit=None, concurrency=FAILS)
    await fail(bench, zap, FAILS)
    assert state(bench, zap) == ZapState.PAUSED
    bench.later(timedelta(minutes=1))
    bench.runtime.pausing.resume(zap)
    await fail(bench, zap, FAILS - 1)
    assert (state(bench, zap), bench.runtime.pausing.failures(zap)) == (ZapState.ON, Failures(FAILS - 1, 0))
    await fail(bench, zap, 1)
    assert state(bench, zap) == ZapState.PAUSED
    assert "21 of its last 21 runs failed" in bench.notices()[f"paused:{zap}"].sentence


@in_a_loop
async def test_what_the_pause_held_for_weeks_counts_when_it_fails_after_all(bench: Bench):
    zap = await bench.zap(flood_limit=None, concurrency=FAILS)
    bench.runtime.pausing.pause(zap)
    await bench.arrive(zap, *[f"n{number}" for number in range(FAILS)])
    bench.later(timedelta(days=20))
    bench.runtime.pausing.resume(zap)
    bench.toy.next("make", *[error("permanent") for _ in range(FAILS)])
    await bench.drain()
    assert bench.runtime.pausing.failures(zap) == Failures(FAILS, 0)
    await bench.engine.auto_pause.tick()
    assert state(bench, zap) == ZapState.PAUSED


@in_a_loop
async def test_a_paused_zap_goes_on_when_it_is_switched_on(bench: Bench):
    zap = await bench.zap()
    assert bench.runtime.pausing.pause(zap)
    assert not bench.runtime.pausing.pause(zap)
    await bench.done(zap, "a")
    await bench.runtime.switching.publish(zap)
    assert state(bench, zap) == ZapState.PAUSED, "publishing alone lets nothing go on"
    await bench.runtime.switching.on(zap)
    await bench.drain()
    assert (state(bench, zap), bench.toy.names()) == (ZapState.ON, ["a"])


@in_a_loop
async def test_a_zap_is_not_paused_whose_owner_does_not_want_that(bench: Bench):
    zap = await bench.zap(flood_limit=None, auto_pause=False)
    bench.toy.next("make", *[error("permanent") for _ in range(FAILS)])
    await bench.done(zap, *[f"n{number}" for number in range(FAILS)])
    await bench.engine.auto_pause.tick()
    assert state(bench, zap) == ZapState.ON


@in_a_loop
async def test_what_ended_well_and_what_is_long_ago_counts_for_the_zap(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    bench.toy.next("make bad", *[error("permanent") for _ in range(10)])
    await bench.done(zap, *["bad"] * 10, "good", "good")
    assert bench.runtime.pausing.failures(zap) == Failures(10, 1), "the second good one changes nothing"
    bench.later(timedelta(days=8))
    assert bench.runtime.pausing.failures(zap) == Failures(0, 0)


HOPELESS = [
    pytest.param(Failures(20, 0), False, id="not more than 20"),
    pytest.param(Failures(21, 0), True, id="21 of 21"),
    pytest.param(Failures(20, 1), True, id="20 of 21 are 95.2 %"),
    pytest.param(Failures(20, 2), False, id="20 of 22 are 90.9 %"),
    pytest.param(Failures(95, 5), True, id="exactly 95 %"),
    pytest.param(Failures(0, 0), False, id="none"),
]


@pytest.mark.parametrize(("found", "hopeless"), HOPELESS)
def test_a_zap_is_hopeless_from_95_percent_of_more_than_20_runs_on(found: Failures, hopeless: bool):
    assert pausing.is_hopeless(found) is hopeless


@in_a_loop
async def test_a_full_quota_holds_what_waits_and_what_comes_and_nobody_else_asks(bench: Bench):
    zap, until_then = await bench.zap(concurrency=1), bench.now() + timedelta(hours=2)
    bench.toy.next("make a", QuotaReached("The plan allows ten things.", until=until_then))
    await bench.done(zap, "a", "b")
    await bench.done(zap, "c")
    found = bench.runs(zap)
    assert [run.hold for run in found] == ["quota"] * 3
    assert all(abs(run.due_at - until_then) < timedelta(seconds=1) for run in found)
    assert bench.toy.calls["make"] == 1
    assert bench.notices()[f"quota:{zap}"].count == 1
    bench.later(timedelta(hours=3))
    await bench.sweep()
    await bench.done(zap, "d")
    assert bench.toy.names() == ["a", "b", "c", "d"]
    assert bench.notices() == {}


@in_a_loop
async def test_a_quota_without_an_end_is_lifted_by_whoever_releases_one_run(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", error("quota"))
    await bench.done(zap, "a")
    await bench.done(zap, "b")
    first, second = bench.runs(zap)
    assert second.hold == "quota"
    bench.runtime.control.release_many([first.id])
    await bench.done(zap, "c")
    assert sorted(bench.toy.names()) == ["a", "c"]
    assert bench.notices() == {}


@pytest.mark.parametrize("what", ["limit", "account", "retry"])
@in_a_loop
async def test_what_goes_on_by_itself_waits_where_its_zap_is_paused(bench: Bench, what: str):
    zap = await bench.zap()
    until_then = bench.now() + timedelta(hours=1)
    errors = {"limit": QuotaReached("full", until=until_then), "account": AuthFailed("revoked")}
    bench.toy.next("make", *([errors[what]] if what in errors else [error("temporary")] * 3))
    await bench.done(zap, "a")
    assert bench.states(zap) in ([RunState.HELD], [RunState.RETRYING])
    bench.runtime.pausing.pause(zap)
    bench.later(timedelta(hours=2))
    if what == "account":
        await bench.runtime.connecting.check(bench.connection)
    await bench.sweep()
    await bench.drain()
    assert [(run.state, run.hold) for run in bench.runs(zap)] == [(RunState.HELD, "paused")]
    assert bench.toy.names() == []
    bench.runtime.pausing.resume(zap)
    await bench.drain()
    assert bench.toy.names() == ["a"]


def state(bench: Bench, zap_id: str) -> ZapState:
    with bench.runtime.database.read() as session:
        return zaps.find(session, zap_id).state
