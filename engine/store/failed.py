"""Runs of a zap that failed and were not run again since. Called by engine.runs.failed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from engine.store.hot import Statement
from engine.store.moments import from_ms

_LEFT = Statement(
    "SELECT id, step, finished_at FROM run INDEXED BY run_rested WHERE state <> 'queued' AND state <> 'running' "
    "AND zap_id = :zap_id AND state = 'failed' AND version < :version AND contents = '' "
    "AND NOT EXISTS (SELECT 1 FROM run AS again WHERE again.replay_of = run.id AND again.replay_of IS NOT NULL) "
    "ORDER BY id DESC LIMIT :most"
)


@dataclass(frozen=True)
class FailedRun:
    """One of them: at which step, and when."""

    id: str
    step: str
    at: datetime


def left(connection: Connection, zap_id: str, *, before_version: int, limit: int) -> list[FailedRun]:
    """Those of earlier versions whose data are still kept, the newest first."""
    found = _LEFT(connection, zap_id=zap_id, version=before_version, most=limit).fetchall()
    return [FailedRun(row[0], row[1], from_ms(row[2] or 0)) for row in found]
