"""How many requests a second leave through our HTTP client, against bare aiohttp, both to the same local sink.

Run: `python -m benchmarks.wire [seconds] [concurrency]`. The sink runs in a process of its own; the two clients take
turns in short rounds, so that a noisy machine is unfair to both alike.
"""

import asyncio
import multiprocessing
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from statistics import median

import aiohttp
from aiohttp import web

from engine.connections.addresses import Guard
from engine.connections.client import Client
from engine.connections.signing import Fixed, Signature, Signed
from engine.connections.wire import Wire
from engine.sdk.http import Http

ROUNDS = 5
BODY = {"name": "Erika Mustermann", "email": "erika@example.com", "phone": "+49 30 12345"}

Request = Callable[[], Awaitable[None]]


def serve(ready: Connection) -> None:
    """A sink that answers every request with a small JSON."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"id": "c1", **BODY})

    async def main() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


async def per_second(request: Request, seconds: float, concurrency: int) -> float:
    """Requests a second with so many at a time."""
    ends, done = time.monotonic() + seconds, 0

    async def worker() -> None:
        nonlocal done
        while time.monotonic() < ends:
            await request()
            done += 1

    started = time.monotonic()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return done / (time.monotonic() - started)


async def measure(url: str, seconds: float, concurrency: int) -> dict[str, float]:
    """The median of some rounds for each client."""
    wire = Wire()
    transport = Signed(wire.transport(Guard(frozenset({"127.0.0.1"}))), Fixed(Signature(("X-Api-Key", "k" * 20))), url)
    http = Http(Client(transport), wait_for_turn=_at_once, base_url=url, idempotency_key="i" * 32)
    async with aiohttp.ClientSession() as session:

        async def bare() -> None:
            async with session.post(f"{url}/clients", json=BODY, headers={"X-Api-Key": "k" * 20}) as answer:
                await answer.json()

        async def ours() -> None:
            (await http.post("clients", json=BODY)).json()

        rounds: dict[str, list[float]] = {"bare aiohttp": [], "ctx.http": []}
        for _ in range(ROUNDS):
            rounds["bare aiohttp"].append(await per_second(bare, seconds / ROUNDS, concurrency))
            rounds["ctx.http"].append(await per_second(ours, seconds / ROUNDS, concurrency))
    await wire.close()
    return {name: median(found) for name, found in rounds.items()}


async def _at_once() -> None:
    return None


def main() -> None:
    """Print the figures."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    concurrency = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    here, there = multiprocessing.Pipe()
    sink = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    sink.start()
    try:
        found = asyncio.run(measure(f"http://127.0.0.1:{here.recv()}", seconds, concurrency))
    finally:
        sink.terminate()
    for name, rate in found.items():
        sys.stdout.write(f"{name:14} {rate:8.0f} requests/s\n")
    sys.stdout.write(f"share          {found['ctx.http'] / found['bare aiohttp']:8.0%}\n")


if __name__ == "__main__":
    main()
