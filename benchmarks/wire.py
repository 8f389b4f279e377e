"""How many requests a second leave through our HTTP client, against bare aiohttp, both to the same local sink.

    python -m benchmarks.wire [--seconds S] [--concurrency C] [--json]

The sink runs in a process of its own; the two clients take turns in short rounds, so that a noisy machine is unfair to
both alike.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from statistics import median

import aiohttp

from benchmarks import sink
from benchmarks.figures import table
from engine.connections.addresses import Guard
from engine.connections.client import Client
from engine.connections.signing import Fixed, Signature, Signed
from engine.connections.wire import Wire
from engine.sdk.http import Http

ROUNDS = 5
BODY = {"id": "c1", "name": "Erika Mustermann", "email": "erika@example.com", "phone": "+49 30 12345"}

Request = Callable[[], Awaitable[None]]


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
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--concurrency", type=int, default=16)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with sink.running() as running:
        found = asyncio.run(measure(running.url, given.seconds, given.concurrency))
    figures = {f"{name}, requests a second": round(rate) for name, rate in found.items()}
    told = {**figures, "share of bare aiohttp": round(found["ctx.http"] / found["bare aiohttp"], 3)}
    print(json.dumps(told) if given.json else table(told))


if __name__ == "__main__":
    main()
