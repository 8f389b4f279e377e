"""Notices as rows: one per open matter, so that a thousand failures are one notice.

Whoever finds out tells and settles, in the transaction of what it found; engine.notices brings it to people.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update
from sqlmodel import Session

from engine.errors import Sentence
from engine.store import ids
from engine.store.encoding import clean
from engine.store.moments import from_ms, maybe, to_ms
from engine.store.states import RunState, ZapState
from engine.store.tables import NoticeRow, RunRow, ZapRow
from engine.store.tables_notices import ToldRow

_NOTICE = NoticeRow.__table__.c  # type: ignore[attr-defined]
_RUN = RunRow.__table__.c  # type: ignore[attr-defined]
_ZAP = ZapRow.__table__.c  # type: ignore[attr-defined]
_TOLD = ToldRow.__table__.c  # type: ignore[attr-defined]

Place = tuple[int, str]
"""When it came up last, in milliseconds, and its id."""
CALM = timedelta(minutes=30)
"""So long no run of a zap must have failed until it is said that they work again: else it is said by turns."""
LOOKED_AT = 20  # of the newest runs that succeeded


class Left(StrEnum):
    """Why nobody waits any more for the runs of a zap to succeed."""

    OFF = "off"
    DELETED = "deleted"


@dataclass(frozen=True)
class Notice:
    """Something a person should know. `count` is how often it came up; `german` is “” where nobody translated it.
    Failed runs that are settled although none succeeded since were `left`."""

    id: str
    matter: str
    sentence: str
    zap_id: str
    count: int
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    german: str = ""
    left: Left | None = None

    @property
    def kind(self) -> str:
        """What sort of matter it is: “flood”, “connection” …"""
        return self.matter.partition(":")[0]

    @property
    def subject(self) -> str:
        """What it is about, as an id: of a zap, run or connection."""
        return self.matter.partition(":")[2]

    def within(self, language: str) -> str:
        """The sentence in “en” or “de”; one that nobody translated stays as it is."""
        return self.german if language == "de" and self.german else self.sentence


def tell(connection: Connection, matter: str, sentence: str, *, zap_id: str = "", now: datetime) -> bool:
    """Opens the matter, or counts it up; True if it is new. A `Sentence` keeps its German as well."""
    moment = to_ms(now)
    said = {"sentence": clean(sentence), "german": clean(sentence.german) if isinstance(sentence, Sentence) else ""}
    again = update(NoticeRow).where(_NOTICE.matter == matter, _NOTICE.closed_at.is_(None))
    if connection.execute(again.values(**said, count=_NOTICE.count + 1, updated_at=moment)).rowcount:
        return False
    row = {"id": ids.new(), "matter": matter, "zap_id": zap_id, "count": 1, **said}
    connection.execute(insert(NoticeRow).values(**row, created_at=moment, updated_at=moment))
    return True


def settle(connection: Connection, matter: str, *, now: datetime) -> bool:
    """Closes the matter; True if it was open."""
    matters = update(NoticeRow).where(_NOTICE.matter == matter, _NOTICE.closed_at.is_(None))
    return bool(connection.execute(matters.values(closed_at=to_ms(now))).rowcount)


def still_open(session: Session, limit: int | None = None, *, behind: Place | None = None) -> list[Notice]:
    """The open matters, newest first; all of them, or so many at most, or those behind a place."""
    query = select(*_NOTICE).where(_NOTICE.closed_at.is_(None))
    if behind is not None:
        moment, notice_id = behind
        older = (_NOTICE.updated_at == moment) & (_NOTICE.id < notice_id)
        query = query.where(or_(_NOTICE.updated_at < moment, older))
    newest_first = query.order_by(_NOTICE.updated_at.desc(), _NOTICE.id.desc())
    return [_notice(row) for row in session.execute(newest_first.limit(limit))]


def place(notice: Notice) -> Place:
    """Where it stands among the open ones."""
    return to_ms(notice.updated_at), notice.id


def settled_lately(session: Session, *, since: datetime, limit: int) -> list[Notice]:
    """Those that were settled since then, the last one first."""
    query = select(*_NOTICE).where(_NOTICE.closed_at >= to_ms(since))
    found = session.execute(query.order_by(_NOTICE.closed_at.desc()).limit(limit)).all()
    return [_with_why(session, _notice(row)) for row in found]


def open_of(session: Session, kind: str) -> list[Notice]:
    """The open matters of one kind."""
    query = select(*_NOTICE).where(_NOTICE.closed_at.is_(None), _NOTICE.matter.startswith(f"{kind}:"))
    return [_notice(row) for row in session.execute(query)]


def works_again(session: Session, failed: Notice, *, now: datetime) -> bool:
    """Whether runs of its zap succeed again, and for a while none has failed."""
    return failed.updated_at <= now - CALM and _succeeded(session, failed, ids.BEHIND_ALL, to_ms(now))


def is_left(session: Session, failed: Notice) -> bool:
    """Whether nobody waits for its zap any more: it was switched off or deleted."""
    zap = select(_ZAP.state).where(_ZAP.id == failed.zap_id, _ZAP.deleted_at.is_(None))
    return session.execute(zap).scalar() not in (ZapState.ON, ZapState.PAUSED)


def _with_why(session: Session, notice: Notice) -> Notice:
    """With why it is settled, for failed runs: nothing else says whether they succeeded again when it was closed."""
    if notice.kind != "failed" or notice.closed_at is None:
        return notice
    closed = to_ms(notice.closed_at)
    if _succeeded(session, notice, ids.floor(closed + 1), closed):
        return notice
    deleted = session.execute(select(_ZAP.deleted_at).where(_ZAP.id == notice.zap_id)).scalar()
    return replace(notice, left=Left.OFF if deleted is None else Left.DELETED)


def _succeeded(session: Session, failed: Notice, before: str, until: int) -> bool:
    """Whether, among the newest runs of its zap with ids below `before`, one succeeded after the last failure."""
    well = select(_RUN.finished_at).where(_RUN.zap_id == failed.zap_id, _RUN.state == RunState.SUCCEEDED)
    newest = session.execute(well.where(_RUN.id < before).order_by(_RUN.id.desc()).limit(LOOKED_AT)).scalars()
    return any(finished is not None and to_ms(failed.updated_at) < finished <= until for finished in newest)


def untold(session: Session, person_id: str, *, before: datetime, limit: int) -> list[Notice]:
    """Open matters that a receiver was never told of, the oldest first.

    One that came back is left out for a while: the same matter must not have been told `before` that moment.
    """
    mine = (_TOLD.person_id == person_id,)
    told = select(_TOLD.notice_id).where(*mine, _TOLD.notice_id == _NOTICE.id).exists()
    lately = select(_TOLD.notice_id).where(*mine, _TOLD.matter == _NOTICE.matter, _TOLD.told_at > to_ms(before))
    query = select(*_NOTICE).where(_NOTICE.closed_at.is_(None), ~told, ~lately.exists())
    return [_notice(row) for row in session.execute(query.order_by(_NOTICE.created_at).limit(limit))]


def unfinished(session: Session, person_id: str, *, remind_before: datetime, limit: int) -> list[tuple[Notice, bool]]:
    """Matters that a receiver was told of and should hear of again: settled since, or open for long. True: settled."""
    over = _NOTICE.closed_at.is_not(None)
    still = (_NOTICE.closed_at.is_(None)) & (~_TOLD.reminded) & (_TOLD.told_at <= to_ms(remind_before))
    query = select(*_NOTICE).join(ToldRow, _TOLD.notice_id == _NOTICE.id)
    query = query.where(_TOLD.person_id == person_id, ~_TOLD.settled, or_(over, still))
    rows = session.execute(query.order_by(_NOTICE.created_at).limit(limit)).all()
    found = [_with_why(session, _notice(row)) for row in rows]
    return [(one, one.closed_at is not None) for one in found]


def note_told(session: Session, person_id: str, told: Sequence[Notice], *, now: datetime) -> None:
    """Writes down that a receiver is told of these: for the first time, again, or that they are over."""
    for one in told:
        row = session.get(ToldRow, (one.id, person_id))
        if row is None:
            row = ToldRow(notice_id=one.id, person_id=person_id, matter=one.matter, told_at=to_ms(now))
        else:
            row.reminded = True
        row.settled = one.closed_at is not None
        session.add(row)


def told(session: Session, notice_ids: Sequence[str], person_id: str) -> dict[str, datetime]:
    """When a receiver was first told of each of these; those without are left out."""
    query = select(_TOLD.notice_id, _TOLD.told_at).where(_TOLD.person_id == person_id, _TOLD.notice_id.in_(notice_ids))
    return {notice_id: from_ms(told_at) for notice_id, told_at in session.execute(query)}


def forget(session: Session, *, settled_for: timedelta, now: datetime, limit: int) -> int:
    """Deletes some of those that were settled long ago, with what was told of them."""
    old = select(_NOTICE.id).where(_NOTICE.closed_at < to_ms(now - settled_for)).limit(limit)
    gone = list(session.execute(old).scalars())
    if gone:
        session.execute(delete(ToldRow).where(_TOLD.notice_id.in_(gone)))
        session.execute(delete(NoticeRow).where(_NOTICE.id.in_(gone)))
    return len(gone)


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
        closed_at=maybe(row.closed_at),
        german=row.german,
    )
