"""The composition root: opens and closes everything that the pages and the command line are given.

A `Runtime` looks and changes; an `engine.Engine` also runs.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from engine import folder
from engine.backup.looking_there import LookingThere
from engine.backup.nightly import Backups
from engine.backup.place import Place
from engine.backup.restored import Decisions
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
from engine.keeping.persons import Persons
from engine.keeping.policy import Policies
from engine.keeping.whereabouts import Whereabouts
from engine.notices.notices import Notices
from engine.people.people import People
from engine.registry import Registry
from engine.rehearsal.rehearsing import Rehearsing
from engine.reloading import Connectors, Fixed
from engine.runs.control import Control
from engine.runs.order import Order
from engine.runs.pausing import Pausing
from engine.settings import Settings
from engine.store import facts, migrate
from engine.store.blobs import Blobs
from engine.store.database import Database
from engine.store.outlines import Outlines
from engine.triggers.addresses import Addresses
from engine.triggers.at_the_app import AtTheApp
from engine.triggers.awaiting import Awaiting
from engine.triggers.recent import Recents
from engine.triggers.replacing import Replacing
from engine.triggers.sources import Sources
from engine.triggers.switching import Switching

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
        self.replacing = Replacing(self.database, self.switching, self.now)
        self.addresses = Addresses(self.database, self.vault, self.now, self.address)
        self.people = People.of(self.database, self.vault, self.now, self.address)
        self.control = Control(self.database, self.now)
        self.pausing = Pausing(self.database, self.now)
        self.order = Order(self.database, self.now)
        self.policies = Policies(self.database, self.now)
        self.history = History(self.database, self.now)
        self.whereabouts = Whereabouts(self.database, self.history, self.now)
        self.persons = Persons(self.database, self.history, self.control, self.now)
        self.details = Details(self.database)
        self.figures = Figures(self.database, self.now)
        self.outlines = Outlines()
        self.changes = Changes(self.database)
        self.awaiting = Awaiting(self.database, self.now)
        self.recents = Recents(self.database, self.sources, self.calls, self.now)
        self.at_the_app = AtTheApp(self.database, self.registry, self.recents, self.history)
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
        self.notices = self._notices()
        self.backups = Backups(settings, self.database, self.vault, self.now)
        self.restored = Decisions(self.database, self.switching, self.now)
        self.looking_there = LookingThere(self.database, self.registry, self.rehearsing, self.changes.ring)
        self.place = Place(settings, self.database, self.now)
        self._sealed_with = self._remember_installation()

    def _notices(self) -> Notices:
        return Notices.of(
            self.database,
            self.vault,
            self.registry,
            self.now,
            connections=self.connections,
            calls=self.calls,
            base=self.address,
            allowed_hosts=self.settings.allow_private_hosts,
        )

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

    @property
    def key_fits(self) -> bool:
        """Whether a key at hand is the one that sealed the credentials; one that was put back counts at once."""
        return self._sealed_with in self.vault.fingerprints

    def look_who_we_are(self) -> None:
        """Reads this installation's id again: a copy that was parted from its original has another one."""
        with self.database.read() as session:
            self.installation = facts.installation(session)

    def _remember_installation(self) -> str:
        """Notes at the first start who we are and which key seals; later gives the fingerprint of that key."""
        with self.database.read() as session:
            known, self.installation = facts.get(session, facts.KEY_FINGERPRINT), facts.installation(session)
        if known is None:
            with self.database.write() as session:
                self.installation = facts.installation(session)
                facts.put(session, facts.KEY_FINGERPRINT, self.vault.fingerprint)
        return known or self.vault.fingerprint


def _connectors(settings: Settings) -> Connectors:
    return Connectors(settings.data / "connectors", packages=settings.reload_connectors)


def _secret(settings: Settings) -> str | None:
    return settings.secret_key.get_secret_value() if settings.secret_key else None
