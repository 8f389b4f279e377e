"""Runs one function of a connector, async or blocking, for a limited time. Called by `calls` and `pulling`.

What runs is heard: its prints go to the connector's log, and what it logs is redacted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine.connections import prints, redaction
from engine.connections.contexts import Kit
from engine.connections.pools import Outcome, Place, Pool
from engine.sdk.errors import OutcomeUnknown, TemporaryFailure

GRACE = 1.0  # seconds a cancelled function has to clean up

Ended = asyncio.Future[Any]


class EffectTimedOut(OutcomeUnknown):
    """An action did not end in time. It may still be running: wait for `ended` before anything else is done."""

    def __init__(self, message: str, ended: Ended) -> None:
        super().__init__(message)
        self.ended = ended


class ReadTimedOut(TemporaryFailure):
    """A check, trigger or search did not end in time. It may still be running until `ended`."""

    def __init__(self, message: str, ended: Ended) -> None:
        super().__init__(message)
        self.ended = ended


class Overran(Exception):
    """The time was over before the function ended; it runs until `ended`."""

    def __init__(self, ended: Ended) -> None:
        super().__init__()
        self.ended = ended


@contextmanager
def heard(kit: Kit) -> Iterator[None]:
    """Tasks and threads that begin in here count as the connector speaking."""
    current, speaker = redaction.current.set(kit.redactor), prints.speaker.set(prints.Speaker(kit.log))
    try:
        yield
    finally:
        prints.speaker.reset(speaker)
        redaction.current.reset(current)


async def run_async(work: Callable[[], Awaitable[Any]], place: Place, seconds: float) -> Outcome:
    """Await `work()` in a task of its own. Raises `Overran`; then it was told to stop."""
    task = asyncio.ensure_future(captured_async(work))
    place.occupy()
    task.add_done_callback(lambda _: place.vacate())
    try:
        await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        await stop(task)
        raise
    if task.done():
        return task.result()
    await stop(task)
    raise Overran(task)


async def run_blocking(pool: Pool, work: Callable[[], Any], place: Place, seconds: float) -> Outcome:
    """Call `work()` in a thread. Raises `Overran`; nobody can stop a thread, so it keeps its place until it ends."""
    ended = pool.run(work, place)
    await asyncio.wait({ended}, timeout=seconds)
    if ended.done():
        return ended.result()
    raise Overran(ended)


async def captured_async(work: Callable[[], Awaitable[Any]]) -> Outcome:
    """Awaits connector code; nothing gets past it. (`SystemExit` in a task would end the event loop.)"""
    try:
        return Outcome(await work())
    except BaseException as error:  # noqa: BLE001  a connector must not end the engine
        return Outcome(error=error)


async def stop(task: "asyncio.Future[Any]") -> None:
    """Cancel, and give it a moment to clean up."""
    task.cancel()
    await asyncio.wait({task}, timeout=GRACE)
