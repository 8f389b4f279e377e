"""The composition root: opens and closes everything that the pages and the command line are given.

A `Runtime` looks and changes; an `Engine` (below) also runs: it owns the data folder, ticks, listens and executes.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection

from engine import folder
from engine.connections.calls import Calls
from engine.connections.connecting import Connecting
from engine.connections.contexts import Contexts
from engine.connections.stored import Connections
from engine.connections.vault import KEY_FILE, Vault, load_keys
from engine.connections.wire import Wire
from engine.editing.editing import Editing
from engine.history.changes import Changes
from engine.history.details import Details
from engine.history.figures import Figures
from engine.history.finding import History
from engine.history.indexing import Indexing
from engine.people.people import People
from engine.registry import Registry
from engine.rehearsal.rehearsing import Rehearsing
from engine.reloading import Connectors, Fixed, Watching
from engine.runs import retries
from engine.runs.control import Control
from engine.runs.effects import Effects
from engine.runs.execute import Interpreter
from engine.runs.journal import Journal
from engine.runs.lanes import Lanes
from engine.runs.local import LocalQueue
from engine.runs.steps import Steps
from engine.settings import Settings
from engine.store import facts, migrate, runs, watches
from engine.store.blobs import Blobs
from engine.store.database import Database
from engine.store.outlines import Outlines
from engine.store.writer import Writer
from engine.triggers.addresses import Addresses
from engine.triggers.clock import Clock
from engine.triggers.listening import Listening
from engine.triggers.plans import Plans
from engine.triggers.polling import Polling
from engine.triggers.recent import Recents
from engine.triggers.sources import Sources
from engine.triggers.switching import Switching
from engine.triggers.webhooks import Webhooks
from engine.zaps import mapping

WARM_UP = "{{ trigger }}"  # the template language takes 0.3 s to load, which the first event should not wait for
GRACE = 20.0  # seconds that runs and checks under way are given when the engine stops
SWEEP_EVERY = 30.0  # seconds
INDEX_EVERY = 1.0  # seconds until what a run did can be found
RECONCILE_EVERY = 1.0  # seconds until a switched-on zap is listened for

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Runtime:
    """One process's access to an installation. Close it in the loop it was used in."""

    def __init__(
        self,
        settings: Settings,
        *,
        registry: Registry | None = None,
        wire: Wire | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Opens the data folder, migrating its database. Raises `DataFolderError`, `VaultError`, `NewerDatabase`."""
        self.settings = settings
        self.now = now
        folder.prepare(settings.data)
        secret = _secret(settings)
        self.vault = Vault(load_keys(secret, settings.data), file=None if secret else settings.data / KEY_FILE)
        self.database = Database(settings.database)
        migrate.upgrade(self.database)
        self.connectors = Fixed(registry) if registry else _connectors(settings)
        self.blobs = Blobs(settings.data / "blobs")
        self.connections = Connections(self.database, self.vault, self.registry, self.now, settings.allow_private_hosts)
        contexts = Contexts(self.blobs, wire=wire, tokens=self.connections, now=self.now)
        self.calls = Calls(contexts, sizes={"steps": settings.blocking_threads})
        self.sources = Sources(self.registry, self.connections)
        self.connecting = Connecting(self.database, self.registry, self.connections, self.calls, self.now)
        self.switching = Switching(self.database, self.registry, self.sources, self.calls, self.now)
        self.addresses = Addresses(self.database, self.vault, self.now, self.address)
        self.people = People.of(self.database, self.vault, self.now, self.address)
        self.control = Control(self.database, self.now)
        self.history = History(self.database, self.now)
        self.details = Details(self.database)
        self.figures = Figures(self.database, self.now)
        self.outlines = Outlines()
        self.changes = Changes(self.database)
        self.recents = Recents(self.database, self.sources, self.calls, self.now)
        self.rehearsing = Rehearsing(self.database, self.registry, self.connections, self.recents, self.calls, self.now)
        self.editing = Editing.of(
            self.database,
            self.registry,
            self.now,
            connections=self.connections,
            sources=self.sources,
            calls=self.calls,
            recents=self.recents,
            switching=self.switching,
            settle=settings.settle,
        )
        self.key_fits = self._remember_installation()

    def registry(self) -> Registry:
        """The connectors there are now; an edit is taken up by another registry."""
        return self.connectors.registry

    def address(self) -> str:
        """What every address we give out is made of: the public one, else where this installation was served last."""
        settings = self.settings
        if settings.public_url or "port" in settings.model_fields_set:
            return settings.address
        with self.database.read() as session:
            return facts.get(session, facts.SERVED_AT) or settings.address

    def served_at(self, address: str) -> None:
        """Notes where this installation is served, for the commands that give out addresses."""
        with self.database.write() as session:
            facts.put(session, facts.SERVED_AT, address)

    async def close(self) -> None:
        await self.calls.close()
        self.database.close()

    def _remember_installation(self) -> bool:
        """Notes at the first start who we are and which key seals; later tells whether it is still that key."""
        with self.database.read() as session:
            known = facts.get(session, facts.KEY_FINGERPRINT)
        if known is None:
            with self.database.write() as session:
                self.installation = facts.installation(session)
                facts.put(session, facts.KEY_FINGERPRINT, self.vault.fingerprint)
            return True
        with self.database.read() as session:
            self.installation = facts.installation(session)
        return known in self.vault.fingerprints


class Engine:
    """The running engine of one data folder: checks triggers, takes events in, executes runs."""

    def __init__(self, runtime: Runtime, *, quick: retries.Waits = retries.QUICK) -> None:
        """Becomes the engine of the folder; `quick` are the waits before quick tries. Raises `AlreadyRunning`."""
        self.runtime = runtime
        settings = runtime.settings
        self._ownership = folder.Ownership(settings.data)
        self._ownership.take()
        self.writer = Writer(runtime.database)
        lanes = Lanes()
        effects = Effects(runtime.calls, lanes, runtime.now, settings.settle, quick)
        steps = Steps(runtime.registry, runtime.connections, runtime.calls, effects, runtime.installation)
        journal = Journal(self.writer, runtime.now)
        interpreter = Interpreter(runtime.database, journal, steps, lanes)
        tick = settings.tick.total_seconds()
        self.queue = LocalQueue(
            self.writer,
            interpreter,
            runtime.now,
            limit=settings.parallel_runs,
            tick=tick,
            moved=runtime.changes.ring,
        )
        self.polling = Polling(
            runtime.database,
            self.writer,
            Plans(runtime.database, runtime.sources),
            runtime.calls,
            runtime.now,
            self.queue.ring,
            limit=settings.parallel_polls,
        )
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
        self.indexing = Indexing(runtime.database, lambda: self.queue.under_way > settings.parallel_runs // 2)
        self._clock = Clock()
        self._watching = Watching(runtime.connectors, self._tell_of_edits)
        self.ready = False

    async def start(self) -> None:
        """Takes over what was left behind, and begins to work."""
        if not self.runtime.key_fits:
            log.error("the secret key is not the one that sealed this installation's credentials; see `zapwerk doctor`")
        await self.writer.write(watches.free_all)
        await self.queue.start()
        self._clock.every(self.runtime.settings.tick.total_seconds(), self.polling.tick)
        self._clock.every(RECONCILE_EVERY, self.listening.reconcile)
        self._clock.every(SWEEP_EVERY, self.sweep)
        self._clock.every(INDEX_EVERY, self.indexing.tick)
        self._clock.start()
        self._clock.once(_warm_up)
        self._loop = asyncio.get_running_loop()
        self._watching.start()
        self.ready = True

    async def stop(self, grace: float = GRACE) -> None:
        """Begins nothing new, lets what is under way end, and gives the folder back."""
        self.ready = False
        await asyncio.to_thread(self._watching.stop)
        self.indexing.stop()
        await self._clock.stop()
        await asyncio.gather(self.listening.stop(grace), self.polling.stop(grace))
        await self.queue.stop(grace)
        await asyncio.to_thread(self.writer.close)
        self._ownership.give_up()

    async def sweep(self) -> None:
        """Closes what is idle, and lets runs go on that nothing keeps waiting any more."""
        now = self.runtime.now()
        await self.runtime.calls.contexts.sweep()
        if await self.writer.write(lambda connection: _let_go_on(connection, now)):
            self.queue.ring()

    def _tell_of_edits(self, apps: frozenset[str]) -> None:
        """From the thread that looks for edits: their zaps are checked now, which shows whether they still work."""
        with self.runtime.database.read() as session:
            zap_ids = watches.of_apps(session, apps)
        if zap_ids:
            asyncio.run_coroutine_threadsafe(self.polling.hint(zap_ids), self._loop)


def _connectors(settings: Settings) -> Connectors:
    return Connectors(settings.data / "connectors", packages=settings.reload_connectors)


def _let_go_on(connection: Connection, now: datetime) -> int:
    """Runs that nothing keeps waiting any more."""
    return runs.release_due(connection, now=now) + runs.bring_forward(connection, now=now)


async def _warm_up() -> None:
    await asyncio.to_thread(mapping.parsed, WARM_UP)


def _secret(settings: Settings) -> str | None:
    return settings.secret_key.get_secret_value() if settings.secret_key else None
