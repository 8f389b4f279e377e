"""Deleting by age and count: contents first, the facts later, and nothing that goes on."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from engine.errors import Problems, Refused
from engine.history.finding import Filter
from engine.keeping.policy import Policy
from engine.keeping.pruning import Done
from engine.people.audit import Action
from engine.store.policies import OfZap
from engine.store.states import Contents, RunState
from tests.engine.benches import Bench, in_a_loop
from tests.engine.toys import error

MONTH, YEAR = timedelta(days=31), timedelta(days=366)


def prune(bench: Bench, *, thorough: bool = False) -> Done:
    bench.engine.indexing.catch_up()
    return bench.engine.keeping.catch_up(thorough=thorough)


def count(bench: Bench, table: str, where: str = "true") -> int:
    with bench.runtime.database.read() as session:
        return int(session.connection().execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())


def found(bench: Bench, words: str) -> int:
    bench.engine.indexing.catch_up()
    return len(bench.runtime.history.page(Filter(text=words)).rows)


@in_a_loop
async def test_after_a_month_the_data_are_gone_and_the_fact_stays(bench: Bench):
    zap = await bench.zap()
    await bench.done(zap, "ball")
    assert prune(bench).contents == 0
    assert found(bench, "ball") == 1
    bench.later(MONTH)
    assert prune(bench).contents == 1
    (run,) = bench.runs(zap)
    assert (run.state, run.contents) == (RunState.SUCCEEDED, Contents.DELETED)
    assert run.finished_at is not None
    assert count(bench, "journal") == 0
    assert (
        count(bench, "event", "payload LIKE '%ball%'" if bench.runtime.database.is_sqlite else "length(payload) > 2")
        == 0
    )
    assert found(bench, "ball") == 0
    assert bench.runtime.figures.of_zaps([zap])[zap].last_run is not None
    assert prune(bench).contents == 0


@in_a_loop
async def test_words_that_nobody_has_any_more_leave_the_index(bench: Bench):
    zap = await bench.zap()
    await bench.done(zap, "balloon")
    bench.later(MONTH)
    await bench.done(zap, "kite")
    prune(bench, thorough=True)
    assert (found(bench, "balloon"), found(bench, "kite")) == (0, 1)
    if bench.runtime.database.is_sqlite:
        assert count(bench, "search_word", "word = 'balloon'") == 0
        assert count(bench, "search_word", "word = 'kite'") == 1


@in_a_loop
async def test_what_has_not_ended_keeps_its_data_however_old_it_is(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.arrive(zap, "held", "queued", "review")
    held, _, review = bench.runs(zap)
    bench.change("UPDATE run SET state = 'held', hold = 'off' WHERE id = :id", id=held.id)
    bench.change("UPDATE run SET state = 'needs_review' WHERE id = :id", id=review.id)
    bench.later(2 * YEAR)
    done = prune(bench, thorough=True)
    assert (done.contents, done.runs) == (0, 0)
    assert bench.records(zap) == ["held", "queued", "review"]
    bench.runtime.control.release([held.id])
    await bench.drain()
    assert sorted(bench.toy.names()) == ["held", "queued"]


@in_a_loop
async def test_after_a_year_the_run_itself_goes_and_what_was_seen_stays(bench: Bench):
    zap = await bench.zap()
    await bench.done(zap, "ball")
    bench.engine.indexing.catch_up()
    bench.later(YEAR)
    assert prune(bench, thorough=True).runs == 1
    assert (count(bench, "run"), count(bench, "event"), count(bench, "extract")) == (0, 0, 0)
    assert count(bench, "seen") == 1
    await bench.check(zap)
    assert bench.runs(zap) == []
    assert bench.runtime.figures.of_zaps([zap])[zap].held == 0


@in_a_loop
async def test_days_are_counted_on_when_their_runs_are_gone(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, "ball", "doll")
    bench.engine.indexing.catch_up()
    before = count(bench, "tally_day")
    bench.later(YEAR)
    prune(bench)
    assert (before, count(bench, "tally_day"), count(bench, "tally_hour")) == (1, 1, 0)


@in_a_loop
async def test_data_of_an_event_stay_while_one_of_its_runs_has_contents(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make ball", error("permanent"))
    (failed,) = await bench.done(zap, "ball")
    bench.later(timedelta(days=20))
    replay = bench.runtime.control.replay(failed.id)
    await bench.drain()
    bench.later(timedelta(days=20))
    assert prune(bench).contents == 1
    assert bench.run(failed.id).contents == Contents.DELETED
    assert bench.runtime.control.show(replay).payload["name"] == "ball"
    bench.later(timedelta(days=20))
    assert prune(bench).contents == 1
    assert count(bench, "event", "length(payload) > 2") == 0


@in_a_loop
async def test_a_run_goes_after_its_replays(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make ball", error("permanent"))
    (failed,) = await bench.done(zap, "ball")
    bench.later(timedelta(days=25))
    bench.runtime.control.replay(failed.id)
    await bench.drain()
    bench.later(timedelta(days=350))
    assert prune(bench).runs == 0
    bench.later(timedelta(days=30))
    assert prune(bench).runs == 2
    assert (count(bench, "run"), count(bench, "event")) == (0, 0)


@in_a_loop
async def test_a_run_without_data_is_not_replayed_and_it_is_said_why(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make ball", error("permanent"))
    (failed,) = await bench.done(zap, "ball")
    bench.later(MONTH)
    prune(bench)
    with pytest.raises(Refused, match="data of this run were deleted"):
        bench.runtime.control.replay(failed.id)
    outcome = bench.runtime.control.replay_many([failed.id], whole=True)
    assert (outcome.done, list(outcome.refused)) == ((), [failed.id])
    assert len(bench.runs(zap)) == 1


@in_a_loop
async def test_what_a_run_said_stays_without_the_values_it_quoted(bench: Bench):
    zap = await bench.zap()
    (run,) = await bench.done(zap, "ball")
    said = "“Ada Lovelace” (ada@example.com, +49 30 1234567) is refused by the service with 409."
    bench.change("UPDATE run SET problem = :said WHERE id = :id", said=said, id=run.id)
    bench.later(MONTH)
    prune(bench)
    assert bench.run(run.id).problem == "“…” (…, …) is refused by the service with 409."


@in_a_loop
async def test_a_zap_may_keep_less_or_more_than_the_house(bench: Bench):
    short, usual, long = [await bench.zap(flood_limit=None) for _ in range(3)]
    for zap in (short, usual, long):
        await bench.done(zap, f"of {zap}")
    bench.runtime.policies.set_zap(short, OfZap(contents_days=2))
    bench.runtime.policies.set_zap(long, OfZap(contents_days=90))
    bench.later(timedelta(days=3))
    assert prune(bench).contents == len(bench.runs(short))
    bench.later(MONTH)
    prune(bench)
    kept = {zap: {run.contents for run in bench.runs(zap)} for zap in (short, usual, long)}
    assert kept == {short: {"deleted"}, usual: {"deleted"}, long: {""}}


@in_a_loop
async def test_more_runs_than_a_zap_shall_have_go_the_oldest_first(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, *(f"n{number}" for number in range(104)))
    bench.runtime.policies.set_zap(zap, OfZap(runs_most=100))
    assert prune(bench).runs == 0, "what ended just now may be looked at"
    bench.later(timedelta(hours=2))
    assert prune(bench).runs == 4
    assert bench.records(zap) == [f"n{number}" for number in range(4, 104)]


@in_a_loop
async def test_more_runs_than_the_house_shall_have_go_whatever_their_zap(bench: Bench):
    one, other = [await bench.zap(flood_limit=None) for _ in range(2)]
    await bench.done(one, *(f"n{number}" for number in range(60)))
    await bench.check(other)
    await bench.drain()
    assert len(bench.runs()) == 120
    bench.runtime.policies.set_house(Policy(runs_most=100))
    bench.later(timedelta(hours=2))
    assert prune(bench).runs == 20
    assert (len(bench.runs(one)), len(bench.runs(other))) == (40, 60)


@in_a_loop
async def test_names_of_deliveries_and_the_audit_log_have_an_age(bench: Bench):
    for number in range(3):
        bench.change(
            "INSERT INTO delivery (zap_id, key, digest, runs, received_at) VALUES ('z', :key, '', '[]', :at)",
            key=str(number),
            at=int(bench.now().timestamp() * 1000),
        )
    bench.runtime.people.audit.tell(Action.SETTINGS_CHANGED, person=None)
    bench.later(timedelta(days=91))
    done = prune(bench)
    assert (done.deliveries, done.audit) == (3, 0)
    bench.runtime.people.audit.tell(Action.SETTINGS_CHANGED, person=None)
    bench.later(timedelta(days=650))
    assert prune(bench).audit == 1
    assert count(bench, "audit") == 1


def test_settings_that_cannot_be_are_refused_at_their_field(bench: Bench):
    with pytest.raises(Problems) as told:
        bench.runtime.policies.set_house(Policy(contents_days=0, runs_most=5))
    assert [problem.field for problem in told.value.problems] == ["contents_days", "runs_most"]
    with pytest.raises(Problems) as told:
        bench.runtime.policies.set_house(Policy(contents_days=60, runs_days=30))
    assert [problem.field for problem in told.value.problems] == ["runs_days"]


@in_a_loop
async def test_the_file_becomes_smaller(bench: Bench):
    if not bench.runtime.database.is_sqlite:
        pytest.skip("left out: PostgreSQL gives pages back by itself")
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, "ball")
    bench.change("UPDATE event SET payload = zeroblob(8000000)")
    before = size_of(bench)
    bench.later(MONTH)
    done = prune(bench)
    assert (done.contents, done.pages > 1000) == (1, True)
    assert size_of(bench) < before - 6_000_000


def size_of(bench: Bench) -> int:
    """Of the database's file, once everything stands in it."""
    path = bench.settings.data / "zapwerk.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return path.stat().st_size
