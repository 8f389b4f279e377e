"""What a connector function is given besides its input: everything it may touch of the world.

`Context` goes to `async def` functions, `BlockingContext` to `def` functions, which run in a thread.
"""

import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from engine.sdk.connecting import Progress, unwatched
from engine.sdk.http import BlockingHttp, Http
from engine.sdk.records import Account, File

T = TypeVar("T")

NEWEST_FEW = 3  # records of a trigger that a person looks at unless more are asked for


class Files(Protocol):
    """Files by reference: content goes to the blob store, a `File` travels through the zap."""

    async def save(self, name: str, content: AsyncIterator[bytes] | bytes, content_type: str = "") -> File:
        """Keeps the content, whole or in pieces. Raises `PermanentFailure` for more than 30 MB."""
        ...

    def read(self, file: File) -> AsyncIterator[bytes]:
        """The content in pieces. Raises `PermanentFailure` when it is no longer kept."""
        ...


class BlockingFiles(Protocol):
    """`Files` for blocking functions."""

    def save(self, name: str, content: Iterator[bytes] | bytes, content_type: str = "") -> File: ...

    def read(self, file: File) -> Iterator[bytes]: ...


class Checkpoint(Protocol):
    """Notes that outlive a crash, for an action that makes one effect with several calls.

    A second try of the same step sees what the first one put; `value` is any JSON value.
    """

    def get(self, key: str) -> Any:
        """What was put under this key; None for nothing."""
        ...

    async def put(self, key: str, value: Any) -> None:
        """Durable when it returns."""
        ...


class BlockingCheckpoint(Protocol):
    """`Checkpoint` for blocking functions."""

    def get(self, key: str) -> Any: ...

    def put(self, key: str, value: Any) -> None: ...


class Sessions(Protocol):
    """Long-lived sessions of one connection (a mail server's), kept open between calls.

    `with ctx.sessions.borrow("inbox", open, close) as session:` gives the session of that name to one caller at a
    time, opening it if there is none. It is kept for the next caller, or closed when the block raised, when it
    has been idle for long, and when the engine stops.
    """

    def borrow(self, name: str, open: Callable[[], T], close: Callable[[T], None]) -> AbstractContextManager[T]:
        """Waits for its turn; raises `TemporaryFailure` when that takes more than three minutes."""
        ...


class Connect(Protocol):
    """Opens a TCP connection to a host that a person typed: resolved, checked, and only then connected.

    Blocking. `timeout` is in seconds and stays set on the socket. Raises `PermanentFailure` for an address that must
    not be reached (private networks that were not allowed, metadata services), `OSError` as the socket does.
    """

    def __call__(self, host: str, port: int, *, timeout: float) -> socket.socket: ...


@dataclass(frozen=True, kw_only=True)
class _Shared:
    account: Account | None
    """Who is signed in, as `check` said; None while `check` itself runs."""
    credentials: Any
    """What the person gave: an instance of the auth kind's `given` model, or a `Token` for OAuth2."""
    auth: str
    """The key of the auth kind the connection uses (“oauth2”, “credentials”)."""
    profile: Any
    """The profile of the app that the connection belongs to."""
    cursor: Any
    """A trigger's cursor as last committed; None at the first check."""
    newest: int = NEWEST_FEW
    """How many of the newest records a trigger with a cursor should yield where `cursor` is None: a rehearsal asks for
    more than a first check. Fewer are no error."""
    idempotency_key: str
    """The same at every try of the same step; empty outside actions and their lookups."""
    started_at: datetime | None
    """When the first try of this step began; None outside actions and their lookups."""
    log: logging.Logger
    """Goes to the engine's log; secrets of the connection are blotted out."""
    now: Callable[[], datetime]
    """The engine's clock, in UTC."""
    stopping: Callable[[], bool]
    """True when a listener should return soon: the engine stops, or it heard nothing for an hour and is begun again."""
    sessions: Sessions
    """Long-lived sessions that are kept open between calls."""
    connect: Connect
    """Opens a TCP connection, where HTTP is not enough."""
    progress: Progress = unwatched
    """Tells a person who waits for `check` how far it is; does nothing elsewhere. May be called from any function."""


@dataclass(frozen=True, kw_only=True)
class Context(_Shared):
    """What an `async def` function may touch of the world."""

    http: Http
    """Calls the service."""
    files: Files
    """Keeps and reads files."""
    checkpoint: Checkpoint
    """Notes that outlive a crash."""


@dataclass(frozen=True, kw_only=True)
class BlockingContext(_Shared):
    """The same for `def` functions, which run in a thread: the calls of `http`, `files` and `checkpoint` block."""

    http: BlockingHttp
    files: BlockingFiles
    checkpoint: BlockingCheckpoint
