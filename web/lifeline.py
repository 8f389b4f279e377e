"""Ties a process to the one that started it: when that one is gone, however it went, this one stops.

The parent holds the other end of our standard input; the system closes it with the parent. Used by `serve` and
`sandbox` when the demo starts them.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress


def hold(loop: asyncio.AbstractEventLoop, stop: Callable[[], None], *, within: float) -> None:
    """Calls `stop` in the loop when standard input ends; ends the process `within` seconds later in any case."""
    thread = threading.Thread(target=_wait, args=(loop, stop, within), name="lifeline", daemon=True)
    thread.start()


def _wait(loop: asyncio.AbstractEventLoop, stop: Callable[[], None], within: float) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with suppress(RuntimeError):  # the loop has come to its end by itself, and there is nothing left to stop
        loop.call_soon_threadsafe(stop)
    threading.Event().wait(within)
    os._exit(1)
