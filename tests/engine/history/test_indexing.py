"""How the index and the tallies are filled: every run once, also after downtime, an upgrade and late commits."""

from sqlalchemy import Connection, text

from engine.history import indexing
from engine.history.finding import Filter
from engine.history.indexing import Indexing, extract_of
from engine.store import moves
from engine.store.states import RunState
from engine.store.stories import Story
from tests.engine.benches import Bench, in_a_loop
from tests.waiting import until


def counted(bench: Bench, zap: str) -> int:
    return bench.runtime.figures.of_zaps([zap])[zap].total


def found(bench: Bench, words: str) -> int:
    return len(bench.runtime.history.page(Filter(text=words), limit=100).rows)


def forget(bench: Bench) -> None:
    """As if the runs were older than the log and the index."""
    bench.engine.indexing.catch_up()
    bench.change("DELETE FROM moved WHERE id < (SELECT max(id) FROM moved)")
    bench.change("DELETE FROM extract")
    if bench.runtime.database.is_sqlite:
        bench.change("INSERT INTO search (search) VALUES ('delete-all')")
    bench.change(f"UPDATE setting SET value = 'zzzzzzzzzzzzzzzzzz' WHERE name = '{moves.FILLED}'")


@in_a_loop
async def test_a_run_is_counted_and_indexed_once_however_often_slices_are_begun(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, *(f"thing {number}" for number in range(30)))
    for one in (bench.engine.indexing, Indexing(bench.runtime.database, lambda: False)):
        one.catch_up()
        one.catch_up()
    assert (counted(bench, zap), found(bench, "thing")) == (30, 30)


@in_a_loop
async def test_it_goes_on_after_a_crash_and_catches_up_after_downtime(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, "thing 1")
    bench.engine.indexing.slice()
    await bench.crash()
    bench.engine.indexing.catch_up()
    await bench.done(zap, "thing 2", "thing 3")
    bench.engine.indexing.catch_up()
    assert (counted(bench, zap), found(bench, "thing")) == (3, 3)


@in_a_loop
async def test_runs_that_are_older_than_the_log_are_indexed_newest_first(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, *(f"thing {number}" for number in range(indexing.FILLED_AT_ONCE + 5)))
    forget(bench)
    assert found(bench, "thing") == 0
    assert bench.engine.indexing.slice()
    page = bench.runtime.history.page(Filter(text="thing"), limit=100)
    assert {row.label for row in page.rows} == {f"thing {number}" for number in range(5, indexing.FILLED_AT_ONCE + 5)}
    assert page.searched_from is not None
    bench.engine.indexing.catch_up()
    page = bench.runtime.history.page(Filter(text="thing"), limit=100)
    assert (len(page.rows), page.searched_from) == (indexing.FILLED_AT_ONCE + 5, None)


@in_a_loop
async def test_an_old_run_that_ends_while_older_ones_are_indexed_is_counted_once(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, "thing 1")
    (waiting,) = [run for run in await bench.arrive(zap, "thing 2") if run.state == RunState.QUEUED]
    bench.change("UPDATE run SET state = 'held', hold = 'off' WHERE id = :id", id=waiting.id)
    forget(bench)
    bench.runtime.control.release([waiting.id])
    await bench.drain()
    bench.engine.indexing.catch_up()
    assert (counted(bench, zap), found(bench, "thing")) == (2, 2)


@in_a_loop
async def test_a_commit_that_comes_late_is_not_missed(bench: Bench):
    """On PostgreSQL a transaction that began before others may commit after them."""
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, "thing 1", "thing 2")
    first, second = (run.id for run in bench.runs(zap))
    bench.change("UPDATE run SET state = 'held', finished_at = NULL")
    bench.engine.indexing.catch_up()
    before = counted(bench, zap)
    if bench.runtime.database.is_sqlite:
        _finish_one_after_the_other(bench, first, second)
    else:
        _finish_crossed(bench, first, second)
    bench.engine.indexing.catch_up()
    assert counted(bench, zap) == before + 2


def _finish(connection: Connection, run_id: str) -> None:
    sql = "UPDATE run SET state = 'failed', finished_at = created_at + 1 WHERE id = :id"
    connection.execute(text(sql), {"id": run_id})


def _finish_one_after_the_other(bench: Bench, *run_ids: str) -> None:
    for run_id in run_ids:
        with bench.runtime.database.connect() as connection:
            _finish(connection, run_id)
        bench.engine.indexing.catch_up()


def _finish_crossed(bench: Bench, first: str, second: str) -> None:
    with bench.runtime.database.connect() as late:
        _finish(late, first)
        with bench.runtime.database.connect() as early:
            _finish(early, second)
        bench.engine.indexing.catch_up()


@in_a_loop
async def test_the_log_is_kept_short(bench: Bench, monkeypatch):
    monkeypatch.setattr(moves, "KEPT", 10)
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, *(f"thing {number}" for number in range(20)))
    bench.engine.indexing.catch_up()
    await bench.done(zap, "last")
    bench.engine.indexing.catch_up()
    with bench.runtime.database.read() as session:
        assert session.connection().execute(text("SELECT count(*) FROM moved")).scalar_one() <= 13
    assert counted(bench, zap) == 21


@in_a_loop
async def test_a_started_engine_fills_by_itself(bench: Bench):
    zap = await bench.zap()
    await bench.start()
    await bench.arrive(zap, "thing")
    await until(lambda: found(bench, "thing") == 1, what="the run to be found")
    assert counted(bench, zap) == 1


def test_what_is_indexed_of_a_run_is_bounded():
    huge = b'{"subject": "Anfrage", "text": "' + b" ".join(b"w%d" % number for number in range(50_000)) + b'"}'
    story = Story("r1", "z1", RunState.FAILED, "It failed.", "17:1", huge, (None, b'{"input": {"n": 4711}}'))
    extract = extract_of(story)
    assert extract.label == "Anfrage"
    assert len(extract.words) <= indexing.MOST_WORDS
    assert {"r1", "failed", "anfrage", "w1", "4711"} <= set(extract.words)
