"""`Connector`: one app, described by decorated functions. Decorators only describe; nothing runs at import.

The registry collects connectors, the engine calls their functions through a `Context`. A decorated function becomes
a `Trigger`, `Action`, `Search` or `Webhook`: still callable as it was, and carrying what its signature says.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Generic, Literal, TypeVar, overload

from pydantic import BaseModel, Field, create_model

from engine.sdk import signatures
from engine.sdk.auth import Auth, NoAuth, Profile
from engine.sdk.context import BlockingContext, Context
from engine.sdk.fields import Choices, Labels, Place, fields_of
from engine.sdk.http import Explain
from engine.sdk.records import Delivery, Hook, Page, Record
from engine.sdk.schedules import Rate

STEP_TIMEOUT = timedelta(seconds=30)
SETTLES_AFTER = timedelta(seconds=5)

GivenT = TypeVar("GivenT", bound=BaseModel)
OutT = TypeVar("OutT", bound=Record)
ReturnedT = TypeVar("ReturnedT")
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class Operation(Generic[GivenT, ReturnedT]):
    """What triggers, actions, searches and webhooks have in common: one described function."""

    def __init__(
        self,
        connector: str,
        function: Callable[..., ReturnedT],
        signature: signatures.Signature,
        *,
        sentence: str,
        title: str,
    ) -> None:
        self.connector = connector
        self.function = function
        self.key: str = function.__name__
        self.title = title or self.key.replace("_", " ").capitalize()
        self.description = (function.__doc__ or "").strip()
        self.sentence = sentence or self.title[:1].lower() + self.title[1:]
        self.given = signature.given
        self.returns = signature.returns
        self.blocking = signature.blocking

    @property
    def use(self) -> str:
        """How zap files name it: `tasko.create_task`."""
        return f"{self.connector}.{self.key}"

    @property
    def form(self) -> type[BaseModel]:
        """The model a person fills in."""
        return self.given

    def __call__(self, ctx: Any, given: GivenT) -> ReturnedT:
        return self.function(ctx, given)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.use}>"


class Trigger(Operation[GivenT, ReturnedT]):
    """A polling trigger. `paged` ones keep a cursor; the others are told from known ids.

    `order` says how records without a cursor come: “newest” first (reading ends at a known one), or “any”.
    """

    def __init__(
        self,
        connector: str,
        function: Callable[..., ReturnedT],
        *,
        every: timedelta,
        order: Literal["newest", "any"],
        sentence: str,
        title: str,
        timeout: timedelta,
    ) -> None:
        signature = signatures.of_trigger(connector, function)
        super().__init__(connector, function, signature, sentence=sentence, title=title)
        self.every = every
        self.order = order
        self.timeout = timeout
        self.paged = signature.paged
        self.listen: Callable[..., Any] | None = None
        self.listen_blocking = False

    def listener(self, function: FunctionT) -> FunctionT:
        """Registers the function that returns when it is worth polling. It carries no data."""
        self.listen_blocking = signatures.of_check(self.connector, function).blocking
        self.listen = function
        return function

    @property
    def places(self) -> tuple[str, ...]:
        """The inputs that name what is watched; another value there is another source."""
        return tuple(name for name, _, shape in fields_of(self.given) if _names_a_place(shape.markers))


class Action(Operation[GivenT, ReturnedT]):
    """Something that is done at the app; its effect is guarded.

    `repeatable` says that a second call does no harm: it only reads, or the service honours `ctx.idempotency_key`
    (within `idempotency_window`, if it forgets). It may be a function of the connection's profile.
    `settles` is how long the service may take until `lookup` can see an effect.
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
        repeatable: bool | Callable[[Any], bool],
        idempotency_window: timedelta | None,
    ) -> None:
        super().__init__(connector, function, signatures.of_call(connector, function), sentence=sentence, title=title)
        self.timeout = timeout
        self.settles = settles
        self.idempotency_window = idempotency_window
        self._repeatable = repeatable
        self.find_this: Callable[..., Any] | None = None
        self.find_like: Callable[..., Any] | None = None
        self._form: type[BaseModel] = self.given

    def repeatable(self, profile: Any) -> bool:
        """Whether a second call with the same idempotency key does no harm, for connections of this profile."""
        return self._repeatable if isinstance(self._repeatable, bool) else self._repeatable(profile)

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


def _with_if_exists(given: type[BaseModel]) -> type[BaseModel]:
    """Made once: building a model takes more than a millisecond, and every run asks for the form."""
    if_exists: Any = (Annotated[IF_EXISTS, IF_EXISTS_LABELS], Field("use", title="If it exists"))
    form: type[BaseModel] = create_model(f"{given.__name__}Form", __base__=given, if_exists=if_exists)
    return form


class Search(Operation[GivenT, ReturnedT]):
    """Finds one record, or None. It only reads."""

    timeout = STEP_TIMEOUT

    def __init__(self, connector: str, function: Callable[..., ReturnedT], *, sentence: str, title: str) -> None:
        super().__init__(connector, function, signatures.of_call(connector, function), sentence=sentence, title=title)


class Webhook(Operation[GivenT, ReturnedT]):
    """A trigger that the service calls. The function turns one `Delivery` into records."""

    def __init__(self, connector: str, function: Callable[..., ReturnedT], *, sentence: str, title: str) -> None:
        signature = signatures.of_check(connector, function)
        super().__init__(connector, function, signature, sentence=sentence, title=title)
        self.verified_by: Callable[[Hook, Delivery], Any] | None = None

    def verify(self, function: FunctionT) -> FunctionT:
        """Registers the check of a delivery's raw body and headers: raise `PermanentFailure` to refuse it."""
        self.verified_by = function
        return function


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


OperationT = TypeVar("OperationT", bound=Operation[Any, Any])


class Connector:
    """The code for one app.

    `key` names it in zap files and never changes; `profiles` are the named ways to reach it, all instances of one
    `Profile` class (the first is the default); `sandbox` is “module:function”, loaded only when asked for: a function
    `(folder, port) -> async context manager of Sandbox`. `explain` reads the service's own error format: it is asked
    about every answer first, also a 2xx, and returns an error or None.
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
        self.checked_by: Callable[..., Any] | None = None
        self.check_blocking = False
        self.triggers: dict[str, Trigger[Any, Any]] = {}
        self.actions: dict[str, Action[Any, Any]] = {}
        self.searches: dict[str, Search[Any, Any]] = {}
        self.webhooks: dict[str, Webhook[Any, Any]] = {}
        if len(self.auth) != len(auth):
            raise TypeError(f"connector “{key}”: two ways to sign in share a key; give one of them `key=`")

    @property
    def needs_connection(self) -> bool:
        """False for an app without any sign-in."""
        return not all(isinstance(kind, NoAuth) for kind in self.auth.values())

    def check(self, function: FunctionT) -> FunctionT:
        """Registers the function that must succeed before a connection is saved; it returns the `Account`."""
        self.check_blocking = signatures.of_check(self.key, function).blocking
        self.checked_by = function
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
        repeatable: bool | Callable[[Any], bool] = False,
        idempotency_window: timedelta | None = None,
    ) -> _AsAction:
        """Describes an action: see `Action`."""
        options = {
            "sentence": sentence,
            "title": title,
            "timeout": timeout,
            "settles": settles,
            "repeatable": repeatable,
            "idempotency_window": idempotency_window,
        }
        return _AsAction(options, self)

    def search(self, *, sentence: str = "", title: str = "") -> _AsSearch:
        """Describes a find step: see `Search`."""
        return _AsSearch({"sentence": sentence, "title": title}, self)

    def webhook(self, *, sentence: str = "", title: str = "") -> _AsWebhook:
        """Describes a webhook trigger: see `Webhook`."""
        return _AsWebhook({"sentence": sentence, "title": title}, self)

    def add(self, table: dict[str, Any], operation: OperationT) -> OperationT:
        """Puts a described operation into one of this connector's tables; a key may be used once."""
        if any(operation.key in known for known in (self.triggers, self.actions, self.searches, self.webhooks)):
            raise TypeError(f"connector “{self.key}”: {operation.key} is described twice")
        table[operation.key] = operation
        return operation

    def __repr__(self) -> str:
        return f"<Connector {self.key}>"


def _names_a_place(markers: tuple[Any, ...]) -> bool:
    return any(isinstance(m, Place) or (isinstance(m, Choices) and m.place) for m in markers)
