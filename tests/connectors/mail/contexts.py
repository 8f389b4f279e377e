"""A `BlockingContext` for tests of mail connectors without the engine: a plain socket, files in memory.

These are seams of the SDK, filled with the simplest thing that keeps their promise; sessions are the engine's.
"""

import hashlib
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Any, cast

from engine.connections.sessions import KeptSessions
from zapwerk import Account, BlockingContext, File


@dataclass
class MemoryFiles:
    """Keeps what is saved, by reference."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def save(self, name: str, content: Iterator[bytes] | bytes, content_type: str = "") -> File:
        data = content if isinstance(content, bytes) else b"".join(content)
        ref = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.contents[ref] = data
        return File(ref=ref, name=name, content_type=content_type or "application/octet-stream", size=len(data))

    def read(self, file: File) -> Iterator[bytes]:
        yield self.contents[file.ref]


class Sessions:
    """The engine's own, counting what was opened; can be used again after `close`."""

    def __init__(self) -> None:
        self.opened = 0
        self._kept = KeptSessions()

    @contextmanager
    def borrow(self, name: str, open: Callable[[], Any], close: Callable[[Any], None]) -> Iterator[Any]:
        def counted() -> Any:
            self.opened += 1
            return open()

        with self._kept.borrow(name, counted, close) as session:
            yield session

    def close(self) -> None:
        self._kept.close()
        self._kept = KeptSessions()


@dataclass
class Connections:
    """Opens plain sockets and remembers them, so that a test can count, cut or find leaked ones."""

    sockets: list[socket.socket] = field(default_factory=list)

    def __call__(self, host: str, port: int, *, timeout: float) -> socket.socket:
        opened = socket.create_connection((host, port), timeout=timeout)
        self.sockets.append(opened)
        return opened

    @property
    def closed(self) -> bool:
        return all(each.fileno() == -1 for each in self.sockets)


@dataclass
class Bench:
    """One connection of a connector, as the engine would keep it between calls."""

    credentials: Any
    profile: Any
    auth: str = "credentials"
    cursor: Any = None
    newest: int = 3
    files: MemoryFiles = field(default_factory=MemoryFiles)
    sessions: Sessions = field(default_factory=Sessions)
    connect: Connections = field(default_factory=Connections)
    stop: Event = field(default_factory=Event)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    warnings: list[str] = field(default_factory=list)

    @property
    def context(self) -> BlockingContext:
        return BlockingContext(
            account=Account("test", "test"),
            credentials=self.credentials,
            auth=self.auth,
            profile=self.profile,
            cursor=self.cursor,
            newest=self.newest,
            idempotency_key="",
            started_at=None,
            log=logging.getLogger("test.mail"),
            now=self.now,
            stopping=self.stop.is_set,
            sessions=self.sessions,
            connect=self.connect,
            http=cast(Any, None),
            files=cast(Any, self.files),
            checkpoint=cast(Any, None),
        )

    def poll(self, trigger: Any, **given: Any) -> list[Any]:
        """One check as the engine does it: the records of all pages; the cursor moves with each page."""
        records: list[Any] = []
        for page in trigger(self.context, trigger.given(**given)):
            records.extend(page.records)
            self.cursor = page.cursor
            self.warnings += [page.warning] if page.warning else []
        return records

    def close(self) -> None:
        self.stop.set()
        self.sessions.close()
