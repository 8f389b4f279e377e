"""Runs the sandbox of one app as a process of its own: `zapwerk sandbox APP`, which the demo starts.

Prints one line of JSON when it is ready: the values of `engine.sdk.records.Sandbox`. Ends with SIGTERM; and
when whoever started it is gone, if that one gave it a pipe to read from.
"""

import asyncio
import importlib
import json
import os
import signal
import stat
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.errors import NotFound
from engine.registry import Registry
from engine.sdk.records import Sandbox
from web import lifeline

STOPS_WITHIN = 5.0  # seconds

Serve = Callable[[Path, int], AbstractAsyncContextManager[Sandbox]]


def run(app: str, folder: Path, port: int) -> None:
    """Blocks until it is told to stop. Raises `NotFound`, and what the sandbox raises."""
    serve = found(Registry.load(), app)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    asyncio.run(_run(serve, folder, port))


def found(registry: Registry, app: str) -> Serve:
    """The sandbox's function. Raises `NotFound` for an app that has none."""
    connector = registry.connector(app)
    if connector.sandbox is None:
        raise NotFound(f"{connector.title} has no sandbox.")
    module, _, name = connector.sandbox.partition(":")
    serve: Any = getattr(importlib.import_module(module), name)
    return serve  # type: ignore[no-any-return]


async def _run(serve: Serve, folder: Path, port: int) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        lifeline.hold(loop, stop.set, within=STOPS_WITHIN)
    async with serve(folder, port) as sandbox:
        shown = {name: dict(value) if name != "url" else value for name, value in asdict(sandbox).items()}
        sys.stdout.write(json.dumps(shown) + "\n")
        sys.stdout.flush()
        await stop.wait()
