"""What is on its way to people, as rows: each is one mail or one call, claimed by one tick at a time.

A row is claimed for a while before it is sent. A process that ends in between leaves a claim that runs out, and then
it is sent again: nothing is lost, and a mail may come twice, with the same Message-ID.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlmodel import Session

from engine.errors import Sentence
from engine.store import ids
from engine.store.encoding import clean, decode, encode
from engine.store.moments import from_ms, to_ms
from engine.store.notice_ways import Kind
from engine.store.tables_notices import DispatchRow

_DISPATCH = DispatchRow.__table__.c  # type: ignore[attr-defined]

_NOTHING = encode({})


@dataclass(frozen=True)
class Dispatch:
    """One mail or call. `attempts` counts the tries that were begun; `content` is what its way needs."""

    id: str
    kind: Kind
    person_id: str
    about: str
    content: Any
    attempts: int
    created_at: datetime
    due_at: datetime
    problem: Sentence


def add(session: Session, kind: Kind, person_id: str, about: str, content: Any, *, now: datetime) -> str:
    """Due at once. Returns its id."""
    dispatch_id, moment = ids.new(), to_ms(now)
    row = {"id": dispatch_id, "kind": kind, "person_id": person_id, "about": about, "content": encode(content)}
    values = {**row, "attempts": 0, "lease_until": 0, "problem": "", "german": "", "given_up": False}
    session.execute(insert(DispatchRow).values(**values, due_at=moment, created_at=moment))
    return dispatch_id


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether anything may be claimed."""
    moment = to_ms(now)
    due = (_DISPATCH.done_at.is_(None), _DISPATCH.due_at <= moment, _DISPATCH.lease_until <= moment)
    return session.execute(select(_DISPATCH.id).where(*due).limit(1)).first() is not None


def claim(connection: Connection, *, now: datetime, lease: timedelta, limit: int) -> list[Dispatch]:
    """Those that are due and nobody else is sending, the oldest first; each belongs to the caller until its lease ends.

    Counts the try before it is made, so that one which ends the process each time comes to its end as well.
    """
    moment = to_ms(now)
    free = (_DISPATCH.done_at.is_(None), _DISPATCH.due_at <= moment, _DISPATCH.lease_until <= moment)
    due = select(*_DISPATCH).where(*free).order_by(_DISPATCH.due_at).limit(limit)
    ours = []
    for row in connection.execute(due.with_for_update(skip_locked=True)).fetchall():
        mine = update(DispatchRow).where(_DISPATCH.id == row.id, *free)
        values = {"lease_until": to_ms(now + lease), "attempts": _DISPATCH.attempts + 1}
        if connection.execute(mine.values(**values)).rowcount:
            ours.append(_dispatch(row, row.attempts + 1))
    return ours


def done(session: Session, dispatch_id: str, *, now: datetime) -> None:
    """It arrived; what it said is not kept."""
    _set(session, dispatch_id, done_at=to_ms(now), content=_NOTHING, problem="", german="")


def again(session: Session, dispatch_id: str, problem: Sentence, *, at: datetime) -> None:
    """It is tried again later."""
    _set(session, dispatch_id, due_at=to_ms(at), lease_until=0, **_said(problem))


def give_up(session: Session, dispatch_id: str, problem: Sentence, *, now: datetime) -> None:
    _set(session, dispatch_id, done_at=to_ms(now), content=_NOTHING, given_up=True, **_said(problem))


def hurry(session: Session, kind: Kind, *, now: datetime) -> int:
    """The way was mended: what waits to be tried again is due now."""
    waiting = update(DispatchRow).where(_DISPATCH.kind == kind, _DISPATCH.done_at.is_(None))
    return int(session.execute(waiting.values(due_at=to_ms(now))).rowcount)  # type: ignore[attr-defined]


def drop(session: Session, kind: Kind) -> int:
    """The way was switched off: what still waits is not sent any more."""
    waiting = delete(DispatchRow).where(_DISPATCH.kind == kind, _DISPATCH.done_at.is_(None))
    return int(session.execute(waiting).rowcount)  # type: ignore[attr-defined]


def waits(session: Session, kind: Kind, person_id: str) -> bool:
    """Whether something for this receiver did not arrive yet."""
    open_ones = (_DISPATCH.done_at.is_(None), _DISPATCH.kind == kind, _DISPATCH.person_id == person_id)
    return session.execute(select(_DISPATCH.id).where(*open_ones).limit(1)).first() is not None


def waiting(session: Session, limit: int = 100) -> list[Dispatch]:
    """Those that did not arrive yet, the oldest first."""
    query = select(*_DISPATCH).where(_DISPATCH.done_at.is_(None)).order_by(_DISPATCH.created_at).limit(limit)
    return [_dispatch(row, row.attempts) for row in session.execute(query)]


def given_up(session: Session, *, since: datetime, limit: int = 20) -> list[Dispatch]:
    """Those that never arrived, the newest first."""
    query = select(*_DISPATCH).where(_DISPATCH.given_up, _DISPATCH.done_at >= to_ms(since))
    return [_dispatch(row, row.attempts) for row in session.execute(query.order_by(_DISPATCH.id.desc()).limit(limit))]


def forget(session: Session, *, done_for: timedelta, now: datetime) -> int:
    """Deletes those that came to their end long ago."""
    old = delete(DispatchRow).where(_DISPATCH.done_at < to_ms(now - done_for))
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def _said(problem: Sentence) -> dict[str, str]:
    return {"problem": clean(problem), "german": clean(problem.german)}


def _set(session: Session, dispatch_id: str, **values: Any) -> None:
    session.execute(update(DispatchRow).where(_DISPATCH.id == dispatch_id).values(**values))


def _dispatch(row: Row[Any], attempts: int) -> Dispatch:
    return Dispatch(
        id=row.id,
        kind=Kind(row.kind),
        person_id=row.person_id,
        about=row.about,
        content=decode(row.content),
        attempts=attempts,
        created_at=from_ms(row.created_at),
        due_at=from_ms(row.due_at),
        problem=Sentence(row.problem, row.german or row.problem),
    )
