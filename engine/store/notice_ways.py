"""Ways to reach people as rows: the mail server and the webhook, sealed, and how it went with them lately."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, select

from engine.errors import Sentence
from engine.store.encoding import clean
from engine.store.moments import maybe, to_ms
from engine.store.tables_notices import WayRow


class Kind(StrEnum):
    """How people are reached."""

    MAIL = "mail"
    HOOK = "hook"


@dataclass(frozen=True)
class StoredWay:
    """A way as it is kept. `problem` is why the last try failed, “” if it went well."""

    kind: Kind
    sealed: bytes = field(repr=False)
    allowed_hosts: frozenset[str]
    problem: Sentence
    problem_since: datetime | None
    worked_at: datetime | None


def every(session: Session) -> dict[Kind, StoredWay]:
    return {Kind(row.kind): _stored(row) for row in session.exec(select(WayRow))}


def get(session: Session, kind: Kind) -> StoredWay | None:
    row = session.get(WayRow, kind)
    return _stored(row) if row else None


def put(session: Session, kind: Kind, sealed: bytes, allowed_hosts: frozenset[str], *, now: datetime) -> None:
    """Sets it up anew: what was wrong before is forgotten."""
    row = WayRow(kind=kind, sealed=sealed, allowed_hosts=json.dumps(sorted(allowed_hosts)), updated_at=to_ms(now))
    kept = session.get(WayRow, kind)
    row.worked_at = kept.worked_at if kept else None
    row.problem, row.german, row.problem_since = "", "", None
    session.merge(row)


def set_sealed(session: Session, kind: Kind, sealed: bytes) -> None:
    """The same, sealed with another key."""
    row = session.get_one(WayRow, kind)
    row.sealed = sealed
    session.add(row)


def remove(session: Session, kind: Kind) -> bool:
    """True if there was one."""
    row = session.get(WayRow, kind)
    if row is not None:
        session.delete(row)
    return row is not None


def worked(session: Session, kind: Kind, *, now: datetime) -> None:
    row = session.get(WayRow, kind)
    if row is not None:
        row.worked_at, row.problem, row.german, row.problem_since = to_ms(now), "", "", None
        session.add(row)


def failed(session: Session, kind: Kind, problem: Sentence, *, now: datetime) -> None:
    row = session.get(WayRow, kind)
    if row is not None:
        row.problem, row.german = clean(problem), clean(problem.german)
        row.problem_since = row.problem_since or to_ms(now)
        session.add(row)


def _stored(row: WayRow) -> StoredWay:
    return StoredWay(
        kind=Kind(row.kind),
        sealed=row.sealed,
        allowed_hosts=frozenset(json.loads(row.allowed_hosts)),
        problem=Sentence(row.problem, row.german or row.problem),
        problem_since=maybe(row.problem_since),
        worked_at=maybe(row.worked_at),
    )
