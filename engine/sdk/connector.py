"""`Connector`: one app, described by decorated functions. Decorators only describe; nothing runs at import.

The registry collects connectors, the engine calls their functions through a `Context`. A decorated function becomes
a `Trigger`, `Webhook`, `Scheduled`, `Action` or `Search`: still callable as it was, and carrying what its signature
says.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar, overload

from pydantic import BaseModel, Field, create_model

from engine.sdk import signatures
from engine.sdk.auth import Auth, NoAuth, Profile
from engine.sdk.connecting import Introduction
from engine.sdk.context import BlockingContext, Context
from engine.sdk.fields import Labels
from engine.sdk.http import Explain
from engine.sdk.operations import FunctionT, GivenT, Operation, ReturnedT
from engine.sdk.records import Delivery, Page, Record
from engine.sdk.schedules import Rate, Schedule
from engine.sdk.triggers import Scheduled, Trigger, Webhook

STEP_TIMEOUT = timedelta(seconds=30)
SETTLES_AFTER = timedelta(seconds=5)

Repeatable = bool | Callable[[Any], bool] | Callable[[Any, Any], bool]

OutT = TypeVar("OutT", bound=Record)

__all__ = ["Action", "Connector", "Operation", "Scheduled", "Search", "Trigger", "Webhook"]


class Action(Operation[GivenT, ReturnedT]):
    """Something that is done at the app: `async (ctx: Context, given) -> Record`, or blocking `(ctx: BlockingContext,
    given) -> Record`. Its effect is guarded.

    `timeout` is what one call may take; after it, what became of the call is found out.
    `repeatable` says that a second call does no harm: it only reads, or the service honours `ctx.idempotency_key`
    (within `idempotency_window`, if it forgets). It may be a function `(profile) -> bool` of the connection's profile,
    or `(profile, given) -> bool` where it depends on the input too.
    `settles` is how long the service may take until `lookup` can see an effect.
    `uses_quota` says that what it makes counts toward a quota of the account's plan, where the plan has one: people are
    told so before.
    """

    def __init__(
        self,
        connector: str,
        function: Callable[..., ReturnedT],
        *,
        sentence: str,
        title: str,
        timeout: timedelta,
        settles: timedelta,
        repeatable: Repeatable,
        idempotency_window: timedelta | None,
        uses_quota: bool,
    ) -> None:
        super().__init__(connector, function, signatures.of_call(connector, function), sentence=sentence, title=title)
        self.timeout = timeout
        self.settles = settles
        self.idempotency_window = idempotency_window
        self.uses_quota = uses_quota
        self._repeatable = _of_both(repeatable)
        self.never_repeatable = repeatable is False
        self.find_this: Callable[..., Any] | None = None
        self.find_like: Callable[..., Any] | None = None
        self._form: type[BaseModel] = self.given

    def repeatable(self, profile: Any, given: Any = None) -> bool:
        """Whether a second call with the same idempotency key and input does no harm, for connections of this profile.

        `given` may be left out for actions whose answer does not depend on it.
        """
        return self._repeatable(profile, given)

    def lookup(self, function: FunctionT) -> FunctionT:
        """Registers the answer to “did *this call* arrive?”: the record, None for no, or raise `CannotTell`.

        A likeness by name or e-mail is no answer: a match that carries no reference of ours and may be older than
        `ctx.started_at` is `CannotTell`.
        """
        self._like_the_action(function)
        self.find_this = function
        return function

    def existing(self, function: FunctionT) -> FunctionT:
        """Registers the answer to “is there one like it already?”, and gives the action the field `if_exists`."""
        self._like_the_action(function)
        self.find_like = function
        self._form = _with_if_exists(self.given)
        return function

    def _like_the_action(self, function: Callable[..., Any]) -> None:
        signature = signatures.of_call(self.connector, function)
        if signature.given is not self.given:
            raise TypeError(f"connector “{self.connector}”: {function.__name__} must take a {self.given.__name__}")

    @property
    def form(self) -> type[BaseModel]:
        """The input model, with `if_exists` where the action can tell what exists."""
        return self._form


IF_EXISTS = Literal["use", "create", "stop"]
IF_EXISTS_LABELS = Labels({"use": "use it", "create": "create another", "stop": "stop"})


def _of_both(repeatable: Repeatable) -> Callable[[Any, Any], bool]:
    """As a function of profile and input."""
    if isinstance(repeatable, bool):
        return lambda profile, given: repeatable
    asks: Callable[..., bool] = repeatable
    if len(inspect.signature(asks).parameters) > 1:
        return asks
    return lambda profile, given: asks(profile)


def _with_if_exists(given: type[BaseModel]) -> type[BaseModel]:
    """Made once: building a model takes more than a millisecond, and every run asks for the form."""
    if_exists: Any = (Annotated[IF_EXISTS, IF_EXISTS_LABELS], Field("use", title="If it exists"))
    form: type[BaseModel] = create_model(f"{given.__name__}Form", __base__=given, if_exists=if_exists)
    return form


class Search(Operation[GivenT, ReturnedT]):
    """A step that finds one record: `async (ctx: Context, given) -> Record | None`. It only reads."""

    timeout = STEP_TIMEOUT

    def __init__(self, connector: str, function: Callable[..., ReturnedT], *, sentence: str, title: str) -> None:
        super().__init__(connector, function, signatures.of_call(connector, function), sentence=sentence, title=title)


@dataclass(frozen=True)
class _AsTrigger:
    options: dict[str, Any]
    connector: "Connector"

    @overload
    def __call__(
        self, function: Callable[[Context, GivenT], AsyncIterator[OutT]]
    ) -> Trigger[GivenT, AsyncIterator[OutT]]: ...
    @overload
    def __call__(
        self, function: Callable[[Context, GivenT], AsyncIterator[Page[OutT]]]
    ) -> Trigger[GivenT, AsyncIterator[Page[OutT]]]: ...
    @overload
    def __call__(
        self, function: Callable[[BlockingContext, GivenT], Iterator[OutT]]
    ) -> Trigger[GivenT, Iterator[OutT]]: ...
    @overload
    def __call__(
        self, function: Callable[[BlockingContext, GivenT], Iterator[Page[OutT]]]
    ) -> Trigger[GivenT, Iterator[Page[OutT]]]: ...
    def __call__(self, function: Callable[..., Any]) -> Trigger[Any, Any]:
        return self.connector.add(self.connector.triggers, Trigger(self.connector.key, function, **self.options))


@dataclass(frozen=True)
class _AsAction:
    options: dict[str, Any]
    connector: "Connector"

    @overload
    def __call__(self, function: Callable[[Context, GivenT], Awaitable[OutT]]) -> Action[GivenT, Awaitable[OutT]]: ...
    @overload
    def __call__(self, function: Callable[[BlockingContext, GivenT], OutT]) -> Action[GivenT, OutT]: ...
    def __call__(self, function: Callable[..., Any]) -> Action[Any, Any]:
        return self.connector.add(self.connector.actions, Action(self.connector.key, function, **self.options))


@dataclass(frozen=True)
class _AsSearch:
    options: dict[str, Any]
    connector: "Connector"

    @overload
    def __call__(
        self, function: Callable[[Context, GivenT], Awaitable[OutT | None]]
    ) -> Search[GivenT, Awaitable[OutT | None]]: ...
    @overload
    def __call__(self, function: Callable[[BlockingContext, GivenT], OutT | None]) -> Search[GivenT, OutT | None]: ...
    def __call__(self, function: Callable[..., Any]) -> Search[Any, Any]:
        return self.connector.add(self.connector.searches, Search(self.connector.key, function, **self.options))


@dataclass(frozen=True)
class _AsWebhook:
    options: dict[str, Any]
    connector: "Connector"

    def __call__(
        self, function: Callable[[Context, GivenT, Delivery], Awaitable[Sequence[OutT]]]
    ) -> Webhook[GivenT, Awaitable[Sequence[OutT]]]:
        hook: Webhook[GivenT, Awaitable[Sequence[OutT]]] = Webhook(self.connector.key, function, **self.options)
        return self.connector.add(self.connector.webhooks, hook)


@dataclass(frozen=True)
class _AsScheduled:
    options: dict[str, Any]
    connector: "Connector"

    @overload
    def __call__(self, function: Callable[[GivenT], Schedule]) -> Scheduled[GivenT]: ...
    @overload
    def __call__(self, function: Callable[[], Schedule]) -> Scheduled[Any]: ...
    def __call__(self, function: Callable[..., Schedule]) -> Scheduled[Any]:
        scheduled: Scheduled[Any] = Scheduled(self.connector.key, function, **self.options)
        return self.connector.add(self.connector.schedules, scheduled)


OperationT = TypeVar("OperationT", bound=Operation[Any, Any])


class Connector:
    """The code for one app. Decorate its functions with the methods below; nothing runs at import.

    `title` and `description` are for people. Addresses are joined to `base_url`, which may hold placeholders that are
    filled in from the profile or what the person gave (“https://{host}/api”). `rate` is kept for each connection.
    `version` grows when a published zap could not go on as it is. `auth` are the ways to sign in, the usual one first.
    `key` names it in zap files and never changes; `profiles` are the named ways to reach it, all instances of one
    `Profile` class (the first is the default); `sandbox` is “module:function”, loaded only when asked for: a function
    `(folder, port) -> async context manager of Sandbox`. `explain` reads the service's own error format: it is asked
    about every answer first, also a 2xx, and returns an error or None. `introduction` is what people read before they
    connect an account.
    """

    def __init__(
        self,
        key: str,
        *,
        title: str,
        version: int = 1,
        base_url: str = "",
        rate: Rate | None = None,
        auth: Sequence[Auth] = (NoAuth(),),
        profiles: Mapping[str, Profile] | None = None,
        explain: Explain | None = None,
        sandbox: str | None = None,
        description: str = "",
        introduction: Introduction | None = None,
    ) -> None:
        if not key.isidentifier() or key != key.lower():
            raise TypeError(f"connector “{key}”: the key must be a lower-case name like “tasko”")
        self.key = key
        self.title = title
        self.version = version
        self.base_url = base_url
        self.rate = rate
        self.auth: dict[str, Auth] = {kind.key: kind for kind in auth}
        self.profiles: dict[str, Profile] = dict(profiles or {"default": Profile()})
        self.explain = explain
        self.sandbox = sandbox
        self.description = description
        self.introduction = introduction
        self.checked_by: Callable[..., Any] | None = None
        self.check_blocking = False
        self.mail_account: Callable[..., Any] | None = None
        self.mail_account_blocking = False
        self.triggers: dict[str, Trigger[Any, Any]] = {}
        self.actions: dict[str, Action[Any, Any]] = {}
        self.searches: dict[str, Search[Any, Any]] = {}
        self.webhooks: dict[str, Webhook[Any, Any]] = {}
        self.schedules: dict[str, Scheduled[Any]] = {}
        if len(self.auth) != len(auth):
            raise TypeError(f"connector “{key}”: two ways to sign in share a key; give one of them `key=`")

    @property
    def needs_connection(self) -> bool:
        """False for an app that can be used without signing in: one that lists `NoAuth`, alone or beside others.

        Beside others, a connection is optional: who wants to sign in makes one.
        """
        return not any(isinstance(kind, NoAuth) for kind in self.auth.values())

    def check(self, function: FunctionT) -> FunctionT:
        """Registers the function that must succeed before a connection is saved; it returns the `Account`."""
        self.check_blocking = signatures.of_check(self.key, function).blocking
        self.checked_by = function
        return function

    def sends_mail(self, function: FunctionT) -> FunctionT:
        """Registers how mail is sent as a connection of this app, `(ctx) -> SmtpAccount`: then people can choose it
        for Zapwerk's own notices. It only tells; the engine sends.
        """
        self.mail_account_blocking = signatures.of_check(self.key, function).blocking
        self.mail_account = function
        return function

    def trigger(
        self,
        *,
        every: timedelta,
        sentence: str = "",
        title: str = "",
        order: Literal["newest", "any"] = "newest",
        timeout: timedelta = timedelta(minutes=2),
    ) -> _AsTrigger:
        """Describes a polling trigger: see `Trigger`. `every` is the time between two checks."""
        options = {"every": every, "sentence": sentence, "title": title, "order": order, "timeout": timeout}
        return _AsTrigger(options, self)

    def action(
        self,
        *,
        sentence: str = "",
        title: str = "",
        timeout: timedelta = STEP_TIMEOUT,
        settles: timedelta = SETTLES_AFTER,
        repeatable: Repeatable = False,
        idempotency_window: timedelta | None = None,
        uses_quota: bool = False,
    ) -> _AsAction:
        """Describes an action: see `Action`."""
        options = {
            "sentence": sentence,
            "title": title,
            "timeout": timeout,
            "settles": settles,
            "repeatable": repeatable,
            "idempotency_window": idempotency_window,
            "uses_quota": uses_quota,
        }
        return _AsAction(options, self)

    def search(self, *, sentence: str = "", title: str = "") -> _AsSearch:
        """Describes a find step: see `Search`."""
        return _AsSearch({"sentence": sentence, "title": title}, self)

    def webhook(self, *, sentence: str = "", title: str = "") -> _AsWebhook:
        """Describes a webhook trigger: see `Webhook`."""
        return _AsWebhook({"sentence": sentence, "title": title}, self)

    def schedule(self, *, sentence: str = "", title: str = "") -> _AsScheduled:
        """Describes a trigger that is due at times, by a function `(given) -> Schedule`: see `Scheduled`."""
        return _AsScheduled({"sentence": sentence, "title": title}, self)

    @property
    def operations(self) -> Iterator[Operation[Any, Any]]:
        """Everything the connector can do, in the order in which people look for it."""
        for table in (self.triggers, self.webhooks, self.schedules, self.actions, self.searches):
            yield from table.values()

    def add(self, table: dict[str, Any], operation: OperationT) -> OperationT:
        """Puts a described operation into one of this connector's tables; a key may be used once."""
        if any(operation.key == known.key for known in self.operations):
            raise TypeError(f"connector “{self.key}”: {operation.key} is described twice")
        table[operation.key] = operation
        return operation

    def __repr__(self) -> str:
        return f"<Connector {self.key}>"
