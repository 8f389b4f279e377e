"""What keeps the runs of a zap, or of all, from going on: everything is paused, a zap is paused, a plan's limit is
reached. Intake goes on meanwhile. Called by engine.runs and engine.triggers.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select, update
from sqlmodel import Session

from engine.store import facts, ids, notices, runs
from engine.store.moments import NEVER, from_ms, to_ms
from engine.store.states import Hold, RunState, ZapState
from engine.store.tables import RunRow, ZapRow

_RUN = RunRow.__table__.c  # type: ignore[attr-defined]
_ZAP = ZapRow.__table__.c  # type: ignore[attr-defined]

LOOKED_BACK = 1_000  # of the newest runs of each end that began before the time they are counted in
ENDED_WELL = (RunState.SUCCEEDED, RunState.FILTERED, RunState.STOPPED, RunState.HANDLED)


@dataclass(frozen=True)
class AllPaused:
    """Everything is paused: since when, and the id of who did it (“” if nobody is known)."""

    since: datetime
    by: str


@dataclass(frozen=True)
class Failures:
    """How many of a zap's runs failed, and how many ended well, the latter counted up to what matters."""

    failed: int
    well: int

    def share(self) -> float:
        return self.failed / max(self.failed + self.well, 1)


def pause_all(session: Session, *, by: str, now: datetime) -> None:
    """No run is begun from now on."""
    facts.put(session, facts.PAUSED, json.dumps({"since": to_ms(now), "by": by}))


def resume_all(session: Session) -> None:
    facts.put(session, facts.PAUSED, "")


def all_paused(session: Session) -> AllPaused | None:
    """None while everything goes on."""
    said = facts.get(session, facts.PAUSED)
    return AllPaused(from_ms((told := json.loads(said))["since"]), told["by"]) if said else None


def pause(connection: Connection, zap_id: str) -> bool:
    """A zap that is on takes in further, and its runs are held; False if it was not on."""
    on = update(ZapRow).where(_ZAP.id == zap_id, _ZAP.state == ZapState.ON)
    if connection.execute(on.values(state=ZapState.PAUSED)).rowcount != 1:
        return False
    runs.hold_waiting(connection, zap_id, Hold.PAUSED)
    return True


def resume(connection: Connection, zap_id: str, *, now: datetime, release: bool = True) -> int:
    """A paused zap goes on, and what failed before does not count any more; returns how many runs were released."""
    paused = update(ZapRow).where(_ZAP.id == zap_id)
    connection.execute(paused.where(_ZAP.state == ZapState.PAUSED).values(state=ZapState.ON))
    connection.execute(paused.values(resumed_at=to_ms(now)))
    notices.settle(connection, paused_matter(zap_id), now=now)
    return runs.release_hold(connection, Hold.PAUSED, now=now, zap_id=zap_id) if release else 0


def paused_matter(zap_id: str) -> str:
    """The matter of the notice that a zap was paused."""
    return f"paused:{zap_id}"


def failures(session: Session, zap_id: str, *, since: datetime, worst: float) -> Failures:
    """The runs that ended since then and since the zap was resumed. Those that ended well are counted only until the
    share of failed ones is less than `worst`: a zap that does a million runs costs no more than one that does ten."""
    resumed = session.execute(select(_ZAP.resumed_at).where(_ZAP.id == zap_id)).scalar_one_or_none() or 0
    ended = _Ended(zap_id, ids.floor(to_ms(since)), max(to_ms(since), resumed))
    failed = ended.count(session, (RunState.FAILED,))
    return Failures(failed, ended.count(session, ENDED_WELL, most=int(failed * (1 - worst) / worst) + 1))


@dataclass(frozen=True)
class _Ended:
    """The runs of a zap that ended at a moment (`since`) or later."""

    zap_id: str
    first: str
    """The first id of that time. What was held for longer, as by the pause, has an earlier one."""
    since: int

    def count(self, session: Session, states: Collection[RunState], *, most: int | None = None) -> int:
        count = 0
        for state in states:
            mine = self._mine(state)
            earlier = mine.where(_RUN.id < self.first).order_by(_RUN.id.desc()).limit(LOOKED_BACK).subquery()
            for found in (mine.where(_RUN.id >= self.first).subquery(), earlier):
                left = None if most is None else most - count
                lately = select(found.c.id).where(found.c.finished_at >= self.since).limit(left)
                count += _count(session, lately)
        return count

    def _mine(self, state: RunState) -> Any:
        mine = (_RUN.zap_id == self.zap_id, _RUN.state == state.value, _RUN.replay_of.is_(None))
        rested = (_RUN.state != RunState.QUEUED.value, _RUN.state != RunState.RUNNING.value)  # for the index
        return select(_RUN.id, _RUN.finished_at).where(*mine, *rested)


def _count(session: Session, found: Any) -> int:
    return int(session.execute(select(func.count()).select_from(found.subquery())).scalar_one())


def reach_quota(connection: Connection, zap_id: str, until: datetime | None) -> None:
    """The zap's runs that were not begun, and those to come, are held until then, or until a person releases them."""
    connection.execute(
        update(ZapRow).where(_ZAP.id == zap_id).values(quota_until=NEVER if until is None else to_ms(until))
    )
    runs.hold_waiting(connection, zap_id, Hold.QUOTA, until=until)


def lift_quotas(connection: Connection, zap_ids: Collection[str], *, now: datetime) -> None:
    """Further runs of these zaps begin again; those that are held are not released by this."""
    lifted = update(ZapRow).where(_ZAP.id.in_(list(zap_ids)), _ZAP.quota_until > 0).values(quota_until=0)
    _settle(connection, connection.execute(lifted.returning(_ZAP.id)).scalars().all(), now)


def lift_quotas_of_runs(connection: Connection, run_ids: Collection[str], *, now: datetime) -> None:
    """The same for the zaps of runs that are held for that reason: somebody releases them."""
    held = select(_RUN.zap_id).where(_RUN.id.in_(list(run_ids)), _RUN.hold == Hold.QUOTA.value).distinct()
    if zap_ids := connection.execute(held).scalars().all():
        lift_quotas(connection, zap_ids, now=now)


def end_quotas(connection: Connection, *, now: datetime) -> None:
    """Forgets limits whose time has passed, and those without an end for which no run waits any more: a person ended
    those, and the next one shows whether there is room again."""
    passed = (_ZAP.quota_until > 0) & (_ZAP.quota_until <= to_ms(now))
    forgotten = (_ZAP.quota_until == NEVER) & ~runs.waits(_ZAP.id, Hold.QUOTA)
    over = update(ZapRow).where(or_(passed, forgotten)).values(quota_until=0)
    _settle(connection, connection.execute(over.returning(_ZAP.id)).scalars().all(), now)


def _settle(connection: Connection, zap_ids: Iterable[str], now: datetime) -> None:
    for zap_id in zap_ids:
        notices.settle(connection, f"quota:{zap_id}", now=now)
