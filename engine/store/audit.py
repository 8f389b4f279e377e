"""What people did, as rows that are only ever added. Written and read by engine.people.audit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from engine.store.encoding import clean, encode
from engine.store.moments import from_ms, to_ms
from engine.store.tables_people import AuditRow


@dataclass(frozen=True)
class NewEntry:
    """One thing that somebody did. `person` and `subject` are names at that time."""

    action: str
    person_id: str = ""
    person: str = ""
    subject_id: str = ""
    subject: str = ""
    address: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Entry(NewEntry):
    """The same, as it is kept; a later one has a greater `id`."""

    id: int
    at: datetime


def add(session: Session, new: NewEntry, *, now: datetime) -> None:
    row = AuditRow(
        at=to_ms(now),
        person_id=new.person_id,
        person=clean(new.person),
        action=new.action,
        subject_id=clean(new.subject_id),
        subject=clean(new.subject),
        details=encode(dict(new.details)).decode(),
        address=clean(new.address),
    )
    session.add(row)
    session.flush()


def page(
    session: Session,
    *,
    limit: int,
    before: int | None = None,
    person_id: str = "",
    action: str = "",
    subject_id: str = "",
) -> list[Entry]:
    """Newest first, from the entry before `before` on; `action` is how the action begins."""
    wanted = select(AuditRow).order_by(col(AuditRow.id).desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(col(AuditRow.id) < before)
    if person_id:
        wanted = wanted.where(AuditRow.person_id == person_id)
    if action:
        wanted = wanted.where(col(AuditRow.action).startswith(action, autoescape=True))
    if subject_id:
        wanted = wanted.where(AuditRow.subject_id == subject_id)
    return [_entry(row) for row in session.exec(wanted)]


def _entry(row: AuditRow) -> Entry:
    return Entry(
        id=row.id or 0,
        at=from_ms(row.at),
        person_id=row.person_id,
        person=row.person,
        action=row.action,
        subject_id=row.subject_id,
        subject=row.subject,
        address=row.address,
        details=json.loads(row.details),
    )
