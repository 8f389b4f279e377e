"""How the runs of one zap stand to each other: one after the other, skipped while one goes on. Called by what claims
runs, takes events in and publishes, and by engine.runs.order.

A zap “in order” begins its oldest run, and only if none before it is under way or rests: tried again later, held, or
waiting for a person. A person may let those that rest be passed: `zap.passed` is the newest of them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, select, update

from engine.store.hot import Statement
from engine.store.moments import to_ms
from engine.store.states import RunState
from engine.store.tables import RunRow, ZapRow
from engine.zaps.model import Overlap

_RUN = RunRow.__table__.c  # type: ignore[attr-defined]
_ZAP = ZapRow.__table__.c  # type: ignore[attr-defined]

RESTING = (RunState.RETRYING, RunState.WAITING, RunState.HELD, RunState.NEEDS_REVIEW)
"""States of a run that was not begun or not ended: those that come after it wait."""

_RESTING_STATES = ", ".join(f"'{state}'" for state in RESTING)
_RESTED = "state <> 'queued' AND state <> 'running'"  # said, so that SQLite takes the index

RESTS_BEFORE = Statement(
    f"SELECT id FROM run INDEXED BY run_rested WHERE {_RESTED} AND zap_id = :zap_id "  # noqa: S608 - our own states
    f"AND state IN ({_RESTING_STATES}) AND id < :id AND id > :passed LIMIT 1"
)
"""Whether a run must wait for an older one that rests."""

_FIRST_RESTING = Statement(
    f"SELECT id, state FROM run INDEXED BY run_rested WHERE {_RESTED} AND zap_id = :zap_id "  # noqa: S608 - our own states
    f"AND state IN ({_RESTING_STATES}) AND id < :id AND id > :passed ORDER BY id LIMIT 1"
)
_RUNNING = Statement("SELECT id, state FROM run WHERE state = 'running' AND zap_id = :zap_id LIMIT 1")
_FIRST_QUEUED = Statement(
    "SELECT id, state FROM run INDEXED BY run_queued WHERE state = 'queued' AND zap_id = :zap_id AND id < :id "
    "ORDER BY id LIMIT 1"
)

_GOES_ON = Statement(
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM run WHERE state = 'running' AND zap_id = :zap_id) "  # noqa: S608 - our own states
    "OR EXISTS (SELECT 1 FROM run INDEXED BY run_queued WHERE state = 'queued' AND zap_id = :zap_id) "
    f"OR EXISTS (SELECT 1 FROM run INDEXED BY run_rested WHERE {_RESTED} AND zap_id = :zap_id "
    "AND state IN ('retrying', 'waiting'))"
)
_ALONE = Statement("SELECT id FROM zap WHERE id = :zap_id", locking="FOR UPDATE")


@dataclass(frozen=True)
class Jam:
    """Runs of a zap that wait because an older one rests: how many, and the first of those that rest."""

    zap_id: str
    waiting: int
    first: str
    state: RunState


@dataclass(frozen=True)
class Ahead:
    """The earlier run that one waits for, because its zap goes in order."""

    id: str
    state: RunState

    @property
    def rests(self) -> bool:
        """Whether a person may let others pass it."""
        return self.state in RESTING


def due_again(now: datetime) -> ColumnElement[Any]:
    """When a run is due that is queued again: now, but in front of the newer ones where there is an order."""
    in_order = exists(select(_ZAP.id).where(_ZAP.id == _RUN.zap_id, _ZAP.overlap == Overlap.IN_ORDER))
    return case((in_order, _RUN.created_at), else_=to_ms(now))


def line_up(connection: Connection, zap_id: str) -> None:
    """What is queued goes in the order in which it came, from now on."""
    queued = update(RunRow).where(_RUN.zap_id == zap_id, _RUN.state == RunState.QUEUED)
    connection.execute(queued.values(due_at=_RUN.created_at))


def goes_on(connection: Connection, zap_id: str) -> bool:
    """Whether a run of the zap goes on, or will by itself. Until the transaction ends, nobody else can begin one."""
    _ALONE(connection, zap_id=zap_id)
    return _GOES_ON(connection, zap_id=zap_id).fetchone() is not None


def let_pass(connection: Connection, zap_id: str) -> int:
    """From now on nobody waits for the runs that rest now; returns how many these are."""
    resting = _resting(zap_id)
    count, newest = connection.execute(select(func.count(), func.max(_RUN.id)).where(resting)).one()
    if count:
        connection.execute(update(ZapRow).where(_ZAP.id == zap_id).values(passed=newest))
    return int(count)


def jams(connection: Connection) -> list[Jam]:
    """The zaps in order whose queued runs wait for one that rests."""
    ordered = select(_ZAP.id, _ZAP.passed).where(_ZAP.overlap == Overlap.IN_ORDER, _ZAP.deleted_at.is_(None))
    found = (_jam(connection, row.id, row.passed) for row in connection.execute(ordered).all())
    return [jam for jam in found if jam is not None]


def jam(connection: Connection, zap_id: str) -> Jam | None:
    """What one zap's runs wait for; None if they wait for none that rests."""
    row = connection.execute(select(_ZAP.passed, _ZAP.overlap).where(_ZAP.id == zap_id)).one_or_none()
    return _jam(connection, zap_id, row.passed) if row and row.overlap == Overlap.IN_ORDER else None


def ahead_of(connection: Connection, run_id: str) -> Ahead | None:
    """What a queued run waits for, where its zap goes in order: what rests before what is executed now."""
    own = select(_RUN.zap_id, _ZAP.passed).join(ZapRow, _ZAP.id == _RUN.zap_id)
    row = connection.execute(
        own.where(_RUN.id == run_id, _RUN.state == RunState.QUEUED, _ZAP.overlap == Overlap.IN_ORDER)
    ).one_or_none()
    if row is None:
        return None
    found = (
        _FIRST_RESTING(connection, zap_id=row.zap_id, id=run_id, passed=row.passed).fetchone()
        or _RUNNING(connection, zap_id=row.zap_id).fetchone()
        or _FIRST_QUEUED(connection, zap_id=row.zap_id, id=run_id).fetchone()
    )
    return Ahead(found[0], RunState(found[1])) if found else None


def behind(connection: Connection, zap_id: str, run_id: str) -> int:
    """How many runs wait for this one, the first of those that rest."""
    found = jam(connection, zap_id)
    return found.waiting if found is not None and found.first == run_id else 0


def _jam(connection: Connection, zap_id: str, passed: str) -> Jam | None:
    queued = select(_RUN.id).where(_RUN.zap_id == zap_id, _RUN.state == RunState.QUEUED)
    newest = connection.execute(select(func.max(queued.subquery().c.id))).scalar()
    if newest is None:
        return None
    before = select(_RUN.id, _RUN.state).where(_resting(zap_id), _RUN.id > passed, _RUN.id < newest)
    first = connection.execute(before.order_by(_RUN.id).limit(1)).one_or_none()
    if first is None:
        return None
    behind = queued.where(_RUN.id > first.id)
    waiting = connection.execute(select(func.count()).select_from(behind.subquery())).scalar_one()
    return Jam(zap_id, int(waiting), first.id, RunState(first.state))


def _resting(zap_id: str) -> ColumnElement[bool]:
    return and_(_RUN.zap_id == zap_id, _RUN.state.in_(RESTING))
