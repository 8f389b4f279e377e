"""The changes of drafts, kept so that they can be undone and done again. Called by `engine.editing.drafts`.

Each row holds the whole draft before and after. A new change ends what was undone; only the last ones are kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from engine.store.moments import span_ms, to_ms
from engine.store.tables_editing import ChangeRow

MOST = 200  # changes kept for each zap
JOINS_WITHIN = timedelta(seconds=5)  # typing on in one place is one change


@dataclass(frozen=True)
class Steps:
    """Whether there is a change to undo, and one to do again."""

    back: bool
    forward: bool


def record(session: Session, zap_id: str, place: str, before: str, after: str, *, by: str, now: datetime) -> None:
    """Notes a change of a draft, or joins it to the last one, if that was the same person typing in the same place."""
    session.exec(delete(ChangeRow).where(col(ChangeRow.zap_id) == zap_id, col(ChangeRow.undone)))
    last, moment = _next_back(session, zap_id), to_ms(now)
    if last is not None and _goes_on(last, place, before, by, moment):
        last.after, last.at = after, moment
        session.add(last)
        return
    row = ChangeRow(zap_id=zap_id, place=place, before=before, after=after, person_id=by, at=moment)
    session.add(row)
    session.flush()
    _forget_old(session, zap_id)


def steps(session: Session, zap_id: str, draft: str) -> Steps:
    """What can be undone and done again while the draft is this one."""
    back, forward = _next_back(session, zap_id), _next_forward(session, zap_id)
    return Steps(
        back is not None and back.after == draft,
        forward is not None and forward.before == draft,
    )


def back(session: Session, zap_id: str, draft: str) -> str | None:
    """The draft before its last change, which counts as undone now; None where there is none."""
    row = _next_back(session, zap_id)
    if row is None or row.after != draft:
        return None
    row.undone = True
    session.add(row)
    return row.before


def forward(session: Session, zap_id: str, draft: str) -> str | None:
    """The draft with the change that was undone last; None where there is none."""
    row = _next_forward(session, zap_id)
    if row is None or row.before != draft:
        return None
    row.undone = False
    session.add(row)
    return row.after


def _goes_on(last: ChangeRow, place: str, before: str, by: str, moment: int) -> bool:
    same = last.place == place and last.person_id == by and last.after == before
    return bool(place) and same and 0 <= moment - last.at <= span_ms(JOINS_WITHIN)


def _next_back(session: Session, zap_id: str) -> ChangeRow | None:
    mine = select(ChangeRow).where(ChangeRow.zap_id == zap_id, col(ChangeRow.undone).is_(False))
    return session.exec(mine.order_by(col(ChangeRow.id).desc()).limit(1)).first()


def _next_forward(session: Session, zap_id: str) -> ChangeRow | None:
    mine = select(ChangeRow).where(ChangeRow.zap_id == zap_id, col(ChangeRow.undone))
    return session.exec(mine.order_by(col(ChangeRow.id)).limit(1)).first()


def _forget_old(session: Session, zap_id: str) -> None:
    mine = select(ChangeRow.id).where(ChangeRow.zap_id == zap_id).order_by(col(ChangeRow.id).desc())
    oldest = session.exec(mine.offset(MOST).limit(1)).first()
    if oldest is not None:
        session.exec(delete(ChangeRow).where(col(ChangeRow.zap_id) == zap_id, col(ChangeRow.id) <= oldest))
