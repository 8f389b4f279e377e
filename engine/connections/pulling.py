"""Reads a connector's generator one element at a time, async and blocking ones alike. Called by `Calls.poll`.

A generator is driven by one task or one thread from its first step to its closing: sessions it borrowed, locks and
time-outs inside it belong to that task or thread.
"""

import asyncio
import queue
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from engine.connections.pools import Outcome, Place, Pool, captured
from engine.connections.running import Overran, captured_async, stop

END = object()
CLOSING = 5.0  # seconds a generator has to clean up before we go on without it

Answer = asyncio.Future[Outcome]


class Pull(Protocol):
    """A generator under way."""

    async def next(self, seconds: float) -> Outcome:
        """Its next element; or `END`, how it failed, or `Overran`, and then it is over."""
        ...

    async def close(self) -> None:
        """Let it clean up. Always to be called."""
        ...


class AsyncPull:
    """See `Pull`; driven by a task."""

    def __init__(self, make: Callable[[], Any], place: Place) -> None:
        self._make = make
        self._asks: asyncio.Queue[Answer | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._drive())
        place.occupy()
        self._task.add_done_callback(lambda _: place.vacate())

    async def next(self, seconds: float) -> Outcome:
        """As `Pull.next`."""
        answer: Answer = asyncio.get_running_loop().create_future()
        self._asks.put_nowait(answer)
        await asyncio.wait({answer}, timeout=seconds)
        if answer.done():
            return answer.result()
        await stop(self._task)
        raise Overran(self._task)

    async def close(self) -> None:
        """As `Pull.close`."""
        self._asks.put_nowait(None)
        await asyncio.wait({self._task}, timeout=CLOSING)
        if not self._task.done():
            await stop(self._task)

    async def _drive(self) -> None:
        iterator: Any = None
        outcome = Outcome()
        while outcome.error is None and outcome.value is not END and (answer := await self._asks.get()) is not None:
            if iterator is None:
                made = captured(self._make)
                iterator, outcome = made.value, made
            if outcome.error is None:
                outcome = await captured_async(partial(_anext, iterator))
            if not answer.done():
                answer.set_result(outcome)
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await captured_async(close)


class ThreadPull:
    """See `Pull`; driven by a thread of the pool."""

    def __init__(self, make: Callable[[], Any], place: Place, pool: Pool) -> None:
        self._make = make
        self._asks: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._ended = pool.run(self._drive, place)

    async def next(self, seconds: float) -> Outcome:
        """As `Pull.next`."""
        answer: Answer = self._loop.create_future()
        self._asks.put(answer)
        await asyncio.wait({answer}, timeout=seconds)
        if answer.done():
            return answer.result()
        raise Overran(self._ended)

    async def close(self) -> None:
        """As `Pull.close`."""
        self._asks.put(None)
        await asyncio.wait({self._ended}, timeout=CLOSING)

    def _drive(self) -> None:
        iterator: Any = None
        outcome = Outcome()
        while outcome.error is None and outcome.value is not END and (answer := self._asks.get()) is not None:
            if iterator is None:
                made = captured(self._make)
                iterator, outcome = made.value, made
            if outcome.error is None:
                outcome = captured(partial(next, iterator, END))
            self._loop.call_soon_threadsafe(_answer, answer, outcome)
        close = getattr(iterator, "close", None)
        if close is not None:
            captured(close)


async def _anext(iterator: Any) -> Any:
    return await anext(iterator, END)


def _answer(answer: Answer, outcome: Outcome) -> None:
    if not answer.done():
        answer.set_result(outcome)
