"""Connections: connecting an account by its values, checking, renaming, reconnecting, removing. Secrets only go in."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Request
from pydantic import Field
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from engine.connections.connecting import Wish
from engine.connections.stored import auth_kind
from engine.errors import NotFound, Refused, Sentence
from engine.people.audit import Action
from engine.sdk.auth import NoAuth, OAuth2
from engine.store import connections, runs, zaps
from engine.store.connections import StoredConnection
from engine.store.states import ConnectionState, Hold
from web.api.doing import tell
from web.api.paging import After, Limit, part
from web.api.routing import router as new_router
from web.api.schemas import Id, Moment, Name, Page, Sent, Shown, Values
from web.site import By, Here, Site
from web.visitors import Visitor

router = new_router("/connections", "Connections")

NO_SIGN_IN = Sentence(
    "This app needs no connection: it asks for no sign-in.",
    "Diese App braucht keine Verknüpfung: Sie verlangt keine Anmeldung.",
)
SIGN_IN_THERE = Sentence(
    "This account is connected by signing in at the app, in a browser. Ask for the address with …/sign-in.",
    "Dieses Konto wird durch Anmelden bei der App verknüpft, in einem Browser. Fragen Sie mit …/sign-in nach der "
    "Adresse.",
)
BY_VALUES = Sentence(
    "This account is connected by values, not by signing in at the app.",
    "Dieses Konto wird durch Werte verknüpft, nicht durch Anmelden bei der App.",
)
GIVEN = {"folder": "/srv/shop", "password": "open sesame"}

Given = Annotated[
    Values,
    Field(max_length=200, description="What the way to sign in asks for; see the app.", examples=[GIVEN]),
]


class UserShown(Shown):
    """A zap that uses a connection."""

    id: str
    name: str


class ConnectionLine(Shown):
    """A connection in the list. Its credentials are never shown."""

    id: str = Field(examples=["0m3zt8k2v4q9x1c7b5"])
    name: str = Field(examples=["The shop"])
    app: str = Field(examples=["shop"])
    auth: str
    profile: str
    account: str
    state: ConnectionState
    reason: str = Field(description="Why it needs reconnecting; mostly empty.")
    created_at: datetime
    checked_at: Moment


class ConnectionPage(Page[ConnectionLine]):
    """Connections, the oldest first."""


class ConnectionShown(ConnectionLine):
    """A connection with the zaps that use it; `held` counts runs that wait for it."""

    zaps: list[UserShown]
    held: int
    allowed_hosts: list[str]


class NewConnection(Sent):
    """An account to connect. It is checked at the app, and saved only if the app accepts it."""

    app: Id = Field(examples=["shop"])
    name: Name = Field(examples=["The shop"])
    values: Given
    auth: Id | None = Field(None, description="The way to sign in; left out for the one that fits the values.")
    profile: Id | None = Field(None, description="How the app is reached; left out for the usual one.")


class NewName(Sent):
    """Another name."""

    name: Name = Field(examples=["Our shop"])


class NewValues(Sent):
    """What is to be replaced; what is left out stays."""

    values: Given


class SignInWanted(Sent):
    """Which app somebody signs in at."""

    app: Id = Field(examples=["invoice2go"])
    name: Name = ""
    auth: Id | None = None
    profile: Id | None = None


class SignInAddress(Shown):
    """The address to open in a browser in which you are signed in to Zapwerk; it leads on to the app."""

    address: str


class Removed(Shown):
    """The zaps that used it: their runs are held from now on."""

    zaps: list[UserShown]


@router.get("")
def every(request: Request, here: Here, app: Id = "", limit: Limit = 50, after: After = "") -> ConnectionPage:
    """List the connections."""
    with here.runtime.database.read() as session:
        found = [one for one in connections.every(session) if not app or one.app == app]
    some, following = part(request, found, lambda one: one.id, limit, after)
    return ConnectionPage(items=[ConnectionLine(**_line(one)) for one in some], next=following)


@router.post("", status_code=201)
async def create(here: Here, by: By, sent: NewConnection) -> ConnectionShown:
    """Connect an account by its values."""
    await run_in_threadpool(_must_ask_for_values, here, sent.app, sent.auth)
    wish = Wish(sent.app, sent.name.strip(), sent.values, sent.auth, sent.profile)
    stored = await here.runtime.connecting.add(wish)
    return await run_in_threadpool(_told, here, by, Action.CONNECTION_ADDED, stored.id)


@router.post("/sign-in")
def sign_in(here: Here, sent: SignInWanted) -> SignInAddress:
    """Ask where to sign in, for an app that is connected in a browser."""
    connector = here.runtime.registry().connector(sent.app)
    kinds = [key for key, one in connector.auth.items() if isinstance(one, OAuth2)]
    auth = sent.auth or next(iter(kinds), "")
    if not kinds or not isinstance(auth_kind(connector, auth), OAuth2):
        raise Refused(BY_VALUES)
    asked = {"app": sent.app, "auth": auth, "profile": sent.profile or "", "name": sent.name}
    query = urlencode({name: value for name, value in asked.items() if value})
    return SignInAddress(address=here.address(f"/connections/new?{query}"))


@router.get("/{connection_id}")
def one(here: Here, connection_id: str) -> ConnectionShown:
    """Get a connection."""
    return _shown(here, connection_id)


@router.patch("/{connection_id}")
def rename(here: Here, by: By, connection_id: str, sent: NewName) -> ConnectionShown:
    """Rename a connection. Zaps refer to it by its id, so nothing else changes."""
    before = _found(here, connection_id)
    renamed = here.runtime.connecting.rename(before.id, sent.name)
    return _told(here, by, Action.CONNECTION_RENAMED, renamed.id, before=before.name)


@router.post("/{connection_id}/check")
async def check(here: Here, connection_id: str) -> ConnectionShown:
    """Ask the app whether the account is still accepted. One that works again is repaired."""
    stored = await run_in_threadpool(_found, here, connection_id)
    await here.runtime.connecting.check(stored.id)
    return await run_in_threadpool(_shown, here, stored.id)


@router.post("/{connection_id}/reconnect")
async def reconnect(here: Here, by: By, connection_id: str, sent: NewValues) -> ConnectionShown:
    """Replace the credentials. This repairs every zap and releases what was held."""
    stored = await run_in_threadpool(_found, here, connection_id)
    await run_in_threadpool(_must_ask_for_values, here, stored.app, stored.auth)
    await here.runtime.connecting.reconnect(stored.id, sent.values)
    return await run_in_threadpool(_told, here, by, Action.CONNECTION_RECONNECTED, stored.id)


@router.post("/{connection_id}/sign-in")
def sign_in_again(here: Here, connection_id: str) -> SignInAddress:
    """Ask where to sign in anew, for an account that was connected in a browser."""
    stored = _found(here, connection_id)
    connector = here.runtime.registry().connector(stored.app)
    if not isinstance(auth_kind(connector, stored.auth), OAuth2):
        raise Refused(BY_VALUES)
    return SignInAddress(address=here.address(f"/connections/{stored.id}/reconnect"))


@router.delete("/{connection_id}")
async def remove(here: Here, by: By, connection_id: str) -> Removed:
    """Remove a connection and shred its credentials. Answers with the zaps that used it."""
    stored = await run_in_threadpool(_found, here, connection_id)
    users = await run_in_threadpool(_users_of, here, stored)
    await here.runtime.connecting.remove(stored.id)
    names = ", ".join(one.name for one in users)
    await run_in_threadpool(_tell, here, by, Action.CONNECTION_REMOVED, stored, zaps=names)
    return Removed(zaps=users)


class ReplacementSent(Sent):
    """The account that is used instead."""

    connection: Id


class ReplacedShown(Shown):
    """The zaps that use it from now on, by name, how many of their runs do, and how many of these a person decides on
    first, since something was begun with the old one."""

    zaps: list[str]
    runs: int
    review: int


@router.post("/{connection_id}/replace")
async def replace(here: Here, by: By, connection_id: str, sent: ReplacementSent) -> ReplacedShown:
    """Put another account in the place of one that was disconnected, for its zaps and for the runs that wait."""
    new = await run_in_threadpool(_found, here, sent.connection)
    done = await here.runtime.replacing.replace(connection_id, new.id, by=by.somebody.id)
    here.engine.queue.ring()
    details: dict[str, Any] = {"zaps": ", ".join(done.zaps), "runs": done.runs}
    await run_in_threadpool(lambda: tell(here, by, Action.CONNECTION_REPLACED, new.id, new.name, **details))
    return ReplacedShown(zaps=list(done.zaps), runs=done.runs, review=done.review)


def _found(here: Site, connection_id: str) -> StoredConnection:
    """Raises `NotFound`, also for one that was removed."""
    with here.runtime.database.read() as session:
        stored = connections.find(session, connection_id)
    if stored.state is ConnectionState.REMOVED:
        raise NotFound(f"There is no connection “{connection_id}”.")
    return stored


def _must_ask_for_values(here: Site, app: str, auth: str | None) -> None:
    """Raises `NotFound`, `Refused`."""
    connector = here.runtime.registry().connector(app)
    kinds = [auth_kind(connector, auth)] if auth is not None else list(connector.auth.values())
    if all(isinstance(kind, NoAuth) for kind in kinds):
        raise Refused(NO_SIGN_IN)
    if all(isinstance(kind, OAuth2 | NoAuth) for kind in kinds):
        raise Refused(SIGN_IN_THERE)


def _told(here: Site, by: Visitor, action: Action, connection_id: str, **details: Any) -> ConnectionShown:
    _tell(here, by, action, _found(here, connection_id), **details)
    return _shown(here, connection_id)


def _tell(here: Site, by: Visitor, action: Action, stored: StoredConnection, **details: Any) -> None:
    tell(here, by, action, stored.id, stored.name, app=stored.app, account=stored.account_label, **details)


def _shown(here: Site, connection_id: str) -> ConnectionShown:
    stored = _found(here, connection_id)
    with here.runtime.database.read() as session:
        users = _users(session, stored.id)
        held = runs.count_on_hold(session, f"{Hold.CONNECTION}:{stored.id}")
    return ConnectionShown(**_line(stored), zaps=users, held=held, allowed_hosts=sorted(stored.allowed_hosts))


def _users_of(here: Site, stored: StoredConnection) -> list[UserShown]:
    with here.runtime.database.read() as session:
        return _users(session, stored.id)


def _users(session: Session, connection_id: str) -> list[UserShown]:
    return [UserShown(id=one.id, name=one.name) for one in zaps.using(session, connection_id)]


def _line(stored: StoredConnection) -> dict[str, Any]:
    return {
        "id": stored.id,
        "name": stored.name,
        "app": stored.app,
        "auth": stored.auth,
        "profile": stored.profile,
        "account": stored.account_label,
        "state": stored.state,
        "reason": stored.reason,
        "created_at": stored.created_at,
        "checked_at": stored.checked_at,
    }
