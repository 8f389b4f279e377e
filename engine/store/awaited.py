"""Calls to a webhook zap that somebody waits for, as rows: until when, and the records they brought.

They stand in the database, so whichever process receives a call, every page sees it. None of them is an event: nothing
counts as seen or as delivered, and no run comes of them. Called by `engine.triggers.awaiting` and `recent`, and by
engine.keeping, which looks for people and deletes what is old.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text
from sqlmodel import Session

from engine.store import ids
from engine.store.encoding import clean
from engine.store.hot import Statement
from engine.store.moments import from_ms, maybe, to_ms
from engine.store.tables_editing import AwaitingRow

MOST = 10  # records of one zap; the older ones go


@dataclass(frozen=True)
class Wait:
    """Until when calls are waited for. `refused` is why the last one was not taken, “” if none was refused."""

    until: datetime
    refused: str = ""
    refused_at: datetime | None = None

    def goes_on(self, now: datetime) -> bool:
        return now < self.until


@dataclass(frozen=True)
class Call:
    """A record of one call: its data as JSON bytes. `misfit` says what is odd about it."""

    record_id: str
    payload: bytes
    misfit: str
    received_at: datetime


def begin(session: Session, zap_id: str, until: datetime) -> None:
    """Waits anew."""
    session.merge(AwaitingRow(zap_id=zap_id, until=to_ms(until), refused="", refused_at=None))


def end(session: Session, zap_id: str) -> None:
    """Waits no more; what came stays."""
    row = session.get(AwaitingRow, zap_id)
    if row is not None:
        session.delete(row)


def of(session: Session, zap_id: str) -> Wait | None:
    """The last wait, also one that is over; None where nobody waited, or it was ended."""
    row = session.get(AwaitingRow, zap_id)
    return Wait(from_ms(row.until), row.refused, maybe(row.refused_at)) if row else None


def goes_on(connection: Connection, zap_id: str, *, now: datetime) -> bool:
    """Whether somebody waits at this moment."""
    return _GOES_ON(connection, zap_id=zap_id, now=to_ms(now)).fetchone() is not None


def take(connection: Connection, zap_id: str, use: str, calls: Sequence[Call]) -> None:
    """Keeps the last of these records, each id once."""
    for call in calls[-MOST:]:
        _AGAIN(connection, zap_id=zap_id, record_id=call.record_id)
        _TAKE(
            connection,
            id=ids.new(),
            zap_id=zap_id,
            use=use,
            record_id=call.record_id,
            payload=call.payload,
            misfit=call.misfit,
            received_at=to_ms(call.received_at),
        )
    _NO_MORE(connection, zap_id=zap_id, most=MOST)


def refuse(connection: Connection, zap_id: str, said: str, *, now: datetime) -> None:
    """Notes why a call was not taken, for whoever waits for it."""
    _REFUSE(connection, zap_id=zap_id, said=clean(said), now=to_ms(now))


def newest(session: Session, zap_id: str, use: str, limit: int) -> list[Call]:
    """What came last for the trigger `use`, the newest first."""
    rows = _NEWEST(session.connection(), zap_id=zap_id, use=use, most=limit).fetchall()
    return [Call(record_id, bytes(payload), misfit, from_ms(at)) for record_id, payload, misfit, at in rows]


def forget(connection: Connection, before: int, limit: int) -> int:
    """Deletes waits that were over, and records that came, before that moment (milliseconds)."""
    _NO_WAIT(connection, before=before)
    rows = connection.execute(
        text("SELECT id FROM awaited WHERE received_at < :before ORDER BY id LIMIT :most"),
        {"before": before, "most": limit},
    ).all()
    for (one,) in rows:
        _NO_RECORD(connection, id=one)
    return len(rows)


_GOES_ON = Statement("SELECT 1 FROM awaiting WHERE zap_id = :zap_id AND until > :now")
_AGAIN = Statement("DELETE FROM awaited WHERE zap_id = :zap_id AND record_id = :record_id")
_TAKE = Statement(
    "INSERT INTO awaited (id, zap_id, use, record_id, payload, misfit, received_at) "
    "VALUES (:id, :zap_id, :use, :record_id, :payload, :misfit, :received_at)"
)
_NO_MORE = Statement(
    "DELETE FROM awaited WHERE zap_id = :zap_id "
    "AND id NOT IN (SELECT id FROM awaited WHERE zap_id = :zap_id ORDER BY id DESC LIMIT :most)"
)
_REFUSE = Statement("UPDATE awaiting SET refused = :said, refused_at = :now WHERE zap_id = :zap_id AND until > :now")
_NEWEST = Statement(
    "SELECT record_id, payload, misfit, received_at FROM awaited "
    "WHERE zap_id = :zap_id AND use = :use ORDER BY id DESC LIMIT :most"
)
_NO_WAIT = Statement("DELETE FROM awaiting WHERE until < :before")
_NO_RECORD = Statement("DELETE FROM awaited WHERE id = :id")
