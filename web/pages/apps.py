"""Apps: what there is and what each can do, in words; for owners how this installation reaches them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from fastapi import Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.connections.addresses import folded
from engine.errors import Problem, Problems
from engine.people.audit import Action
from engine.sdk.auth import NoAuth, OAuth2
from engine.sdk.connector import Connector, Operation
from engine.store import connections
from web import guarded, states
from web.bodies import form_of
from web.connecting import forms, profiles, troubles
from web.connecting.consents import RETURN
from web.connecting.profiles import ProfileForm
from web.languages import words
from web.rendering import Page, go, page
from web.security import LOOPBACK, safe_next
from web.site import By, Here, Site
from web.sorting import by_name
from web.states import Look
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = guarded.router()

Text = Annotated[str, Form()]


@dataclass(frozen=True)
class AppLine:
    """One in the list, with how many triggers, actions and searches it has."""

    key: str
    title: str
    description: str
    triggers: int
    actions: int
    searches: int
    accounts: int


@dataclass(frozen=True)
class BrokenLine:
    """A connector that could not be loaded."""

    name: str
    where: str
    reason: str


@dataclass(frozen=True)
class AppsPage(Page):
    """All apps; `broken` only for owners, who can do something about it."""

    template: ClassVar[str] = "apps/list.html"
    nav: ClassVar[str] = "apps"
    apps: tuple[AppLine, ...]
    broken: tuple[BrokenLine, ...]


@dataclass(frozen=True)
class OperationLine:
    """A trigger, action or search. `kind` is polling, webhook, schedule, action or search."""

    title: str
    description: str
    kind: str


@dataclass(frozen=True)
class AccountLine:
    """An account of this app."""

    id: str
    name: str
    account: str
    mark: str
    look: Look


@dataclass(frozen=True)
class Redirect:
    """The address apps send people back to. `reach` is https, loopback or plain."""

    address: str
    reach: str


@dataclass(frozen=True)
class AppPage(Page):
    """One app. `redirect` is there where people sign in at the app; `settings` where there is anything to fill in."""

    template: ClassVar[str] = "apps/one.html"
    nav: ClassVar[str] = "apps"
    key: str
    title: str
    description: str
    triggers: tuple[OperationLine, ...]
    actions: tuple[OperationLine, ...]
    searches: tuple[OperationLine, ...]
    accounts: tuple[AccountLine, ...]
    connects: bool
    optional: bool
    settings: bool
    profiles: tuple[ProfileForm, ...]
    redirect: Redirect | None
    owners: tuple[str, ...]


@router.get("/apps")
def every(request: Request, here: Here, by: By) -> Response:
    """The list, by title."""
    registry, vocabulary = here.runtime.registry(), Vocabulary(here.runtime.registry(), by.language)
    with here.runtime.database.read() as session:
        owned = [one.app for one in connections.every(session)]
    lines = [_line(one, vocabulary, owned.count(one.key)) for one in registry.connectors.values()]
    broken = registry.broken if by.is_owner else ()
    faulty = tuple(BrokenLine(one.name, one.where, vocabulary.error(one.name, one.reason)) for one in broken)
    return page(request, AppsPage(tuple(sorted(lines, key=lambda one: by_name(one.title))), faulty))


@router.get("/apps/{key}")
def one(request: Request, here: Here, by: By, key: str) -> Response:
    """One app."""
    return page(request, _page(here, by, here.runtime.registry().connector(key)))


@router.post("/apps/{key}/profiles/{name}")
async def configure(request: Request, here: Here, by: By, key: str, name: str) -> Response:
    """Fills in how this installation reaches an app."""
    pairs = (await form_of(request)).multi_items()
    sent = [(field, value) for field, value in pairs if isinstance(value, str)]
    return await run_in_threadpool(_configured, request, here, by, key, name, sent)


@router.post("/apps/{key}/profiles/{name}/hosts")
def allow_host(request: Request, here: Here, by: By, key: str, name: str, host: Text = "", next: Text = "") -> Response:
    """Lets everything that uses this profile reach a host in a private network."""
    connector = here.runtime.registry().connector(key)
    _must_be_host(host, by)
    here.runtime.connections.allow_host(connector, name, host)
    _tell(here, by, key, name, {"allowed_hosts": folded(host)})
    sentence = words(by.language).gettext("“%(host)s” may be reached from now on.") % {"host": folded(host)}
    return go(request, safe_next(next) if next else f"/apps/{key}", sentence)


def _configured(
    request: Request, here: Site, by: Visitor, key: str, name: str, sent: list[tuple[str, str]]
) -> Response:
    connector, stored = here.runtime.registry().connector(key), here.runtime.connections
    profile, _hosts = stored.profile(connector, name)
    raw = profiles.sent_values(profile, name, sent)
    _ = words(by.language).gettext
    try:
        profiles.must_be_texts(raw, _("There are invisible signs in this. Please type it again instead of pasting it."))
        new = profiles.changed(profile, raw)
        saved = stored.set_profile(connector, name, new, trusted=False) if new else profile
    except Problems as error:
        return page(request, _page(here, by, connector, (name, raw, error.problems)), 422)
    if new:
        _tell(here, by, key, name, {"fields": ", ".join(sorted(new))})
    toast = _("The settings are saved. They cannot be used yet.") if saved.problem() else _("The settings are saved.")
    return go(request, f"/apps/{key}#profile-{name}", toast)


Sent = tuple[str, dict[str, object], tuple[Problem, ...]]


def _page(here: Site, by: Visitor, connector: Connector, sent: Sent | None = None) -> AppPage:
    vocabulary = Vocabulary(here.runtime.registry(), by.language)
    key, settings = connector.key, profiles.has_settings(connector)
    ways = [kind for kind in connector.auth.values() if not isinstance(kind, NoAuth)]
    return AppPage(
        key=key,
        title=vocabulary.app(key),
        description=vocabulary.app_description(key),
        triggers=(
            *_operations(connector.triggers, "polling", vocabulary),
            *_operations(connector.webhooks, "webhook", vocabulary),
            *_operations(connector.schedules, "schedule", vocabulary),
        ),
        actions=_operations(connector.actions, "action", vocabulary),
        searches=_operations(connector.searches, "search", vocabulary),
        accounts=_accounts(here, by, key),
        connects=bool(ways),
        optional=bool(ways) and not connector.needs_connection,
        settings=settings,
        profiles=_forms(here, by, connector, vocabulary, sent) if by.is_owner and settings else (),
        redirect=_redirect(here) if any(isinstance(kind, OAuth2) for kind in ways) else None,
        owners=() if by.is_owner else troubles.owners_of(here),
    )


def _forms(
    here: Site, by: Visitor, connector: Connector, vocabulary: Vocabulary, sent: Sent | None
) -> tuple[ProfileForm, ...]:
    stored, made = here.runtime.connections, []
    for name in connector.profiles:
        typed = sent[1:] if sent and sent[0] == name else (None, ())
        made.append(profiles.of(stored, connector, name, vocabulary, by.language, *typed))
    return tuple(made)


def _line(connector: Connector, vocabulary: Vocabulary, accounts: int) -> AppLine:
    return AppLine(
        key=connector.key,
        title=vocabulary.app(connector.key),
        description=vocabulary.app_description(connector.key),
        triggers=len(connector.triggers) + len(connector.webhooks) + len(connector.schedules),
        actions=len(connector.actions),
        searches=len(connector.searches),
        accounts=accounts,
    )


def _operations(
    table: Mapping[str, Operation[Any, Any]], kind: str, vocabulary: Vocabulary
) -> tuple[OperationLine, ...]:
    found = (vocabulary.operation(one.use) for one in table.values())
    return tuple(OperationLine(one.title, one.description, kind) for one in found)


def _accounts(here: Site, by: Visitor, key: str) -> tuple[AccountLine, ...]:
    with here.runtime.database.read() as session:
        mine = [one for one in connections.every(session) if one.app == key]
    return tuple(
        AccountLine(
            one.id,
            one.name,
            one.account_label,
            forms.mark_of(here, key, one.profile),
            states.of_connection(one.state, by.language),
        )
        for one in mine
    )


def _redirect(here: Site) -> Redirect:
    address = here.address(RETURN)
    parts = urlsplit(address)
    if parts.scheme == "https":
        return Redirect(address, "https")
    local = parts.hostname in {host.strip("[]") for host in LOOPBACK}
    return Redirect(address, "loopback" if local else "plain")


def _must_be_host(host: str, by: Visitor) -> None:
    """Raises `Problems`."""
    name = folded(host)
    if not name or len(name) > 255 or any(sign.isspace() or not sign.isprintable() or sign == "/" for sign in name):
        raise Problems([Problem(words(by.language).gettext("This is no name of a computer."), field="host")])


def _tell(here: Site, by: Visitor, key: str, name: str, details: dict[str, str]) -> None:
    here.runtime.people.audit.tell(
        Action.APP_CONFIGURED,
        person=by.person,
        subject_id=key,
        subject=key,
        details={"profile": name, **details},
        address=by.address,
    )
