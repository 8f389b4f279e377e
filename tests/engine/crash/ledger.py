"""The ledger: a small HTTP service in the test's own process, which records every effect and outlives every crash.

It can have the caller killed at the worst moments: when a call has come but nothing is done yet, or ever will be, and
when the effect is there but the answer is not.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from aiohttp import web

SLOWEST = 0.05  # seconds before and after an effect

MOMENTS = ("before", "never", "after")
"""Of a kill: the effect still comes, it never comes, it has come."""


@dataclass(frozen=True)
class Effect:
    """What was done, and by which call."""

    kind: str
    reference: str
    customer: str
    key: str

    def body(self, number: int) -> dict[str, str]:
        return {"id": str(number), "reference": self.reference, "customer": self.customer}


@dataclass
class Trap:
    """Kills the caller in one of its next calls of a kind."""

    moment: str
    kind: str
    calls_before: int
    kill: Callable[[], None]


class Ledger:
    """Runs in a thread of its own while the `with` block lasts."""

    def __init__(self, seed: int) -> None:
        self.effects: list[Effect] = []
        self.sprung: list[tuple[str, str]] = []
        self.url = ""
        self._trap: Trap | None = None
        self._random = Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ledger", daemon=True)

    def __enter__(self) -> "Ledger":
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set_trap(self, trap: Trap | None) -> None:
        self._trap = trap

    def shown(self) -> str:
        """Everything that was done, for a person who looks for what went wrong."""
        rows = [f"{n:4} {e.kind:6} {e.reference:10} {e.customer:12} {e.key}" for n, e in enumerate(self.effects, 1)]
        return "\n".join(["the ledger:", *rows, f"killed in calls: {self.sprung}"])

    async def _serve(self) -> str:
        app = web.Application()
        app.add_routes([web.post("/{kind}", self._book), web.get("/{kind}", self._list)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port: int = self._runner.addresses[0][1]
        return f"http://127.0.0.1:{port}"

    async def _book(self, request: web.Request) -> web.Response:
        asked, key = await request.json(), request.headers.get("Idempotency-Key", "")
        effect = Effect(request.match_info["kind"], asked["reference"], asked["customer"], key)
        trap = self._sprung_by(effect)
        await asyncio.sleep(self._random.uniform(0, SLOWEST))
        if trap and trap.moment == "never":
            return web.json_response({}, status=500)
        number = self._done(effect)
        if trap and trap.moment == "after":
            trap.kill()
        await asyncio.sleep(self._random.uniform(0, SLOWEST))
        return web.json_response(effect.body(number))

    async def _list(self, request: web.Request) -> web.Response:
        kind, asked = request.match_info["kind"], request.query
        found = [
            effect.body(number)
            for number, effect in enumerate(self.effects, 1)
            if effect.kind == kind and asked.get("key") in (None, effect.key)
            if asked.get("customer") in (None, effect.customer)
        ]
        return web.json_response(found)

    def _done(self, effect: Effect) -> int:
        """The effect's number: a new one, unless the kind honours keys and knows this one."""
        known = [one.key for one in self.effects] if effect.kind == "keyed" else []
        if effect.key in known:
            return known.index(effect.key) + 1
        self.effects.append(effect)
        return len(self.effects)

    def _sprung_by(self, effect: Effect) -> Trap | None:
        """The trap that this call springs, if any. It kills at once, unless that shall be after the effect."""
        trap = self._trap
        if trap is None or trap.kind != effect.kind:
            return None
        trap.calls_before -= 1
        if trap.calls_before >= 0:
            return None
        self._trap = None
        self.sprung.append((trap.moment, effect.kind))
        if trap.moment != "after":
            trap.kill()
        return trap
