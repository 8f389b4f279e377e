"""Doing something with many runs at once: what can be done is done, and the others say why not."""

import pytest

from engine.runs import control
from engine.store.states import RunState
from tests.engine.benches import Bench, in_a_loop
from tests.engine.toys import error


@in_a_loop
async def test_many_are_replayed_and_those_that_cannot_be_say_why(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    for name in ("bad 1", "bad 2"):
        bench.toy.next(f"make {name}", error("permanent"))
    await bench.done(zap, "good", "bad 1", "bad 2")
    good, *bad = bench.runs(zap)
    outcome = bench.runtime.control.replay_many([good.id, *[run.id for run in bad], "nothing", bad[0].id])
    assert len(outcome.done) == 2
    assert {run_id: str(why)[:16] for run_id, why in outcome.refused.items()} == {
        good.id: "This run is done",
        "nothing": "There is no run ",
    }
    assert "erledigt" in outcome.refused[good.id].within("de")
    await bench.drain()
    assert [bench.run(run_id).state for run_id in outcome.done] == [RunState.SUCCEEDED] * 2


@in_a_loop
async def test_many_are_released_or_dropped(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    runs = [run.id for run in await bench.arrive(zap, *(f"n{number}" for number in range(120)))]
    bench.change("UPDATE run SET state = 'held', hold = 'off'")
    assert len(bench.runtime.control.release_many(runs[:60]).done) == 60
    dropped = bench.runtime.control.cancel_many(runs[60:])
    assert (len(dropped.done), dropped.refused) == (60, {})
    again = bench.runtime.control.release_many(runs[60:])
    assert (again.done, len(again.refused)) == ((), 60)
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED] * 60 + [RunState.CANCELLED] * 60
    ended = bench.runtime.control.cancel_many(runs[:1])
    assert "schon zu Ende" in ended.refused[runs[0]].within("de")


@in_a_loop
async def test_more_than_are_taken_at_once_are_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(control, "MOST", 2)
    zap = await bench.zap(flood_limit=None)
    runs = [run.id for run in await bench.arrive(zap, "a", "b", "c")]
    outcome = bench.runtime.control.cancel_many(runs)
    assert (outcome.done, list(outcome.refused)) == (tuple(runs[:2]), runs[2:])
    assert outcome.refused[runs[2]].args == (control.TOO_MANY,)
