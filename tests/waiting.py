"""Waiting in tests: for a condition, with a deadline, never for luck. For tests of processes, servers and threads."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import TypeVar

SECONDS = 10.0
PAUSE = 0.01  # seconds between two looks

T = TypeVar("T")


def wait_until(condition: Callable[[], T | None], seconds: float = SECONDS, *, what: str = "") -> T:
    """The condition's first true value; `AssertionError` when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(_late(seconds, what, found))
        time.sleep(PAUSE)


async def until(condition: Callable[[], T | Awaitable[T]], seconds: float = SECONDS, *, what: str = "") -> T:
    """`wait_until` for coroutines; the condition may be a plain function or an `async` one."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        found: T = await answer if isinstance(answer, Awaitable) else answer
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(_late(seconds, what, found))
        await asyncio.sleep(PAUSE)


def free_port() -> int:
    """A TCP port on this machine that nobody listens on just now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _late(seconds: float, what: str, found: object) -> str:
    return f"waited {seconds:g} s in vain for {what or 'a condition'}; it was last {found!r}"
