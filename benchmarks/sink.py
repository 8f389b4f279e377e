"""The service that benchmarks send their effects to, as a process of its own: `python -m benchmarks.sink [--port N]`.

A POST of a JSON object with an `id` is an effect; when the first one with this id came, and how many, is remembered.
Its first line on stdout is its address. `Sink` is what a benchmark holds in its hand:

    PUT /manners {"hold": SECONDS, "status": 200}    how it answers from now on; what it holds is answered then
    GET /state                                       counts
    GET /effects                                     by id: how often it came, and when it came first
    DELETE /effects                                  forgets them

Times are of the system's monotonic clock, which all processes of a machine share.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx

from benchmarks.http1 import BadMessage, Message, Reader, answer
from tests.processes import child

Send = Callable[[bytes], None]

DONE_STATUS = 200
DONE = answer(DONE_STATUS, b'{"ok": true}')


class Arrived(NamedTuple):
    """The effects of one id."""

    times: int
    first: float


@dataclass(frozen=True)
class Manners:
    """How effects are answered: after how many seconds, and with which status."""

    hold: float = 0.0
    status: int = DONE_STATUS


@dataclass
class Book:
    """What was done so far."""

    effects: dict[str, Arrived] = field(default_factory=dict)
    total: int = 0
    refused: int = 0
    last: float = 0.0
    manners: Manners = Manners()
    _held: dict[int, tuple[asyncio.TimerHandle, Send]] = field(default_factory=dict)
    _held_so_far: int = 0

    def take(self, body: bytes, send: Send) -> None:
        """Answers an effect. One that is refused is none."""
        manners = self.manners
        if manners.status != DONE_STATUS:
            self.refused += 1
            send(answer(manners.status, b'{"ok": false}'))
            return
        self._note(json.loads(body)["id"])
        if manners.hold:
            self._hold(manners.hold, send)
        else:
            send(DONE)

    def behave(self, manners: Manners) -> None:
        """From now on; whoever waits for an answer gets it."""
        self.manners = manners
        for handle, send in list(self._held.values()):
            handle.cancel()
            send(DONE)
        self._held.clear()

    def forget(self) -> None:
        self.effects, self.total, self.refused, self.last = {}, 0, 0, 0.0

    @property
    def state(self) -> dict[str, Any]:
        counts = {"different": len(self.effects), "effects": self.total, "refused": self.refused}
        return {**counts, "last": self.last, "held": len(self._held)}

    def _note(self, effect: str) -> None:
        now = time.monotonic()
        known = self.effects.get(effect)
        self.effects[effect] = Arrived(known.times + 1, known.first) if known else Arrived(1, now)
        self.total += 1
        self.last = now

    def _hold(self, seconds: float, send: Send) -> None:
        self._held_so_far += 1
        number = self._held_so_far
        handle = asyncio.get_running_loop().call_later(seconds, self._answer_held, number)
        self._held[number] = (handle, send)

    def _answer_held(self, number: int) -> None:
        self._held.pop(number)[1](DONE)


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._reader = Reader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._reader.feed(data):
                self._take(message)
        except (BadMessage, LookupError, TypeError, ValueError) as error:
            self._send(answer(400, json.dumps({"problem": repr(error)}).encode()))
            self._transport.close()

    def _take(self, message: Message) -> None:
        if message.first.startswith(b"POST"):
            self._book.take(message.body, self._send)
        else:
            self._send(answer(200, json.dumps(self._told(message)).encode()))

    def _told(self, message: Message) -> Any:
        match message.first.split(b" ", 1)[0], message.path:
            case b"GET", "/effects":
                return self._book.effects
            case b"DELETE", "/effects":
                self._book.forget()
            case b"PUT", "/manners":
                self._book.behave(Manners(**json.loads(message.body)))
        return self._book.state

    def _send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)


async def serve(port: int) -> None:
    """Until the process ends."""
    book = Book()
    server = await asyncio.get_running_loop().create_server(lambda: Caller(book), "127.0.0.1", port, backlog=1024)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


class Sink:
    """A running sink."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=60)

    def behave(self, *, hold: float = 0.0, status: int = DONE_STATUS) -> None:
        """How it answers from now on."""
        self._client.put("/manners", json={"hold": hold, "status": status}).raise_for_status()

    def state(self) -> dict[str, Any]:
        """`different` and all `effects`, how many were `refused`, when the `last` came, how many answers are `held`."""
        found: dict[str, Any] = self._client.get("/state").json()
        return found

    def effects(self) -> dict[str, Arrived]:
        """By id."""
        return {name: Arrived(*arrived) for name, arrived in self._client.get("/effects").json().items()}

    def forget(self) -> None:
        self._client.delete("/effects").raise_for_status()

    def close(self) -> None:
        self._client.close()


@contextmanager
def running(port: int = 0) -> Iterator[Sink]:
    """A sink in a process of its own."""
    with child([sys.executable, "-m", "benchmarks.sink", "--port", str(port)]) as process:
        assert process.stdout is not None
        sink = Sink(process.stdout.readline().strip())
        try:
            yield sink
        finally:
            sink.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=0)
    asyncio.run(serve(options.parse_args().port))


if __name__ == "__main__":
    main()
