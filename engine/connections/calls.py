"""Calls connector functions: both colours alike, bounded in time and number, isolated from the engine.

The runs, the triggers and the command line call nothing of a connector but through `Calls`. What comes out is a checked
value, an error of `engine.sdk.errors`, or `ConnectorBug`; nothing that a connector does ends or blocks the engine,
except that an async function must not block the loop.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import BaseModel

from engine.connections import echoes, pulling, results
from engine.connections.contexts import Asked, Contexts, Kit, LiveConnection, Opened, Purpose
from engine.connections.oauth import RECONNECT
from engine.connections.pools import Outcome, Place, Pool
from engine.connections.redaction import secrets_of
from engine.connections.results import ConnectorBug
from engine.connections.running import EffectTimedOut, Overran, ReadTimedOut, heard, run_async, run_blocking
from engine.errors import ZapwerkError
from engine.sdk.connecting import Progress, unwatched
from engine.sdk.connector import Action, Search, Trigger, Webhook
from engine.sdk.errors import AuthFailed, ConnectorError, PermissionMissing, TemporaryFailure
from engine.sdk.records import Account, Choice, Delivery, Hook, Page, Record

CHECK_TIMEOUT = timedelta(seconds=45)
CHOICES_TIMEOUT = timedelta(seconds=20)
WEBHOOK_TIMEOUT = timedelta(seconds=10)
LISTEN_TIMEOUT = timedelta(hours=2)  # twice as long as until it is asked to return: then it hangs
PLACE_TIMEOUT = 60.0  # seconds that a check waits for a thread

__all__ = ["Calls", "ConnectorBug", "EffectTimedOut", "ReadTimedOut"]

# How many threads one connector may occupy, by what they are for. A listener occupies one for each mailbox.
POOL_SIZES: Mapping[str, int] = {"steps": 16, "polls": 8, "pages": 6, "listeners": 500}

_POOL_OF = {
    Purpose.ACTION: "steps",
    Purpose.SEARCH: "steps",
    Purpose.LOOKUP: "steps",
    Purpose.TRIGGER: "polls",
    Purpose.LISTENER: "listeners",
    Purpose.CHECK: "pages",
    Purpose.CHOICES: "pages",
    Purpose.WEBHOOK: "pages",
}

MAX_SAID = 200  # characters of a bug's own words


class Calls:
    """One for the engine, used on its event loop."""

    def __init__(
        self, contexts: Contexts, *, sizes: Mapping[str, int] = POOL_SIZES, patience: float = PLACE_TIMEOUT
    ) -> None:
        self.contexts = contexts
        self._patience = patience
        self._sizes = {**POOL_SIZES, **sizes}
        self._pools: dict[tuple[str, str], Pool] = {}

    # What is called

    async def check(self, connection: LiveConnection, progress: Progress = unwatched) -> Account:
        """Whether the connection works, and whose account it is. `progress` is told how far it is, from any thread."""
        connector = connection.connector
        if connector.checked_by is None:
            return Account(connection.id or connector.key, connection.name)
        asked = Asked(connection, Purpose.CHECK, progress=progress)
        blocking, checked = connector.check_blocking, partial(results.account, connector.key)
        found: Account = await self.call(
            connector.checked_by, asked, blocking=blocking, within=CHECK_TIMEOUT, checked=checked
        )
        return found

    async def act(
        self, action: Action[Any, Any], asked: Asked, given: BaseModel, *, place: Place | None = None
    ) -> Record:
        """Do it. Take a `place` first when something must be written down before."""
        asked = replace(asked, purpose=Purpose.ACTION)
        blocking, checked = action.blocking, partial(results.record, action)
        made: Record = await self.call(
            action.function, asked, given, blocking=blocking, within=action.timeout, place=place, checked=checked
        )
        return made

    async def look_up(self, action: Action[Any, Any], asked: Asked, given: BaseModel) -> Record | None:
        """Did this very call arrive? May raise `CannotTell`. Only for actions with a lookup."""
        return await self._looked(action, action.find_this, asked, given)

    async def existing(self, action: Action[Any, Any], asked: Asked, given: BaseModel) -> Record | None:
        """Is there one like it already? Only for actions that can tell."""
        return await self._looked(action, action.find_like, asked, given)

    async def find(self, search: Search[Any, Any], asked: Asked, given: BaseModel) -> Record | None:
        """A search step."""
        asked = replace(asked, purpose=Purpose.SEARCH)
        checked = partial(results.record_or_none, search)
        found: Record | None = await self.call(
            search.function, asked, given, blocking=search.blocking, within=search.timeout, checked=checked
        )
        return found

    async def choices(
        self, function: Callable[..., Any], connection: LiveConnection, given: BaseModel, search: str = ""
    ) -> list[Choice]:
        """The values a `Choices` field offers now."""
        asked = Asked(connection, Purpose.CHOICES)
        blocking = not inspect.iscoroutinefunction(function)
        checked = partial(results.choices, connection.connector.key)
        found: list[Choice] = await self.call(
            function, asked, given, search, blocking=blocking, within=CHOICES_TIMEOUT, checked=checked
        )
        return found

    async def count(self, trigger: Trigger[Any, Any], asked: Asked, given: BaseModel, within: timedelta) -> int | None:
        """How many records are there already; None where the connector cannot tell, or said what is no number."""
        if trigger.counted_by is None:
            return None
        asked = replace(asked, purpose=Purpose.CHOICES)
        async with asyncio.timeout(within.total_seconds()):
            call = self.call(trigger.counted_by, asked, given, blocking=trigger.count_blocking, within=within)
            found = await call
        return found if type(found) is int and found >= 0 else None

    async def listen(self, trigger: Trigger[Any, Any], asked: Asked, given: BaseModel) -> None:
        """Returns when it is worth polling. Only for triggers with a listener."""
        assert trigger.listen is not None
        asked = replace(asked, purpose=Purpose.LISTENER)
        more = (given,) if len(inspect.signature(trigger.listen).parameters) > 1 else ()
        await self.call(trigger.listen, asked, *more, blocking=trigger.listen_blocking, within=LISTEN_TIMEOUT)

    async def receive(
        self, webhook: Webhook[Any, Any], asked: Asked, given: BaseModel, delivery: Delivery, hook: Hook | None = None
    ) -> list[Record]:
        """The records of one delivery, which is verified first if the connector can. Raises what it refuses with."""
        asked = replace(asked, purpose=Purpose.WEBHOOK)
        await self._verify(webhook, asked, hook or Hook("", ""), delivery)
        blocking, checked = webhook.blocking, partial(results.records, webhook)
        found: list[Record] = await self.call(
            webhook.function, asked, given, delivery, blocking=blocking, within=WEBHOOK_TIMEOUT, checked=checked
        )
        return found

    async def poll(
        self, trigger: Trigger[Any, Any], asked: Asked, given: BaseModel
    ) -> AsyncGenerator[Record | Page[Any], None]:
        """What a trigger yields, one by one, each read only when it is asked for. Close it when you stop early.

        The trigger's time-out is for each record or page: one that makes progress is not cut off.
        """
        asked, begun = replace(asked, purpose=Purpose.TRIGGER), False
        try:
            async with aclosing(self._polled(trigger, asked, given)) as found:
                async for one in found:
                    begun = True
                    yield one
            return
        except _SignedInAgain as renewed:
            if begun:
                words = "The sign-in was renewed during the check; the next check goes on."
                raise TemporaryFailure(words) from renewed
        async with aclosing(self._polled(trigger, asked, given)) as found:
            async for one in found:
                yield one

    # How it is called

    @asynccontextmanager
    async def place(self, asked: Asked, blocking: bool) -> AsyncIterator[Place]:
        """Waits until the call may begin at once: for a free thread, if it needs one, and the connection's rate.

        Take it before “started” is written down, and hand it to `act`.
        """
        place = await self._place(asked, blocking)
        try:
            await self.contexts.kit(asked.connection).turns.take()
            place.paid = True
            yield place
        finally:
            place.leave()

    async def call(
        self,
        function: Callable[..., Any],
        asked: Asked,
        *more: Any,
        blocking: bool,
        within: timedelta,
        place: Place | None = None,
        checked: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Call `function(ctx, *more)`. A refused OAuth token is refreshed once, and the function called again.

        `checked` makes what may be stored and shown of what comes back: then no secret is in it. Without it, it comes
        as it is.
        """
        job = _Job(function, more, blocking, within.total_seconds(), checked)
        async with self._taken(place, asked, blocking) as taken:
            try:
                return await self._called(job, asked, taken)
            except _SignedInAgain:
                pass
            try:
                return await self._called(job, asked, taken)
            except _SignedInAgain as renewed:
                raise AuthFailed(RECONNECT) from renewed

    def hangs(self, error: BaseException) -> bool:
        """Whether the call that raised `error` still runs: after a time-out."""
        ended = getattr(error, "ended", None)
        return ended is not None and not ended.done()

    async def ended(self, error: BaseException) -> None:
        """Returns when the call that raised `error` does not run any more: at once, except after a time-out."""
        ended = getattr(error, "ended", None)
        if ended is not None:
            await asyncio.wait({ended})

    async def close(self) -> None:
        """Close what the contexts hold. Threads that hang are left behind."""
        for pool in self._pools.values():
            pool.close()
        await self.contexts.close()

    async def _called(self, job: "_Job", asked: Asked, place: Place) -> Any:
        prepaid, place.paid = place.paid, False
        async with self.contexts.open(asked, blocking=job.blocking, prepaid=prepaid) as opened:
            with heard(opened.kit), _in_time(asked, opened):
                if job.blocking:
                    pool = self._pool(asked)
                    outcome = await run_blocking(pool, lambda: job.function(opened.ctx, *job.more), place, job.seconds)
                else:
                    outcome = await run_async(lambda: job.function(opened.ctx, *job.more), place, job.seconds)
            value = await _value(outcome, job.function, opened, job.more)
            return echoes.taken_out(job.checked(value), job.more, opened.kit.redactor) if job.checked else value

    async def _polled(
        self, trigger: Trigger[Any, Any], asked: Asked, given: BaseModel
    ) -> AsyncGenerator[Record | Page[Any], None]:
        async with (
            self._polling_place(asked, trigger.blocking) as place,
            self.contexts.open(asked, blocking=trigger.blocking) as opened,
        ):
            pull = self._pull(trigger, asked, opened, given, place)
            try:
                while True:
                    with _in_time(asked, opened):
                        outcome = await pull.next(trigger.timeout.total_seconds())
                    value = await _value(outcome, trigger.function, opened)
                    if value is pulling.END:
                        return
                    yield echoes.taken_out(results.found(trigger, value), given, opened.kit.redactor)
            finally:
                await pull.close()

    def _pull(
        self, trigger: Trigger[Any, Any], asked: Asked, opened: Opened, given: BaseModel, place: Place
    ) -> pulling.Pull:
        def make() -> Any:
            return trigger.function(opened.ctx, given)

        with heard(opened.kit):
            if trigger.blocking:
                return pulling.ThreadPull(make, place, self._pool(asked))
            return pulling.AsyncPull(make, place)

    async def _looked(
        self, action: Action[Any, Any], function: Callable[..., Any] | None, asked: Asked, given: BaseModel
    ) -> Record | None:
        assert function is not None
        asked = replace(asked, purpose=Purpose.LOOKUP)
        blocking = not inspect.iscoroutinefunction(function)
        checked = partial(results.record_or_none, action)
        found: Record | None = await self.call(
            function, asked, given, blocking=blocking, within=action.timeout, checked=checked
        )
        return found

    async def _verify(self, webhook: Webhook[Any, Any], asked: Asked, hook: Hook, delivery: Delivery) -> None:
        verify = webhook.verified_by
        if verify is None:
            return
        blocking = not inspect.iscoroutinefunction(verify)
        await self.call(lambda ctx: verify(hook, delivery), asked, blocking=blocking, within=WEBHOOK_TIMEOUT)

    @asynccontextmanager
    async def _taken(self, place: Place | None, asked: Asked, blocking: bool) -> AsyncIterator[Place]:
        if place is not None:
            yield place
            return
        own = await self._place(asked, blocking)
        try:
            yield own
        finally:
            own.leave()

    async def _place(self, asked: Asked, blocking: bool) -> Place:
        return await self._pool(asked).place() if blocking else Place()

    @asynccontextmanager
    async def _polling_place(self, asked: Asked, blocking: bool) -> AsyncIterator[Place]:
        """Waits for a place, but not for ever: threads that hang may have taken them all."""
        try:
            async with asyncio.timeout(self._patience):
                place = await self._place(asked, blocking)
        except TimeoutError:
            title = asked.connection.connector.title
            raise TemporaryFailure(f"Other checks of “{title}” do not end, so this one could not begin.") from None
        try:
            yield place
        finally:
            place.leave()

    def _pool(self, asked: Asked) -> Pool:
        kind, connector = _POOL_OF[asked.purpose], asked.connection.connector.key
        pool = self._pools.get((kind, connector))
        if pool is None:
            pool = self._pools[kind, connector] = Pool(f"{connector}-{kind}", self._sizes[kind])
        return pool


@dataclass(frozen=True)
class _Job:
    """A function, what it is called with besides its context, and what checks what it brings."""

    function: Callable[..., Any]
    more: tuple[Any, ...]
    blocking: bool
    seconds: float
    checked: Callable[[Any], Any] | None = None


class _SignedInAgain(Exception):
    """The service refused the token, and there is another one now."""


@contextmanager
def _in_time(asked: Asked, opened: Opened) -> Iterator[None]:
    """Says by consequence what it means that a function overran; whatever ends it early, it gets nothing more."""
    try:
        yield
    except Overran as overran:
        opened.give_up()
        if asked.purpose is Purpose.ACTION:
            words = f"“{opened.kit.connection.connector.title}” did not finish in time; it may have been done."
            raise EffectTimedOut(words, overran.ended) from None
        words = f"“{opened.kit.connection.connector.title}” did not answer in time."
        raise ReadTimedOut(words, overran.ended) from None
    except asyncio.CancelledError:
        opened.give_up()
        raise


async def _value(outcome: Outcome, function: Callable[..., Any], opened: Opened, given: Any = ()) -> Any:
    """The value, or the error in the engine's terms: secrets blotted out, bugs as `ConnectorBug`."""
    error, kit = outcome.error, opened.kit
    if error is None:
        return outcome.value
    kit.redactor.learn(secrets_of(given))
    kit.redactor.clean_error(error)
    if isinstance(error, AuthFailed):
        await _sign_in_again(error, opened)
    if isinstance(error, ConnectorError | ZapwerkError):
        raise error
    bug = _bug(error, function, kit)
    raise bug from None


async def _sign_in_again(error: AuthFailed, opened: Opened) -> None:
    keeper = opened.kit.keeper
    if keeper is None or isinstance(error, PermissionMissing):
        raise error
    await keeper.refresh_after_refusal(opened.ctx.credentials.access_token.get_secret_value())
    raise _SignedInAgain from error


def _bug(error: BaseException, function: Callable[..., Any], kit: Kit) -> ConnectorBug:
    connector = kit.connection.connector
    traceback = kit.redactor.traceback(error)
    name = getattr(function, "__name__", "it")
    kit.log.error("The connector “%s” is faulty, in %s:\n%s", connector.key, name, traceback)
    said = kit.redactor.clean(f"{type(error).__name__}: {error}"[:MAX_SAID])
    return ConnectorBug(f"The connector “{connector.title}” is faulty ({said}). Its author can repair it.", traceback)
