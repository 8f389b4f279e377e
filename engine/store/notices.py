"""Notices as rows: one per open matter, so that a thousand failures are one notice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlmodel import Session

from engine.store import ids
from engine.store.encoding import clean
from engine.store.moments import from_ms, to_ms
from engine.store.tables import NoticeRow

_NOTICE = NoticeRow.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Notice:
    """Something a person should know. `count` is how often it came up."""

    id: str
    matter: str
    sentence: str
    zap_id: str
    count: int
    created_at: datetime
    updated_at: datetime


def tell(connection: Connection, matter: str, sentence: str, *, zap_id: str = "", now: datetime) -> bool:
    """Opens the matter, or counts it up; True if it is new."""
    moment, sentence = to_ms(now), clean(sentence)
    again = update(NoticeRow).where(_NOTICE.matter == matter, _NOTICE.closed_at.is_(None))
    if connection.execute(again.values(sentence=sentence, count=_NOTICE.count + 1, updated_at=moment)).rowcount:
        return False
    row = {"id": ids.new(), "matter": matter, "sentence": sentence, "zap_id": zap_id, "count": 1}
    connection.execute(insert(NoticeRow).values(**row, created_at=moment, updated_at=moment))
    return True


def settle(connection: Connection, matter: str, *, now: datetime) -> bool:
    """Closes the matter; True if it was open."""
    matters = update(NoticeRow).where(_NOTICE.matter == matter, _NOTICE.closed_at.is_(None))
    return bool(connection.execute(matters.values(closed_at=to_ms(now))).rowcount)


def still_open(session: Session, limit: int | None = None) -> list[Notice]:
    """The open matters, newest first; all of them, or so many at most."""
    query = select(*_NOTICE).where(_NOTICE.closed_at.is_(None)).order_by(_NOTICE.updated_at.desc()).limit(limit)
    return [_notice(row) for row in session.execute(query)]


def _notice(row: Row[Any]) -> Notice:
    facts = row._mapping
    return Notice(
        id=row.id,
        matter=row.matter,
        sentence=row.sentence,
        zap_id=row.zap_id,
        count=facts["count"],  # `row.count` is the tuple's method
        created_at=from_ms(row.created_at),
        updated_at=from_ms(row.updated_at),
    )
