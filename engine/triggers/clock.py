"""The clock: calls what must happen again and again. The only user of APScheduler, which keeps no durable state here:
what is due stands in the database, so a restart neither forgets nor stampedes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


class Clock:
    """Ticks, in the running event loop."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC, executors={"default": AsyncIOExecutor()})
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopped = False
        logging.getLogger("apscheduler").setLevel(logging.WARNING)

    def every(self, seconds: float, work: Work) -> None:
        """Calls `work` now and every so many seconds; never twice at the same time, and also after it failed."""
        self._scheduler.add_job(
            self._beginning(work),
            IntervalTrigger(seconds=seconds, timezone=UTC),
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )

    def once(self, work: Work) -> None:
        """Calls `work` in the background as soon as the clock runs."""
        self._scheduler.add_job(self._beginning(work), next_run_time=datetime.now(UTC), misfire_grace_time=None)

    def start(self) -> None:
        self._scheduler.start()

    async def stop(self) -> None:
        """Begins nothing more, and waits for the ticks under way: they may have claimed something."""
        self._stopped = True  # the scheduler itself only stops in the loop's next round
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        await asyncio.gather(*self._under_way)

    def _beginning(self, work: Work) -> Work:
        """The scheduler cancels what it runs when it is shut down, so the work is a task of its own."""
        running: asyncio.Task[None] | None = None

        async def begin() -> None:
            nonlocal running
            if not self._stopped and (running is None or running.done()):
                running = asyncio.create_task(_logged(work))
                self._under_way.add(running)
                running.add_done_callback(self._under_way.discard)

        return begin


async def _logged(work: Work) -> None:
    try:
        await work()
    except Exception:
        log.exception("a tick failed; the next one tries again")
