"""Group commit: what was answered is durable, a bad entry harms only itself, a database in trouble is waited for."""

import asyncio
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from engine.store import facts
from engine.store import writer as writer_module
from engine.store.database import Database
from engine.store.writer import Writer
from tests.waiting import wait_until


def put(name: str, value: str = "1") -> Callable[[Connection], str]:
    """An entry that stores one fact."""

    def entry(connection: Connection) -> str:
        connection.execute(text("INSERT INTO setting VALUES (:name, :value)"), {"name": name, "value": value})
        return name

    return entry


def bad(connection: Connection) -> None:
    raise ValueError("a bad entry")


def stored(database: Database) -> set[str]:
    with database.connect(writes=False) as connection:
        return {row.name for row in connection.execute(text("SELECT name FROM setting"))}


def test_what_was_answered_is_in_the_database(database: Database, writer: Writer):
    assert writer.write_and_wait(put("a")) == "a"
    assert stored(database) == {"a"}


def test_many_entries_are_committed_together(database: Database):
    commits = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(1))
    writer = Writer(database)

    async def all_at_once() -> list[str]:
        return await asyncio.gather(*(writer.write(put(f"n{number}")) for number in range(300)))

    assert asyncio.run(all_at_once()) == [f"n{number}" for number in range(300)]
    writer.close()
    assert len(stored(database)) == 300
    assert len(commits) < 100


@pytest.mark.parametrize(("crowded", "expected"), [(True, 2), (False, 3)])
def test_while_runs_come_together_a_commit_waits_a_moment_for_more(
    database: Database, monkeypatch: pytest.MonkeyPatch, crowded: bool, expected: int
):
    monkeypatch.setattr(writer_module, "GATHERS", 2.0)
    commits: list[int] = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(1))
    writer = Writer(database, lambda: crowded)
    writer.write_and_wait(put("first"))

    async def one_after_the_other() -> None:
        second = asyncio.create_task(writer.write(put("second")))
        await asyncio.sleep(0.5)  # without a crowd it is committed by then
        await asyncio.gather(second, writer.write(put("third")))

    asyncio.run(one_after_the_other())
    writer.close()
    assert len(commits) == expected


BAD = [
    pytest.param(bad, ValueError, id="an error of its own"),
    pytest.param(put("n3"), IntegrityError, id="a row that is there already"),
    pytest.param(
        lambda c: c.execute(text("INSERT INTO setting VALUES (NULL, '')")), IntegrityError, id="a missing value"
    ),
]


@pytest.mark.parametrize(("entry", "error"), BAD)
def test_one_bad_entry_harms_only_itself(database: Database, writer: Writer, entry, error: type[Exception]):
    async def all_at_once() -> list[object]:
        good = [writer.write(put(f"n{number}")) for number in range(20)]
        return await asyncio.gather(*good[:10], writer.write(entry), *good[10:], return_exceptions=True)

    answers = asyncio.run(all_at_once())
    assert isinstance(answers.pop(10), error)
    assert answers == [f"n{number}" for number in range(20)]
    assert stored(database) == {f"n{number}" for number in range(20)}
    assert writer.trouble == ""


def test_a_statement_that_never_works_is_not_tried_for_ever(sqlite: Database):
    """SQLite calls it an operational error, like a database that is locked."""
    writer = Writer(sqlite)
    with pytest.raises(OperationalError):
        writer.write_and_wait(lambda connection: connection.execute(text("INSERT INTO nowhere VALUES (1)")))
    assert writer.write_and_wait(put("a")) == "a"
    writer.close()


def test_everybody_is_woken_also_who_does_not_listen_any_more(database: Database, writer: Writer):
    async def impatient() -> str:
        waits = asyncio.ensure_future(writer.write(put("a")))
        await asyncio.sleep(0)
        waits.cancel()
        return await writer.write(put("b"))

    assert asyncio.run(impatient()) == "b"
    assert stored(database) == {"a", "b"}


def test_closing_writes_what_was_submitted(database: Database):
    writer = Writer(database)

    async def submitted() -> list[str]:
        answers = [asyncio.ensure_future(writer.write(put(f"n{number}"))) for number in range(700)]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        return await asyncio.gather(*answers)

    assert asyncio.run(submitted()) == [f"n{number}" for number in range(700)]
    assert len(stored(database)) == 700
    with pytest.raises(RuntimeError, match="closed"):
        writer.write_and_wait(put("late"))


def test_nobody_waits_for_ever_on_a_writer_that_is_being_closed(database: Database):
    writer = Writer(database)
    ended: list[str] = []

    def submit() -> None:
        try:
            for number in range(10_000):
                writer.write_and_wait(put(f"{threading.get_ident()} {number}"))
        except RuntimeError:
            ended.append("told")

    threads = [threading.Thread(target=submit, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: stored(database))
    writer.close()
    for thread in threads:
        thread.join(5)
    assert ended == ["told"] * 4


def test_a_locked_database_is_waited_for_and_the_trouble_told(sqlite: Database):
    """Another process holds the lock for longer than SQLite waits."""
    impatient, other = locked(sqlite)
    writer = Writer(impatient)
    answer = submitted(writer, put("a"))
    wait_until(lambda: writer.trouble)
    assert "database is locked" in writer.trouble
    assert not answer.done()
    other.execute("COMMIT")
    other.close()
    assert answer.result(10) == "a"
    assert writer.trouble == ""
    writer.close()
    impatient.close()


def submitted(writer: Writer, entry: Callable[[Connection], str]) -> "Future[str]":
    """What is being written, by a thread that waits for it."""
    answer: Future[str] = Future()

    def wait() -> None:
        try:
            answer.set_result(writer.write_and_wait(entry))
        except (OperationalError, ValueError) as error:
            answer.set_exception(error)

    threading.Thread(target=wait).start()
    return answer


def locked(database: Database) -> tuple[Database, sqlite3.Connection]:
    """The same database for somebody who waits 50 ms only, and the connection of the process that writes in it."""
    file = str(database.engine.url.database)
    impatient = Database(f"sqlite:///{file}")
    event.listen(impatient.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=50").close())
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return impatient, other


def test_reading_does_not_wait_for_a_process_that_writes(sqlite: Database):
    increment(sqlite, 1)
    _, other = locked(sqlite)
    began = time.monotonic()
    newcomer = Database(str(sqlite.engine.url))
    assert stored(newcomer) == {"count"}
    assert time.monotonic() - began < 4
    newcomer.close()
    other.close()


def test_deleted_pages_can_be_given_back(sqlite: Database):
    with sqlite.connect(writes=False) as connection:
        incremental = 2
        assert connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() == incremental
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


def test_a_full_disk_is_waited_for(sqlite: Database):
    with sqlite.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    limits = {"pages": pages + 2}

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={limits['pages']}").close()

    event.listen(sqlite.engine, "begin", limit)
    writer = Writer(sqlite)
    answer = submitted(writer, put("big", "x" * 100_000))
    wait_until(lambda: writer.trouble)
    assert "full" in writer.trouble
    limits["pages"] = pages + 1000
    assert answer.result(10) == "big"
    assert writer.trouble == ""
    writer.close()


def test_the_trouble_is_over_when_something_is_written_whatever_became_of_the_entry_in_trouble(sqlite: Database):
    impatient, other = locked(sqlite)
    writer = Writer(impatient)

    def no_good(connection: Connection) -> str:
        raise ValueError("no good")

    answer = submitted(writer, no_good)
    wait_until(lambda: writer.trouble)
    other.execute("COMMIT")
    with pytest.raises(ValueError, match="no good"):
        answer.result(10)
    assert writer.write_and_wait(put("a")) == "a"
    assert writer.trouble == ""
    writer.close()
    other.close()
    impatient.close()


BROKEN = """
import sys
from engine.store.database import Database
from engine.store.writer import Writer

def crowded():
    raise ZeroDivisionError

Writer(Database(sys.argv[1]), crowded).write_and_wait(print)
"""


def test_a_process_does_not_outlive_its_journal(sqlite: Database):
    """Whoever started it starts it again, and what was not written is found open then."""
    ended = subprocess.run(
        [sys.executable, "-c", BROKEN, str(sqlite.engine.url)], capture_output=True, text=True, timeout=100, check=False
    )
    assert ended.returncode == os.EX_SOFTWARE
    assert "The journal broke off" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr


def test_closing_in_trouble_ends_and_says_what_was_not_written(sqlite: Database):
    impatient, other = locked(sqlite)
    writer = Writer(impatient)
    answer = submitted(writer, put("a"))
    wait_until(lambda: writer.trouble)
    writer.close()
    with pytest.raises(OperationalError):
        answer.result(10)
    other.close()
    impatient.close()


def increment(database: Database, times: int) -> None:
    for _ in range(times):
        with database.write() as session:
            facts.put(session, "count", str(int(facts.get(session, "count") or "0") + 1))


def test_four_threads_that_read_and_then_write_lose_nothing(sqlite: Database):
    threads = [threading.Thread(target=increment, args=(sqlite, 50)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sqlite.read() as session:
        assert facts.get(session, "count") == "200"


def in_another_process(url: str) -> None:
    database = Database(url)
    increment(database, 50)
    database.close()


def test_another_process_that_writes_at_the_same_time_loses_nothing(sqlite: Database):
    url = str(sqlite.engine.url)
    processes = [
        multiprocessing.get_context("forkserver").Process(target=in_another_process, args=(url,)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    writer = Writer(sqlite)
    for number in range(50):
        writer.write_and_wait(put(f"n{number}"))
        increment(sqlite, 1)
    for process in processes:
        process.join(30)
    writer.close()
    with sqlite.read() as session:
        assert facts.get(session, "count") == "150"
    assert len(stored(sqlite)) == 51


def test_a_block_that_raises_changes_nothing(database: Database):
    def change() -> None:
        with database.write() as session:
            facts.put(session, "a", "1")
            session.flush()
            session.execute(text("INSERT INTO setting VALUES (NULL, '')"))

    with pytest.raises(IntegrityError):
        change()
    assert stored(database) == set()


def test_the_journal_is_not_held_up_by_others_that_write(sqlite: Database):
    """Five threads write without a pause; the writer still gets every second turn."""
    enough = threading.Event()

    def busy() -> None:
        while not enough.is_set():
            increment(sqlite, 1)

    threads = [threading.Thread(target=busy) for _ in range(5)]
    for thread in threads:
        thread.start()
    writer = Writer(sqlite)
    began = time.monotonic()
    for number in range(20):
        writer.write_and_wait(put(f"n{number}"))
    took = time.monotonic() - began
    enough.set()
    for thread in threads:
        thread.join()
    writer.close()
    assert took < 10


def test_a_connection_in_use_while_the_database_is_closed_is_closed_when_it_comes_back(database: Database):
    with database.connect(writes=False) as connection:
        driver = connection.connection.driver_connection
        database.close()
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    assert driver is not None
    with pytest.raises(database.engine.dialect.loaded_dbapi.Error, match="closed"):
        driver.execute("SELECT 1")
