"""Figures of zaps: the last run, a week by day in any zone, what waits for a person."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.history.figures import Figures
from engine.store.moments import to_ms
from engine.store.states import RunState
from tests.engine.benches import Bench, in_a_loop
from tests.engine.toys import error

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)  # two days after Berlin's clocks went forward


@in_a_loop
async def test_a_zap_tells_its_last_run_and_how_its_runs_ended(bench: Bench):
    zap, idle = await bench.zap(flood_limit=None), await bench.zap()
    bench.toy.next("make bad", error("permanent"))
    runs = await bench.done(zap, "good", "bad", "fine")
    bench.engine.indexing.catch_up()
    figures = bench.runtime.figures.of_zaps()
    assert set(figures) == {zap, idle}
    mine = figures[zap]
    assert mine.last_run is not None
    assert (mine.last_run.id, mine.last_run.state) == (runs[-1].id, RunState.SUCCEEDED)
    assert len(mine.days) == 7
    assert mine.days[-1].counts == {RunState.SUCCEEDED: 2, RunState.FAILED: 1}
    assert (mine.total, mine.failed) == (3, 1)
    assert (figures[idle].last_run, figures[idle].total) == (None, 0)


@in_a_loop
async def test_what_waits_for_a_person_is_counted_as_it_stands_now(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    held, asked, _ = await bench.arrive(zap, "a", "b", "c")
    bench.change("UPDATE run SET state = 'held', hold = 'off' WHERE id = :id", id=held.id)
    bench.change("UPDATE run SET state = 'needs_review' WHERE id = :id", id=asked.id)
    figures = bench.runtime.figures.of_zaps([zap])[zap]
    assert (figures.held, figures.review, figures.failed) == (1, 1, 0)
    bench.runtime.control.release([held.id])
    assert bench.runtime.figures.of_zaps([zap])[zap].held == 0


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Pacific/Honolulu"])
@in_a_loop
async def test_days_are_those_of_the_zone(bench: Bench, zone: str):
    zap = await bench.zap(flood_limit=None)
    moments = [NOW - timedelta(hours=hours) for hours in range(0, 190, 5)]
    runs = await bench.arrive(zap, *(str(moment) for moment in moments))
    for run, moment in zip(runs, moments, strict=True):
        sql = "UPDATE run SET state = 'succeeded', finished_at = :at WHERE id = :id"
        bench.change(sql, at=to_ms(moment), id=run.id)
    bench.engine.indexing.catch_up()
    asked = Figures(bench.runtime.database, lambda: NOW)
    figures = asked.of_zaps([zap], timezone=zone)[zap]
    assert asked.of_zaps(timezone=zone)[zap].days == asked.of_zaps(timezone=zone)[zap].days == figures.days
    there = [moment.astimezone(ZoneInfo(zone)).date() for moment in moments]
    assert [day.total for day in figures.days] == [there.count(day.day) for day in figures.days]
    assert figures.days[-1].day == NOW.astimezone(ZoneInfo(zone)).date()


@in_a_loop
async def test_zaps_are_added_up(bench: Bench):
    one, other = await bench.zap(), await bench.zap()
    await bench.done(one, "ball")
    last = await bench.done(other)
    bench.engine.indexing.catch_up()
    together = bench.runtime.figures.totals()
    assert together.total == bench.runtime.figures.totals([one]).total + bench.runtime.figures.totals([other]).total
    assert together.last_run is not None
    assert together.last_run.id == max(run.id for run in bench.runs())
    assert last
    assert bench.runtime.figures.of_zaps([]) == {}
