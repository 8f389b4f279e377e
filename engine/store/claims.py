"""Who executes which run: due runs are claimed in fair turns, kept while they run, and taken over when their owner is
gone. Called by the queue.

Zaps take turns, and none may fill the last free places: a zap whose events come in thousands, or whose service
hangs, leaves room for the others. Zaps whose runs take long count as one, however many there are; those of their runs
that hang take no place from others, but their zap gets none in return.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, update

from engine.store import runs
from engine.store.hot import Statement
from engine.store.moments import NEVER, to_ms
from engine.store.overlap import RESTS_BEFORE
from engine.store.runs import Run
from engine.store.states import RunState
from engine.store.tables import RunRow
from engine.zaps.model import Overlap

SHARE = 4
"""A zap may run as many times as there are places left free, times this: alone it gets four fifths of all places."""

SMALL = 100_000
"""Bytes of an event's data that are read along with the claim."""

_RUN = RunRow.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Offer:
    """What an owner has room for: `free` more runs. It executes `running` of each zap, and served the zap `after` last;
    the runs of the zaps `slow` take long, and so many of them have given up their places as `hanging` says.

    What is claimed belongs to it `until` then.
    """

    owner: str
    now: datetime
    until: datetime
    free: int
    running: Mapping[str, int] = field(default_factory=dict)
    after: str = ""
    slow: Collection[str] = ()
    hanging: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Claimed:
    """A run that is ours. `payload` is its event's data if the run was never begun and they are not large, so that
    nothing more needs to be read; None otherwise."""

    run: Run
    payload: bytes | None = None


def claim(connection: Connection, offer: Offer) -> list[Claimed]:
    """Takes due runs: zap by zap in turn, of each the longest due first, and no more than may run at once. None while
    everything is paused."""
    if is_paused(connection):
        return []
    _WAKE(connection, moment=to_ms(offer.now))
    taken = _take(connection, _choose(connection, offer), offer)
    return [Claimed(run, _payload(connection, run)) for run in taken]


def claim_these(connection: Connection, offer: Offer, run_ids: Collection[str]) -> list[Claimed] | None:
    """Takes these runs if they are queued, the longest due first, without regard to turns. None while everything is
    paused."""
    if is_paused(connection):
        return None
    taken = _take(connection, run_ids, offer)
    return [Claimed(run) for run in sorted(taken, key=lambda run: (run.due_at, run.id))]


def is_paused(connection: Connection) -> bool:
    """Whether nothing is begun, whatever is due."""
    return _PAUSED(connection).fetchone() is not None


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


_PAUSED = Statement("SELECT 1 FROM setting WHERE name = 'paused' AND value <> ''")
_OF_PAUSED = "zap_id IN (SELECT id FROM zap WHERE state = 'paused')"
# What waited for its time is queued when that has come; where there is an order, in front of the newer ones. Where its
# zap is paused, it waits for that.
_WAKE = Statement(
    f"""
    UPDATE run SET state = CASE WHEN {_OF_PAUSED} THEN 'held' ELSE 'queued' END,
        hold = CASE WHEN {_OF_PAUSED} THEN 'paused' ELSE '' END,
        due_at = CASE WHEN {_OF_PAUSED} THEN {NEVER}
            WHEN EXISTS (SELECT 1 FROM zap WHERE zap.id = run.zap_id AND zap.overlap = 'in_order') THEN run.created_at
            ELSE run.due_at END
    WHERE state IN ('retrying', 'waiting') AND due_at <= :moment
    """  # noqa: S608 - our own words
)
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
_LIMITS = Statement("SELECT concurrency, overlap, passed FROM zap WHERE id = :zap_id")
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
    slow = frozenset(offer.slow)
    of_slow = sum(offer.running.get(zap_id, 0) - offer.hanging.get(zap_id, 0) for zap_id in slow)
    for zap_id in _in_turn(connection, offer):
        free = offer.free - len(chosen)
        share = _share(free - offer.hanging.get(zap_id, 0), offer.running.get(zap_id, 0))
        if zap_id in slow:
            share = min(share, _share(free, of_slow))
        if share > 0:
            found = _of_zap(connection, zap_id, share)
            of_slow += len(found) if zap_id in slow else 0
            chosen += found
        if len(chosen) >= offer.free:
            break
    return chosen


def _share(free: int, running: int) -> int:
    """How many more runs of a zap, or of all slow ones together, may begin: SHARE times the places still free then."""
    return min(-((running - SHARE * free) // (SHARE + 1)), free)


def _in_turn(connection: Connection, offer: Offer) -> Iterator[str]:
    """Zaps that have queued runs, beginning behind the one that was served last; all of them, since any number may
    have to wait."""
    yield from _from(connection, offer.after, offer.free)
    if offer.after:
        for zap_id in _from(connection, "", offer.free):
            if zap_id > offer.after:
                return
            yield zap_id


def _from(connection: Connection, after: str, at_a_time: int) -> Iterator[str]:
    while True:
        found = [zap_id for (zap_id,) in _NEXT_ZAPS(connection, after=after, count=at_a_time).fetchall()]
        yield from found
        if len(found) < at_a_time:
            return
        after, at_a_time = found[-1], 2 * at_a_time


def _of_zap(connection: Connection, zap_id: str, share: int) -> list[str]:
    """Which of a zap's runs begin: as many as its share and its own limit allow, and in order if it says so."""
    limit, overlap, passed = _LIMITS(connection, zap_id=zap_id).fetchone() or (None, "", "")
    if limit is not None:
        (running,) = _RUNNING(connection, zap_id=zap_id).fetchone()
        share = min(share, limit - int(running))
    if share <= 0:
        return []
    due = [run_id for (run_id,) in _LONGEST_DUE(connection, zap_id=zap_id, room=share).fetchall()]
    if (
        overlap == Overlap.IN_ORDER
        and due
        and RESTS_BEFORE(connection, zap_id=zap_id, id=due[0], passed=passed).fetchone()
    ):
        return []
    return due


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
