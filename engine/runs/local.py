"""The queue of one process: claims due runs from the database, a bounded window of them; each is executed in a task."""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.runs.execute import Interpreter
from engine.runs.occupancy import Occupancy
from engine.runs.queue import Queue
from engine.store import claims, ids
from engine.store.claims import Claimed, Offer
from engine.store.runs import Run
from engine.store.writer import Writer

LEASE = timedelta(seconds=30)
RENEW_EVERY = 10.0  # seconds
GATHERS = 0.01  # seconds; where much runs, places that become free are filled together: a claim for each costs more

log = logging.getLogger(__name__)


class LocalQueue(Queue):
    """`Queue` on SQLite, where one engine owns the data folder."""

    def __init__(
        self,
        writer: Writer,
        interpreter: Interpreter,
        now: Callable[[], datetime],
        *,
        limit: int,
        tick: float,
        moved: Callable[[], None] = lambda: None,
    ) -> None:
        """`moved` is called when runs were begun or have come to rest."""
        self._writer = writer
        self._interpreter = interpreter
        self._now = now
        self._limit = limit
        self._tick = tick
        self._moved = moved
        self._owner = ids.new()
        self._bell = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._occupancy = Occupancy()
        self._served = ""
        self._serving: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._left: Collection[str] = ()
        self._stopping = False

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = await self._writer.write(lambda connection: claims.take_over(connection, now=None))
        await self._resume()
        self._serving = asyncio.create_task(self._serve())
        self._renewing = asyncio.create_task(self._renew())

    def ring(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._bell.set)

    async def stop(self, grace: float) -> None:
        self._stopping = True
        self._bell.set()
        if self._serving:
            await self._serving
        under_way = list(self._tasks.values())
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
        if self._renewing:
            self._renewing.cancel()

    async def drain(self) -> None:
        """Executes whatever is due now and waits for it: for an engine that was not started."""
        while claimed := await self._claim():
            for one in claimed:
                self._begin(one)
            await asyncio.gather(*self._tasks.values())

    @property
    def under_way(self) -> int:
        """How many runs are executed now."""
        return len(self._tasks)

    @property
    def places_taken(self) -> int:
        """How many of them hold a place: all but those that hang. For the event loop."""
        return self._occupancy.places()

    async def _resume(self) -> bool:
        """Begins what was interrupted before anything else; False while everything is paused."""
        offer, left = self._offer(), self._left
        if not left:
            return True
        claimed = await self._writer.write(lambda connection: claims.claim_these(connection, offer, left))
        if claimed is None:
            return False
        log.info("taking over %d interrupted runs", len(claimed))
        self._left = ()
        for one in claimed:
            await asyncio.to_thread(self._interpreter.reserve_lanes, one.run)
        for one in claimed:
            self._begin(one)
        return True

    async def _serve(self) -> None:
        while not self._stopping:
            self._bell.clear()
            await self._begin_due()
            if not self._stopping:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), self._tick)
            if self.places_taken > self._limit // 2:
                await asyncio.sleep(GATHERS)

    async def _begin_due(self) -> None:
        """Begins as many due runs as there is room for. Never raises: a queue that has died in silence is the worst
        that can happen."""
        try:
            claimed = await self._claim()
        except Exception:
            log.exception("due runs could not be claimed; trying again")
            return
        for one in claimed:
            self._begin(one)

    async def _claim(self) -> list[Claimed]:
        resumed = await self._resume()
        offer = self._offer()
        if offer.free <= 0 or not resumed:
            return []
        claimed = await self._writer.write(lambda connection: claims.claim(connection, offer))
        if claimed:
            self._served = claimed[-1].run.zap_id
            self._moved()
        return claimed

    def _offer(self) -> Offer:
        now, free, occupancy = self._now(), self._limit - self.places_taken, self._occupancy
        counts, slow, hanging = occupancy.counts, occupancy.slow_zaps(), occupancy.hanging()
        return Offer(self._owner, now, now + LEASE, free, counts, self._served, slow, hanging)

    def _begin(self, claimed: Claimed) -> None:
        run = claimed.run
        task = asyncio.create_task(self._interpreter.execute(claimed), name=f"run {run.id}")
        self._tasks[run.id] = task
        self._occupancy.begin(run.id, run.zap_id)
        task.add_done_callback(lambda done: self._ended(run, done))

    def _ended(self, run: Run, task: asyncio.Task[None]) -> None:
        self._tasks.pop(run.id, None)
        self._occupancy.end(run.id)
        if not task.cancelled() and task.exception() is not None:
            log.error("run %s stays as it is until the next start", run.id, exc_info=task.exception())
        self._bell.set()
        self._moved()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            try:
                await self._writer.write(self._keep_runs)
            except Exception:
                log.exception("the leases of runs could not be renewed; trying again")

    def _keep_runs(self, connection: Connection) -> None:
        claims.renew(connection, self._owner, until=self._now() + LEASE)
