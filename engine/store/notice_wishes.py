"""What each receiver wishes, and what is kept about them: when they read, and when something is due for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import Session, col, delete, select

from engine.store.moments import maybe, to_ms
from engine.store.tables_notices import ReceiverRow, WishRow

EVERYTHING = ""
"""Stands for all zaps that have no wish of their own."""

_MAKE = text(
    "INSERT INTO notice_receiver (person_id, language, timezone, read_at, sent_at, digest_at, weekly_at) "
    "VALUES (:person_id, '', '', 0, 0, 0, 0) ON CONFLICT DO NOTHING"
)


class Wish(StrEnum):
    """When somebody wants to be told."""

    NOW = "now"
    DIGEST = "digest"  # once a day
    NEVER = "never"


@dataclass(frozen=True)
class Kept:
    """What is kept about a receiver; moments are None where there was none yet. `weekly` None is as it is usual."""

    language: str = ""
    timezone: str = ""
    weekly: bool | None = None
    read_at: datetime | None = None
    sent_at: datetime | None = None
    digest_at: datetime | None = None
    weekly_at: datetime | None = None


def wishes(session: Session) -> dict[str, dict[str, Wish]]:
    """By person, by zap."""
    found: dict[str, dict[str, Wish]] = {}
    for row in session.exec(select(WishRow)):
        found.setdefault(row.person_id, {})[row.zap_id] = Wish(row.wish)
    return found


def of(session: Session, person_id: str) -> dict[str, Wish]:
    """One person's, by zap."""
    mine = select(WishRow).where(WishRow.person_id == person_id)
    return {row.zap_id: Wish(row.wish) for row in session.exec(mine)}


def put(session: Session, person_id: str, wanted: Mapping[str, Wish]) -> None:
    """Replaces all wishes of a person."""
    session.exec(delete(WishRow).where(col(WishRow.person_id) == person_id))
    for zap_id, wish in wanted.items():
        session.add(WishRow(person_id=person_id, zap_id=zap_id, wish=wish))
    session.flush()


def put_one(session: Session, person_id: str, zap_id: str, wanted: Wish | None) -> None:
    """A person's wish about one zap; None for none of its own."""
    mine = delete(WishRow).where(col(WishRow.person_id) == person_id, col(WishRow.zap_id) == zap_id)
    session.exec(mine)
    if wanted is not None:
        session.add(WishRow(person_id=person_id, zap_id=zap_id, wish=wanted))
    session.flush()


def kept(session: Session) -> dict[str, Kept]:
    """By receiver."""
    return {row.person_id: _kept(row) for row in session.exec(select(ReceiverRow))}


def kept_of(session: Session, person_id: str) -> Kept:
    row = session.get(ReceiverRow, person_id)
    return _kept(row) if row else Kept()


def alone(session: Session, person_id: str) -> Kept:
    """Makes the receiver's row if needed; nobody else tells this receiver anything until the end of the transaction."""
    session.connection().execute(_MAKE, {"person_id": person_id})
    locked = select(ReceiverRow).where(ReceiverRow.person_id == person_id).with_for_update()
    return _kept(session.exec(locked.execution_options(populate_existing=True)).one())


def set_moments(session: Session, person_id: str, **moments: datetime) -> None:
    """Any of read_at, sent_at, digest_at, weekly_at."""
    _set(session, person_id, **{name: to_ms(moment) for name, moment in moments.items()})


def set_reader(session: Session, person_id: str, *, language: str, timezone: str) -> None:
    """What the browser says, for somebody whose profile says nothing."""
    _set(session, person_id, language=language, timezone=timezone)


def set_weekly(session: Session, person_id: str, wanted: bool) -> None:
    _set(session, person_id, weekly=wanted)


def _set(session: Session, person_id: str, **values: object) -> None:
    row = session.get(ReceiverRow, person_id) or ReceiverRow(person_id=person_id)
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()


def _kept(row: ReceiverRow) -> Kept:
    return Kept(
        language=row.language,
        timezone=row.timezone,
        weekly=row.weekly,
        read_at=maybe(row.read_at or None),
        sent_at=maybe(row.sent_at or None),
        digest_at=maybe(row.digest_at or None),
        weekly_at=maybe(row.weekly_at or None),
    )
