"""How much there is, and what goes within a day: what the page about storage shows. It takes a moment to read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from engine.keeping import files, keeping, policy
from engine.keeping.keeping import Round
from engine.keeping.pruning import Limits, limits_of
from engine.store import contents, policies, pruning, sizes
from engine.store.blobs import Blobs
from engine.store.database import Database
from engine.store.moments import maybe

AHEAD = timedelta(days=1)
COUNTED_TO = 1_000
"""Runs of one zap that go within a day; more are not counted."""


@dataclass(frozen=True)
class Sizes:
    """`database` and `free` are bytes (`free`: of the database's file, without anything in it), `log` those of SQLite's
    log of writes; `files` and `file_bytes` are the kept attachments. `rows` are counted by table. `contents_next` and
    `runs_next` go within a day."""

    database: int
    free: int
    log: int
    files: int
    file_bytes: int
    rows: dict[str, int]
    with_contents: int
    oldest_run: datetime | None
    oldest_contents: datetime | None
    contents_next: int
    runs_next: int
    last: Round | None


def measure(database: Database, blobs: Blobs, data: Path, now: Callable[[], datetime]) -> Sizes:
    """All of it, as it is now."""
    kept = files.kept(blobs)
    with database.read() as session:
        connection = session.connection()
        space = sizes.space(connection)
        limits = limits_of(connection, policy.house(session), policies.of_zaps(session), now() + AHEAD)
        return Sizes(
            database=space.used,
            free=space.free,
            log=_log(data) if database.is_sqlite else 0,
            files=kept.files,
            file_bytes=kept.bytes,
            rows=sizes.rows(connection),
            with_contents=sizes.with_contents(connection),
            oldest_run=maybe(sizes.oldest_run(connection)),
            oldest_contents=maybe(sizes.oldest_contents(connection)),
            contents_next=contents.count_due(connection, limits.contents),
            runs_next=_runs_next(connection, limits),
            last=keeping.last_round(database),
        )


def _runs_next(connection: Connection, limits: Limits) -> int:
    return sum(len(pruning.runs_over(connection, zap, *over, COUNTED_TO)) for zap, over in limits.runs.items())


def _log(data: Path) -> int:
    try:
        return (data / "zapwerk.db-wal").stat().st_size
    except FileNotFoundError:
        return 0
