"""The flood guard: what comes in unusual numbers is held and told, and nothing else is."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.settings import Settings
from engine.store.states import RunState
from tests.engine.benches import Bench, in_a_loop
from tests.engine.databases import BOTH, settings_over


@pytest.fixture(params=BOTH)
def either_bench(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Bench:
    return Bench(settings_over(request.param, Settings(data=tmp_path / "data")))


@in_a_loop
async def test_beyond_the_flood_limit_runs_are_held_and_one_notice_tells_it(bench: Bench):
    zap = await bench.zap(flood_limit=5)
    await bench.done(zap, *[f"n{number}" for number in range(8)])
    await bench.done(zap, "more")
    assert bench.states(zap).count(RunState.SUCCEEDED) == 5
    assert [run.hold for run in bench.runs(zap)] == [""] * 5 + ["flood"] * 4
    notice = bench.notices()[f"flood:{zap}"]
    assert notice.sentence.startswith("More than 5 events came within ten minutes.")
    assert len(bench.notices()) == 1


@pytest.mark.parametrize("what", ["release_many", "cancel_many"])
@in_a_loop
async def test_what_is_held_again_is_told_again(bench: Bench, what: str):
    zap = await bench.zap(flood_limit=2)
    for flood in ("first", "second"):
        await bench.arrive(zap, *(f"{flood} {number}" for number in range(4)))
        bench.runtime.notices.telling.tick()
        assert [one.count for one in bench.notices().values()] == [1]
        held = [run.id for run in bench.runs(zap) if run.state == RunState.HELD]
        getattr(bench.runtime.control, what)(held)
        bench.runtime.notices.telling.tick()
        assert bench.notices() == {}


@in_a_loop
async def test_what_the_flood_guard_holds_stays_held_until_a_person_releases_it_in_order(bench: Bench):
    zap = await bench.zap(flood_limit=2, concurrency=1)
    await bench.done(zap, "a", "b", "c", "d", "e")
    bench.later(timedelta(days=2))
    await bench.sweep()
    await bench.drain()
    assert bench.toy.names() == ["a", "b"]
    assert bench.runtime.control.release_zap(zap) == 3
    await bench.drain()
    assert bench.toy.names() == ["a", "b", "c", "d", "e"]
    assert bench.notices() == {}


@in_a_loop
async def test_after_the_clock_was_set_back_the_flood_guard_counts_what_comes_within_ten_minutes(either_bench: Bench):
    bench = either_bench
    zap = await bench.zap(flood_limit=5)
    await bench.arrive(zap, "a", "b", "c", "d")
    bench.later(-timedelta(hours=3))
    await bench.arrive(zap, "e", "f", "g", "h")
    bench.later(timedelta(minutes=20))
    await bench.arrive(zap, "i", "j", "k", "l")
    assert set(bench.states(zap)) == {RunState.QUEUED}
    await bench.arrive(zap, "m", "n")
    assert [run.hold for run in bench.runs(zap)][-2:] == ["", "flood"]


@in_a_loop
async def test_ids_of_a_time_that_lies_ahead_keep_the_flood_guard_from_nothing(either_bench: Bench):
    bench = either_bench
    zap = await bench.zap(flood_limit=2)
    await bench.arrive(zap, "a", "b")
    bench.change("UPDATE run SET id = 'z' || substr(id, 2), created_at = 9000000000000")
    await bench.arrive(zap, "c", "d")
    await bench.arrive(zap, "e")
    assert sorted(run.hold for run in bench.runs(zap)) == ["", "", "", "", "flood"]
