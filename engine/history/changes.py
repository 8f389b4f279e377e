"""Which runs moved: what live pages are told. Called by the server-sent events; rung by the queue.

Every change of a run's state leaves a line in a short log, in the same transaction. A marker is a place in that log.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from engine.errors import Refused, Sentence
from engine.store import moves
from engine.store.database import Database
from engine.store.moves import Move

MOST_DIGITS = 18
MOST_TOLD = 500  # runs in one answer; where more moved, the page is drawn anew
LOOKS_EVERY = 1.0  # seconds, when nobody rings: another process may have changed something
GATHERS = 0.2  # seconds between looks where much moves


@dataclass(frozen=True)
class News:
    """What moved, each run once with its newest state; `marker` is where to go on. `missed` says that there was more
    than is told or kept: look at the page anew."""

    moved: tuple[Move, ...]
    marker: str
    missed: bool = False


class Changes:
    """Asks the database; `ring` only saves waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._newest = -1
        self._look_again_at = 0.0

    def marker(self) -> str:
        """Now: for a page that is drawn (take it before reading what the page shows)."""
        with self._database.read() as session:
            return str(moves.newest(session.connection()))

    def since(self, marker: str, *, zap_id: str | None = None) -> News:
        """What moved since then. Raises `Refused` for a marker that is none."""
        if not marker.isascii() or not marker.isdigit() or len(marker) > MOST_DIGITS:
            raise Refused(
                Sentence(
                    "This page is too old to be kept up to date. Please load it again.",
                    "Diese Seite ist zu alt, um aktuell zu bleiben. Bitte laden Sie sie neu.",
                )
            )
        after = int(marker)
        with self._database.read() as session:
            connection = session.connection()
            newest = moves.newest(connection)
            if after >= newest:
                return News((), marker)
            known = moves.reaches_back_to(connection, after)
            told = moves.between(connection, after, newest, limit=MOST_TOLD + 1, zap_id=zap_id) if known else []
        if not known or len(told) > MOST_TOLD:
            return News((), str(newest), missed=True)
        last = {move.run_id: move for move in told}
        return News(tuple(last.values()), str(newest))

    async def next(
        self,
        marker: str,
        *,
        zap_id: str | None = None,
        timeout: float = 20.0,  # noqa: ASYNC109 - nothing is cancelled: then it answers
    ) -> News:
        """What moved since then, as soon as something has; nothing when the time is over."""
        loop = asyncio.get_running_loop()
        end, rung = loop.time() + timeout, asyncio.Event()
        with self._rung_by(loop, rung):
            while True:
                rung.clear()
                news = await asyncio.to_thread(self._look, marker, zap_id)
                left = end - loop.time()
                if news.moved or news.missed or left <= 0:
                    return news
                marker = news.marker
                with suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), min(LOOKS_EVERY, left))
                    await asyncio.sleep(min(GATHERS, left))

    def ring(self) -> None:
        """Says that runs may have moved. From any thread."""
        with self._lock:
            waiting = list(self._waiting)
        for loop, rung in waiting:
            with suppress(RuntimeError):  # that loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(rung.set)

    def _look(self, marker: str, zap_id: str | None) -> News:
        """`since`, where anything moved at all: many pages that wait ask that together."""
        with self._looking:
            if time.monotonic() >= self._look_again_at:
                with self._database.read() as session:
                    self._newest = moves.newest(session.connection())
                self._look_again_at = time.monotonic() + GATHERS
            newest = self._newest
        nothing = marker == str(newest)
        return News((), marker) if nothing else self.since(marker, zap_id=zap_id)

    @contextmanager
    def _rung_by(self, loop: asyncio.AbstractEventLoop, rung: asyncio.Event) -> Iterator[None]:
        """While it waits, `ring` sets the event."""
        with self._lock:
            self._waiting.add((loop, rung))
        try:
            yield
        finally:
            with self._lock:
                self._waiting.discard((loop, rung))
