"""What this machine can do at best, in the terms of what Zapwerk does: the figures that ours stand beside.

    python -m benchmarks.limits [--requests N] [--seconds S] [--json]

- *bare FastAPI*: POSTs a second of 1 KB of JSON over 50 connections to an app that keeps nothing (`bare`).
- *SQLite commits*: rows of 1 KB a second with WAL and synchronous=FULL, one a commit, and 50 a commit; and one a commit
  for 50 at once through our writer, which gathers them.
- *aiohttp*: requests a second of one client, 50 at once, to the sink that ours send to.

The loads come from a process of their own. The database lies in the folder for temporary files (`TMPDIR`), where the
other benchmarks have theirs.
"""

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp
from sqlalchemy import Connection, text

from benchmarks import load, sink
from benchmarks.figures import table
from benchmarks.load import BODY_SIZE, Order, body_of
from engine.store.database import Database
from engine.store.writer import Writer
from tests.processes import child

CONNECTIONS = 50
GROUP = 50  # rows in a commit, as many as runs are executed at the same time
WARM_UP = 500  # requests

TABLE = "CREATE TABLE event (id INTEGER PRIMARY KEY, payload BLOB NOT NULL)"
INSERT = "INSERT INTO event (payload) VALUES (?)"
ROW = (b"x" * BODY_SIZE,)


def measured(requests: int, seconds: float) -> dict[str, float]:
    """All of them, a second."""
    with tempfile.TemporaryDirectory(prefix="zapwerk-bench-") as folder:
        return {
            "bare FastAPI, POSTs a second": bare_fastapi(requests),
            **commits(Path(folder), seconds),
            **client(seconds),
        }


def bare_fastapi(requests: int) -> float:
    """POSTs a second."""
    with tempfile.TemporaryDirectory(prefix="zapwerk-bench-") as folder, bare_app() as url:
        note = Path(folder) / "noted"
        load.ended(load.begun(Order(f"{url}/hooks/bench", WARM_UP, CONNECTIONS), note))
        told = load.ended(load.begun(Order(f"{url}/hooks/bench", requests, CONNECTIONS), note))
    assert told["accepted"] == requests, told
    rate: float = told["accepted a second"]
    return rate


@contextmanager
def bare_app() -> Iterator[str]:
    """The address of a bare FastAPI app."""
    with child([sys.executable, "-m", "benchmarks.bare"]) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


def commits(folder: Path, seconds: float) -> dict[str, float]:
    """Rows a second, by how they are committed."""
    return {
        "SQLite FULL, commits a second": sqlite_rows(folder / "one.db", 1, seconds),
        f"SQLite FULL, rows a second in commits of {GROUP}": sqlite_rows(folder / "many.db", GROUP, seconds),
        f"our writer, rows a second of {GROUP} at once": asyncio.run(_written(folder / "writer.db", seconds)),
    }


def sqlite_rows(file: Path, group: int, seconds: float) -> float:
    """Rows a second with so many in a commit, by the bare driver."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(TABLE)
        rows, started = 0, time.monotonic()
        while time.monotonic() < started + seconds:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(INSERT, [ROW] * group)
            database.execute("COMMIT")
            rows += group
        return rows / (time.monotonic() - started)


async def _written(file: Path, seconds: float) -> float:
    database = Database(f"sqlite:///{file}")
    writer = Writer(database)
    await writer.write(lambda connection: connection.execute(text(TABLE)))
    rows, started = 0, time.monotonic()

    def entry(connection: Connection) -> None:
        connection.exec_driver_sql(INSERT, ROW)

    async def keep_writing() -> None:
        nonlocal rows
        while time.monotonic() < started + seconds:
            await writer.write(entry)
            rows += 1

    await asyncio.gather(*(keep_writing() for _ in range(GROUP)))
    rate = rows / (time.monotonic() - started)
    await asyncio.to_thread(writer.close)
    database.close()
    return rate


def client(seconds: float) -> dict[str, float]:
    """Requests a second of a bare aiohttp client to the sink."""
    with sink.running() as running:
        return {"aiohttp, requests a second to the sink": asyncio.run(_asked(running.url, seconds))}


async def _asked(url: str, seconds: float) -> float:
    body, headers = body_of("r"), {"Content-Type": "application/json"}
    asked, started = 0, time.monotonic()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def keep_asking() -> None:
            nonlocal asked
            while time.monotonic() < started + seconds:
                async with session.post(url, data=body, headers=headers) as answer:
                    assert answer.status == 200, answer.status
                    await answer.read()
                asked += 1

        await asyncio.gather(*(keep_asking() for _ in range(CONNECTIONS)))
    return asked / (time.monotonic() - started)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    found = {name: round(rate) for name, rate in measured(given.requests, given.seconds).items()}
    print(json.dumps(found) if given.json else table(found))


if __name__ == "__main__":
    main()
