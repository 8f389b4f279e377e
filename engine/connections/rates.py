"""Keeps a connection's rate: at most so many calls in so much time, first come, first served. Used by `contexts`.

The time is a sliding window, as services count it: a bucket that fills up evenly would let up to twice as many calls
through in its first window.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from engine.sdk.schedules import Rate

SLACK = 0.001  # seconds; a timer may fire a hair early


class Turns:
    """Hands out turns at a rate, or at once without one. For one event loop."""

    def __init__(self, rate: Rate | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = rate.calls if rate else 0
        self._per = rate.per.total_seconds() if rate else 0.0
        self._clock = clock
        self._given: deque[float] = deque()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def take(self) -> None:
        """Returns when it is this caller's turn."""
        if not self._calls or (not self._waiting and self._give() <= 0):
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        self._serve()
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._given.pop()  # the turn came in the same moment: it goes to the next
            self._serve()
            raise

    def _serve(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            if self._waiting[0].done():
                self._waiting.popleft()
            elif (wait := self._give()) > 0:
                self._timer = asyncio.get_running_loop().call_later(wait, self._serve)
                return
            else:
                self._waiting.popleft().set_result(None)

    def _give(self) -> float:
        """Note a turn and return 0, or return the seconds until there is one."""
        now = self._clock()
        if len(self._given) >= self._calls:
            wait = self._given[0] + self._per - now
            if wait > SLACK:
                return wait
            self._given.popleft()
        self._given.append(now)
        return 0
