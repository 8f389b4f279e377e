"""Who executes which run: due runs are claimed in fair turns, kept while they run, and taken over when their owner is
gone. Called by the queue.

Zaps take turns, and none may fill the last free places: a zap whose events come in thousands, or whose service
hangs, leaves room for the others.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, update

from engine.store import runs
from engine.store.hot import Statement
from engine.store.moments import to_ms
from engine.store.runs import Run
from engine.store.states import RunState
from engine.store.tables import RunRow

SHARE = 4
"""A zap may run as many times as there are places left free, times this: alone it gets four fifths of all places."""

SMALL = 100_000
"""Bytes of an event's data that are read along with the claim."""

_RUN = RunRow.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Offer:
    """What an owner has room for: `free` more runs. It executes `running` of each zap, and served the zap `after` last.

    What is claimed belongs to it `until` then.
    """

    owner: str
    now: datetime
    until: datetime
    free: int
    running: Mapping[str, int] = field(default_factory=dict)
    after: str = ""


@dataclass(frozen=True)
class Claimed:
    """A run that is ours. `payload` is its event's data if the run was never begun and they are not large, so that
    nothing more needs to be read; None otherwise."""

    run: Run
    payload: bytes | None = None


def claim(connection: Connection, offer: Offer) -> list[Claimed]:
    """Takes due runs: zap by zap in turn, of each the longest due first, and no more than may run at once."""
    _WAKE(connection, moment=to_ms(offer.now))
    taken = _take(connection, _choose(connection, offer), offer)
    return [Claimed(run, _payload(connection, run)) for run in taken]


def claim_these(connection: Connection, offer: Offer, run_ids: Collection[str]) -> list[Claimed]:
    """Takes these runs if they are queued, the longest due first, without regard to turns."""
    taken = _take(connection, run_ids, offer)
    return [Claimed(run) for run in sorted(taken, key=lambda run: (run.due_at, run.id))]


def renew(connection: Connection, owner: str, *, until: datetime) -> None:
    """Keeps every run of this owner."""
    mine = update(RunRow).where(_RUN.state == RunState.RUNNING, _RUN.owner == owner)
    connection.execute(mine.values(lease_until=to_ms(until)))


def take_over(connection: Connection, *, now: datetime | None) -> list[str]:
    """Puts runs whose owner is gone back into the queue; returns their ids.

    With `now`: those whose lease ran out. Without: all, at the start of the only engine on this data folder.
    """
    gone = update(RunRow).where(_RUN.state == RunState.RUNNING)
    if now is not None:
        gone = gone.where(_RUN.lease_until < to_ms(now))
    queued = gone.values(state=RunState.QUEUED, owner="", epoch=_RUN.epoch + 1)
    return list(connection.execute(queued.returning(_RUN.id)).scalars())


# What waited for its time is queued when that has come.
_WAKE = Statement("UPDATE run SET state = 'queued' WHERE state IN ('retrying', 'waiting') AND due_at <= :moment")
_LONGEST_DUE = Statement(
    "SELECT id FROM run INDEXED BY run_queued "
    "WHERE state = 'queued' AND zap_id = :zap_id ORDER BY due_at, id LIMIT :room"
)
# Jumps from zap to zap along the index of queued runs, however many of each there are.
_NEXT_ZAPS = Statement(
    """
    WITH RECURSIVE next_zap (zap_id) AS (
        SELECT (SELECT min(zap_id) FROM run INDEXED BY run_queued WHERE state = 'queued' AND zap_id > :after)
        UNION ALL
        SELECT (
            SELECT min(zap_id) FROM run INDEXED BY run_queued WHERE state = 'queued' AND zap_id > next_zap.zap_id
        ) FROM next_zap WHERE zap_id IS NOT NULL
    )
    SELECT zap_id FROM next_zap WHERE zap_id IS NOT NULL LIMIT :count
    """
)
_CONCURRENCY = Statement("SELECT concurrency FROM zap WHERE id = :zap_id")
_RUNNING = Statement("SELECT count(*) FROM run WHERE state = 'running' AND zap_id = :zap_id")
_TAKE = Statement(
    f"""
    UPDATE run SET state = 'running', owner = :owner, epoch = epoch + 1, lease_until = :lease_until,
        started_at = COALESCE(started_at, :moment)
    WHERE id = :id AND state = 'queued'
    RETURNING {", ".join(runs.COLUMNS)}
    """  # noqa: S608 - the table's own columns
)
_PAYLOAD = Statement("SELECT payload FROM event WHERE id = :id AND length(payload) <= :most")


def _choose(connection: Connection, offer: Offer) -> list[str]:
    chosen: list[str] = []
    for zap_id in _in_turn(connection, offer):
        share = _share(offer.free - len(chosen), offer.running.get(zap_id, 0))
        room = min(share, _room(connection, zap_id, share)) if share > 0 else 0
        if room > 0:
            chosen += [run_id for (run_id,) in _LONGEST_DUE(connection, zap_id=zap_id, room=room).fetchall()]
    return chosen


def _share(free: int, running: int) -> int:
    """How many more runs a zap may begin, so that SHARE times the places left free is not exceeded."""
    return min(-((running - SHARE * free) // (SHARE + 1)), free)


def _in_turn(connection: Connection, offer: Offer) -> Iterator[str]:
    """Zaps that have queued runs, beginning behind the one that was served last."""
    later = _NEXT_ZAPS(connection, after=offer.after, count=offer.free).fetchall()
    yield from (zap_id for (zap_id,) in later)
    if offer.after and len(later) < offer.free:
        from_the_start = _NEXT_ZAPS(connection, after="", count=offer.free - len(later)).fetchall()
        yield from (zap_id for (zap_id,) in from_the_start if zap_id <= offer.after)


def _room(connection: Connection, zap_id: str, otherwise: int) -> int:
    """How many more runs of a zap may begin by its own limit."""
    found = _CONCURRENCY(connection, zap_id=zap_id).fetchone()
    limit: int | None = found[0] if found else None
    if limit is None:
        return otherwise
    (running,) = _RUNNING(connection, zap_id=zap_id).fetchone()
    return limit - int(running)


def _take(connection: Connection, run_ids: Collection[str], offer: Offer) -> list[Run]:
    """Those of these that nobody took meanwhile, in the same order."""
    values = {"owner": offer.owner, "lease_until": to_ms(offer.until), "moment": to_ms(offer.now)}
    taken = (_TAKE(connection, id=run_id, **values).fetchone() for run_id in run_ids)
    return [runs.of_values(row) for row in taken if row is not None]


def _payload(connection: Connection, run: Run) -> bytes | None:
    """The data of the run's event, if it was never begun and they are not large."""
    if run.epoch != 1 or run.replay_of is not None:
        return None
    found = _PAYLOAD(connection, id=run.event_id, most=SMALL).fetchone()
    return found[0] if found else None
