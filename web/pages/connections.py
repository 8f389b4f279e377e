"""Connections: the list, and one of them with what people do about it: rename, test, reconnect, disconnect."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.errors import Problems, Refused
from engine.people.audit import Action
from engine.store import connections, runs, watches, zaps
from engine.store.connections import StoredConnection
from engine.store.states import ConnectionState, Hold
from web import guarded, states
from web.connecting import asked as asking
from web.connecting import forms, troubles
from web.connecting.troubles import Trouble
from web.connecting.users import User, users_of
from web.connecting.views import TickLine
from web.languages import words
from web.pages import disconnected
from web.pages.connecting import found, known
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.states import Look
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = guarded.router()


@dataclass(frozen=True)
class ConnectionLine:
    """One in the list. `used_by` counts zaps, `checked` is when the app last accepted the account."""

    id: str
    name: str
    app: str
    app_title: str
    account: str
    mark: str
    look: Look
    used_by: int
    checked: datetime | None


@dataclass(frozen=True)
class ConnectionsPage(Page):
    """All of them; `apps` says whether there is anything to connect."""

    template: ClassVar[str] = "connections/list.html"
    nav: ClassVar[str] = "connections"
    connections: tuple[ConnectionLine, ...]


@dataclass(frozen=True)
class ConnectionPage(Page):
    """One connection. `reason` is why it needs reconnecting; `held` counts runs that wait for it. `worked` says that it
    was just tested, `trouble` what came out if it did not. Where its app is not `installed`, nobody can ask there.
    """

    template: ClassVar[str] = "connections/one.html"
    nav: ClassVar[str] = "connections"
    id: str
    name: str
    app: str
    app_title: str
    account: str
    profile: str
    several_profiles: bool
    mark: str
    way: str
    look: Look
    needs_reconnecting: bool
    reason: str
    users: tuple[User, ...]
    held: int
    checked: datetime | None
    created: datetime
    hosts: tuple[str, ...]
    renaming: str = ""
    rename_problem: str = ""
    worked: bool = False
    ticks: tuple[TickLine, ...] = ()
    trouble: Trouble | None = None
    installed: bool = True


@dataclass(frozen=True)
class DisconnectPage(Page):
    """The second question: type the name."""

    template: ClassVar[str] = "connections/disconnect.html"
    nav: ClassVar[str] = "connections"
    id: str
    name: str
    app: str
    account: str
    users: tuple[User, ...]
    typed: str = ""
    problem: str = ""


Text = Annotated[str, Form()]


@router.get("/connections")
def every(request: Request, here: Here, by: By) -> Response:
    """The list."""
    with here.runtime.database.read() as session:
        stored, successes = connections.every(session), watches.last_successes(session)
        used = {one.id: len(zaps.using(session, one.id)) for one in stored}
    vocabulary = Vocabulary(here.runtime.registry(), by.language)
    lines = (_line(here, by, one, used[one.id], successes.get(one.id), vocabulary) for one in stored)
    return page(request, ConnectionsPage(tuple(lines)))


@router.get("/connections/{connection_id}")
def one(request: Request, here: Here, by: By, connection_id: str, check: str = "", connected: str = "") -> Response:
    """One of them; with `check` what its test has just said. Of one that was disconnected what still uses it, with
    `connected` as the account to take its place.
    """
    stored = known(here, connection_id)
    if stored.state is ConnectionState.REMOVED:
        return page(request, disconnected.shown_page(here, by, stored, chosen=connected))
    tested = here.checks.of(by.sign_in_id and by.somebody.id, check)
    shown = _page(here, by, stored, worked=tested is not None, ticks=forms.ticks(tested, here, by))
    return page(request, shown)


@router.post("/connections/{connection_id}/name")
def rename(request: Request, here: Here, by: By, connection_id: str, name: Text = "") -> Response:
    """Zaps refer to connections by id, so nothing else changes."""
    stored = found(here, connection_id)
    try:
        renamed = here.runtime.connecting.rename(stored.id, name)
    except Problems as error:
        problem = error.within(by.language)
        return page(request, _page(here, by, stored, renaming=name, rename_problem=problem), 422)
    _tell(here, by, Action.CONNECTION_RENAMED, renamed, before=stored.name)
    return go(request, f"/connections/{stored.id}", words(by.language).gettext("The connection is renamed."))


@router.post("/connections/{connection_id}/check")
async def check(request: Request, here: Here, by: By, connection_id: str) -> Response:
    """Asks the app whether the account is still accepted; one that works again is repaired."""
    asked = await asking.of_form(request)
    stored = await run_in_threadpool(found, here, connection_id)
    under_way = here.checks.begin(by.somebody.id, asked.check, stored.app)
    try:
        await here.runtime.connecting.check(stored.id, under_way.progress)
    except Refused as error:
        under_way.failed()
        trouble = await run_in_threadpool(troubles.of, error, stored.app, here, by)
        ticks = forms.ticks(under_way, here, by)
        return page(request, await run_in_threadpool(_failed, here, by, stored, trouble, ticks), 422)
    if here.checks.of(by.somebody.id, asked.check):
        return go(request, f"/connections/{stored.id}?check={asked.check}")
    return go(request, f"/connections/{stored.id}", words(by.language).gettext("The account is accepted."))


@router.get("/connections/{connection_id}/disconnect")
def disconnect_form(request: Request, here: Here, by: By, connection_id: str) -> Response:
    """Asks a second time."""
    return page(request, _disconnect(here, by, found(here, connection_id)))


@router.post("/connections/{connection_id}/disconnect")
async def disconnect(request: Request, here: Here, by: By, connection_id: str, name: Text = "") -> Response:
    """Shreds the credentials, if the name was typed; zaps that used it hold their runs from then on."""
    stored = await run_in_threadpool(found, here, connection_id)
    if name.strip().casefold() != stored.name.strip().casefold():
        problem = words(by.language).gettext("This is not the name of the connection, so nothing was disconnected.")
        return page(request, await run_in_threadpool(_disconnect, here, by, stored, name, problem), 422)
    users = await here.runtime.connecting.remove(stored.id)
    await run_in_threadpool(_tell, here, by, Action.CONNECTION_REMOVED, stored, zaps=", ".join(users))
    sentence = words(by.language).gettext("“%(name)s” is disconnected; its credentials are gone.")
    return go(request, "/connections", sentence % {"name": stored.name})


def _line(
    here: Site, by: Visitor, one: StoredConnection, used_by: int, success: datetime | None, vocabulary: Vocabulary
) -> ConnectionLine:
    return ConnectionLine(
        id=one.id,
        name=one.name,
        app=one.app,
        app_title=vocabulary.app(one.app),
        account=one.account_label,
        mark=forms.mark_of(here, one.app, one.profile),
        look=states.of_connection(one.state, by.language),
        used_by=used_by,
        checked=_later(one.checked_at, success, one.state),
    )


def _page(
    here: Site,
    by: Visitor,
    stored: StoredConnection,
    *,
    renaming: str = "",
    rename_problem: str = "",
    worked: bool = False,
    ticks: tuple[TickLine, ...] = (),
    trouble: Trouble | None = None,
) -> ConnectionPage:
    with here.runtime.database.read() as session:
        users = users_of(session, stored.id, by.language)
        held = runs.count_on_hold(session, f"{Hold.CONNECTION}:{stored.id}")
        success = watches.last_successes(session).get(stored.id)
    vocabulary = Vocabulary(here.runtime.registry(), by.language)
    connector = here.runtime.registry().connectors.get(stored.app)
    kind = connector.auth.get(stored.auth) if connector else None
    return ConnectionPage(
        id=stored.id,
        name=stored.name,
        app=stored.app,
        app_title=vocabulary.app(stored.app),
        account=stored.account_label,
        profile=_profile_title(here, stored, vocabulary),
        several_profiles=connector is not None and len(connector.profiles) > 1,
        mark=forms.mark_of(here, stored.app, stored.profile),
        way=vocabulary.sign_in(stored.app, stored.auth)("title", kind.title) if kind else stored.auth,
        look=states.of_connection(stored.state, by.language),
        needs_reconnecting=stored.state is ConnectionState.RECONNECT,
        reason=vocabulary.error(stored.app, stored.reason),
        users=users,
        held=held,
        checked=_later(stored.checked_at, success, stored.state),
        created=stored.created_at,
        hosts=tuple(sorted(stored.allowed_hosts)),
        renaming=renaming,
        rename_problem=rename_problem,
        worked=worked,
        ticks=ticks,
        trouble=trouble,
        installed=connector is not None,
    )


def _failed(
    here: Site, by: Visitor, stored: StoredConnection, trouble: Trouble, ticks: tuple[TickLine, ...]
) -> ConnectionPage:
    said = tuple(troubles.sentences(trouble, by.language))
    return _page(here, by, stored, ticks=ticks, trouble=Trouble(said, host=trouble.host, owners=trouble.owners))


def _disconnect(
    here: Site, by: Visitor, stored: StoredConnection, typed: str = "", problem: str = ""
) -> DisconnectPage:
    with here.runtime.database.read() as session:
        users = users_of(session, stored.id, by.language)
    return DisconnectPage(stored.id, stored.name, stored.app, stored.account_label, users, typed, problem)


def _profile_title(here: Site, stored: StoredConnection, vocabulary: Vocabulary) -> str:
    connector = here.runtime.registry().connectors.get(stored.app)
    return vocabulary.profile(connector, stored.profile) if connector else stored.profile


def _later(checked: datetime | None, success: datetime | None, state: ConnectionState) -> datetime | None:
    """When the account was last known to work; a trigger's success counts while the connection is active."""
    known = [one for one in (checked, success if state is ConnectionState.ACTIVE else None) if one is not None]
    return max(known, default=None)


def _tell(here: Site, by: Visitor, action: Action, stored: StoredConnection, **details: str) -> None:
    told = {"app": stored.app, "account": stored.account_label, **details}
    here.runtime.people.audit.tell(
        action, person=by.person, subject_id=stored.id, subject=stored.name, details=told, address=by.address
    )
