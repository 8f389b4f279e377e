"""Waiting in tests: for a condition, with a deadline, never for luck. For tests of processes, servers and threads."""

import asyncio
import itertools
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
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


def free_port(together: int = 1) -> int:
    """A TCP port on this machine that nobody listens on just now, the first of so many `together`.

    Below the ports that the system gives to connections going out, and in a part of its own for each test process: so
    nothing takes it between the question and its use, and it stays free after a server was killed.
    """
    for port in _ports:
        if all(_is_free(port + more) for more in range(together)):
            return port
    raise AssertionError("no free port")


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _own_ports() -> Iterator[int]:
    part = os.getpid() % PARTS
    return itertools.cycle(range(FIRST_PORT + part * PORTS_EACH, FIRST_PORT + (part + 1) * PORTS_EACH, 2))


FIRST_PORT, PARTS, PORTS_EACH = 12_000, 200, 100  # 12,000 to 32,000
_ports = _own_ports()


def _late(seconds: float, what: str, found: object) -> str:
    return f"waited {seconds:g} s in vain for {what or 'a condition'}; it was last {found!r}"
