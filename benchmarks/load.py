"""The load generator, as a process of its own: so many POSTs of 1 KB of JSON over so many kept-open connections.

    python -m benchmarks.load URL [--requests N] [--connections C] [--rate R] [--resend SECONDS] [--hang-up N]
                              [--note FILE]

Without a rate, each connection sends its next request when it has its answer. With a rate, requests are due at even
distances, and the time of an answer counts from when its request was due, so that a slow server cannot hide behind the
requests it kept from being sent. With `--resend`, what got no answer below 500 is sent again with the same
Idempotency-Key, as senders of webhooks do, for so many seconds. With `--hang-up`, every so-manieth request is one whose
answer gets lost: the connection is closed when it was sent, and at once it is sent again.

Prints one line of JSON (see `Load.told`); `--note` writes a line of JSON for each request (see `Shot`). It speaks HTTP
over bare asyncio protocols, because it shares the machine with what it loads: a request costs it a third of what it
costs aiohttp’s client.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from benchmarks.figures import spread
from benchmarks.http1 import Reader, request

BODY_SIZE = 1024  # bytes
PAUSE = 0.05  # seconds before a request is sent again; doubles up to MAX_PAUSE
MAX_PAUSE = 0.8
GIVES_UP_AFTER = 1800.0  # seconds for the whole load


class Shot(NamedTuple):
    """What became of a request: due and answered in seconds of the monotonic clock. Status 0: there was no answer."""

    id: str
    due: float
    answered: float
    status: int
    tries: int


@dataclass(frozen=True)
class Order:
    """What to send, and where to."""

    url: str
    requests: int = 10_000
    connections: int = 50
    rate: float | None = None
    resend: float = 0.0
    hang_up: int = 0
    prefix: str = "r"

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def raw(self, name: str) -> bytes:
        """The request with this id, as it goes over the wire."""
        path = urlsplit(self.url).path or "/"
        return request("POST", path, self.host, body_of(name), ("Idempotency-Key", name))

    @property
    def words(self) -> list[str]:
        """The command line that says the same."""
        given = [f"--requests={self.requests}", f"--connections={self.connections}", f"--prefix={self.prefix}"]
        given += [f"--resend={self.resend}", f"--hang-up={self.hang_up}"]
        return [self.url, *given, *([f"--rate={self.rate}"] if self.rate else [])]


def body_of(name: str) -> bytes:
    """A JSON object with this id, of `BODY_SIZE`."""
    start, end = f'{{"id": "{name}", "text": "', '"}'
    return (start + "x" * (BODY_SIZE - len(start) - len(end)) + end).encode()


class Line(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._reader = Reader()
        self._answer: asyncio.Future[int] | None = None
        self.open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    async def ask(self, raw: bytes) -> int:
        """The status of the answer. Raises `ConnectionError`."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(raw)
        return await self._answer

    def leave(self, raw: bytes) -> None:
        """Sends, and does not wait for the answer."""
        self._transport.write(raw)
        self._transport.close()
        self.open = False

    def data_received(self, data: bytes) -> None:
        for message in self._reader.feed(data):
            if message.closes:
                self.open = False
                self._transport.close()
            if self._answer and not self._answer.done():
                self._answer.set_result(message.status)

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("closed before an answer"))


@dataclass
class Load:
    """One load, over all connections."""

    order: Order
    shots: list[Shot] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    resent: int = 0

    async def run(self) -> None:
        """Returns when every request has its answer, or was given up."""
        started = time.monotonic()
        coming = self._due(started)
        async with asyncio.timeout(GIVES_UP_AFTER):
            await asyncio.gather(*(self._work(coming) for _ in range(self.order.connections)))

    def told(self) -> dict[str, Any]:
        """What it prints: rate, statuses, faults by name, and the times of the answers in milliseconds."""
        good = [shot for shot in self.shots if 200 <= shot.status < 300]
        begun, ended = min(s.due for s in self.shots), max(s.answered for s in self.shots)
        return {
            "requests": len(self.shots),
            "accepted": len(good),
            "seconds": round(ended - begun, 3),
            "accepted a second": round(len(good) / (ended - begun), 1),
            "begun": begun,
            "statuses": Counter(str(shot.status) for shot in self.shots),
            "faults": self.faults,
            "resent": self.resent,
            "answer, ms": spread([shot.answered - shot.due for shot in good]),
        }

    def _due(self, started: float) -> Iterator[tuple[str, float]]:
        """The ids of the requests, and when each is due."""
        for number in range(self.order.requests):
            due = started + number / self.order.rate if self.order.rate else time.monotonic()
            yield f"{self.order.prefix}{number:07d}", due

    async def _work(self, coming: Iterator[tuple[str, float]]) -> None:
        line: Line | None = None
        for name, due in coming:
            if (ahead := due - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            raw, status, tries = self.order.raw(name), 0, 0
            if self._hangs_up(name):
                await self._left(line, raw)
                line = None
            while tries == 0 or self._again(status, due):
                await asyncio.sleep(min(PAUSE * 2 ** (tries - 1), MAX_PAUSE) if tries else 0)
                line, status = await self._ask(line, raw)
                tries += 1
            self.resent += tries - 1
            self.shots.append(Shot(name, due, time.monotonic(), status, tries))

    def _again(self, status: int, due: float) -> bool:
        return (status == 0 or status >= 500) and time.monotonic() < due + self.order.resend

    def _hangs_up(self, name: str) -> bool:
        every = self.order.hang_up
        return bool(every) and int(name.removeprefix(self.order.prefix)) % every == 0

    async def _left(self, line: Line | None, raw: bytes) -> None:
        """Sends a request whose answer nobody hears."""
        try:
            line = line if line and line.open else await self._connected()
        except OSError as error:
            self.faults[type(error).__name__] += 1
        else:
            line.leave(raw)
            self.faults["hung up"] += 1

    async def _ask(self, line: Line | None, raw: bytes) -> tuple[Line | None, int]:
        """The connection to go on with, and the status of the answer; 0 for none."""
        try:
            if line is None or not line.open:
                line = await self._connected()
            return line, await line.ask(raw)
        except OSError as error:
            self.faults[type(error).__name__] += 1
            return None, 0

    async def _connected(self) -> Line:
        host, _, port = self.order.host.partition(":")
        _, line = await asyncio.get_running_loop().create_connection(Line, host, int(port or 80))
        return line


def noted(file: Path) -> list[Shot]:
    """The requests that a load wrote down."""
    return [Shot(*json.loads(line)) for line in file.read_text().splitlines()]


def begun(order: Order, note: Path) -> "subprocess.Popen[str]":
    """A load in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load", *order.words, "--note", str(note)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ended(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """What it told, when it is done."""
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"the load generator ended with {process.returncode}")
    told: dict[str, Any] = json.loads(out)
    return told


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("url")
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--connections", type=int, default=50)
    options.add_argument("--rate", type=float)
    options.add_argument("--resend", type=float, default=0.0)
    options.add_argument("--hang-up", type=int, default=0)
    options.add_argument("--prefix", default="r", help="what the ids begin with")
    options.add_argument("--note", type=Path)
    given = vars(options.parse_args())
    note = given.pop("note")
    load = Load(Order(**given))
    asyncio.run(load.run())
    if note:
        note.write_text("".join(json.dumps(shot) + "\n" for shot in load.shots))
    print(json.dumps(load.told()))


if __name__ == "__main__":
    main()
