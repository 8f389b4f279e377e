"""The watchdog: silence is told whatever its cause, once, and so is its end. Over both databases."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from engine.connections.calls import Calls
from engine.settings import Settings
from engine.triggers.health import Health
from engine.triggers.watchdog import UNCHECKED, matter
from tests.engine.benches import Bench, in_a_loop
from tests.engine.databases import BOTH, settings_over
from tests.engine.toys import Waits, error
from tests.waiting import until

MINUTES = timedelta(minutes=4)  # less than what counts as a leap of the clock


@pytest.fixture(params=BOTH)
def bench(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Bench:
    bench = Bench(settings_over(request.param, Settings(data=tmp_path / "data", parallel_polls=2)))
    for trigger in bench.toy.connector.triggers.values():
        trigger.every = timedelta(minutes=1)
    return bench


async def look(bench: Bench) -> None:
    await asyncio.to_thread(bench.engine.watchdog.look)


async def pass_by(bench: Bench, times: int = 4) -> None:
    """A quarter of an hour in which the watchdog looks now and then, and nothing else happens."""
    for _ in range(times):
        await look(bench)
        bench.later(MINUTES)
    await look(bench)


@in_a_loop
async def test_a_trigger_that_nobody_checks_any_more_is_told_once_and_settled_by_the_next_good_check(bench: Bench):
    zap = await bench.zap()
    await pass_by(bench)
    await pass_by(bench)
    notice = bench.notices()[matter(zap)]
    assert (notice.sentence, notice.count, notice.zap_id) == (UNCHECKED, 1, zap)
    assert bench.engine.watchdog.counts[Health.FAILING] == 1
    bench.later(timedelta(seconds=1))
    await bench.check(zap)
    await look(bench)
    assert bench.notices() == {}
    assert bench.engine.watchdog.counts[Health.OK] == 1


@in_a_loop
async def test_checks_that_fail_for_ten_minutes_are_told_with_their_reason(bench: Bench):
    zap = await bench.zap()
    for _ in range(4):
        bench.toy.next("new_thing", error("temporary"))
        await bench.check(zap)
        await look(bench)
        bench.later(MINUTES)
    await look(bench)
    assert bench.notices()[matter(zap)].sentence.endswith("The service is busy.")


@in_a_loop
async def test_checks_that_fail_for_a_moment_are_nobodys_matter(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("new_thing", error("temporary"), error("temporary"))
    for _ in range(3):
        await bench.check(zap)
        await look(bench)
        bench.later(MINUTES)
    assert bench.notices() == {}


@in_a_loop
async def test_a_restart_ends_no_notice_and_a_leap_of_the_clock_makes_none(bench: Bench):
    zap = await bench.zap()
    await pass_by(bench)
    await bench.crash()
    await look(bench)
    assert matter(zap) in bench.notices()
    bench.later(timedelta(seconds=1))
    await bench.check(zap)
    await look(bench)
    bench.later(timedelta(days=400))
    await look(bench)
    assert bench.notices() == {}
    bench.later(-timedelta(days=800))
    await pass_by(bench)
    assert matter(zap) in bench.notices(), "a clock that was set back hides no silence"


@in_a_loop
async def test_switching_off_ends_the_notice(bench: Bench):
    zap = await bench.zap()
    await pass_by(bench)
    bench.runtime.switching.off(zap)
    await look(bench)
    assert bench.notices() == {}


@in_a_loop
async def test_a_connection_that_needs_reconnecting_is_told_once_and_not_for_each_zap(bench: Bench):
    first, second = await bench.zap(), await bench.zap()
    bench.toy.refusal = error("auth failed")  # type: ignore[assignment]
    await bench.check(first, second)
    await bench.check(second)
    await pass_by(bench)
    assert list(bench.notices()) == [f"connection:{bench.connection}"]
    assert bench.engine.watchdog.counts[Health.RECONNECT] == 2


@in_a_loop
async def test_threads_that_hang_are_told_and_keep_no_other_zap_waiting(bench: Bench):
    """With two places for checks and three threads that hang, the zap of another trigger is checked all the same."""
    hanging = [await bench.zap("blocking_thing") for _ in range(3)]
    well = await bench.zap()
    waits = [Waits() for _ in hanging]
    bench.toy.connector.triggers["blocking_thing"].timeout = timedelta(seconds=0.2)
    bench.toy.next("blocking_thing", *waits)
    checking = [asyncio.create_task(bench.engine.polling.hint([zap])) for zap in hanging]
    await until(lambda: all(bench.watch(zap).problem for zap in hanging), what="all of them to say so")
    bench.toy.add("a")
    await bench.engine.polling.hint([well])
    await until(lambda: bench.records(well) == ["a"])
    await pass_by(bench)
    assert {matter(zap) for zap in hanging} <= bench.notices().keys()
    for one in waits:
        one.gate.set()
    await asyncio.gather(*checking)
    await bench.check()


@in_a_loop
async def test_a_check_that_finds_all_threads_of_its_app_hanging_says_so_instead_of_waiting_for_ever(bench: Bench):
    hanging, waiting = await bench.zap("blocking_thing"), await bench.zap("blocking_thing")
    bench.engine.polling._calls = Calls(bench.runtime.calls.contexts, sizes={"polls": 1}, patience=0.2)
    bench.toy.connector.triggers["blocking_thing"].timeout = timedelta(seconds=0.2)
    waits = Waits()
    bench.toy.next("blocking_thing", waits)
    await bench.engine.polling.hint([hanging])
    await until(waits.begun.is_set)
    await bench.engine.polling.hint([waiting])
    await until(lambda: bench.watch(waiting).problem)
    assert bench.watch(waiting).problem.startswith("Other checks of “Toy” do not end")
    waits.gate.set()
    await bench.check()


@in_a_loop
async def test_a_started_engine_is_watched_and_its_clock_moves(bench: Bench):
    await bench.zap()
    await bench.start()
    await until(lambda: bench.engine.watchdog.counts[Health.OK] == 1)
    assert not bench.engine.stands_still
    bench.engine.polling.ticked_at -= 3600
    await until(lambda: not bench.engine.stands_still, what="the next tick")
