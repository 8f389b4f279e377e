"""What moves, told to open pages as it happens: one stream of server-sent events for each tab that is looked at.

Streams end by themselves when the session behind them ended and when the server stops; browsers come back and go on
where they were. Made once for a site; `pages.live` answers with a stream, `serving` closes them all.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from engine.history.changes import Changes, News

MOST = 500  # streams at once; each holds a connection and a little memory
PAUSE = 0.3  # seconds between two pieces of news: a page need not be told more often
HEARTBEAT = 15.0  # seconds; what stands between us and the browser may close what is silent
CHECK_EVERY = 30.0  # seconds between two looks whether the session still stands
RETRY = 3_000  # milliseconds after which a browser comes back

StillThere = Callable[[], Awaitable[bool]]


@dataclass
class Live:
    """All streams of a site."""

    open: int = 0
    check_every: float = CHECK_EVERY
    _closing: set[asyncio.Event] = field(default_factory=set)
    _closed: bool = False

    @property
    def is_full(self) -> bool:
        return self._closed or self.open >= MOST

    def close(self) -> None:
        """Ends all streams; called in their loop when the server stops."""
        self._closed = True
        for one in self._closing:
            one.set()

    async def stream(self, changes: Changes, marker: str, still_there: StillThere) -> AsyncIterator[str]:
        """The events from `marker` on."""
        stop = asyncio.Event()
        self._closing.add(stop)
        self.open += 1
        try:
            yield f"retry: {RETRY}\n\n"
            async for piece in _told(changes, marker, _Watched(still_there, self.check_every), stop):
                yield piece
        finally:
            self.open -= 1
            self._closing.discard(stop)


class _Watched:
    """Looks now and then whether the session still stands."""

    def __init__(self, still_there: StillThere, every: float) -> None:
        self._still_there, self._every = still_there, every
        self._at = time.monotonic() + every

    async def ended(self) -> bool:
        if time.monotonic() < self._at:
            return False
        self._at = time.monotonic() + self._every
        return not await self._still_there()


async def _told(changes: Changes, marker: str, session: _Watched, stop: asyncio.Event) -> AsyncIterator[str]:
    while not stop.is_set():
        news = await _next(changes, marker, stop)
        if news is None:
            return
        if await session.ended():
            yield "event: signed-out\ndata: {}\n\n"
            return
        marker = news.marker
        yield event(news)
        if news.moved or news.missed:
            await _waited(stop, PAUSE)


async def _next(changes: Changes, marker: str, stop: asyncio.Event) -> News | None:
    """The next news, or None when the stream is to end."""
    asking = asyncio.ensure_future(changes.next(marker, timeout=HEARTBEAT))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return asking.result() if asking.done() and not stop.is_set() else None
    finally:
        for one in (asking, stopping):
            one.cancel()
        await asyncio.gather(asking, stopping, return_exceptions=True)


async def _waited(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def event(news: News) -> str:
    """News as a piece of the stream; nothing new is a comment, which keeps the connection alive."""
    if not news.moved and not news.missed:
        return f": {news.marker}\n\n"
    runs = [{"id": one.run_id, "zap": one.zap_id, "state": one.state.value} for one in news.moved]
    data = json.dumps({"runs": runs, "missed": news.missed})
    return f"id: {news.marker}\nevent: runs\ndata: {data}\n\n"
