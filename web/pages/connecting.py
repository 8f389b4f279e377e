"""Connecting an account with a form: choose an app, read what is to be known, fill in, watch the check. Signing in at
the app itself is `oauth`'s.
"""

from dataclasses import replace

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.connections.connecting import Wish
from engine.errors import NotFound, Problem, Problems, Refused
from engine.people.audit import Action
from engine.store import connections
from engine.store.connections import StoredConnection
from engine.store.states import ConnectionState
from engine.zaps.remarks import remark
from web import guarded
from web.connecting import asked as asking
from web.connecting import forms
from web.connecting.asked import Asked
from web.connecting.checks import Check
from web.connecting.forms import Choice, Failed
from web.connecting.views import ConnectedPage, TicksPart
from web.forms.posted import posted
from web.forms.typed import must_be_readable
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = guarded.router()

GONE = "The connection “%s” was removed."


@router.get("/connections/new")
def new(request: Request, here: Here, by: By) -> Response:
    """Which app, which way, and then the form."""
    return page(request, forms.begun(here, by, asking.of_address(request)))


@router.post("/connections/new")
async def connect(request: Request, here: Here, by: By) -> Response:
    """Checks the account, and saves it if the app accepts it. With `step=first` only shows the rest of the form."""
    asked = await asking.of_form(request)
    choice = await run_in_threadpool(Choice.of, here, asked)
    if asked.step == "first" or _cannot_work(choice, asked):
        return page(request, await run_in_threadpool(forms.form, here, by, asked))
    check = here.checks.begin(by.somebody.id, asked.check, asked.app)
    try:
        wish = await run_in_threadpool(_wish, here, by, choice, asked)
        stored = await here.runtime.connecting.add(wish, progress=check.progress)
    except Refused as error:
        check.failed()
        return page(request, await run_in_threadpool(_form_again, here, by, asked, error, check), 422)
    await run_in_threadpool(told_of, here, by, Action.CONNECTION_ADDED, stored, wish.allowed_hosts)
    return go(request, done(asked, stored))


@router.get("/connections/checks/{check}")
def ticks(request: Request, here: Here, by: By, check: str) -> Response:
    """The ticks of a check of one's own, as they stand."""
    return page(request, TicksPart(forms.ticks(here.checks.of(by.somebody.id, check), here, by)))


@router.get("/connections/{connection_id}/connected")
def connected(request: Request, here: Here, by: By, connection_id: str) -> Response:
    """The end of connecting; in a window of its own, tells the page that opened it."""
    asked = asking.of_address(request)
    stored = found(here, connection_id)
    return page(request, _connected(here, by, asked, stored))


@router.get("/connections/{connection_id}/reconnect")
def reconnect_form(request: Request, here: Here, by: By, connection_id: str) -> Response:
    """The form, with what is stored but for secrets."""
    stored = found(here, connection_id)
    return page(request, forms.again(here, by, asking.of_address(request), stored))


@router.post("/connections/{connection_id}/reconnect")
async def reconnect(request: Request, here: Here, by: By, connection_id: str) -> Response:
    """Replaces the credentials: repairs the zaps that use them, and releases what was held."""
    asked = await asking.of_form(request)
    stored = await run_in_threadpool(found, here, connection_id)
    check = here.checks.begin(by.somebody.id, asked.check, stored.app)
    hosts = allowed_by(by, asked)
    try:
        typed = await run_in_threadpool(_typed_again, here, by, stored, asked)
        await here.runtime.connecting.reconnect(stored.id, typed, allowed_hosts=hosts, progress=check.progress)
    except Refused as error:
        check.failed()
        failed = Failed(error, check=check)
        return page(request, await run_in_threadpool(forms.again, here, by, asked, stored, failed), 422)
    await run_in_threadpool(told_of, here, by, Action.CONNECTION_RECONNECTED, stored, hosts)
    return go(request, done(asked, stored))


def found(here: Site, connection_id: str) -> StoredConnection:
    """Raises `NotFound`, also for one that was disconnected: nothing can be done with it."""
    stored = known(here, connection_id)
    if stored.state is ConnectionState.REMOVED:
        raise NotFound(GONE % stored.name)
    return stored


def known(here: Site, connection_id: str) -> StoredConnection:
    """Also one that was disconnected. Raises `NotFound` for one that there never was."""
    with here.runtime.database.read() as session:
        return connections.find(session, connection_id)


def done(asked: Asked, stored: StoredConnection) -> str:
    """Where a person goes who has connected an account: back to where they came from, else to the end page."""
    if asked.next and not asked.embed:
        return f"{asked.next}{'&' if '?' in asked.next else '?'}connected={stored.id}"
    plain = replace(asked, app="", profile="", auth="")
    return plain.address(f"/connections/{stored.id}/connected", check=asked.check)


def allowed_by(by: Visitor, asked: Asked) -> frozenset[str]:
    """The private host that an owner allows with this form; from anybody else it counts for nothing."""
    return frozenset({asked.allow}) if by.is_owner and asked.allow else frozenset()


def told_of(here: Site, by: Visitor, action: Action, stored: StoredConnection, hosts: frozenset[str]) -> None:
    details = {"app": stored.app, "account": stored.account_label}
    if hosts:
        details["allowed_hosts"] = ", ".join(sorted(hosts))
    here.runtime.people.audit.tell(
        action, person=by.person, subject_id=stored.id, subject=stored.name, details=details, address=by.address
    )


def name_problem(here: Site, by: Visitor, name: str) -> str:
    """Why a new connection cannot have this name; “” if it can."""
    try:
        with here.runtime.database.read() as session:
            connections.check_name(session, name.strip())
    except Refused as error:
        return error.within(by.language)
    return ""


class _NameRefused(Refused):
    """The name cannot be used; the sentence is in the reader's language."""


def _wish(here: Site, by: Visitor, choice: Choice, asked: Asked) -> Wish:
    """Raises `Problems`, `_NameRefused`."""
    problem = name_problem(here, by, asked.name)
    if problem:
        raise _NameRefused(problem)
    raw = choice.raw(asked)
    readable(choice, raw, by)
    return Wish(
        asked.app, asked.name.strip(), raw, choice.kind.key, choice.profile_name, allowed_hosts=allowed_by(by, asked)
    )


def readable(choice: Choice, raw: dict[str, object], by: Visitor) -> None:
    """Raises `Problems` for what is too long, and for invisible signs in what is not a secret."""
    long = [name for name, value in raw.items() if isinstance(value, str) and len(value) > asking.LONGEST]
    if long:
        raise Problems([Problem(remark("setting_too_long", most=asking.LONGEST), field=name) for name in long])
    names = [name for name in raw if name not in forms.secrets_of(choice)]
    must_be_readable({name: str(raw[name]) for name in names if isinstance(raw[name], str)}, by.language)


def _typed_again(here: Site, by: Visitor, stored: StoredConnection, asked: Asked) -> dict[str, object]:
    here.runtime.connections.opened(stored)  # or says why nothing can be done with it, as the form does
    choice = Choice.of(here, replace(asked, app=stored.app, profile=stored.profile, auth=stored.auth))
    typed = posted(choice.kind.given, asked.given)
    readable(choice, typed, by)
    return typed


def _form_again(here: Site, by: Visitor, asked: Asked, error: Refused, check: Check) -> Page:
    if isinstance(error, _NameRefused) and not isinstance(error, Problems):
        return forms.form(here, by, asked, Failed(name_problem=str(error), check=check))
    return forms.form(here, by, asked, Failed(error, check=check))


def _cannot_work(choice: Choice, asked: Asked) -> bool:
    suggestion = choice.suggested(choice.typed(asked))
    return suggestion is not None and not suggestion.possible


def _connected(here: Site, by: Visitor, asked: Asked, stored: StoredConnection) -> ConnectedPage:
    return ConnectedPage(
        embed=asked.embed,
        next=asked.next,
        id=stored.id,
        name=stored.name,
        app=stored.app,
        app_title=Vocabulary(here.runtime.registry(), by.language).app(stored.app),
        account=stored.account_label,
        mark=forms.mark_of(here, stored.app, stored.profile),
        ticks=forms.ticks(here.checks.of(by.somebody.id, asked.check), here, by),
    )
