"""The log of checks: what went alike is one line with a count, it stays small, and it costs no write of its own."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from engine.settings import Settings
from engine.store import checks, watches
from engine.store.checks import HOUR_MS, HOURS_KEPT, LINES_KEPT, Check, Hour, Line, Tally
from tests.engine.benches import Bench, in_a_loop
from tests.engine.databases import BOTH, settings_over
from tests.engine.toys import error

BUSY = "The service is busy."


@pytest.fixture(params=BOTH)
def bench(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Bench:
    return Bench(settings_over(request.param, Settings(data=tmp_path / "data")))


def lines(bench: Bench, zap: str) -> list[Line]:
    with bench.runtime.database.read() as session:
        return checks.lines(session, zap, bench.watch(zap).tally)


def hours(bench: Bench, zap: str) -> list[Hour]:
    with bench.runtime.database.read() as session:
        return checks.hours(session, zap, bench.watch(zap).tally)


async def fail(bench: Bench, zap: str) -> None:
    bench.toy.next("new_thing", error("temporary"))
    await bench.check(zap)


@in_a_loop
async def test_checks_that_went_alike_are_one_line_with_a_count(bench: Bench):
    zap = await bench.zap()
    for _ in range(3):
        await bench.check(zap)
    await fail(bench, zap)
    await fail(bench, zap)
    await bench.arrive(zap, "a", "b")
    await bench.arrive(zap, "c")
    found = [(line.outcome, line.problem, line.checks, line.found) for line in lines(bench, zap)]
    assert found == [("news", "", 2, 3), ("failed", BUSY, 2, 0), ("quiet", "", 3, 0)]
    assert all(line.since <= line.until for line in lines(bench, zap))
    (hour,) = hours(bench, zap)[:1]
    assert (hour.checks, hour.failed, hour.found) == (7, 2, 3)


@in_a_loop
async def test_another_problem_is_another_line(bench: Bench):
    zap = await bench.zap()
    await fail(bench, zap)
    bench.toy.next("new_thing", error("permanent"))
    await bench.check(zap)
    assert [line.problem for line in lines(bench, zap)] == ["Things cannot be made on Sundays.", BUSY]
    assert bench.watch(zap).failing_since == lines(bench, zap)[1].since


@in_a_loop
async def test_the_last_fifty_lines_are_kept(bench: Bench):
    zap = await bench.zap()
    for number in range(LINES_KEPT // 2 + 3):
        await fail(bench, zap)
        await bench.arrive(zap, f"n{number}")
    assert len(lines(bench, zap)) == LINES_KEPT
    with bench.runtime.database.read() as session:
        kept = session.connection().exec_driver_sql("SELECT count(*) FROM check_line").scalar()
    assert kept == LINES_KEPT - 1


@in_a_loop
async def test_hours_are_counted_for_a_week_also_over_a_clock_that_is_set_back(bench: Bench):
    zap = await bench.zap()
    await bench.check(zap)
    bench.later(timedelta(hours=1))
    await fail(bench, zap)
    bench.later(timedelta(hours=-1))
    await bench.check(zap)
    assert [(hour.checks, hour.failed) for hour in hours(bench, zap)] == [(1, 1), (2, 0)]
    bench.later(timedelta(hours=HOURS_KEPT + 5))
    for _ in range(2):
        await bench.check(zap)
        bench.later(timedelta(hours=1))
    assert [(hour.checks, hour.failed) for hour in hours(bench, zap)] == [(1, 0), (1, 0)]


@in_a_loop
async def test_a_check_like_the_one_before_writes_nothing_but_the_watch(bench: Bench):
    zap = await bench.zap()
    await bench.check(zap)
    told: list[str] = []
    event.listen(bench.runtime.database.engine, "before_cursor_execute", lambda *given: told.append(given[2]))
    await bench.check(zap)
    written = [sql.split()[:2] for sql in told if sql.split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert written == [["UPDATE", "watch"], ["UPDATE", "watch"]], "leased, and released"


@in_a_loop
async def test_a_trigger_with_another_baseline_keeps_its_log(bench: Bench):
    zap = await bench.zap()
    await fail(bench, zap)
    with bench.runtime.database.write() as session:
        old = bench.watch(zap)
        watches.begin(
            session,
            zap,
            connection_id=old.connection_id,
            source="elsewhere",
            listens="",
            cursor=None,
            every_ms=old.every_ms,
            wait_ms=0,
            now=bench.now(),
        )
    await bench.check(zap)
    assert [line.outcome for line in lines(bench, zap)] == ["quiet", "failed"]
    assert bench.watch(zap).failures == 0


@in_a_loop
async def test_an_overtaken_check_leaves_no_trace_in_the_log(bench: Bench):
    zap = await bench.zap()
    await bench.check(zap)
    stale = bench.watch(zap)
    bench.change("UPDATE watch SET lease_token = 'another'")
    ours = bench.engine.writer.write_and_wait(
        lambda connection: watches.report(connection, stale, "too late", now=bench.now())
    )
    assert not ours
    assert [line.outcome for line in lines(bench, zap)] == ["quiet"]


def test_a_line_ends_when_a_check_goes_otherwise():
    tally = Tally()
    for number in range(5):
        tally = tally.and_then(Check(number))
    assert (tally.line_number, tally.line_checks, tally.line_since, tally.until) == (1, 5, 0, 4)
    tally = tally.and_then(Check(HOUR_MS, problem="x"))
    assert (tally.line_number, tally.line_checks, tally.line_since) == (2, 1, HOUR_MS)
    assert (tally.hour, tally.hour_checks, tally.hour_failed) == (1, 1, 1)
