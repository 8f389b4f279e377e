"""What moved: live pages are told of every run that came into another state."""

import asyncio

import pytest

from engine.errors import Refused
from engine.history import changes
from engine.store import moves
from engine.store.states import RunState
from tests.engine.benches import Bench, in_a_loop


@in_a_loop
async def test_what_moved_is_told_once_with_its_newest_state(bench: Bench):
    zap = await bench.zap()
    marker = bench.runtime.changes.marker()
    assert bench.runtime.changes.since(marker).moved == ()
    (run,) = await bench.done(zap, "ball")
    news = bench.runtime.changes.since(marker)
    assert [(move.run_id, move.zap_id, move.state) for move in news.moved] == [(run.id, zap, RunState.SUCCEEDED)]
    assert bench.runtime.changes.since(news.marker).moved == ()


@in_a_loop
async def test_a_page_about_one_zap_is_told_of_that_one(bench: Bench):
    one, other = await bench.zap(), await bench.zap()
    marker = bench.runtime.changes.marker()
    await bench.done(one, "ball")
    news = bench.runtime.changes.since(marker, zap_id=other)
    assert (news.moved, news.missed) == ((), False)
    assert len(bench.runtime.changes.since(marker, zap_id=one).moved) == 1


@in_a_loop
async def test_a_page_that_was_away_too_long_is_drawn_anew(bench: Bench, monkeypatch):
    monkeypatch.setattr(moves, "KEPT", 2)
    monkeypatch.setattr(changes, "MOST_TOLD", 3)
    zap = await bench.zap(flood_limit=None)
    marker = bench.runtime.changes.marker()
    await bench.done(zap, "a", "b")
    assert bench.runtime.changes.since(marker).missed
    bench.engine.indexing.catch_up()
    late = bench.runtime.changes.since("0")
    assert late.missed
    assert not bench.runtime.changes.since(late.marker).missed


@in_a_loop
async def test_waiting_ends_when_something_moves_and_when_the_time_is_over(bench: Bench):
    zap = await bench.zap()
    await bench.start()
    marker = bench.runtime.changes.marker()
    assert (await bench.runtime.changes.next(marker, timeout=0)).moved == ()
    waiting = asyncio.create_task(bench.runtime.changes.next(marker, timeout=30))
    await bench.arrive(zap, "ball")
    news = await asyncio.wait_for(waiting, 20)
    assert {move.zap_id for move in news.moved} == {zap}


@pytest.mark.parametrize("marker", ["", "x", "-1", "1; --", "9" * 30, "²"])
@in_a_loop
async def test_a_marker_that_is_none_is_refused(bench: Bench, marker: str):
    with pytest.raises(Refused, match="too old"):
        bench.runtime.changes.since(marker)
