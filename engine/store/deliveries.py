"""Deliveries that their senders named, so that one sent twice is taken in once. Called by engine.triggers.webhooks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from engine.store.hot import Statement
from engine.store.moments import to_ms


@dataclass(frozen=True)
class Delivered:
    """What became of a delivery: a digest of what was sent, and the ids of the runs it made."""

    digest: str
    runs: tuple[str, ...]


_FIND = Statement("SELECT digest, runs FROM delivery WHERE zap_id = :zap_id AND key = :key")
_REMEMBER = Statement(
    "INSERT INTO delivery (zap_id, key, digest, runs, received_at) VALUES (:zap_id, :key, :digest, :runs, :received_at)"
)


def find(connection: Connection, zap_id: str, key: str) -> Delivered | None:
    found = _FIND(connection, zap_id=zap_id, key=key).fetchone()
    return Delivered(found[0], tuple(json.loads(found[1]))) if found else None


def remember(connection: Connection, zap_id: str, key: str, digest: str, runs: Sequence[str], *, now: datetime) -> None:
    made = json.dumps(list(runs))
    _REMEMBER(connection, zap_id=zap_id, key=key, digest=digest, runs=made, received_at=to_ms(now))
