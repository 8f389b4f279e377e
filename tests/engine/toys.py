"""A toy service in memory and the connector for it, written with the real decorators: what the engine's tests use.

`Toy` holds what the service has (`things`), what was done to it (`made`), and what its functions shall do next
(`toy.next("make", …)`): raise before or after the effect, wait, answer rubbish.
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field

from zapwerk import (
    Account,
    ApiKey,
    AuthFailed,
    BlockingContext,
    CannotTell,
    Choice,
    Choices,
    Connector,
    Context,
    InvalidInput,
    OutcomeUnknown,
    Page,
    PermanentFailure,
    PermissionMissing,
    QuotaReached,
    Record,
    Stopped,
    TemporaryFailure,
)

SOON = timedelta(hours=1)  # between two checks: the tests ask for each one
SHORT = timedelta(seconds=0.3)  # the time-out of the actions that hang


class Thing(Record):
    name: str


class NewThing(BaseModel):
    name: str = Field(title="Name", min_length=1)
    note: str = Field("", title="Note")


async def shelves(ctx: Context, given: BaseModel, search: str) -> list[Choice]:
    return [Choice("a", "Shelf A"), Choice("b", "Shelf B")]


class Shelf(BaseModel):
    shelf: Annotated[str, Choices(shelves)] = Field("a", title="Shelf")
    limit: int = Field(5, title="Limit")


class Named(BaseModel):
    name: str = Field(title="Name")


@dataclass(frozen=True)
class Effect:
    """One thing that was done to the service."""

    id: str
    name: str
    key: str


@dataclass(frozen=True)
class After:
    """Does the effect first, and then raises."""

    error: BaseException


@dataclass(frozen=True)
class Answers:
    """Answers this instead of doing anything."""

    value: Any


@dataclass
class Waits:
    """Waits before (or after) the effect until it is let go. Works in threads and in tasks."""

    after: bool = False
    begun: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)

    def block(self) -> None:
        self.begun.set()
        assert self.gate.wait(20), "nobody let it go"

    async def rest(self) -> None:
        self.begun.set()
        for _ in range(2000):
            if self.gate.is_set():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("nobody let it go")


Behaviour = BaseException | After | Answers | Waits | Callable[[], Any]

ERRORS: dict[str, Callable[[], BaseException]] = {
    "auth failed": lambda: AuthFailed("The key was revoked."),
    "permission missing": lambda: PermissionMissing("things.write"),
    "temporary": lambda: TemporaryFailure("The service is busy."),
    "unknown": lambda: OutcomeUnknown("The line went dead."),
    "quota": lambda: QuotaReached("The plan allows ten things."),
    "invalid": lambda: InvalidInput("That name is taken.", field="name"),
    "permanent": lambda: PermanentFailure("Things cannot be made on Sundays."),
    "stopped": lambda: Stopped("Nothing to do."),
    "bug": lambda: KeyError("oops"),
    "exit": lambda: SystemExit(3),
    "interrupt": lambda: KeyboardInterrupt(),
}


def error(kind: str) -> BaseException:
    """A new error of this kind."""
    return ERRORS[kind]()


class Toy:
    """One toy service."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.things: list[Thing] = []
        self.made: list[Effect] = []
        self.calls: Counter[str] = Counter()
        self.given: list[tuple[str, NewThing]] = []
        self.account = Account("account-1", "toys@example.com")
        self.refusal: AuthFailed | None = None
        self.listeners = 0
        self.stopped_listeners = 0
        self.bell = threading.Semaphore(0)
        self.page_size = 3
        self.pages_at_once = 1_000_000
        self._next: dict[str, deque[Behaviour]] = {}
        self.connector = connector_of(self)

    def next(self, operation: str, *behaviours: Behaviour) -> None:
        """What the next calls of an operation do; after them it works."""
        with self.lock:
            self._next.setdefault(operation, deque()).extend(behaviours)

    def add(self, *names: str) -> None:
        """New things, each with the next number as its id."""
        with self.lock:
            self.things += [Thing(id=str(len(self.things) + n + 1), name=name) for n, name in enumerate(names)]

    def names(self) -> list[str]:
        """What was made, in order."""
        with self.lock:
            return [effect.name for effect in self.made]

    def effect(self, name: str, key: str) -> Thing:
        with self.lock:
            self.made.append(Effect(f"made-{len(self.made) + 1}", name, key))
            return Thing(id=self.made[-1].id, name=name)

    def by_key(self, key: str) -> Thing | None:
        with self.lock:
            return next((Thing(id=e.id, name=e.name) for e in self.made if e.key == key), None)

    def by_name(self, name: str) -> Thing | None:
        with self.lock:
            return next((Thing(id=e.id, name=e.name) for e in self.made if e.name == name), None)

    def called(self, operation: str, name: str) -> Behaviour | None:
        """How this call shall behave: as told for “operation name”, or for the operation."""
        with self.lock:
            self.calls[operation] += 1
            if self.refusal is not None:
                return type(self.refusal)(*self.refusal.args)
            waiting = self._next.get(f"{operation} {name}") or self._next.get(operation)
            return waiting.popleft() if waiting else None

    async def does(self, operation: str, work: Callable[[], Any], name: str = "") -> Any:
        """Runs one async function of the connector, as it was told to behave."""
        behaviour = self.called(operation, name)
        if not isinstance(behaviour, Waits):
            return behaved(behaviour, work)
        if not behaviour.after:
            await behaviour.rest()
        answer = work()
        if behaviour.after:
            await behaviour.rest()
        return answer

    def does_blocking(self, operation: str, work: Callable[[], Any], name: str = "") -> Any:
        """The same in a thread."""
        behaviour = self.called(operation, name)
        if isinstance(behaviour, Waits):
            behaviour.block()
            behaviour = None
        return behaved(behaviour, work)

    def listens(self, stopping: Callable[[], bool]) -> None:
        """Waits for the bell, in a thread."""
        with self.lock:
            self.listeners += 1
        try:
            while not self.bell.acquire(timeout=0.01):
                if stopping():
                    with self.lock:
                        self.stopped_listeners += 1
                    return
        finally:
            with self.lock:
                self.listeners -= 1


def behaved(behaviour: Behaviour | None, work: Callable[[], Any]) -> Any:
    match behaviour:
        case None:
            return work()
        case After(error):
            work()
            raise error
        case Answers(value):
            return value
        case BaseException():
            raise behaviour
        case _:
            assert callable(behaviour)
            behaviour()
            return work()


def connector_of(toy: Toy) -> Connector:
    """The connector for one toy service."""
    app = Connector("toy", title="Toy", auth=[ApiKey()])

    @app.check
    async def account(ctx: Context) -> Account:
        if toy.refusal is not None:
            raise toy.refusal
        return toy.account

    _triggers(app, toy)
    _actions(app, toy)
    _hanging_actions(app, toy)
    return app


def _triggers(app: Connector, toy: Toy) -> None:
    @app.trigger(every=SOON)
    async def new_thing(ctx: Context, given: Shelf) -> AsyncIterator[Thing]:
        await toy.does("new_thing", lambda: None)
        for number, thing in enumerate(reversed(list(toy.things))):
            await toy.does(f"new_thing {number}", lambda: None)
            yield thing

    @app.trigger(every=SOON, order="any")
    async def any_thing(ctx: Context, given: Shelf) -> AsyncIterator[Thing]:
        await toy.does("any_thing", lambda: None)
        for number, thing in enumerate(list(toy.things)):
            await toy.does(f"any_thing {number}", lambda: None)
            yield thing

    @app.trigger(every=SOON)
    def blocking_thing(ctx: BlockingContext, given: Shelf) -> Iterator[Thing]:
        toy.does_blocking("blocking_thing", lambda: None)
        yield from reversed(list(toy.things))

    @app.trigger(every=SOON)
    async def paged_thing(ctx: Context, given: Shelf) -> AsyncIterator[Page[Thing]]:
        await toy.does("paged_thing", lambda: None)
        if ctx.cursor is None:
            yield Page(tuple(toy.things[-ctx.newest :]), len(toy.things))
            return
        start, left = ctx.cursor, toy.pages_at_once
        while start < len(toy.things) and left:
            await toy.does(f"page at {start}", lambda: None)
            page = tuple(toy.things[start : start + toy.page_size])
            start, left = start + len(page), left - 1
            yield Page(page, start, "The shelf was rebuilt." if page[0].name == "rebuilt" else None, more=not left)

    @app.trigger(every=SOON)
    async def heard_thing(ctx: Context, given: Shelf) -> AsyncIterator[Thing]:
        await toy.does("heard_thing", lambda: None)
        for thing in reversed(list(toy.things)):
            yield thing

    @heard_thing.count
    def count(ctx: BlockingContext, given: Shelf) -> int:
        found: int = toy.does_blocking("count", lambda: len(toy.things))
        return found

    @heard_thing.listener
    def listen(ctx: BlockingContext, given: Shelf) -> None:
        with ctx.sessions.borrow(f"listen {given.shelf}", object, lambda session: None):
            toy.does_blocking("listen", lambda: None)
            toy.listens(ctx.stopping)


def _actions(app: Connector, toy: Toy) -> None:
    @app.action()
    async def make(ctx: Context, given: NewThing) -> Thing:
        toy.given.append((ctx.idempotency_key, given))
        thing: Thing = await toy.does("make", lambda: toy.effect(given.name, ctx.idempotency_key), given.name)
        return thing

    @app.action(repeatable=True)
    async def make_keyed(ctx: Context, given: NewThing) -> Thing:
        toy.given.append((ctx.idempotency_key, given))
        key = ctx.idempotency_key
        thing: Thing = await toy.does("make_keyed", lambda: toy.by_key(key) or toy.effect(given.name, key))
        return thing

    @app.action(repeatable=True, idempotency_window=timedelta(hours=1))
    async def make_keyed_for_an_hour(ctx: Context, given: NewThing) -> Thing:
        thing: Thing = await toy.does("make_keyed_for_an_hour", lambda: toy.effect(given.name, ctx.idempotency_key))
        return thing

    @app.action()
    async def make_found(ctx: Context, given: NewThing) -> Thing:
        toy.given.append((ctx.idempotency_key, given))
        thing: Thing = await toy.does("make_found", lambda: toy.effect(given.name, ctx.idempotency_key), given.name)
        return thing

    @make_found.lookup
    async def this_thing(ctx: Context, given: NewThing) -> Thing | None:
        thing: Thing | None = await toy.does("lookup", lambda: toy.by_key(ctx.idempotency_key), given.name)
        return thing

    @app.action()
    async def make_one(ctx: Context, given: NewThing) -> Thing:
        thing: Thing = await toy.does("make_one", lambda: toy.effect(given.name, ctx.idempotency_key), given.name)
        return thing

    @make_one.lookup
    async def this_one(ctx: Context, given: NewThing) -> Thing | None:
        thing: Thing | None = await toy.does("lookup", lambda: toy.by_key(ctx.idempotency_key), given.name)
        return thing

    @make_one.existing
    async def same_name(ctx: Context, given: NewThing) -> Thing | None:
        thing: Thing | None = await toy.does("existing", lambda: toy.by_name(given.name), given.name)
        return thing

    @app.action()
    async def make_noted(ctx: Context, given: NewThing) -> Thing:
        """Two effects, with a note in between."""
        first = ctx.checkpoint.get("first")
        if first is None:
            first = toy.effect(f"{given.name} (first)", ctx.idempotency_key).id
            await ctx.checkpoint.put("first", first)
        thing: Thing = await toy.does("make_noted", lambda: toy.effect(f"{given.name} after {first}", "second"))
        return thing

    @make_noted.lookup
    async def noted(ctx: Context, given: NewThing) -> Thing | None:
        return toy.by_key("second")

    @app.action()
    async def shout(ctx: Context, given: NewThing) -> Thing:
        """Prints its credentials, as one should not."""
        print("the key is", ctx.credentials.key.get_secret_value())
        ctx.log.warning("the key is %s", ctx.credentials.key.get_secret_value())
        raise PermanentFailure(f"refused {ctx.credentials.key.get_secret_value()}")

    @app.search()
    async def find_thing(ctx: Context, given: Named) -> Thing | None:
        thing: Thing | None = await toy.does("find_thing", lambda: toy.by_name(given.name))
        return thing


def _hanging_actions(app: Connector, toy: Toy) -> None:
    @app.action(timeout=SHORT)
    def make_blocking(ctx: BlockingContext, given: NewThing) -> Thing:
        thing: Thing = toy.does_blocking("make_blocking", lambda: toy.effect(given.name, ctx.idempotency_key))
        return thing

    @make_blocking.lookup
    def this_blocking(ctx: BlockingContext, given: NewThing) -> Thing | None:
        thing: Thing | None = toy.does_blocking("lookup", lambda: toy.by_key(ctx.idempotency_key))
        return thing

    @app.action(timeout=SHORT)
    async def make_hasty(ctx: Context, given: NewThing) -> Thing:
        """Does its work at once, and may then hang."""
        thing = toy.effect(given.name, ctx.idempotency_key)
        await toy.does("make_hasty", lambda: None)
        return thing

    @make_hasty.lookup
    async def this_hasty(ctx: Context, given: NewThing) -> Thing | None:
        thing: Thing | None = await toy.does("lookup", lambda: toy.by_key(ctx.idempotency_key), given.name)
        return thing


def cannot_tell() -> CannotTell:
    return CannotTell("There are two that look like it.", candidates=[{"id": "7", "name": "like it"}])
