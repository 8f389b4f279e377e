"""A small installation around the toy service, driven step by step: what the tests of runs and triggers stand on.

The engine is opened but not started, so that a test says itself when a trigger is checked (`check`) and when due runs
are executed (`drain`); `start` lets it run by itself. `crash` ends it in the middle, as a kill would, and opens the
folder again.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec

from sqlalchemy import Connection, text

from engine.connections.connecting import Wish
from engine.engine import Engine
from engine.registry import Registry
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store import notices, runs, watches, zaps
from engine.store.connections import StoredConnection
from engine.store.notices import Notice
from engine.store.runs import Line, Run, Wanted
from engine.store.states import RunState
from engine.store.watches import Watch
from engine.store.zaps import StoredZap
from engine.zaps.model import ActionStep, FilterStep, TriggerUse, Zap
from tests.engine.databases import ready
from tests.engine.toys import Toy, Waits
from tests.waiting import until
from zapwerk import Connector

AT_ONCE = (timedelta(0), timedelta(0))
NAME = "{{ trigger.name }}"

Given = ParamSpec("Given")


class Bench:
    """One installation, one toy service with one connection called “toys”."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings.model_copy(update={"settle": timedelta(0), "tick": timedelta(seconds=0.05)})
        self.toy = Toy()
        self.ahead = timedelta(0)
        self.connectors: list[Connector] = [self.toy.connector]
        self.connection = ""
        self._count = 0
        ready(self.settings)
        self.open()

    def open(self) -> None:
        """Opens the folder; `close` or `crash` ends it."""
        self.runtime = Runtime(self.settings, registry=Registry.of(*self.connectors), now=self.now)
        self.engine = Engine(self.runtime, quick=AT_ONCE)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def later(self, span: timedelta) -> None:
        """Moves the clock ahead (or back)."""
        self.ahead += span

    async def start(self) -> None:
        await self.engine.start()

    async def close(self, grace: float = 5.0) -> None:
        await self.engine.stop(grace)
        await self.runtime.close()

    async def crash(self) -> None:
        """Ends the engine where it stands, and opens the folder again."""
        await self.close(grace=0)
        self.open()

    async def interrupt(self, waits: Waits) -> None:
        """Executes what is due until a call waits, and crashes there."""
        draining = asyncio.create_task(self.drain())
        await until(waits.begun.is_set, what="a call to begin")
        await self.crash()
        waits.gate.set()
        await asyncio.gather(draining, return_exceptions=True)

    async def resume(self, zap_id: str, count: int = 1) -> list[Run]:
        """Starts the engine, which takes over what was interrupted; the runs when so many have come to rest."""
        await self.start()
        return await self.until_ended(zap_id, count)

    async def connect(self, name: str = "toys", key: str = "key-of-the-toys") -> StoredConnection:
        return await self.runtime.connecting.add(Wish("toy", name, {"key": key}))

    async def zap(
        self,
        trigger: str = "new_thing",
        *steps: ActionStep | FilterStep,
        given: dict[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """A new zap, switched on; its only step is `make` unless others are given. Returns its id."""
        stored = self.draft(trigger, *steps, given=given, connection=await self._connected(), **more)
        await self.runtime.switching.on(stored.id)
        return stored.id

    def draft(
        self,
        trigger: str,
        *steps: ActionStep | FilterStep,
        given: dict[str, Any] | None = None,
        connection: str,
        **more: Any,
    ) -> StoredZap:
        self._count += 1
        use = TriggerUse(use=f"toy.{trigger}", connection=connection, with_=given or {})
        bound = [_bound(step, connection) for step in steps or (do("made", "make"),)]
        zap = Zap(name=f"zap {self._count}", trigger=use, steps=tuple(bound), **more)
        with self.runtime.database.write() as session:
            return zaps.create(session, zap, now=self.now())

    async def arrive(self, zap_id: str, *names: str) -> list[Run]:
        """New things, and one check of the zap; its runs, the oldest first."""
        self.toy.add(*names)
        await self.check(zap_id)
        return self.runs(zap_id)

    async def check(self, *zap_ids: str) -> None:
        await self.engine.polling.check(zap_ids)

    async def drain(self) -> None:
        await self.engine.queue.drain()

    async def sweep(self) -> None:
        """What the engine does every half minute: lets runs go on whose hold has come to its end."""
        await self.engine.sweep()

    async def done(self, zap_id: str, *names: str) -> list[Run]:
        """New things, checked and executed."""
        await self.arrive(zap_id, *names)
        await self.drain()
        return self.runs(zap_id)

    def runs(self, zap_id: str | None = None) -> list[Run]:
        """The runs, oldest first."""
        with self.runtime.database.read() as session:
            return list(reversed(runs.find(session, Wanted(zap_id=zap_id, limit=10_000))))

    def run(self, run_id: str) -> Run:
        with self.runtime.database.read() as session:
            return runs.get(session, run_id)

    def lines(self, run_id: str) -> list[Line]:
        with self.runtime.database.read() as session:
            return list(runs.lines_of(session, run_id))

    def told(self, run_id: str) -> list[str]:
        """The journal in short: “path entry”."""
        return [f"{line.path} {line.entry}" for line in self.lines(run_id)]

    def records(self, zap_id: str) -> list[str]:
        """The names of the records that became events, in order."""
        with self.runtime.database.read() as session:
            return [runs.load(session, run).payload["name"] for run in self.runs(zap_id)]

    def watch(self, zap_id: str) -> Watch:
        with self.runtime.database.read() as session:
            watch = watches.get(session, zap_id)
        assert watch is not None
        return watch

    def notices(self) -> dict[str, Notice]:
        """What is open, by matter."""
        with self.runtime.database.read() as session:
            return {notice.matter: notice for notice in notices.still_open(session)}

    def states(self, zap_id: str | None = None) -> list[RunState]:
        return [run.state for run in self.runs(zap_id)]

    def change(self, sql: str, **values: Any) -> None:
        """Changes rows behind the engine's back."""

        def entry(connection: Connection) -> None:
            connection.execute(text(sql), values)

        self.engine.writer.write_and_wait(entry)

    async def until_ended(self, zap_id: str, count: int) -> list[Run]:
        """For a started engine: waits until so many runs have come to an end or rest."""
        moving = {RunState.QUEUED, RunState.RUNNING}

        def resting() -> list[Run]:
            found = [run for run in self.runs(zap_id) if run.state not in moving]
            return found if len(found) >= count else []

        return await until(resting, what=f"{count} runs to end; they are {self.states(zap_id)}")

    async def _connected(self) -> str:
        if not self.connection:
            self.connection = (await self.connect()).id
        return self.connection


def do(key: str, action: str, **given: Any) -> ActionStep:
    """A step of the toy; its name is that of the trigger's record unless told otherwise."""
    return ActionStep(key=key, use=f"toy.{action}", with_={"name": NAME, **given})


def _bound(step: ActionStep | FilterStep, connection: str) -> ActionStep | FilterStep:
    known = isinstance(step, FilterStep) or step.connection is not None
    return step if known else step.model_copy(update={"connection": connection})


def in_a_loop(test: Callable[Given, Coroutine[Any, Any, None]]) -> Callable[Given, None]:
    """Runs an async test in an event loop of its own, and closes its bench there."""

    @functools.wraps(test)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        asyncio.run(_closing(test(*args, **kwargs), [one for one in kwargs.values() if isinstance(one, Bench)]))

    run.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]
    return run


async def _closing(test: Awaitable[None], benches: list[Bench]) -> None:
    try:
        await test
    finally:
        for bench in benches:
            await bench.close(grace=0)
