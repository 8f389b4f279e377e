"""The clock: calls what must happen again and again. The only user of APScheduler's scheduler; run by the engine.

No durable state is kept here: what is due stands in the database, so a restart neither forgets nor stampedes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

MINDED_EVERY = 2.0  # seconds

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


class Clock:
    """Ticks, in the running event loop."""

    def __init__(self) -> None:
        # It calls at once, in the loop. The usual one would put off a call, and cry when a shutdown comes in between.
        self._scheduler = AsyncIOScheduler(timezone=UTC, executors={"default": DebugExecutor()})
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._minding: asyncio.Task[None] | None = None
        self._failing: dict[Work, str] = {}
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
        self._minding = asyncio.create_task(self._mind())

    async def stop(self) -> None:
        """Begins nothing more, and waits for the ticks under way: they may have claimed something."""
        self._stopped = True  # the scheduler itself only stops in the loop's next round
        if self._minding:
            self._minding.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        await asyncio.gather(*self._under_way)

    async def _mind(self) -> None:
        """The scheduler waits for times of the machine's clock. When that is set back, the next ones are far off."""
        latest = datetime.now(UTC)
        while True:
            await asyncio.sleep(MINDED_EVERY)
            now = datetime.now(UTC)
            if now < latest:
                log.warning(
                    "the clock was set back by %s; everything that is done again and again is done now", latest - now
                )
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=now)
            latest = now

    def _beginning(self, work: Work) -> Callable[[], None]:
        """The work is a task of its own, so that a tick is over at once."""
        running: asyncio.Task[None] | None = None

        def begin() -> None:
            nonlocal running
            if not self._stopped and (running is None or running.done()):
                running = asyncio.create_task(self._logged(work))
                self._under_way.add(running)
                running.add_done_callback(self._under_way.discard)

        return begin

    async def _logged(self, work: Work) -> None:
        """The same trouble once: with a full disk there is one every second."""
        try:
            await work()
        except Exception as error:
            if self._failing.get(work) != repr(error):
                log.exception("a tick failed; the next one tries again")
            self._failing[work] = repr(error)
        else:
            self._failing.pop(work, None)
