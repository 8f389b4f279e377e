"""The engine's history as it stands in its database, read from outside. Called by `play` and by the report."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUESTION = """
SELECT zap.name, run.id, run.state, run.step, event.record_id, event.payload
FROM run JOIN event ON event.id = run.event_id JOIN zap ON zap.id = run.zap_id
"""


@dataclass(frozen=True)
class Ran:
    """One run: of which zap, for which event, how it stands, and at which step. `address` is who wrote, for mails."""

    zap: str
    id: str
    state: str
    step: str
    reference: str
    address: str = ""


def of(database: Path) -> list[Ran]:
    """Every run."""
    with _opened(database) as connection:
        return [_ran(*row) for row in connection.execute(QUESTION)]


def counts(database: Path) -> dict[str, int]:
    """How many runs there are, by zap."""
    question = "SELECT zap.name, count(*) FROM run JOIN zap ON zap.id = run.zap_id GROUP BY zap.name"
    with _opened(database) as connection:
        return dict(connection.execute(question).fetchall())


def journal(database: Path, run_id: str) -> list[str]:
    """The journal of one run, for a person who looks for what went wrong."""
    question = "SELECT at, path, entry, data FROM journal WHERE run_id = ? ORDER BY id"
    with _opened(database) as connection:
        rows = connection.execute(question, (run_id,)).fetchall()
    return [f"{at / 1000:.3f} {path} {entry} {bytes(data).decode()[:300]}" for at, path, entry, data in rows]


def _ran(zap: str, id: str, state: str, step: str, record_id: str, payload: bytes) -> Ran:
    record: dict[str, Any] = json.loads(payload)
    if zap == "mails":
        return Ran(zap, id, state, step, record["subject"], record["sender"]["address"])
    if zap in ("orders", "pages", "clock"):
        return Ran(zap, id, state, step, record_id)
    return Ran(zap, id, state, step, record["body"]["reference"])


@contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        yield connection
