"""Polling: claims due watches, asks their triggers what is new, and takes it in. Ticked by the clock and by listeners.

What a check finds is stored with the cursor in one transaction that is conditional on the watch's lease.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from engine.connections.calls import Calls
from engine.connections.stored import NotUsable
from engine.errors import ZapwerkError
from engine.sdk.errors import AuthFailed, ConnectorError, TemporaryFailure
from engine.store import connections, intake, notices, restorations, stamps, watches
from engine.store.database import Database
from engine.store.intake import Batch
from engine.store.moments import span_ms
from engine.store.stamps import Stamp
from engine.store.watches import Watch
from engine.store.writer import Writer
from engine.triggers import kinds
from engine.triggers.plans import Plan, Plans

LEASE = timedelta(minutes=3)
"""Longer than a trigger may take for one page; every commit renews it."""

MAX_UNASKED = 1000
"""Schedules that begin with one tick."""

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Somebody else checks this watch now, or it was changed: stop, store nothing."""


@dataclass(frozen=True)
class Checked:
    """How a check went: what it found, or why it failed (“”: it did not), and how long until the next one. `more` says
    that it stopped before it had read everything.
    """

    problem: str = ""
    wait_ms: int | None = 0  # None for never
    every_ms: int = 0
    refused: str = ""  # the connection that is no longer accepted
    waits_for: str = ""
    listens: str = ""
    found: int = 0
    more: bool = False


class Polling:
    """All checks of one process.

    `limit` is how many triggers are asked at the same time. Schedules need no place among them: services that do not
    answer must not make them late.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        plans: Plans,
        calls: Calls,
        now: Callable[[], datetime],
        ring: Callable[[], None],
        *,
        limit: int,
    ) -> None:
        self._database = database
        self._writer = writer
        self._plans = plans
        self._calls = calls
        self._now = now
        self._ring = ring
        self._limit = limit
        self._under_way: dict[asyncio.Task[None], Watch] = {}
        self._busy: Counter[str] = Counter()  # zaps being checked; one whose lease ran out may be so twice
        self._beginning: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Task[None]] = set()  # checks under way that take a place
        self._promised = 0  # places that a claim of due ones under way may fill
        self._more = False  # the last claim took all the places there were
        self._renewed = self._latest = now()
        self._set_back = True  # whether the clock was: who knows what happened before this process began
        self._again: set[str] = set()
        self._stopping = False
        self.ticked_at = time.monotonic()
        """When the clock ticked last."""

    async def tick(self) -> None:
        """Begins the checks that are due, as many as there is room for, and keeps the leases of those under way."""
        await self._renew()
        await self._begin_due()
        self.ticked_at = time.monotonic()

    async def hint(self, zap_ids: Collection[str]) -> None:
        """Checks these now; one that is being checked is checked once more afterwards."""
        busy = self._busy.keys() & set(zap_ids)
        self._again |= busy
        idle = set(zap_ids) - busy
        if idle:
            await self._begin_these(idle)

    async def check(self, zap_ids: Collection[str]) -> None:
        """Checks these now and waits for it: for an engine that was not started."""
        await self.hint(zap_ids)
        while self._under_way or self._beginning:
            await asyncio.gather(*self._under_way, *self._beginning)

    async def stop(self, grace: float) -> None:
        """Waits for the checks under way; what is not done by then is cancelled, and read again next time."""
        self._stopping = True
        await asyncio.gather(*self._beginning, return_exceptions=True)
        under_way = list(self._under_way)
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _begin_due(self) -> None:
        """What is due: schedules whatever else is under way, and as many others as there are places."""
        if self._stopping:
            return
        now, room = self._now(), max(self._limit - len(self._asking) - self._promised, 0)
        set_back = self._set_back or now < self._latest
        self._latest = now
        due = partial(watches.claim, now=now, until=now + LEASE, set_back=set_back)

        def claim(connection: Connection) -> _Claimed:
            unasked = due(connection, limit=MAX_UNASKED, asked=False)
            asked = due(connection, limit=room) if room else []
            return _Claimed([*unasked, *asked], stamps.of(connection, [*unasked, *asked]), len(asked) == room)

        self._promised += room
        try:
            claimed = await self._claimed(claim)
        finally:
            self._promised -= room
        self._more = claimed.full
        self._set_back = set_back and claimed.full

    async def _begin_these(self, zap_ids: Collection[str]) -> None:
        room = self._limit - len(self._asking)
        if room <= 0 or self._stopping:
            self._again |= set(zap_ids)
            return
        now = self._now()

        def claim(connection: Connection) -> _Claimed:
            found = watches.claim_these(connection, zap_ids, now=now, until=now + LEASE, limit=room)
            return _Claimed(found, stamps.of(connection, found), len(found) == room)

        claimed = await self._claimed(claim)
        if claimed.full:  # the others may only have found no room
            self._again |= set(zap_ids) - claimed.stamps.keys()

    async def _claimed(self, claim: "Callable[[Connection], _Claimed]") -> "_Claimed":
        """Claims, and begins a check of each."""
        claimed = await self._writer.write(claim)
        for watch in claimed.watches if not self._stopping else ():
            task = asyncio.create_task(self._watched(watch, claimed.stamps[watch.zap_id]), name=f"check {watch.zap_id}")
            self._under_way[task] = watch
            self._busy[watch.zap_id] += 1
            if watch.every_ms > 0:
                self._asking.add(task)
            task.add_done_callback(self._ended)
        return claimed

    async def _renew(self) -> None:
        now, kept = self._now(), list(self._under_way.values())
        if kept and not timedelta(0) <= now - self._renewed < LEASE / 3:
            self._renewed = now
            until = now + LEASE
            await self._writer.write(lambda connection: [watches.renew(connection, one, until=until) for one in kept])

    async def _watched(self, watch: Watch, stamp: Stamp) -> None:
        try:
            await self._check(watch, stamp)
        except LeaseLost:
            log.info("the check of zap %s was overtaken", watch.zap_id)
        except Exception:
            log.exception("the check of zap %s stopped; its lease runs out in %s", watch.zap_id, LEASE)

    def _ended(self, task: asyncio.Task[None]) -> None:
        watch = self._under_way.pop(task)
        self._busy[watch.zap_id] -= 1
        if not self._busy[watch.zap_id]:
            del self._busy[watch.zap_id]
        self._make_room(task)

    def _make_room(self, task: "asyncio.Task[None] | None") -> None:
        """For those that were hinted at meanwhile, and for those that found none."""
        if task is not None:
            self._asking.discard(task)
        if self._stopping:
            return
        hinted = self._again - self._busy.keys()
        if hinted:
            self._again -= hinted
            self._go_on(self._begin_these(hinted))
        if self._more and len(self._asking) + self._promised <= self._limit // 2:
            self._more = False
            self._go_on(self._begin_due())

    def _go_on(self, beginning: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(beginning)
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _check(self, watch: Watch, stamp: Stamp) -> None:
        try:
            plan = self._plans.kept(watch, stamp)
            if plan is None:
                plan = await asyncio.to_thread(self._plans.made, watch, stamp)
            checked = await self._read(watch, plan)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 (decided by consequence)
            self._plans.forget(watch)
            checked = consequence(error, watch)
            log.warning("zap %s: its trigger could not be checked: %s", watch.zap_id, checked.problem)
            await self._writer.write(lambda connection: _report(connection, watch, checked, self._now()))
            if self._calls.hangs(error):
                self._make_room(asyncio.current_task())  # it keeps its lease: other services need not wait for it
                await self._calls.ended(error)
        if not await self._writer.write(lambda connection: _release(connection, watch, checked, self._now())):
            raise LeaseLost

    async def _read(self, watch: Watch, plan: Plan) -> Checked:
        source, cursor, now, taken, more = plan.source, watch.cursor, self._now(), 0, False

        async def known(record_id: str) -> bool | None:
            if record_id == plan.newest:
                return True
            seen = await asyncio.to_thread(self._known, watch, record_id)
            if seen:
                plan.newest = record_id
            return seen

        async with aclosing(kinds.batches(self._calls, source, cursor, known, now)) as found:
            async for batch in found:
                taken += await self._take_in(watch, batch, plan.flood_limit)
                cursor, more = batch.cursor if batch.moves_cursor else cursor, batch.more
        wait_ms = kinds.next_wait_ms(source, cursor, self._now())
        every_ms, listens = kinds.every_ms(source), source.listens
        return Checked(wait_ms=wait_ms, every_ms=every_ms, listens=listens, found=taken, more=more)

    async def _take_in(self, watch: Watch, batch: Batch, flood_limit: int | None) -> int:
        now = self._now()
        taken = await self._writer.write(
            lambda connection: intake.take_in(
                connection, watch, batch, flood_limit=flood_limit, now=now, until=now + LEASE
            )
        )
        if taken is None:
            raise LeaseLost
        if taken.runs:
            log.info("zap %s: %d new events", watch.zap_id, len(taken.runs))
            self._ring()
        return len(taken.runs)

    def _known(self, watch: Watch, record_id: str) -> bool | None:
        with self._database.read() as session:
            return intake.known_ids(session.connection(), watch.zap_id, watch.source, [record_id]).get(record_id)


@dataclass(frozen=True)
class _Claimed:
    """What was leased; `full` if there may be more that is due."""

    watches: list[Watch]
    stamps: dict[str, Stamp]
    full: bool


def consequence(error: Exception, watch: Watch) -> Checked:
    """What a failed check means for the next one. Pure."""
    pause_ms = watch.every_ms or span_ms(kinds.PAUSE_AFTER_FAILURE)
    match error:
        case NotUsable():
            return Checked(str(error), pause_ms, waits_for=error.connection_id)
        case AuthFailed():
            return Checked(error.sentence, pause_ms, refused=watch.connection_id, waits_for=watch.connection_id)
        case TemporaryFailure(retry_after=timedelta() as asked):
            return Checked(error.sentence, max(pause_ms, round(asked.total_seconds() * 1000)))
        case ConnectorError():
            return Checked(error.sentence, pause_ms)
        case ZapwerkError():
            return Checked(str(error), pause_ms)
        case _:
            return Checked("Something went wrong inside Zapwerk; the log has the details.", pause_ms)


def _report(connection: Connection, watch: Watch, checked: Checked, now: datetime) -> None:
    watches.report(connection, watch, checked.problem, now=now)


def _release(connection: Connection, watch: Watch, checked: Checked, now: datetime) -> bool:
    # One that is active was repaired meanwhile, or has a problem whose end nobody would announce.
    waits = checked.refused or (checked.waits_for and not connections.is_active(connection, checked.waits_for))
    if not checked.problem:
        watches.adopt(connection, watch, every_ms=checked.every_ms, listens=checked.listens)
        released = watches.release(connection, watch, now=now, wait_ms=checked.wait_ms, found=checked.found)
        if checked.more:
            restorations.stopped_early(connection, watch.zap_id, now=now)
        return released
    waits_for = checked.waits_for if waits else ""
    ours = watches.give_up(connection, watch, now=now, wait_ms=checked.wait_ms, waits_for=waits_for)
    if ours and checked.refused:
        connections.refuse(connection, checked.refused, checked.problem, now=now)
        notices.tell(connection, f"connection:{checked.refused}", checked.problem, zap_id=watch.zap_id, now=now)
    return ours
