"""The processes that the demo starts, and their end. Whatever becomes of the demo, none of them is left behind:
each holds the other end of a pipe that the system closes with us (`lifeline`).
"""

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Refused
from engine.settings import PREFIX

STARTS_WITHIN = 60.0  # seconds; a slow disk may have to read all modules first
STOPS_WITHIN = 12.0
LAST_WORDS = 2000  # characters of a log
HOST = "127.0.0.1"
PORTS = range(20_000, 32_000, 4)  # to choose from: the system gives none of them to connections going out


@dataclass(frozen=True)
class Child:
    """One of them."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def gone(self) -> bool:
        return self.process.poll() is not None

    def must_live(self) -> None:
        """Raises `Refused` with its last words if it has ended."""
        if self.gone:
            raise Refused(f"{self.name} has ended (exit code {self.process.returncode}). {self.last_words()}")

    def last_words(self) -> str:
        """The end of its log."""
        words = self.log.read_text("utf-8", errors="replace")[-LAST_WORDS:].strip()
        return f"Its last words (all of them are in {self.log}):\n{words}" if words else f"See {self.log}."

    def ready_line(self) -> dict[str, Any]:
        """The line of JSON that it prints when it is ready. Raises `Refused`."""
        assert self.process.stdout is not None
        ends_at, said = time.monotonic() + STARTS_WITHIN, b""
        while not said.endswith(b"\n"):
            readable, _, _ = select.select([self.process.stdout], [], [], max(ends_at - time.monotonic(), 0))
            piece = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            if not piece:
                self.process.wait(1) if readable else None
                self.must_live()
                raise Refused(f"{self.name} did not start within {STARTS_WITHIN:.0f} s. {self.last_words()}")
            said += piece
        line: dict[str, Any] = json.loads(said)
        return line


class Children:
    """All of them; leaving the block ends them."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self.all: list[Child] = []

    def start(self, name: str, arguments: Sequence[str]) -> Child:
        """Starts `zapwerk` with these arguments."""
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self._logs / f"{name.lower().replace(' ', '-')}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603 (ourselves)
                [sys.executable, "-P", "-m", "web.cli", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=clean_environment(),
                start_new_session=True,  # Ctrl-C is for us; they are stopped in order
            )
        child = Child(name, process, log)
        self.all.append(child)
        return child

    def stop(self) -> None:
        """The last one started first: Zapwerk before the mailbox it listens to."""
        for child in reversed(self.all):
            _stop(child)
        self.all.clear()


@contextmanager
def children(logs: Path) -> Iterator[Children]:
    """Ends all of them at the end of the block, also for SIGTERM and a closed terminal."""
    kept = Children(logs)
    before = {number: signal.signal(number, _interrupted) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield kept
    finally:
        kept.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def clean_environment() -> dict[str, str]:
    """Ours without any `ZAPWERK_…`: what is set there belongs to another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def port_for(wanted: int | None, *, taken: Sequence[int] = (), neighbours: int = 1) -> int:
    """`wanted` if it is free, with its neighbours; else free ones."""
    candidates = [wanted] if wanted else []
    while True:
        port = candidates.pop() if candidates else random.choice(PORTS)  # noqa: S311 - no secret
        wanted_ports = range(port, port + neighbours)
        if not set(wanted_ports) & set(taken) and all(_is_free(one) for one in wanted_ports):
            return port


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
        return True


def _stop(child: Child) -> None:
    process = child.process
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt
