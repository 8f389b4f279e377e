"""How often signing in failed lately, as rows by key. Called by engine.people.attempts, which decides what follows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, text
from sqlmodel import Session, col, select

from engine.store.moments import from_ms, to_ms
from engine.store.tables_people import ThrottleRow

_MAKE = text("INSERT INTO throttle (key, failures, until, forget_at) VALUES (:key, 0, 0, 0) ON CONFLICT DO NOTHING")


@dataclass(frozen=True)
class Throttle:
    """`failures` in a row, and no try before `until`."""

    key: str
    failures: int
    until: datetime


def locked(session: Session, keys: Collection[str], *, now: datetime) -> list[Throttle]:
    """One for each key, in the order of the keys' names; nobody else changes them until the end of this transaction.

    That order is the same for everybody, so that two who want the same keys wait and do not block each other.
    """
    for key in sorted(keys):
        session.connection().execute(_MAKE, {"key": key})
    wanted = select(ThrottleRow).where(col(ThrottleRow.key).in_(keys)).order_by(ThrottleRow.key).with_for_update()
    return [_throttle(row, to_ms(now)) for row in session.exec(wanted)]


def put(session: Session, throttle: Throttle, *, forget_at: datetime) -> None:
    row = session.get_one(ThrottleRow, throttle.key)
    row.failures, row.until, row.forget_at = throttle.failures, to_ms(throttle.until), to_ms(forget_at)
    session.add(row)


def forget(session: Session, key: str) -> None:
    session.exec(delete(ThrottleRow).where(col(ThrottleRow.key) == key))


def forget_old(session: Session, *, now: datetime) -> int:
    """Drops what no longer counts. In a transaction of its own: it takes the rows in no particular order."""
    return session.exec(delete(ThrottleRow).where(col(ThrottleRow.forget_at) <= to_ms(now))).rowcount


def _throttle(row: ThrottleRow, moment: int) -> Throttle:
    failures = row.failures if row.forget_at > moment else 0
    return Throttle(row.key, failures, from_ms(row.until))
