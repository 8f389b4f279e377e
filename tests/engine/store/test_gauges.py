"""The figures of the whole installation, over both databases."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.settings import Settings
from engine.store import gauges
from engine.store.gauges import Gauges
from engine.store.states import RunState
from tests.engine.benches import Bench, in_a_loop
from tests.engine.databases import BOTH, settings_over
from tests.engine.toys import error


@pytest.fixture(params=BOTH)
def bench(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Bench:
    return Bench(settings_over(request.param, Settings(data=tmp_path / "data")))


def read(bench: Bench) -> Gauges:
    with bench.runtime.database.read() as session:
        return gauges.read(session, bench.now())


@in_a_loop
async def test_what_waits_what_ended_and_what_is_overdue(bench: Bench):
    found = read(bench)
    assert (found.run_overdue, found.check_overdue, found.open_notices) == (timedelta(0), timedelta(0), 0)
    zap = await bench.zap(flood_limit=3)
    bench.toy.next("make", error("permanent"))
    await bench.done(zap, "a", "b")
    await bench.arrive(zap, "c", "d")
    bench.later(timedelta(hours=2))
    await bench.engine.indexing.tick()
    found = read(bench)
    assert {state: count for state, count in found.runs.items() if count} == {RunState.QUEUED: 1, RunState.HELD: 1}
    assert {state: count for state, count in found.ended.items() if count} == {
        RunState.SUCCEEDED: 1,
        RunState.FAILED: 1,
    }
    assert found.run_overdue > timedelta(minutes=119)
    assert timedelta(minutes=50) < found.check_overdue < timedelta(minutes=61)
    assert found.open_notices == len(bench.notices()) > 0
