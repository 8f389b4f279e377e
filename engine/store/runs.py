"""Runs and their journal, as rows. Called by engine.runs, which decides; here it is only written and read.

A run is owned while it is executed. Its epoch grows with every owner and is the fence: what an owner writes is
conditional on it.
"""

from collections import namedtuple
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal_column, select, update
from sqlmodel import Session

from engine.errors import NotFound
from engine.store.encoding import clean, decode
from engine.store.hot import Statement
from engine.store.moments import NEVER, from_ms, maybe, to_ms
from engine.store.overlap import due_again
from engine.store.states import FINISHED, Entry, Hold, RunState, ZapState
from engine.store.tables import EventRow, JournalRow, RunRow, VersionRow, ZapRow

CLOCK_SLACK_MS = 5_000  # by so much clocks differ without having been set

_RUN = RunRow.__table__.c  # type: ignore[attr-defined]
_JOURNAL = JournalRow.__table__.c  # type: ignore[attr-defined]
_ZAP = ZapRow.__table__.c  # type: ignore[attr-defined]
WAITING_STATES = (RunState.QUEUED, RunState.RETRYING, RunState.WAITING)
_IS_HELD = _RUN.hold != literal_column("''")  # said with its value, so that the index of held runs serves


@dataclass(frozen=True)
class Run:
    """The execution of one published version for one event, as it stands."""

    id: str
    zap_id: str
    version: int
    event_id: str
    replay_of: str | None
    state: RunState
    hold: str
    due_at: datetime
    attempt: int
    epoch: int
    step: str
    problem: str
    field: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    contents: str = ""  # states.Contents


@dataclass(frozen=True)
class Line:
    """One line of the journal: what a run did at a step's path."""

    path: str
    entry: Entry
    data: Any
    at: datetime


@dataclass(frozen=True)
class Written:
    """A line to be written; `data` are JSON bytes. `at` is when it came about, if that was before it is written."""

    path: str
    entry: Entry
    data: bytes
    at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """Where a run goes next, when its owner lets go of it."""

    state: RunState
    step: str = ""
    problem: str = ""
    field: str = ""
    hold: str = ""
    due_at: datetime | None = None
    attempt: int | None = None


@dataclass(frozen=True)
class Loaded:
    """What is needed to execute a run: the zap as published, the event's record, and what the journal knows."""

    definition: str
    payload: Any
    source: str
    record_id: str
    received_at: datetime
    lines: tuple[Line, ...]


def write(
    connection: Connection,
    run: Run,
    lines: Sequence[Written],
    change: Change | None,
    *,
    now: datetime,
) -> bool:
    """Writes lines and, with a change, lets go of the run; False, and nothing is written, if it is no longer ours."""
    if not (_let_go(connection, run, change, now) if change else _still_ours(connection, run)):
        return False
    copy(connection, run.id, lines, now=now)
    return True


_OURS = Statement("SELECT 1 FROM run WHERE id = :id AND epoch = :epoch AND state = 'running'", locking="FOR SHARE")
_LET_GO = Statement(
    """
    UPDATE run SET state = :state, owner = '', lease_until = 0, step = :step, problem = :problem, field = :field,
        hold = :hold, due_at = :due_at, attempt = :attempt, finished_at = :finished_at
    WHERE id = :id AND epoch = :epoch AND state = 'running'
    """
)
_NEW_LINE = Statement("INSERT INTO journal (run_id, path, entry, data, at) VALUES (:run_id, :path, :entry, :data, :at)")


def _still_ours(connection: Connection, run: Run) -> bool:
    return _OURS(connection, id=run.id, epoch=run.epoch).fetchone() is not None


def _let_go(connection: Connection, run: Run, change: Change, now: datetime) -> bool:
    if change.due_at is not None:
        due_at = to_ms(change.due_at)
    else:
        due_at = NEVER if change.state == RunState.HELD else to_ms(run.due_at)
    done = _LET_GO(
        connection,
        id=run.id,
        epoch=run.epoch,
        state=change.state.value,
        step=change.step,
        problem=clean(change.problem),
        field=clean(change.field),
        hold=str(change.hold),
        due_at=due_at,
        attempt=run.attempt if change.attempt is None else change.attempt,
        finished_at=to_ms(now) if change.state in FINISHED else None,
    )
    return int(done.rowcount) == 1


def load(session: Session, run: Run) -> Loaded:
    """Everything that executing this run needs."""
    version = session.get_one(VersionRow, (run.zap_id, run.version))
    event = session.get_one(EventRow, run.event_id)
    return Loaded(
        definition=version.definition,
        payload=decode(event.payload),
        source=event.source,
        record_id=event.record_id,
        received_at=from_ms(event.received_at),
        lines=lines_of(session, run.id),
    )


def lines_of(session: Session, run_id: str) -> tuple[Line, ...]:
    """The run's journal, in order."""
    written = select(*_JOURNAL).where(_JOURNAL.run_id == run_id).order_by(_JOURNAL.id)
    return tuple(
        Line(row.path, Entry(row.entry), decode(row.data), from_ms(row.at)) for row in session.execute(written)
    )


def get(session: Session, run_id: str) -> Run:
    """Raises `NotFound`."""
    row = session.execute(select(*_RUN).where(_RUN.id == run_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no run {run_id}.")
    return of_row(row)


def newest_replay(session: Session, run_id: str) -> Run | None:
    """The run that replays this one, the newest of several; None if it was never replayed."""
    mine = select(*_RUN).where(_RUN.replay_of == run_id).order_by(_RUN.id.desc()).limit(1)
    row = session.execute(mine).one_or_none()
    return None if row is None else of_row(row)


def hold_of(session: Session, run_id: str) -> str:
    """Why a run is held; “” for one that is not, or is not there."""
    return session.execute(select(_RUN.hold).where(_RUN.id == run_id)).scalar() or ""


@dataclass(frozen=True)
class Wanted:
    """Which runs to list, newest first; `before` is the id of the last one of the page before."""

    zap_id: str | None = None
    states: tuple[RunState, ...] = ()
    hold: str | None = None
    before: str | None = None
    limit: int = 50


def find(session: Session, wanted: Wanted) -> list[Run]:
    query = select(*_RUN).order_by(_RUN.id.desc()).limit(wanted.limit)
    if wanted.zap_id is not None:
        query = query.where(_RUN.zap_id == wanted.zap_id)
    if wanted.states:
        query = query.where(_RUN.state.in_(wanted.states))
    if wanted.hold is not None:
        query = query.where(_RUN.hold == wanted.hold, _IS_HELD)
    if wanted.before is not None:
        query = query.where(_RUN.id < wanted.before)
    return [of_row(row) for row in session.execute(query)]


def counts(session: Session, zap_id: str | None = None) -> dict[RunState, int]:
    """How many runs stand in each state."""
    query = select(_RUN.state, func.count()).group_by(_RUN.state)
    if zap_id is not None:
        query = query.where(_RUN.zap_id == zap_id)
    return {RunState(state): count for state, count in session.execute(query)}


def count_held(session: Session, zap_id: str, hold: str) -> int:
    """How many runs of a zap are held for this reason."""
    mine = select(func.count()).select_from(RunRow).where(_RUN.hold == hold, _IS_HELD, _RUN.zap_id == zap_id)
    return int(session.execute(mine).scalar_one())


def waits(zap_id: Any, hold: str) -> Any:
    """A condition: a run of this zap (or of the zap of this column) is held for this reason."""
    return select(_RUN.id).where(_RUN.hold == hold, _IS_HELD, _RUN.zap_id == zap_id).exists()


def count_on_hold(session: Session, hold: str) -> int:
    """How many runs are held for this reason."""
    held = select(func.count()).select_from(RunRow).where(_RUN.hold == hold, _IS_HELD)
    return int(session.execute(held).scalar_one())


def release(connection: Connection, run_ids: Iterable[str], *, now: datetime) -> int:
    """Lets held runs go on; returns how many did."""
    return _queue(connection, _RUN.id.in_(list(run_ids)), now)


def release_hold(connection: Connection, hold: str, *, now: datetime, zap_id: str | None = None) -> int:
    """Lets all runs with this hold go on, because a person says so."""
    condition = and_(_RUN.hold == hold, _IS_HELD)
    return _queue(connection, condition if zap_id is None else condition & (_RUN.zap_id == zap_id), now)


def end_hold(connection: Connection, hold: str, *, now: datetime) -> None:
    """What kept all runs with this hold is over."""
    held = update(RunRow).where(_RUN.state == RunState.HELD, _RUN.hold == hold, _IS_HELD)
    connection.execute(held.values(**by_itself(due_again(now))))


def look_again(connection: Connection, run_id: str, *, at: datetime) -> None:
    """Gives a held run's hold an end."""
    held = update(RunRow).where(_RUN.id == run_id, _RUN.state == RunState.HELD)
    connection.execute(held.values(due_at=to_ms(at)))


def bring_forward(connection: Connection, *, now: datetime) -> int:
    """What is queued is due, also when the clock was set back since."""
    ahead = update(RunRow).where(_RUN.state == RunState.QUEUED, _RUN.due_at > to_ms(now) + CLOCK_SLACK_MS)
    return connection.execute(ahead.values(due_at=to_ms(now))).rowcount


def release_due(connection: Connection, *, now: datetime) -> int:
    """Lets runs go on whose hold has an end that has come (a quota)."""
    held = update(RunRow).where(_RUN.state == RunState.HELD, _RUN.due_at <= to_ms(now))
    return connection.execute(held.values(**by_itself(due_again(now)))).rowcount


def by_itself(due_at: ColumnElement[Any]) -> dict[str, ColumnElement[Any]]:
    """What a run becomes that goes on although nobody released it: queued, and due then; where its zap is paused, held
    for that."""
    paused = exists(select(_ZAP.id).where(_ZAP.id == _RUN.zap_id, _ZAP.state == ZapState.PAUSED.value))
    return {
        "state": case((paused, RunState.HELD.value), else_=RunState.QUEUED.value),
        "hold": case((paused, Hold.PAUSED.value), else_=""),
        "due_at": case((paused, NEVER), else_=due_at),
    }


def _queue(connection: Connection, condition: Any, now: datetime) -> int:
    held = update(RunRow).where(_RUN.state == RunState.HELD, condition)
    return connection.execute(held.values(state=RunState.QUEUED, hold="", due_at=due_again(now))).rowcount


def hold_waiting(connection: Connection, zap_id: str, hold: Hold, *, until: datetime | None = None) -> int:
    """Holds a zap's runs that have not begun, for good or until then; returns how many."""
    waiting = update(RunRow).where(_RUN.zap_id == zap_id, _RUN.state == RunState.QUEUED)
    due_at = NEVER if until is None else to_ms(until)
    return connection.execute(waiting.values(state=RunState.HELD, hold=hold, due_at=due_at)).rowcount


def cancel(connection: Connection, run_id: str, *, now: datetime) -> bool:
    """Ends a run that is not being executed; False if it is, or has ended."""
    open_states = (*WAITING_STATES, RunState.HELD, RunState.NEEDS_REVIEW)
    ended = update(RunRow).where(_RUN.id == run_id, _RUN.state.in_(open_states))
    values = {"state": RunState.CANCELLED, "hold": "", "finished_at": to_ms(now), "epoch": _RUN.epoch + 1}
    return connection.execute(ended.values(**values)).rowcount == 1


def decide(connection: Connection, run_id: str, lines: Sequence[Written], *, now: datetime) -> bool:
    """Writes what a person said about a run that waits for it, and queues it; False if it does not wait."""
    waiting = update(RunRow).where(_RUN.id == run_id, _RUN.state == RunState.NEEDS_REVIEW)
    values = {"state": RunState.QUEUED, "due_at": due_again(now), "problem": "", "epoch": _RUN.epoch + 1}
    if connection.execute(waiting.values(**values)).rowcount != 1:
        return False
    copy(connection, run_id, lines, now=now)
    return True


def ask(connection: Connection, run_id: str, step: str, why: str) -> None:
    """A person is asked about a step of a run that nobody executes, before it goes on."""
    waits = {"state": RunState.NEEDS_REVIEW, "hold": "", "step": step, "problem": why, "epoch": _RUN.epoch + 1}
    connection.execute(update(RunRow).where(_RUN.id == run_id).values(**waits))


def copy(connection: Connection, run_id: str, lines: Sequence[Written], *, now: datetime) -> None:
    """Writes lines into the journal of a run that nobody executes."""
    for line in lines:
        moment = to_ms(line.at or now)
        values = {"run_id": run_id, "path": line.path, "entry": line.entry.value, "data": line.data, "at": moment}
        _NEW_LINE(connection, **values)


COLUMNS = tuple(column.name for column in RunRow.__table__.columns)  # type: ignore[attr-defined]
_Values = namedtuple("_Values", COLUMNS)  # type: ignore[misc]  # the table says which


def of_values(values: Sequence[Any]) -> Run:
    """A run from the values of all its columns, in the order of `COLUMNS`."""
    return of_row(_Values(*values))


def of_row(row: Any) -> Run:
    """A run from all columns of its row."""
    return Run(
        id=row.id,
        zap_id=row.zap_id,
        version=row.version,
        event_id=row.event_id,
        replay_of=row.replay_of,
        state=RunState(row.state),
        hold=row.hold,
        due_at=from_ms(row.due_at),
        attempt=row.attempt,
        epoch=row.epoch,
        step=row.step,
        problem=row.problem,
        field=row.field,
        created_at=from_ms(row.created_at),
        started_at=maybe(row.started_at),
        finished_at=maybe(row.finished_at),
        contents=row.contents,
    )
