"""What pages cost does not grow with the history. Counted in what SQLite does, which is the same on every machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from benchmarks.bulk import Bulk, zap_id_of
from engine.history.figures import Figures
from engine.history.finding import Filter, History
from engine.history.indexing import Indexing
from engine.runtime import utc_now
from engine.store import migrate
from engine.store.database import Database
from engine.store.states import RunState

SHORT, LONG = 3_000, 15_000
ZAPS = 5


def filled(folder: Path, runs: int) -> Database:
    database = Database(f"sqlite:///{folder / f'{runs}.db'}")
    migrate.upgrade(database)
    Bulk(ZAPS, runs).fill(database)
    Indexing(database, lambda: False).catch_up()
    return database


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Database]]:
    """A short history and a long one."""
    both = filled(folder := tmp_path_factory.mktemp("histories"), SHORT), filled(folder, LONG)
    yield both
    for one in both:
        one.close()


@contextmanager
def counting(database: Database) -> Iterator[list[int]]:
    """How many steps SQLite takes, as the only member of a list."""
    steps = [0]

    def step() -> None:
        steps[0] += 1

    def checked_out(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.set_progress_handler(step, 1)

    event.listen(database.engine, "checkout", checked_out)
    try:
        yield steps
    finally:
        event.remove(database.engine, "checkout", checked_out)


def page(wanted: Filter) -> Callable[[Database], object]:
    def ask(database: Database) -> object:
        found = History(database, utc_now).page(wanted, limit=10)
        assert found.rows
        return found

    return ask


def far_back(database: Database) -> object:
    history = History(database, utc_now)
    (run_id,) = history.ids(Filter(until=utc_now() - timedelta(days=25)), 1)
    return history.page(Filter(), before=run_id, limit=10)


QUESTIONS: dict[str, Callable[[Database], object]] = {
    "everything": page(Filter()),
    "far back": far_back,
    "one zap": page(Filter(zap_ids=(zap_id_of(3),))),
    "failed": page(Filter(states=(RunState.FAILED,))),
    "three states": page(Filter(states=(RunState.FAILED, RunState.HELD, RunState.SUCCEEDED))),
    "zap and state": page(Filter(zap_ids=(zap_id_of(3),), states=(RunState.STOPPED,))),
    "folder and state": page(Filter(folder="Folder 1", states=(RunState.FILTERED,))),
    "hold": page(Filter(hold="connection:office")),
    "a week": page(Filter(since=utc_now() - timedelta(days=14), until=utc_now() - timedelta(days=7))),
    "a word": page(Filter(text="telefon")),
    "a beginning": page(Filter(text="tele anf")),
    "a word, zap and state": page(Filter(text="telefon", zap_ids=(zap_id_of(1),), states=(RunState.FAILED,))),
    "figures": lambda database: Figures(database, utc_now).of_zaps(timezone="Europe/Berlin"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_page_takes_as_many_steps_in_a_long_history_as_in_a_short_one(
    databases: tuple[Database, Database], name: str
):
    taken = []
    for database in databases:
        with counting(database) as steps:
            QUESTIONS[name](database)
        taken.append(steps[0])
    # Counts of what fits end at a thousand, which the short history may not have: some 40 steps for each
    assert taken[1] < 1.5 * taken[0] + 45_000
    assert taken[1] < 8 * LONG
