"""Polling: claims due watches, asks their triggers what is new, and takes it in. Ticked by the clock and by listeners.

What a check finds is stored with the cursor in one transaction that is conditional on the watch's lease.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.connections.calls import Calls
from engine.connections.stored import NotUsable
from engine.errors import NotFound, ZapwerkError
from engine.sdk.errors import AuthFailed, ConnectorError, TemporaryFailure
from engine.store import connections, intake, notices, watches, zaps
from engine.store.database import Database
from engine.store.intake import Batch
from engine.store.watches import Watch
from engine.store.writer import Writer
from engine.triggers import reading
from engine.triggers.sources import Source, Sources
from engine.zaps.model import Zap

LEASE = timedelta(minutes=3)
"""Longer than a trigger may take for one page; every commit renews it."""

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Somebody else checks this watch now, or it was changed: stop, store nothing."""


@dataclass(frozen=True)
class Checked:
    """How a check went: why it failed (“”: it did not), and how long until the next one."""

    problem: str = ""
    wait_ms: int = 0
    refused: str = ""  # the connection that is no longer accepted
    waits_for: str = ""


class Polling:
    """All checks of one process."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        sources: Sources,
        calls: Calls,
        now: Callable[[], datetime],
        ring: Callable[[], None],
        *,
        limit: int,
    ) -> None:
        self._database = database
        self._writer = writer
        self._sources = sources
        self._calls = calls
        self._now = now
        self._ring = ring
        self._limit = limit
        self._under_way: dict[asyncio.Task[None], Watch] = {}
        self._beginning: set[asyncio.Task[None]] = set()
        self._renewed = now()
        self._again: set[str] = set()
        self._stopping = False

    async def tick(self) -> None:
        """Begins the checks that are due, as many as there is room for, and keeps the leases of those under way."""
        await self._renew()
        await self._begin(None)

    async def hint(self, zap_ids: Collection[str]) -> None:
        """Checks these now; one that is being checked is checked once more afterwards."""
        self._again |= set(zap_ids) & self._busy
        idle = set(zap_ids) - self._busy
        if idle:
            await self._begin(idle)

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

    @property
    def _busy(self) -> set[str]:
        """The zaps that are being checked."""
        return {watch.zap_id for watch in self._under_way.values()}

    async def _begin(self, only: Collection[str] | None) -> None:
        room = self._limit - len(self._under_way)
        if room <= 0 or self._stopping:
            self._again |= set(only or ())
            return
        now = self._now()
        claimed = await self._writer.write(
            lambda connection: watches.claim(connection, now=now, until=now + LEASE, limit=room, only=only)
        )
        if len(claimed) == room:  # the others may only have found no room
            self._again |= set(only or ()) - {watch.zap_id for watch in claimed}
        for watch in claimed if not self._stopping else ():
            task = asyncio.create_task(self._watched(watch), name=f"check {watch.zap_id}")
            self._under_way[task] = watch
            task.add_done_callback(self._ended)

    async def _renew(self) -> None:
        now, kept = self._now(), list(self._under_way.values())
        if kept and not timedelta(0) <= now - self._renewed < LEASE / 3:
            self._renewed = now
            until = now + LEASE
            await self._writer.write(lambda connection: [watches.renew(connection, one, until=until) for one in kept])

    async def _watched(self, watch: Watch) -> None:
        try:
            await self._check(watch)
        except LeaseLost:
            log.info("the check of zap %s was overtaken", watch.zap_id)
        except Exception:
            log.exception("the check of zap %s stopped; its lease runs out in %s", watch.zap_id, LEASE)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Makes room for those that were hinted at meanwhile."""
        del self._under_way[task]
        hinted = self._again - self._busy
        if hinted and not self._stopping:
            self._again -= hinted
            beginning = asyncio.create_task(self._begin(hinted))
            self._beginning.add(beginning)
            beginning.add_done_callback(self._beginning.discard)

    async def _check(self, watch: Watch) -> None:
        try:
            zap, source = await asyncio.to_thread(self._plan, watch)
            await self._read(watch, zap, source)
            checked = Checked(wait_ms=watch.every_ms)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 (decided by consequence)
            checked = consequence(error, watch)
            log.warning("zap %s: its trigger could not be checked: %s", watch.zap_id, checked.problem)
            await self._writer.write(lambda connection: _report(connection, watch, checked, self._now()))
            await self._calls.ended(error)  # a thread that hangs keeps its lease, but not its problem to itself
        if not await self._writer.write(lambda connection: _release(connection, watch, checked, self._now())):
            raise LeaseLost

    def _plan(self, watch: Watch) -> tuple[Zap, Source]:
        with self._database.read() as session:
            zap = zaps.live(session, watch.zap_id)
        if zap is None:
            raise NotFound("This zap was never published.")
        return zap, self._sources.of(zap)

    async def _read(self, watch: Watch, zap: Zap, source: Source) -> None:
        async def known(record_id: str) -> bool | None:
            return await asyncio.to_thread(self._known, watch, record_id)

        async with aclosing(reading.batches(self._calls, source, watch.cursor, known)) as found:
            async for batch in found:
                await self._take_in(watch, batch, zap.flood_limit)

    async def _take_in(self, watch: Watch, batch: Batch, flood_limit: int | None) -> None:
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

    def _known(self, watch: Watch, record_id: str) -> bool | None:
        with self._database.read() as session:
            return intake.known_ids(session.connection(), watch.zap_id, watch.source, [record_id]).get(record_id)


def consequence(error: Exception, watch: Watch) -> Checked:
    """What a failed check means for the next one. Pure."""
    match error:
        case NotUsable():
            return Checked(str(error), watch.every_ms, waits_for=error.connection_id)
        case AuthFailed():
            return Checked(error.sentence, watch.every_ms, refused=watch.connection_id, waits_for=watch.connection_id)
        case TemporaryFailure(retry_after=timedelta() as asked):
            return Checked(error.sentence, max(watch.every_ms, round(asked.total_seconds() * 1000)))
        case ConnectorError():
            return Checked(error.sentence, watch.every_ms)
        case ZapwerkError():
            return Checked(str(error), watch.every_ms)
        case _:
            return Checked("Something went wrong inside Zapwerk; the log has the details.", watch.every_ms)


def _report(connection: Connection, watch: Watch, checked: Checked, now: datetime) -> None:
    watches.report(connection, watch, checked.problem, now=now)


def _release(connection: Connection, watch: Watch, checked: Checked, now: datetime) -> bool:
    # One that is active was repaired meanwhile, or has a problem whose end nobody would announce.
    waits = checked.refused or (checked.waits_for and not connections.is_active(connection, checked.waits_for))
    ours = watches.release(
        connection,
        watch,
        now=now,
        wait_ms=checked.wait_ms,
        problem=checked.problem,
        waits_for=checked.waits_for if waits else "",
    )
    if ours and checked.refused:
        connections.refuse(connection, checked.refused, checked.problem, now=now)
        notices.tell(connection, f"connection:{checked.refused}", checked.problem, zap_id=watch.zap_id, now=now)
    return ours
