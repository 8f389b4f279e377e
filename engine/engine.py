"""The running engine of one data folder: it owns the folder, ticks, listens and executes. One process has one.

`runtime` is what it works with, and what pages and the command line are given as well.
"""

import asyncio
import logging
import time
from datetime import datetime
from functools import cached_property, partial

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from engine import folder
from engine.backup import looking_there, nightly, restored
from engine.connections.vault import OTHER_KEY
from engine.history.indexing import Indexing
from engine.keeping import space
from engine.keeping.keeping import Keeping
from engine.keeping.space import Space, free_bytes
from engine.notices import heartbeat, notices
from engine.notices.heartbeat import Heartbeat
from engine.reloading import Watching
from engine.runs import retries
from engine.runs.effects import Effects
from engine.runs.execute import Interpreter
from engine.runs.journal import Journal
from engine.runs.lanes import Lanes
from engine.runs.local import LocalQueue
from engine.runs.order import tell_of_jams
from engine.runs.pausing import LOOKED_AT_EVERY, AutoPause
from engine.runs.steps import Steps
from engine.runtime import Runtime
from engine.store import facts, pauses, runs, watches
from engine.store.writer import Writer
from engine.triggers import health
from engine.triggers.clock import Clock
from engine.triggers.listening import Listening
from engine.triggers.plans import Plans
from engine.triggers.polling import Polling
from engine.triggers.watchdog import Watchdog
from engine.triggers.webhooks import Webhooks
from engine.zaps import mapping

WARM_UP = "{{ trigger }}"  # the template language takes 0.3 s to load, which the first event should not wait for
GRACE = 20.0  # seconds that runs and checks under way are given when the engine stops
SWEEP_EVERY = 30.0  # seconds
STANDS_STILL_AFTER = 60.0  # seconds without a tick
KEEP_EVERY = 1.0  # seconds until what is kept no longer goes on being deleted
INDEX_EVERY = 1.0  # seconds until what a run did can be found
RESTORED_EVERY = 2.0  # seconds until a restored zap that has caught up goes on
PLACE_EVERY = 1.0  # seconds until it is noticed that a person said where this installation is
RECONCILE_EVERY = 1.0  # seconds until a switched-on zap is listened for

log = logging.getLogger(__name__)


class Engine:
    """The running engine of one data folder: checks triggers, takes events in, executes runs."""

    def __init__(self, runtime: Runtime, *, quick: retries.Waits = retries.QUICK) -> None:
        """Becomes the engine of the folder; `quick` are the waits before quick tries. Raises `AlreadyRunning`."""
        self.runtime = runtime
        settings = runtime.settings
        self._ownership = folder.Ownership(settings.data)
        self._ownership.take()
        self.writer = Writer(runtime.database, self._is_crowded)
        self.auto_pause = AutoPause(runtime.pausing, self.writer)
        self.queue = self._make_queue(quick)
        self.polling = Polling(
            runtime.database,
            self.writer,
            Plans(runtime.database, runtime.sources),
            runtime.calls,
            runtime.now,
            self.queue.ring,
            limit=settings.parallel_polls,
        )
        self.watchdog = Watchdog(runtime.database, self.writer, runtime.now)
        self.listening = Listening(runtime.database, self.writer, runtime.sources, runtime.calls, self.polling.hint)
        self.webhooks = Webhooks(
            runtime.database,
            self.writer,
            runtime.addresses,
            runtime.sources,
            runtime.calls,
            runtime.now,
            self.queue.ring,
        )
        self.indexing = Indexing(runtime.database, self._is_busy)
        self.keeping = Keeping(runtime.database, runtime.blobs, runtime.now, self._is_busy)
        self.space = Space(runtime.database, partial(free_bytes, settings.data), runtime.now)
        self._clock = Clock()
        self._watching = Watching(runtime.connectors, self._tell_of_edits)
        self.ready = False
        self.elsewhere = ""
        """Why it waits to be told whether this is the installation or a copy of it, or “”."""
        self._adopted: asyncio.Task[None] | None = None

    def _make_queue(self, quick: retries.Waits) -> LocalQueue:
        """What executes runs."""
        runtime, settings, lanes = self.runtime, self.runtime.settings, Lanes()
        effects = Effects(runtime.calls, lanes, runtime.now, settings.settle, quick)
        with runtime.database.read() as session:
            since = restored.restored_at(session)
        steps = Steps(
            runtime.registry, runtime.connections, runtime.calls, effects, lambda: runtime.installation, since
        )
        journal = Journal(self.writer, runtime.now, self.auto_pause.failed)
        return LocalQueue(
            self.writer,
            Interpreter(runtime.database, journal, steps, lanes),
            runtime.now,
            limit=settings.parallel_runs,
            tick=settings.tick.total_seconds(),
            moved=runtime.changes.ring,
        )

    async def start(self) -> None:
        """Takes over what was left behind, and begins to work; in a copied data folder only when a person said so."""
        said = await asyncio.to_thread(self.runtime.place.look)
        if said is None:
            await self._begin()
            return
        self.elsewhere = self.webhooks.closed = said
        log.error("%s", said)
        await asyncio.to_thread(self.runtime.place.tell, said)
        self._adopted = asyncio.create_task(self._wait_until_adopted())

    async def _wait_until_adopted(self) -> None:
        while not await self._is_here():  # noqa: ASYNC110 - it is said elsewhere
            await asyncio.sleep(PLACE_EVERY)
        await asyncio.to_thread(self.runtime.look_who_we_are)
        await self._begin()
        self.elsewhere = self.webhooks.closed = ""
        log.info("this data folder is where the installation is")

    async def _is_here(self) -> bool:
        """Whether a person said that this is the place; what keeps it from being read now is asked again."""
        try:
            return await asyncio.to_thread(self.runtime.place.look) is None
        except (OSError, SQLAlchemyError) as error:
            log.warning("where this installation is cannot be read: %s", error)
            return False

    async def _begin(self) -> None:
        if not self.runtime.key_fits:
            closed = await asyncio.to_thread(self.runtime.connections.closed)
            log.error("%s", OTHER_KEY.format(names=", ".join(closed) or "none yet"))
        await self.writer.write(watches.free_all)
        await self.queue.start()
        self._clock.every(self.runtime.settings.tick.total_seconds(), self.polling.tick)
        self._clock.every(RECONCILE_EVERY, self.listening.reconcile)
        self._clock.every(SWEEP_EVERY, self.sweep)
        self._clock.every(LOOKED_AT_EVERY, self.auto_pause.tick)
        self._clock.every(INDEX_EVERY, self.indexing.tick)
        self._clock.every(KEEP_EVERY, self.keeping.tick)
        self._clock.every(space.EVERY, self.space.tick)
        self._clock.every(RESTORED_EVERY, self._let_restored_go_on)
        self._clock.every(looking_there.EVERY, self.runtime.looking_there.tick)
        self._clock.every(notices.TICK, self.runtime.notices.tick)
        self._clock.every(notices.FORGETS_EVERY, self.runtime.notices.forget)
        if self.heartbeat:
            self._clock.every(heartbeat.EVERY, self.heartbeat.tick)
        self._clock.every(nightly.LOOKS_EVERY, self.runtime.backups.tick)
        self._clock.start()
        self._clock.once(_warm_up)
        self._loop = asyncio.get_running_loop()
        self._watching.start()
        self.watchdog.start()
        self.ready = True

    async def stop(self, grace: float = GRACE) -> None:
        """Begins nothing new, lets what is under way end, and gives the folder back."""
        self.ready = False
        # A database that cannot be written is given half of the time: then whoever waits for it must be let go.
        asyncio.get_running_loop().call_later(grace / 2, self.writer.give_up)
        if self._adopted:
            self._adopted.cancel()
            await asyncio.gather(self._adopted, return_exceptions=True)
        await asyncio.to_thread(self._watching.stop)
        await asyncio.to_thread(self.watchdog.stop)
        self.indexing.stop()
        self.keeping.stop()
        await self._clock.stop()
        await asyncio.gather(self.listening.stop(grace), self.polling.stop(grace))
        await self.queue.stop(grace)
        await asyncio.to_thread(self.writer.close)
        self._ownership.give_up()

    @property
    def stands_still(self) -> bool:
        """Whether nothing was begun for long although it runs: its clock, or its database, does not move."""
        return self.ready and time.monotonic() - self.polling.ticked_at > STANDS_STILL_AFTER

    def unwell(self) -> list[str]:
        """Why nobody outside should believe that all is well. Blocks."""
        found = [] if self.ready else ["the engine does not run"]
        found += ["nothing is begun any more"] if self.stands_still else []
        found += [self.writer.trouble] if self.writer.trouble else []
        found += [] if self.runtime.key_fits else ["the secret key is another one"]
        with self.runtime.database.read() as session:
            failing = health.counts(watches.every(session).values(), self.runtime.now())[health.Health.FAILING]
        return [*found, f"{failing} triggers cannot be checked"] if failing else found

    @cached_property
    def heartbeat(self) -> Heartbeat | None:
        """What tells somebody outside that all is well, if anybody is to be told."""
        url = self.runtime.settings.heartbeat_url

        def beat(connection: Connection) -> None:
            facts.put(Session(connection), facts.HEARTBEAT, self.runtime.now().isoformat())

        wire = self.runtime.calls.contexts.wire
        return Heartbeat(url, wire, self.unwell, lambda: self.writer.write(beat)) if url else None

    def _is_crowded(self) -> bool:
        """Whether several runs are executed. Asked by the thread that writes."""
        return self.queue.under_way > 1

    def _is_busy(self) -> bool:
        """Whether runs are executed at full rate."""
        return self.queue.places_taken > self.runtime.settings.parallel_runs // 2

    async def sweep(self) -> None:
        """Closes what is idle, and lets runs go on that nothing keeps waiting any more."""
        now = self.runtime.now()
        self.runtime.calls.contexts.sweep()
        followed = await asyncio.to_thread(self.runtime.replacing.go_on)
        if await self.writer.write(lambda connection: _let_go_on(connection, now)) or followed:
            self.queue.ring()

    async def _let_restored_go_on(self) -> None:
        now = self.runtime.now()
        if await self.writer.write(lambda connection: restored.tick(connection, now=now)):
            self.queue.ring()

    def _tell_of_edits(self, apps: frozenset[str]) -> None:
        """From the thread that looks for edits: their zaps are checked now, which shows whether they still work."""
        with self.runtime.database.read() as session:
            zap_ids = watches.of_apps(session, apps)
        if zap_ids:
            asyncio.run_coroutine_threadsafe(self.polling.hint(zap_ids), self._loop)


def _let_go_on(connection: Connection, now: datetime) -> int:
    """Runs that nothing keeps waiting any more; and what keeps others waiting is told."""
    pauses.end_quotas(connection, now=now)
    tell_of_jams(connection, now=now)
    return runs.release_due(connection, now=now) + runs.bring_forward(connection, now=now)


async def _warm_up() -> None:
    await asyncio.to_thread(mapping.parsed, WARM_UP)
