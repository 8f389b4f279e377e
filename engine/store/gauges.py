"""Figures about the whole installation that monitoring asks for again and again: read along indexes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select
from sqlmodel import Session

from engine.store.moments import to_ms
from engine.store.states import FINISHED, RunState
from engine.store.tables import NoticeRow, RunRow, WatchRow
from engine.store.tables_history import DayRow

_RUN = RunRow.__table__.c  # type: ignore[attr-defined]
_WATCH = WatchRow.__table__.c  # type: ignore[attr-defined]
_NOTICE = NoticeRow.__table__.c  # type: ignore[attr-defined]
_DAY = DayRow.__table__.c  # type: ignore[attr-defined]
ALIVE = tuple(state for state in RunState if state not in FINISHED)


@dataclass(frozen=True)
class Gauges:
    """Runs that have not ended and runs that have, by state; how long the longest due run and check are overdue."""

    runs: Mapping[RunState, int]
    ended: Mapping[RunState, int]
    run_overdue: timedelta
    check_overdue: timedelta
    open_notices: int


def read(session: Session, now: datetime) -> Gauges:
    """All of them, as of now."""
    connection, moment = session.connection(), to_ms(now)
    waiting = select(_RUN.state, func.count()).where(_RUN.state.in_(ALIVE)).group_by(_RUN.state)
    ended = select(_DAY.state, func.sum(_DAY.count)).group_by(_DAY.state)
    due_run = select(func.min(_RUN.due_at)).where(_RUN.state == RunState.QUEUED)
    due_check = select(func.min(_WATCH.next_poll_at)).where(_WATCH.active, _WATCH.waits_for == "")
    return Gauges(
        _by_state(connection, waiting, ALIVE),
        _by_state(connection, ended, tuple(FINISHED)),
        _overdue(connection.execute(due_run).scalar(), moment),
        _overdue(connection.execute(due_check).scalar(), moment),
        connection.execute(select(func.count()).where(_NOTICE.closed_at.is_(None))).scalar_one(),
    )


def _by_state(connection: Connection, query: object, states: tuple[RunState, ...]) -> Mapping[RunState, int]:
    found = {RunState(state): int(count) for state, count in connection.execute(query)}  # type: ignore[call-overload]
    return {state: found.get(state, 0) for state in sorted(states)}


def _overdue(due: int | None, moment: int) -> timedelta:
    return timedelta(milliseconds=max(moment - due, 0) if due is not None else 0)
