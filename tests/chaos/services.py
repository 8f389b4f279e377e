"""The four services and their ledgers, in a process of their own: `python -m tests.chaos.services FOLDER SEED LAG`.

Every effect is a line in FOLDER/effects.jsonl before it is answered. The first line on stdout is the address.

    POST /SERVICE/ACTION   an effect; GET the same finds those with a reference of ours, or of a customer
    POST /orders           a new order; GET /SERVICE/orders lists them
    PUT  /trap             in one of the next calls, kill a process
    PUT  /calm             from now on behave
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.chaos import faults
from tests.chaos.faults import WELL, Manner

REFUSES_AFTER = 2.0  # seconds since it was sent: nothing is done later, and that is what lookups rely on
HOLDS = 10.0  # seconds until a call that gets no answer is closed
ORDER_FAULTS = 25  # one in so many looks at the orders fails


@dataclass(frozen=True)
class Effect:
    """A line of the ledger."""

    number: int
    service: str
    action: str
    reference: str
    customer: str
    ours: str
    at: float

    @property
    def body(self) -> dict[str, str]:
        return {"id": str(self.number), "reference": self.reference, "customer": self.customer}


@dataclass
class Trap:
    """Kills a process in one of its next calls to a service."""

    service: str
    moment: str
    calls_before: int
    pid: int

    def kill(self) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


@dataclass
class Ledger:
    """All effects, in memory and in the file."""

    file: Path
    effects: list[Effect] = field(default_factory=list)
    by_ours: dict[tuple[str, str, str], Effect] = field(default_factory=dict)
    by_customer: dict[tuple[str, str, str], list[Effect]] = field(default_factory=lambda: defaultdict(list))

    def add(self, service: str, action: str, asked: dict[str, Any], ours: str) -> Effect:
        number = len(self.effects) + 1
        effect = Effect(number, service, action, asked["reference"], asked["customer"], ours, time.time())
        with self.file.open("a") as lines:
            lines.write(json.dumps(vars(effect)) + "\n")
        self.effects.append(effect)
        self.by_ours.setdefault((service, action, ours), effect)
        self.by_customer[service, action, effect.customer].append(effect)
        return effect

    def find(self, service: str, action: str, query: Any) -> list[Effect]:
        if "ours" in query:
            found = self.by_ours.get((service, action, query["ours"]))
            return [found] if found else []
        return self.by_customer.get((service, action, query["customer"]), [])


class Services:
    """All four."""

    def __init__(self, folder: Path, seed: int, lag: float) -> None:
        self.ledger = Ledger(folder / "effects.jsonl")
        self.orders: list[dict[str, Any]] = []
        self.calls: Counter[tuple[str, ...]] = Counter()
        self.trap: Trap | None = None
        self.sprung: Counter[str] = Counter()
        self.misbehaved: Counter[str] = Counter()
        self.calm = False
        self._order_file = folder / "orders.jsonl"
        self._seed, self._lag = seed, lag

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.put("/trap", self.set_trap),
                web.put("/calm", self.calm_down),
                web.get("/state", self.state),
                web.post("/orders", self.add_order),
                web.get("/{service}/account", self.account),
                web.get("/{service}/orders", self.list_orders),
                web.post("/{service}/{action}", self.act),
                web.get("/{service}/{action}", self.look),
            ]
        )
        return app

    async def set_trap(self, request: web.Request) -> web.Response:
        self.trap = Trap(**await request.json())
        return web.json_response({})

    async def calm_down(self, request: web.Request) -> web.Response:
        self.calm, self.trap = True, None
        return web.json_response({})

    async def state(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"effects": len(self.ledger.effects), "sprung": self.sprung, "misbehaved": self.misbehaved}
        )

    async def account(self, request: web.Request) -> web.Response:
        return web.json_response({"service": request.match_info["service"]})

    async def add_order(self, request: web.Request) -> web.Response:
        order = {"number": len(self.orders) + 1, **await request.json()}
        with self._order_file.open("a") as lines:
            lines.write(json.dumps(order) + "\n")
        self.orders.append(order)
        return web.json_response(order)

    async def list_orders(self, request: web.Request) -> web.Response:
        self.calls["orders",] += 1
        if self.calls["orders",] % ORDER_FAULTS == 0 and not self.calm:
            return await self.answered(request, Manner(answer="cut" if self.calls["orders",] % 2 else "500"), [])
        query = {name: int(value) for name, value in request.query.items()}
        if "newest" in query:
            older = self.orders[: max(query.get("before", len(self.orders) + 1) - 1, 0)]
            return web.json_response(older[::-1][: query["newest"]])
        return web.json_response(self.orders[query["after"] :][: query["limit"]])

    async def act(self, request: web.Request) -> web.StreamResponse:
        """One call that is to have an effect."""
        asked = await request.json()
        service, action = request.match_info["service"], request.match_info["action"]
        named = (service, action, asked["reference"])
        self.calls[named] += 1
        manner = WELL if self.calm else faults.of_call(self._seed, service, asked["reference"], self.calls[named])
        trap = self.sprung_by(service)
        if trap and trap.moment != "after":
            trap.kill()
        await asyncio.sleep(manner.before)
        if manner.effect and time.time() > asked["sent_at"] + REFUSES_AFTER:
            manner = Manner(effect=False, answer="503")
        if not manner.effect or (trap and trap.moment == "never"):
            return await self.answered(request, manner, {})
        effect = self.done(service, action, asked, request)
        if trap and trap.moment == "after":
            trap.kill()
        return await self.answered(request, manner, effect.body)

    def done(self, service: str, action: str, asked: dict[str, Any], request: web.Request) -> Effect:
        """A new effect, unless the service honours keys and knows this one."""
        key = request.headers.get("Idempotency-Key", "")
        known = self.ledger.by_ours.get((service, action, key)) if service == "keys" else None
        return known or self.ledger.add(service, action, asked, key if service == "keys" else asked.get("ours", ""))

    async def look(self, request: web.Request) -> web.StreamResponse:
        service, action = request.match_info["service"], request.match_info["action"]
        if service == "neither":
            raise web.HTTPNotFound
        what = next(iter(request.query.values()))
        self.calls[service, action, what, "asked"] += 1
        call = self.calls[service, action, what, "asked"]
        manner = WELL if self.calm else faults.of_lookup(self._seed, service, what, call)
        seen_until = time.time() - (self._lag if service == "lagging" else 0)
        found = [one.body for one in self.ledger.find(service, action, request.query) if one.at <= seen_until]
        return await self.answered(request, manner, found)

    async def answered(self, request: web.Request, manner: Manner, body: Any) -> web.Response:
        """Answers, or does something else, as told."""
        await asyncio.sleep(manner.after)
        if manner != WELL:
            self.misbehaved[f"{manner.answer}{'' if manner.effect else ', nothing done'}"] += 1
        match manner.answer:
            case "done":
                return web.json_response(body)
            case "500":
                return web.json_response({}, status=500)
            case "429" | "503":
                return web.json_response({}, status=int(manner.answer), headers={"Retry-After": "1"})
            case "page":
                return web.Response(text="<h1>Please come again</h1>", content_type="text/html")
            case "silence":
                await asyncio.sleep(HOLDS)
            case "half":
                assert request.transport is not None
                request.transport.write(
                    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"i'
                )
                await asyncio.sleep(0.02)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()  # to nobody

    def sprung_by(self, service: str) -> Trap | None:
        """The trap that this call springs, if any."""
        trap = self.trap
        if trap is None or trap.service != service:
            return None
        trap.calls_before -= 1
        if trap.calls_before >= 0:
            return None
        self.trap = None
        self.sprung[f"{trap.moment} {service}"] += 1
        return trap


async def serve(folder: Path, seed: int, lag: float) -> None:
    """Until the process ends."""
    runner = web.AppRunner(Services(folder, seed, lag).app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
