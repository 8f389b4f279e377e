"""Threads for blocking connector functions: bounded pools, so that a connector that hangs only harms itself.

`Calls` takes a `Place` before it starts anything; whoever holds one may run one thing. Threads are daemons: one that
hangs for ever does not keep the engine from exiting. For one event loop.
"""

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

THREAD_IDLE = 30.0  # seconds until an unused thread ends


@dataclass
class Outcome:
    """How a function ended: with a value or, whatever it was, an error."""

    value: Any = None
    error: BaseException | None = None

    def get(self) -> Any:
        """The value, or raises the error."""
        if self.error is not None:
            raise self.error
        return self.value


@dataclass
class Place:
    """The right to run one thing in a pool. It is given back when its holder let go *and* nothing runs in it."""

    give_back: Callable[[], None] = lambda: None
    paid: bool = False
    """Whether the first turn of the connection's rate was waited for already."""
    _running: int = 0
    _left: bool = False

    def occupy(self) -> None:
        """Something begins to run here."""
        self._running += 1

    def vacate(self) -> None:
        """It ended."""
        self._running -= 1
        self._settle()

    def leave(self) -> None:
        """The holder does not need it any more."""
        if not self._left:
            self._left = True
            self._settle()

    def _settle(self) -> None:
        if self._left and not self._running:
            self.give_back()


@dataclass
class Pool:
    """At most `size` threads with one purpose."""

    name: str
    size: int

    def __post_init__(self) -> None:
        self._places = asyncio.Semaphore(self.size)
        self._jobs: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._idle = 0
        self._threads = 0
        self._closed = False

    async def place(self) -> Place:
        """Waits for a free place; first come, first served."""
        await self._places.acquire()
        return Place(self._places.release)

    def run(self, work: Callable[[], Any], place: Place) -> "asyncio.Future[Outcome]":
        """Run `work` in a thread, in the context of the caller. The future gets an `Outcome` in any case.

        Cancelling the future does not end the thread, nor free its place.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Outcome] = loop.create_future()
        place.occupy()
        context = contextvars.copy_context()

        def job() -> None:
            outcome = context.run(captured, work)
            try:
                loop.call_soon_threadsafe(_settle, ended, outcome, place)
            except RuntimeError:
                return  # the loop was closed while this was running: nobody waits for it any more

        self._submit(job)
        return ended

    def close(self) -> None:
        """Let idle threads end now, and the others as soon as they have finished."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _submit(self, job: Callable[[], None]) -> None:
        with self._changed:
            self._jobs.append(job)
            # Whoever has a place but finds all threads taken need not wait for long: one of them is coming back.
            if self._idle >= len(self._jobs) or self._threads >= self.size:
                self._changed.notify()
                return
            self._threads += 1
        threading.Thread(target=self._work, name=self.name, daemon=True).start()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job()
            del job  # an idle thread must not keep alive what it last worked on

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._idle += 1
            while not self._jobs and not self._closed:
                if not self._changed.wait(THREAD_IDLE) and not self._jobs:
                    break
            self._idle -= 1
            if self._jobs:
                return self._jobs.popleft()
            self._threads -= 1
            return None


def captured(work: Callable[[], Any]) -> Outcome:
    """Runs connector code; nothing gets past it, not even `SystemExit`."""
    try:
        return Outcome(work())
    except BaseException as error:  # noqa: BLE001  a connector must not end the engine
        return Outcome(error=error)


def _settle(ended: "asyncio.Future[Outcome]", outcome: Outcome, place: Place) -> None:
    if not ended.done():
        ended.set_result(outcome)
    place.vacate()
