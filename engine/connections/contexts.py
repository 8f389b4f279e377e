"""From a stored connection to the `ctx` of one call of a connector's function. Called by `Calls`.

What calls of one connection share is its `Kit`: HTTP client, rate, kept sessions, token, redaction. A kit lives until
the connection's credentials change or it is forgotten; a `ctx` lives for one call.
"""

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any

import httpx
from pydantic import BaseModel

from engine.connections import addresses, signing
from engine.connections.addresses import Guard
from engine.connections.checkpoints import Notes, Waiting
from engine.connections.client import Client
from engine.connections.oauth import SignIn, TokenKeeper, TokenStore
from engine.connections.rates import Turns
from engine.connections.redaction import Redactor, logger_for, secrets_of
from engine.connections.sessions import Borrower, KeptSessions
from engine.connections.wire import Wire
from engine.sdk.auth import NoAuth, OAuth2, Profile, Token, filled
from engine.sdk.connecting import Progress, unwatched
from engine.sdk.connector import Connector
from engine.sdk.context import NEWEST_FEW, BlockingContext, Checkpoint, Context, Sessions
from engine.sdk.errors import OutcomeUnknown
from engine.sdk.http import BlockingHttp, Http
from engine.sdk.records import Account
from engine.store.blobs import AsyncBlobs, Blobs, Unkept


class Purpose(StrEnum):
    """What a call is for. Only an action may change anything."""

    CHECK = "check"
    TRIGGER = "trigger"
    LISTENER = "listener"
    CHOICES = "choices"
    SEARCH = "search"
    LOOKUP = "lookup"
    ACTION = "action"
    WEBHOOK = "webhook"


@dataclass(frozen=True)
class LiveConnection:
    """A connection with its credentials in the open. `given` is an instance of the auth kind's model, or a `Token`.

    `id` is empty for apps that need no connection, and for one that is being checked before it is saved.
    """

    id: str
    name: str
    connector: Connector
    auth: str
    profile: Profile
    given: Any
    account: Account | None = None
    allowed_hosts: frozenset[str] = frozenset()

    @classmethod
    def without(
        cls, connector: Connector, *, profile: Profile | None = None, allowed_hosts: frozenset[str] = frozenset()
    ) -> "LiveConnection":
        """For an app that is used without signing in."""
        chosen = profile or next(iter(connector.profiles.values()))
        kind = next((kind for kind in connector.auth.values() if isinstance(kind, NoAuth)), NoAuth())
        return cls("", connector.title, connector, kind.key, chosen, kind.given(), allowed_hosts=allowed_hosts)


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Asked:
    """One call: through which connection, what for, and what the function is told besides its input.

    `keeps_files` is False where nobody may need the files of a record later: then they are only described.
    """

    connection: LiveConnection
    purpose: Purpose
    cursor: Any = None
    newest: int = NEWEST_FEW
    keeps_files: bool = True
    idempotency_key: str = ""
    started_at: datetime | None = None
    checkpoint: Checkpoint | None = None
    stopping: Callable[[], bool] = _never
    progress: Progress = unwatched


@dataclass(frozen=True)
class Kit:
    """What all calls of one connection share."""

    connection: LiveConnection
    client: httpx.AsyncClient
    base_url: str
    turns: Turns
    sessions: KeptSessions
    keeper: TokenKeeper | None
    redactor: Redactor
    log: logging.Logger

    def fits(self, connection: LiveConnection) -> bool:
        """Whether it can serve this connection as it is now; a refreshed token makes no difference."""
        mine = self.connection
        if mine.connector is not connection.connector or mine.profile != connection.profile:
            return False
        same_given = self.keeper is not None or mine.given == connection.given
        return mine.auth == connection.auth and mine.allowed_hosts == connection.allowed_hosts and same_given


class OnLoop:
    """How a blocking function calls async code. Once its time is over, it cannot any more."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._under_way: set[concurrent.futures.Future[Any]] = set()
        self._lock = threading.Lock()
        self._over = False

    def __call__(self, work: Awaitable[Any]) -> Any:
        begun = work if asyncio.iscoroutine(work) else _awaited(work)
        if threading.get_ident() == self._thread:
            begun.close()
            raise RuntimeError("a blocking ctx was used on the event loop")
        with self._lock:
            if self._over:
                begun.close()
                raise OutcomeUnknown("The time for this step was over.")
            future = asyncio.run_coroutine_threadsafe(begun, self._loop)
            self._under_way.add(future)
        try:
            return future.result()
        except concurrent.futures.CancelledError as error:
            raise OutcomeUnknown("The time for this step was over.") from error
        finally:
            with self._lock:
                self._under_way.discard(future)

    def give_up(self) -> None:
        """Cancel what is under way and refuse what comes after it."""
        with self._lock:
            self._over = True
            under_way = list(self._under_way)
        for future in under_way:
            future.cancel()


@dataclass(frozen=True)
class Opened:
    """A context that is open: `ctx` for the connector, the rest for us."""

    ctx: Context | BlockingContext
    kit: Kit
    give_up: Callable[[], None]


class Contexts:
    """Opens contexts. One for the engine, used on its event loop."""

    def __init__(
        self,
        blobs: Blobs,
        *,
        wire: Wire | None = None,
        tokens: TokenStore | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.wire = wire or Wire()
        self._blobs = blobs
        self._tokens = tokens
        self._now = now
        self._kits: dict[str, Kit] = {}

    @asynccontextmanager
    async def open(self, asked: Asked, *, blocking: bool, prepaid: bool = False) -> AsyncIterator[Opened]:
        """The context for one call. `prepaid`: the first turn of the connection's rate was taken already."""
        kit = self.kit(asked.connection)
        try:
            yield await self._opened(kit, asked, blocking, prepaid)
        finally:
            if not self._is_kept(asked.connection):
                await asyncio.to_thread(kit.sessions.close)

    def kit(self, connection: LiveConnection) -> Kit:
        """What calls of this connection share; made anew when its credentials have changed."""
        key = connection.id or f"without:{connection.connector.key}"
        kit = self._kits.get(key)
        if kit is not None and kit.fits(connection):
            if kit.keeper is not None:
                kit.keeper.offer(connection.given)
                kit.redactor.learn(secrets_of(connection.given))
            return kit
        made = self._made(connection)
        if self._is_kept(connection):
            self._kits[key] = made
            if kit is not None:
                threading.Thread(target=kit.sessions.close, daemon=True).start()
        return made

    def sweep(self) -> None:
        """Close sessions that nobody has used for long. To be called every minute or so.

        Nobody waits for it: closing may hang. What would have been closed after that is left to the next sweep.
        """
        threading.Thread(target=_swept, args=(list(self._kits.values()),), daemon=True).start()

    async def forget(self, connection_id: str) -> None:
        """The connection was changed or deleted: close its sessions, drop its credentials from memory."""
        kit = self._kits.pop(connection_id, None)
        if kit is not None:
            await asyncio.to_thread(kit.sessions.close)

    async def close(self) -> None:
        """Close all sessions and connections."""
        kits = list(self._kits.values())
        self._kits.clear()
        await asyncio.gather(*(asyncio.to_thread(kit.sessions.close) for kit in kits))
        await self.wire.close()

    def sign_in(self, connector: Connector, oauth: OAuth2, profile: Profile, allowed_hosts: frozenset[str]) -> SignIn:
        """For connecting an account; `dataclasses.replace(…, redirect_uri=…)` before `start`."""
        return SignIn(oauth, profile, Client(self.wire.transport(Guard(allowed_hosts))))

    async def _opened(self, kit: Kit, asked: Asked, blocking: bool, prepaid: bool) -> Opened:
        given = await kit.keeper.fresh() if kit.keeper else asked.connection.given
        kit.redactor.learn(secrets_of(given))  # another process may have renewed it
        http = Http(
            client=kit.client,
            wait_for_turn=_first_free(kit.turns.take) if prepaid else kit.turns.take,
            explain=asked.connection.connector.explain,
            idempotency_key=asked.idempotency_key,
            reads_only=asked.purpose is not Purpose.ACTION,
            base_url=kit.base_url,
        )
        sessions, leave = _lent(kit, asked)
        shared = self._shared(kit, asked, given) | {"sessions": sessions}
        checkpoint = asked.checkpoint or Notes()
        files = self._blobs if asked.keeps_files else Unkept(self._blobs.folder, max_bytes=self._blobs.max_bytes)
        if not blocking:
            ctx = Context(http=http, files=AsyncBlobs(files), checkpoint=checkpoint, **shared)
            return Opened(ctx, kit, leave)
        wait = OnLoop(asyncio.get_running_loop())
        waiting = Waiting(checkpoint, wait)
        ctx_b = BlockingContext(http=BlockingHttp(http, wait), files=files, checkpoint=waiting, **shared)
        return Opened(ctx_b, kit, _both(wait.give_up, leave))

    def _shared(self, kit: Kit, asked: Asked, given: Any) -> dict[str, Any]:
        connection = asked.connection
        return {
            "account": None if asked.purpose is Purpose.CHECK else connection.account,
            "credentials": given,
            "auth": connection.auth,
            "profile": connection.profile,
            "cursor": asked.cursor,
            "newest": asked.newest,
            "idempotency_key": asked.idempotency_key,
            "started_at": asked.started_at,
            "log": kit.log,
            "now": self._now,
            "stopping": asked.stopping,
            "progress": asked.progress,
            "connect": partial(addresses.connect, guard=Guard(connection.allowed_hosts)),
        }

    def _made(self, connection: LiveConnection) -> Kit:
        redactor = Redactor([*secrets_of(connection.given), *secrets_of(connection.profile)])
        keeper = self._keeper(connection, redactor)
        base_url = _base_url(connection)
        transport = self.wire.transport(Guard(connection.allowed_hosts))
        kind = connection.connector.auth.get(connection.auth, NoAuth())
        signed = signing.Signed(transport, signing.sign_for(kind, connection.given, keeper), base_url)
        return Kit(
            connection=connection,
            client=Client(signed),
            base_url=base_url,
            turns=Turns(connection.connector.rate),
            sessions=KeptSessions(),
            keeper=keeper,
            redactor=redactor,
            log=logger_for(connection.connector.key, redactor),
        )

    def _keeper(self, connection: LiveConnection, redactor: Redactor) -> TokenKeeper | None:
        kind = connection.connector.auth.get(connection.auth)
        if not isinstance(kind, OAuth2):
            return None
        sign_in = self.sign_in(connection.connector, kind, connection.profile, connection.allowed_hosts)

        async def refresh(token: Token) -> Token:
            renewed = await sign_in.refresh(token)
            redactor.learn(secrets_of(renewed))
            return renewed

        return TokenKeeper(connection.id, connection.given, refresh, self._tokens or Unstored())

    def _is_kept(self, connection: LiveConnection) -> bool:
        kind = connection.connector.auth.get(connection.auth, NoAuth())
        return bool(connection.id) or isinstance(kind, NoAuth)


class Unstored:
    """A `TokenStore` that stores nothing, for connections that are not saved yet."""

    @asynccontextmanager
    async def exclusively(self, connection_id: str) -> AsyncIterator[Token | None]:
        """Nobody else knows this token."""
        yield None

    async def save(self, connection_id: str, token: Token) -> None:
        """It lives as long as the call."""


def _swept(kits: list[Kit]) -> None:
    for kit in kits:
        kit.sessions.sweep()


def _base_url(connection: LiveConnection) -> str:
    values = connection.profile.model_dump()
    if isinstance(connection.given, BaseModel):
        values |= connection.given.model_dump()
    return filled(connection.connector.base_url, values)


def _first_free(take: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    paid = True

    async def wait() -> None:
        nonlocal paid
        if not paid:
            await take()
        paid = False

    return wait


def _lent(kit: Kit, asked: Asked) -> tuple[Sessions, Callable[[], None]]:
    """The sessions for a call, and what leaves to it those that it has: beside a listener that hangs another begins."""
    if asked.purpose is not Purpose.LISTENER:
        return kit.sessions, _nothing
    borrower = Borrower(kit.sessions)
    return borrower, borrower.give_up


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        first()
        second()

    return both


def _nothing() -> None:
    return None


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work
