"""`zapwerk connectors try`: calls one thing of a connector for real, and shows what a zap would get.

Nothing is remembered: no event, no run, no cursor, no file. Only a token that the service replaced is kept, because the
old one is worth nothing any more.
"""

import asyncio
import json
import logging
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.connections.calls import Calls, ConnectorBug
from engine.connections.connecting import given_of
from engine.connections.contexts import Asked, Contexts, LiveConnection, Purpose
from engine.connections.redaction import Redactor, secrets_of
from engine.connections.stored import auth_kind, typed_hosts
from engine.errors import NotFound, Problem, Problems, Refused
from engine.registry import AnyOperation
from engine.runtime import Runtime
from engine.sdk.auth import Auth, NoAuth, OAuth2, Token
from engine.sdk.connector import Action, Connector, Scheduled, Search, Trigger, Webhook
from engine.sdk.errors import ConnectorError
from engine.sdk.fields import Choices, Kind, fields_of
from engine.sdk.records import Delivery, Hook
from engine.spelling import did_you_mean
from engine.store import connections
from engine.store.blobs import Blobs
from engine.store.encoding import plain
from engine.triggers import reading, schedules, sources
from engine.triggers.sources import PollingSource
from engine.zaps import values
from engine.zaps.locales import Locale
from web import consequences, telling
from web.shapes_connectors import Tried

CHECK = "check"
AS_JSON = frozenset({Kind.LIST, Kind.MODEL, Kind.MAPPING, Kind.JSON})


@dataclass(frozen=True)
class Wish:
    """`connectors try`, as it was typed. `operation` is “check”, an operation's key, or “operation.field”."""

    operation: str
    connection: str | None = None
    credentials: Mapping[str, str] = field(default_factory=dict)
    auth: str | None = None
    profile: str | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    count: int = 3
    search: str = ""
    delivery: Delivery | None = None
    secret: str = ""
    yes: bool = False


async def tried(runtime: Runtime, connector: Connector, wish: Wish) -> Tried:
    """Does it. What the connector raises is part of the answer; raises `Refused`, `NotFound` and `Problems` itself."""
    operation, choices = _meant(connector, wish.operation)
    kind = _kind(operation, choices)
    live = await asyncio.to_thread(_live, runtime, connector, wish)
    tokens = runtime.connections if live.id else None
    with tempfile.TemporaryDirectory(prefix="zapwerk-try-") as folder, _listened(connector.key) as heard:
        calls = Calls(Contexts(Blobs(Path(folder)), tokens=tokens, now=runtime.now))
        attempt = _Attempt(calls, live, wish, runtime)
        try:
            await attempt.sign_in()
            records = await attempt.made(operation, choices)
        except (ConnectorError, ConnectorBug) as error:
            about = None if choices or attempt.live.account is None else operation
            return Tried(wish.operation, kind, attempt.label, [], heard, *consequences.told(error, about))
        finally:
            await calls.close()
    return Tried(wish.operation, kind, attempt.label, _cleaned(records, _redactor(live)), heard)


def _redactor(live: LiveConnection) -> Redactor:
    return Redactor([*secrets_of(live.given), *secrets_of(live.profile)])


def _cleaned(value: Any, redactor: Redactor) -> Any:
    """A record as it is shown: a service that sends a secret back does not get it onto the screen."""
    if isinstance(value, str):
        return redactor.clean(value)
    if isinstance(value, dict):
        return {name: _cleaned(one, redactor) for name, one in value.items()}
    return [_cleaned(one, redactor) for one in value] if isinstance(value, list) else value


@dataclass
class _Attempt:
    """One call, with what it needs."""

    calls: Calls
    live: LiveConnection
    wish: Wish
    runtime: Runtime

    @property
    def label(self) -> str:
        return self.live.account.label if self.live.account else ""

    async def sign_in(self) -> None:
        """A connection that is stored was checked when it was; another one is now, as it would be."""
        if self.live.account is None or self.wish.operation == CHECK:
            self.live = replace(self.live, account=await self.calls.check(self.live))

    async def made(self, operation: AnyOperation | None, choices: str) -> list[Any]:
        if operation is None:
            account = self.live.account
            return [asdict(account)] if account else []
        if choices:
            return await self._choices(operation, choices)
        match operation:
            case Trigger():
                source = PollingSource(operation, self.live, self._given(operation.given))
                found = await reading.newest(self.calls, source, self.wish.count)
                return [plain(record) for record in found]
            case Webhook():
                return await self._received(operation)
            case Scheduled():
                return self._times(operation)
            case Search():
                asked = Asked(self.live, Purpose.SEARCH)
                one = await self.calls.find(operation, asked, self._given(operation.form))
                return [] if one is None else [plain(one)]
            case Action():
                return await self._done(operation)
        raise AssertionError(operation)

    async def _choices(self, operation: AnyOperation, name: str) -> list[Any]:
        marker = next(shape.marker(Choices) for field, _, shape in fields_of(operation.form) if field == name)
        partial = operation.given.model_construct(**_typed(operation.given, self.wish.given))
        found = await self.calls.choices(marker.function, self.live, partial, self.wish.search)
        return [asdict(choice) for choice in found]

    async def _received(self, webhook: Webhook[Any, Any]) -> list[Any]:
        if self.wish.delivery is None:
            raise Refused("Say what the service sends: --body FILE, and --header NAME=VALUE where it matters.")
        hook = Hook(f"{self.runtime.settings.address}/hooks/try", self.wish.secret)
        asked = Asked(self.live, Purpose.WEBHOOK)
        given = self._given(webhook.form)
        found = await self.calls.receive(webhook, asked, given, self.wish.delivery, hook)
        return [plain(record) for record in found]

    def _times(self, scheduled: Scheduled[Any]) -> list[Any]:
        now = self.runtime.now()
        table = sources.timetable(scheduled, self._given(scheduled.form), Locale())
        times = table.upcoming(self.wish.count, now)
        return [plain(schedules.record(table, time, Locale(), now)) for time in times]

    async def _done(self, action: Action[Any, Any]) -> list[Any]:
        form = self._given(action.form)
        if not self.wish.yes:
            raise Refused(_announced(action, self.live, form))
        given = action.given.model_construct(
            form.model_fields_set & set(action.given.model_fields),
            **{name: getattr(form, name) for name in action.given.model_fields},
        )
        asked = Asked(self.live, Purpose.ACTION, idempotency_key=secrets.token_hex(20), started_at=self.runtime.now())
        if getattr(form, "if_exists", "create") != "create":
            already = await self.calls.existing(action, asked, given)
            if already is not None:
                telling.note("There is one like it already, so nothing was created:")
                return [plain(already)]
        return [plain(await self.calls.act(action, asked, given))]

    def _given(self, model: type[BaseModel]) -> BaseModel:
        return values.read(model, _typed(model, self.wish.given), Locale())


def _announced(action: Action[Any, Any], live: LiveConnection, form: BaseModel) -> str:
    """What an action would do, for somebody to say yes to."""
    shown = ", ".join(f"{name}: {telling.shortened(value, 60)}" for name, value in plain(form).items() if value)
    return (
        f"“{action.title}” really changes something at {live.connector.title} ({live.name})"
        f"{', with ' + shown if shown else ''}. If that is meant, repeat the command with --yes-do-it."
    )


def _meant(connector: Connector, named: str) -> tuple[AnyOperation | None, str]:
    """The operation, and the field whose choices are meant. Raises `NotFound` with what there is."""
    if named == CHECK:
        if connector.checked_by is None:
            raise NotFound(f"{connector.title} has no check.")
        return None, ""
    name, _, choices = named.removeprefix(f"{connector.key}.").partition(".")
    known = {operation.key: operation for operation in connector.operations}
    if name not in known:
        there = ", ".join([CHECK, *known] if connector.checked_by else known)
        raise NotFound(f"{connector.title} has nothing called “{name}”.{did_you_mean(name, known)} There is: {there}.")
    offering = [field for field, _, shape in fields_of(known[name].form) if shape.marker(Choices)]
    if choices and choices not in offering:
        there = ", ".join(offering) or "none"
        raise NotFound(f"“{choices}” is no field of {name} that offers choices. There is: {there}.")
    return known[name], choices


def _kind(operation: AnyOperation | None, choices: str) -> str:
    if operation is None:
        return CHECK
    return "choices" if choices else _KINDS[type(operation)]


_KINDS: dict[type[Any], str] = {
    Trigger: "trigger",
    Webhook: "webhook",
    Scheduled: "schedule",
    Search: "search",
    Action: "action",
}


def _live(runtime: Runtime, connector: Connector, wish: Wish) -> LiveConnection:
    """Through a stored connection, with the credentials that were typed, or without any where none are needed."""
    if wish.connection:
        return _stored(runtime, connector, wish.connection)
    if not connector.needs_connection and not wish.credentials:
        return runtime.connections.without(connector)
    if not wish.credentials:
        kind = _auth(connector, wish)
        fields = ", ".join(name for name, info, _ in fields_of(kind.given) if info.is_required()) or "access_token"
        raise Refused(
            f"{connector.title} wants to know who is asking. Name a connection (--connection NAME), or say what one "
            f"would need: --credential FIELD=VALUE for {fields}."
        )
    return _typed_connection(runtime, connector, wish)


def _stored(runtime: Runtime, connector: Connector, name: str) -> LiveConnection:
    with runtime.database.read() as session:
        found = connections.find(session, name)
    if found.app != connector.key:
        raise Refused(f"“{found.name}” is a connection to “{found.app}”, not to “{connector.key}”.")
    return runtime.connections.live(found.id)


def _typed_connection(runtime: Runtime, connector: Connector, wish: Wish) -> LiveConnection:
    kind = _auth(connector, wish)
    profile, hosts = runtime.connections.profile(connector, wish.profile or next(iter(connector.profiles)))
    problem = profile.problem()
    if problem:
        raise Refused(problem)
    token = Token.model_validate(wish.credentials) if isinstance(kind, OAuth2) else None
    return LiveConnection(
        id="",
        name="typed credentials",
        connector=connector,
        auth=kind.key,
        profile=profile,
        given=token or given_of(connector, kind.key, wish.credentials),
        allowed_hosts=hosts | typed_hosts(wish.credentials),
    )


def _auth(connector: Connector, wish: Wish) -> Auth:
    """As asked for; else the first way to sign in whose fields fit what was typed."""
    if wish.auth:
        return auth_kind(connector, wish.auth)
    ways = [kind for kind in connector.auth.values() if not isinstance(kind, NoAuth)]
    fitting = (kind for kind in ways if wish.credentials and set(wish.credentials) <= _fields(kind))
    forms = (kind for kind in ways if not isinstance(kind, OAuth2))
    return next(fitting, None) or next(forms, None) or ways[0]


def _fields(kind: Auth) -> set[str]:
    return set((Token if isinstance(kind, OAuth2) else kind.given).model_fields)


def _typed(model: type[BaseModel], given: Mapping[str, str]) -> dict[str, Any]:
    """What was typed; lists, models and JSON are written as JSON. Raises `Problems`."""
    shapes = {name: shape for name, _, shape in fields_of(model)}
    unknown = [name for name in given if name not in shapes]
    if unknown:
        there = ", ".join(shapes) or "none"
        raise Problems([Problem(f"There is no such field. There is: {there}.", field=name) for name in unknown])
    return {name: _parsed(name, text) if shapes[name].kind in AS_JSON else text for name, text in given.items()}


def _parsed(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Problems([Problem(f"Write it as JSON: {error}.", field=name)]) from error


@contextmanager
def _listened(key: str) -> Iterator[list[str]]:
    """What the connector writes to its log while this is open; the secrets of its connection are blotted out."""
    heard: list[str] = []
    logger, handler = logging.getLogger(f"zapwerk.connector.{key}"), _Heard(heard)
    before = logger.level, logger.propagate
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield heard
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


class _Heard(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.levelname.lower()}: {self.format(record)}")
