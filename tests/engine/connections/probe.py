"""A connector that does everything connectors should not, and the engine's parts around it."""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from engine.connections.calls import Calls
from engine.connections.contexts import Asked, Contexts, LiveConnection, Purpose
from engine.connections.oauth import TokenStore
from engine.sdk.auth import ApiKey, Basic, KeyGiven, OAuth2, PasswordGiven, Profile, Token
from engine.sdk.connector import Connector
from engine.sdk.context import BlockingContext, Context
from engine.sdk.errors import AuthFailed, PermanentFailure
from engine.sdk.records import Account, Choice, Delivery, Hook, Page, Record
from engine.store.blobs import Blobs

SOON = timedelta(seconds=0.2)
SECRET = "hunter2-secret"


class Given(BaseModel):
    what: str = ""


class Found(Record):
    text: str = ""


probe = Connector(
    "probe",
    title="Probe",
    base_url="{base}",
    auth=[
        ApiKey(header="X-Api-Key"),
        Basic(),
        OAuth2(authorize="{base}/authorize", token="{base}/token"),
    ],
)
stop_hanging = threading.Event()
waits: list[Any] = []


class ProbeProfile(Profile):
    base: str = "http://127.0.0.1:1"


def misbehave(what: str, ctx: Any) -> Any:
    """What both colours can do wrong."""
    match what:
        case "exit":
            sys.exit(3)
        case "interrupt":
            raise KeyboardInterrupt
        case "key error":
            return dict[str, str]()["nothing"]
        case "secret":
            raise ValueError(f"cannot sign in with {SECRET}")
        case "refused secret":
            raise PermanentFailure(f"“{SECRET}” is wrong")
        case "stop iteration":
            raise StopIteration
        case "cancelled":
            raise asyncio.CancelledError
        case "nothing":
            return None
        case "dict":
            return {"id": "1"}
        case "no id":
            return Found.model_construct(id="")
        case "number id":
            return Found.model_construct(id=5)  # type: ignore[arg-type]
        case "echo":
            return Found(id="1", text=f"You sent {SECRET}", sent={SECRET: [f"key={SECRET}"]})
        case "prints":
            print("my password is", ctx.credentials.key.get_secret_value())
    return Found(id="1", text=what)


@probe.check
async def account(ctx: Context) -> Account:
    return Account("me", "me@example.com")


@probe.action(timeout=SOON)
async def act_async(ctx: Context, given: Given) -> Found:
    """Async."""
    if given.what == "hang":
        await asyncio.Event().wait()
    if given.what == "will not stop":
        while not stop_hanging.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
    if given.what == "post":
        return Found(id="1", text=(await ctx.http.post("things", json={})).text)
    return misbehave(given.what, ctx)  # type: ignore[no-any-return]


@probe.action(timeout=SOON)
def act_blocking(ctx: BlockingContext, given: Given) -> Found:
    """Blocking."""
    if given.what == "hang":
        stop_hanging.wait(20)
    if given.what == "hang, then post":
        stop_hanging.wait(20)
        ctx.http.post("late", json={})
    if given.what == "post":
        return Found(id="1", text=ctx.http.post("things", json={}).text)
    if given.what == "thread":
        return Found(id=str(threading.get_ident()))
    if given.what == "note":
        ctx.checkpoint.put("n", ctx.checkpoint.get("n") or 1)
        return Found(id="1", text=str(ctx.checkpoint.get("n")))
    return misbehave(given.what, ctx)  # type: ignore[no-any-return]


@act_async.lookup
async def this_one(ctx: Context, given: Given) -> Found | None:
    return Found(id=ctx.idempotency_key) if given.what == "there" else None


@act_async.existing
async def one_like_it(ctx: Context, given: Given) -> Found | None:
    await ctx.http.post("search", json={})
    return None


@act_blocking.lookup
def this_blocking_one(ctx: BlockingContext, given: Given) -> Found | None:
    return Found(id=ctx.idempotency_key)


@probe.search()
def find_thing(ctx: BlockingContext, given: Given) -> Found | None:
    return misbehave(given.what, ctx)  # type: ignore[no-any-return]


closed: list[str] = []


@probe.trigger(every=timedelta(minutes=1), timeout=SOON)
async def things_async(ctx: Context, given: Given) -> AsyncIterator[Found]:
    """Async."""
    try:
        async with asyncio.timeout(60):
            for number in range(3):
                yield Found(id=str(number))
            if given.what == "hang":
                await asyncio.Event().wait()
            if given.what:
                yield misbehave(given.what, ctx)
    finally:
        closed.append(asyncio.current_task().get_name())  # type: ignore[union-attr]


@probe.trigger(every=timedelta(minutes=1), timeout=SOON)
def things_blocking(ctx: BlockingContext, given: Given) -> Iterator[Found]:
    """Blocking."""
    begun_in = threading.get_ident()
    try:
        for number in range(3):
            yield Found(id=str(number))
        if given.what == "hang":
            stop_hanging.wait(20)
        if given.what:
            yield misbehave(given.what, ctx)
    finally:
        closed.append("same thread" if threading.get_ident() == begun_in else "another thread")


@probe.trigger(every=timedelta(minutes=1))
async def pages(ctx: Context, given: Given) -> AsyncIterator[Page[Found]]:
    """Paged."""
    if given.what == "record":
        yield Found(id="1")  # type: ignore[misc]
    if given.what == "bad cursor":
        yield Page((Found(id="1"),), object())
    if given.what == "bad record":
        yield Page((None,), 1)  # type: ignore[arg-type]
    if given.what == "echo":
        yield Page((misbehave("echo", ctx),), {"next": f"/?key={SECRET}"}, f"rebuilt for {SECRET}")
    yield Page((Found(id=str(ctx.cursor)),), {"next": 2}, "rebuilt")


@things_async.listener
async def wake_async(ctx: Context) -> None:
    while not ctx.stopping():
        await asyncio.sleep(0.005)


@things_blocking.listener
def wake_blocking(ctx: BlockingContext, given: Given) -> None:
    while not ctx.stopping():
        time.sleep(0.005)


@probe.webhook()
async def hooked(ctx: Context, given: Given, delivery: Delivery) -> list[Found]:
    """A call from outside."""
    return [Found(id=delivery.body.decode(), text=delivery.headers.get("x-key", ""))]


@hooked.verify
def is_signed(hook: Hook, delivery: Delivery) -> None:
    if delivery.headers.get("x-secret") != hook.secret:
        raise PermanentFailure("The call is not signed.")


async def colours(ctx: Context, given: BaseModel, search: str) -> list[Choice]:
    return [Choice(search, ctx.account.label if ctx.account else "")]


def wrong_colours(ctx: BlockingContext, given: BaseModel, search: str) -> Any:
    return ["red"]


@probe.action()
def signs_in(ctx: BlockingContext, given: Given) -> Found:
    """Uses the token itself, as mail does."""
    used = ctx.credentials.access_token.get_secret_value()
    waits.append(used)
    if used in given.what.split():
        raise AuthFailed
    return Found(id=used)


@probe.trigger(every=timedelta(minutes=1))
def signs_in_to_look(ctx: BlockingContext, given: Given) -> Iterator[Found]:
    """Fails at once, or after the first record."""
    used = ctx.credentials.access_token.get_secret_value()
    if given.what == "late":
        yield Found(id="first")
    if used == "a0":
        raise AuthFailed
    yield Found(id=used)


def connection(base: str = "http://127.0.0.1:1", **changes: Any) -> LiveConnection:
    values: dict[str, Any] = {
        "id": "c1",
        "name": "Mine",
        "connector": probe,
        "auth": "api_key",
        "profile": ProbeProfile(base=base),
        "given": KeyGiven(key=SecretStr(SECRET)),
        "account": Account("me", "me@example.com"),
        "allowed_hosts": frozenset({"127.0.0.1"}),
    }
    return LiveConnection(**{**values, **changes})


def by_password() -> LiveConnection:
    return connection(auth="basic", given=PasswordGiven(username="u", password=SecretStr(SECRET)))


def by_token(base: str, token: Token) -> LiveConnection:
    return connection(base, auth="oauth2", given=token)


def asked(live: LiveConnection | None = None, **more: Any) -> Asked:
    return Asked(live or connection(), more.pop("purpose", Purpose.ACTION), **more)


@asynccontextmanager
async def calling(folder: Path, tokens: TokenStore | None = None, **sizes: int) -> AsyncIterator[Any]:
    """The engine's `Calls`, all of it real. Untyped: a test knows which record it gets."""
    stop_hanging.clear()
    calls = Calls(Contexts(Blobs(folder / "blobs"), tokens=tokens), sizes=sizes)
    try:
        yield calls
    finally:
        stop_hanging.set()
        await calls.close()


async def read(calls, trigger, what: str = "", got: list[Any] | None = None, **more) -> list[Any]:
    """All that a trigger yields, also in `got`, for when it fails."""
    got = [] if got is None else got
    async with aclosing(calls.poll(trigger, asked(**more), Given(what=what))) as found:
        async for one in found:
            got.append(one)
    return got
