"""The queue of one process: claims due runs from the database, a bounded window of them; each is executed in a task."""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.runs.execute import Interpreter
from engine.runs.queue import Queue
from engine.store import ids, runs
from engine.store.runs import Run
from engine.store.writer import Writer

LEASE = timedelta(seconds=30)
RENEW_EVERY = 10.0  # seconds

log = logging.getLogger(__name__)


class LocalQueue(Queue):
    """`Queue` on SQLite, where one engine owns the data folder."""

    def __init__(
        self, writer: Writer, interpreter: Interpreter, now: Callable[[], datetime], *, limit: int, tick: float
    ) -> None:
        self._writer = writer
        self._interpreter = interpreter
        self._now = now
        self._limit = limit
        self._tick = tick
        self._owner = ids.new()
        self._bell = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._serving: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        left = await self._writer.write(lambda connection: runs.take_over(connection, now=None))
        if left:
            await self._resume(left)
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
        while claimed := await self._claim(self._limit):
            for run in claimed:
                self._begin(run)
            await asyncio.gather(*self._tasks.values())

    @property
    def under_way(self) -> int:
        """How many runs are executed now."""
        return len(self._tasks)

    async def _resume(self, left: Collection[str]) -> None:
        log.info("taking over %d interrupted runs", len(left))
        claimed = await self._claim(len(left), only=left)
        for run in claimed:
            await asyncio.to_thread(self._interpreter.reserve_lanes, run)
        for run in claimed:
            self._begin(run)

    async def _serve(self) -> None:
        while not self._stopping:
            self._bell.clear()
            if await self._begin_due() and not self._stopping:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), self._tick)

    async def _begin_due(self) -> bool:
        """Begins as many due runs as there is room for; True if it is worth waiting now. Never raises: a queue that
        has died in silence is the worst that can happen."""
        free = self._limit - len(self._tasks)
        try:
            claimed = await self._claim(free) if free > 0 else []
        except Exception:
            log.exception("due runs could not be claimed; trying again")
            return True
        for run in claimed:
            self._begin(run)
        return not claimed or len(claimed) == free

    async def _claim(self, limit: int, only: Collection[str] | None = None) -> list[Run]:
        now = self._now()
        return await self._writer.write(
            lambda connection: runs.claim(
                connection, owner=self._owner, now=now, until=now + LEASE, limit=limit, only=only
            )
        )

    def _begin(self, run: Run) -> None:
        task = asyncio.create_task(self._interpreter.execute(run), name=f"run {run.id}")
        self._tasks[run.id] = task
        task.add_done_callback(lambda done: self._ended(run.id, done))

    def _ended(self, run_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(run_id, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("run %s stays as it is until the next start", run_id, exc_info=task.exception())
        self._bell.set()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            try:
                await self._writer.write(self._keep_runs)
            except Exception:
                log.exception("the leases of runs could not be renewed; trying again")

    def _keep_runs(self, connection: Connection) -> None:
        runs.renew(connection, self._owner, until=self._now() + LEASE)
