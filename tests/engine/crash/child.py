"""One engine in a process of its own, on the data folder that is named: what the crash test starts and kills.

Ends in good order on SIGTERM.
"""

import asyncio
import logging
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from engine.registry import Registry
from engine.runtime import Engine, Runtime
from engine.settings import Settings
from tests.engine.crash.app import ledger


def settings_of(data: Path) -> Settings:
    """Quick, so that the test is short; the settling time is longer than the ledger's slowest answer."""
    return Settings(data=data, settle=timedelta(seconds=0.4), tick=timedelta(seconds=0.05))


async def run(data: Path) -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    runtime = Runtime(settings_of(data), registry=Registry.of(ledger))
    engine = Engine(runtime)
    await engine.start()
    await told.wait()
    await engine.stop()
    await runtime.close()


def main(data: str, log: str) -> None:
    """The whole life of the process."""
    with Path(log).open("a") as words:
        os.dup2(words.fileno(), sys.stderr.fileno())
    logging.basicConfig(level=logging.INFO)
    asyncio.run(run(Path(data)))
