"""`Harness`: one connector in a small installation of its own, in a temporary folder, driven step by step."""

import asyncio
import shutil
import tempfile
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from engine.connections.connecting import Wish
from engine.connections.contexts import Asked, LiveConnection, Purpose
from engine.engine import Engine
from engine.registry import Registry
from engine.runtime import Runtime
from engine.sdk.auth import Auth, NoAuth, OAuth2, Token
from engine.sdk.connector import Connector
from engine.sdk.context import Context
from engine.sdk.fields import Choices, fields_of
from engine.sdk.records import Choice, Delivery, Hook, Record
from engine.settings import Settings
from engine.store import runs, watches, zaps
from engine.store.runs import Run, Wanted
from engine.store.states import Entry, RunState
from engine.store.watches import Watch as StoredWatch
from engine.triggers import reading
from engine.triggers.sources import PollingSource, timetable
from engine.zaps import values
from engine.zaps.locales import Locale
from engine.zaps.model import ActionStep, TriggerUse, Zap
from zapwerk.testing.wire import FakeWire

FEEDER = "harness"

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """What became of an action: the run's state, the output, and where it failed the sentence a person reads."""

    run_id: str
    state: RunState
    output: dict[str, Any] | None
    sent: dict[str, Any]
    problem: str
    field: str


@dataclass
class Hand:
    """What the harness itself puts in: records that start runs, and time."""

    fed: list[Record] = field(default_factory=list)
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Watched:
    """A switched-on trigger, as `Harness.switch_on` gives it. What existed before does not fire."""

    def __init__(self, harness: "Harness", zap_id: str, returns: type[Record] | None) -> None:
        self._harness = harness
        self._zap_id = zap_id
        self._returns = returns or Record
        self._known: set[str] = set()

    def poll(self) -> list[Any]:
        """One check by the engine: the records that became events by it, oldest first."""
        return [self._returns.of(payload) for payload in self._harness.new_events(self._zap_id, self._known)]

    @property
    def problem(self) -> str:
        """Why the last check failed; “” if it did not."""
        return self._harness.watch_problem(self._zap_id)

    @property
    def warning(self) -> str:
        """What was odd in what the checks found; “” if nothing was."""
        return self._harness.watch_warning(self._zap_id)


class Harness:
    """The engine's own dedupe, sign-in, values and journal around one connector.

    `service` answers instead of the network: a function `(httpx.Request) -> httpx.Response` (also `async`), an object
    that has one as `handle`, or an httpx transport; to let an answer get lost it raises `httpx.ReadTimeout`.
    Credentials are given by the key of the way to sign in: `api_key="k"`, `credentials={"host": …}`,
    `oauth2="token"`. `later` moves the clock.
    """

    def __init__(
        self, connector: Connector, service: Any = None, *, profile: str | None = None, **credentials: Any
    ) -> None:
        folder = tempfile.mkdtemp(prefix="zapwerk-harness-")
        self.connector = connector
        self._counter = 0
        self._hand = Hand()
        self._loop = _Loop()
        self._parts = self._loop.run(_opened(Path(folder), connector, self._hand, service))
        self._finalizer = weakref.finalize(self, _close, self._loop, self._parts, folder)
        self._connection = self._connect(profile, credentials) if credentials or connector.needs_connection else None

    def close(self) -> None:
        """Ends the installation; happens by itself when the harness is no longer used."""
        self._finalizer()

    def later(self, span: timedelta) -> None:
        """Moves the clock ahead."""
        self._hand.ahead += span

    def switch_on(self, trigger: str, **given: Any) -> Watched:
        """Switches on a zap with this trigger: takes its baseline. Raises `Problems` or `Refused` like the real one."""
        operation = self._parts.runtime.registry().trigger(f"{self.connector.key}.{trigger}")
        zap_id = self._zap(TriggerUse(use=operation.use, connection=self._connection, with_=given), ())
        return Watched(self, zap_id, operation.returns)

    def times(
        self, schedule: str, after: datetime, until: datetime, *, timezone: str = "UTC", **given: Any
    ) -> list[datetime]:
        """When a scheduled trigger fires between two moments, in the zone of its schedule or else `timezone`."""
        operation = self.connector.schedules[schedule]
        locale = Locale(timezone=timezone)
        table = timetable(operation, values.read(operation.given, given, locale), locale)
        return [moment.astimezone(table.zone) for moment in table.between(after, until)]

    def newest(self, trigger: str, count: int = 3, **given: Any) -> list[Any]:
        """What a person testing the trigger sees."""
        operation = self.connector.triggers[trigger]
        zap = self._drawn(TriggerUse(use=operation.use, connection=self._connection, with_=given), ())
        source = self._parts.runtime.sources.of(zap)
        assert isinstance(source, PollingSource)
        return self._loop.run(reading.newest(self._parts.runtime.calls, source, count))

    def do(self, action: str, **given: Any) -> Outcome:
        """Performs an action (or search) in a run of its own."""
        use = f"{self.connector.key}.{action}"
        step = ActionStep(key="step", use=use, connection=self._connection, with_=given)
        zap_id = self._zap(TriggerUse(use=f"{FEEDER}.fed"), (step,))
        self._counter += 1
        self._hand.fed.append(Record(id=str(self._counter)))
        self.new_events(zap_id, set())
        self._loop.run(self._parts.engine.queue.drain())
        return self._outcome(self._runs(zap_id)[0])

    def resume(self, outcome: Outcome) -> Outcome:
        """Executes the same run once more if it is due: after `later`, for one that is tried again."""
        self._loop.run(self._parts.engine.queue.drain())
        with self._parts.runtime.database.read() as session:
            return self._outcome(runs.get(session, outcome.run_id))

    def deliver(self, webhook: str, delivery: Delivery, *, secret: str = "", **given: Any) -> list[Any]:
        """What a webhook makes of one delivery, after its `verify` has seen it. Raises what it refuses with."""
        operation = self.connector.webhooks[webhook]
        asked = Asked(connection=self._live(), purpose=Purpose.WEBHOOK)
        hook = Hook("https://zaps.example/hooks/test", secret)
        values = operation.given.model_validate(given)
        return self._loop.run(self._parts.runtime.calls.receive(operation, asked, values, delivery, hook))

    def choices(self, operation: str, name: str, search: str = "", **given: Any) -> list[Choice]:
        """What a field offers, with the other fields as given."""
        found = self._parts.runtime.registry().operation(f"{self.connector.key}.{operation}")
        marker = next(shape.marker(Choices) for field, _, shape in fields_of(found.given) if field == name)
        partial = found.given.model_construct(**given)
        return self._loop.run(self._parts.runtime.calls.choices(marker.function, self._live(), partial, search))

    def new_events(self, zap_id: str, known: set[str]) -> Iterator[Any]:
        """For `Watched`: has the zap checked; the payloads of events that are not in `known`, which grows by them."""
        self._loop.run(self._parts.engine.polling.check([zap_id]))
        with self._parts.runtime.database.read() as session:
            fresh = [run for run in reversed(self._runs(zap_id)) if run.event_id not in known]
            payloads = [runs.load(session, run).payload for run in fresh]
        known.update(run.event_id for run in fresh)
        return iter(payloads)

    def watch_problem(self, zap_id: str) -> str:
        """For `Watched`: why the zap's last check failed."""
        watch = self._watch(zap_id)
        return watch.problem if watch else ""

    def watch_warning(self, zap_id: str) -> str:
        """For `Watched`: what the zap's last checks found odd."""
        watch = self._watch(zap_id)
        return watch.warning if watch else ""

    def _watch(self, zap_id: str) -> StoredWatch | None:
        with self._parts.runtime.database.read() as session:
            return watches.get(session, zap_id)

    def _live(self) -> LiveConnection:
        stored = self._parts.runtime.connections
        return stored.live(self._connection) if self._connection else stored.without(self.connector)

    def _connect(self, profile: str | None, credentials: dict[str, Any]) -> str:
        auth, given = next(iter(credentials.items())) if credentials else _nothing_asked(self.connector)
        kind = self.connector.auth[auth]
        token = _token(given) if isinstance(kind, OAuth2) else None
        values_ = {} if token else _typed(kind, given)
        wish = Wish(self.connector.key, "harness", values_, auth=auth, profile=profile, trusted=True)
        return self._loop.run(self._parts.runtime.connecting.add(wish, token)).id

    def _zap(self, trigger: TriggerUse, steps: tuple[ActionStep, ...]) -> str:
        runtime = self._parts.runtime
        with runtime.database.write() as session:
            stored = zaps.create(session, self._drawn(trigger, steps), now=runtime.now())
        self._loop.run(runtime.switching.on(stored.id))
        return stored.id

    def _drawn(self, trigger: TriggerUse, steps: tuple[ActionStep, ...]) -> Zap:
        self._counter += 1
        return Zap(name=f"zap {self._counter}", trigger=trigger, steps=steps or _NOTHING_TO_DO, flood_limit=None)

    def _runs(self, zap_id: str) -> list[Run]:
        with self._parts.runtime.database.read() as session:
            return runs.find(session, Wanted(zap_id=zap_id, limit=10_000))

    def _outcome(self, run: Run) -> Outcome:
        with self._parts.runtime.database.read() as session:
            lines = runs.lines_of(session, run.id)
        outputs = [line.data["output"] for line in lines if line.entry == Entry.FINISHED]
        sent = [line.data["input"] for line in lines if line.entry == Entry.STARTED]
        output = outputs[-1] if outputs else None
        return Outcome(run.id, run.state, output, sent[-1] if sent else {}, run.problem, run.field)


_NOTHING_TO_DO = (ActionStep(key="noted", use=f"{FEEDER}.note"),)


@dataclass(frozen=True)
class _Parts:
    runtime: Runtime
    engine: Engine


class _Loop:
    """An event loop in a thread of its own, so that tests are plain functions."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="harness", daemon=True)
        self._thread.start()

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _opened(folder: Path, connector: Connector, hand: Hand, service: Any) -> _Parts:
    wire = FakeWire(service) if service is not None else None
    registry = Registry.of(connector, _feeder(hand))
    settings = Settings(data=folder, settle=timedelta(0))
    runtime = Runtime(settings, registry=registry, wire=wire, now=hand.now)
    return _Parts(runtime, Engine(runtime, quick=(timedelta(0), timedelta(0))))


def _close(loop: _Loop, parts: _Parts, folder: str) -> None:
    loop.run(parts.engine.stop(1.0))
    loop.run(parts.runtime.close())
    loop.close()
    shutil.rmtree(folder, ignore_errors=True)


def _feeder(hand: Hand) -> Connector:
    """A connector whose trigger gives what the harness puts in, and whose action does nothing."""
    feeder = Connector(FEEDER, title="Harness")

    @feeder.trigger(every=timedelta(minutes=1))
    async def fed(ctx: Context, given: Nothing) -> AsyncIterator[Record]:
        """The harness asks for a run."""
        for record in reversed(hand.fed):
            yield record

    @feeder.action(repeatable=True)
    async def note(ctx: Context, given: Nothing) -> Record:
        """Nothing is done."""
        return Record(id="noted")

    return feeder


class Nothing(BaseModel):
    """No input."""


def _nothing_asked(connector: Connector) -> tuple[str, Any]:
    kind = next((kind for kind in connector.auth.values() if isinstance(kind, NoAuth)), None)
    if kind is None:
        raise TypeError(f"say how to sign in: Harness(…, {next(iter(connector.auth))}=…)")
    return kind.key, {}


def _typed(kind: Auth, given: Any) -> dict[str, Any]:
    """Credentials as a person types them; a single value goes into the only field."""
    return given if isinstance(given, dict) else {next(iter(kind.given.model_fields)): given}


def _token(given: Any) -> Token:
    return Token.model_validate(given if isinstance(given, dict) else {"access_token": given})
