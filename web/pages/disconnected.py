"""What is left of an account that was disconnected: what still uses it, and another account in its place. The page of
a connection leads here once it is one.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.errors import NotFound, ZapwerkError
from engine.people.audit import Action
from engine.store import connections, runs
from engine.store.connections import StoredConnection
from engine.store.states import ConnectionState, Hold
from engine.triggers.replacing import Replaced
from web import guarded, states
from web.connecting.users import User, users_of
from web.languages import words
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.states import Look
from web.trees import shown
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = guarded.router()


@dataclass(frozen=True)
class Substitute:
    """An account that can take the place."""

    id: str
    name: str
    account: str
    chosen: bool


@dataclass(frozen=True)
class DisconnectedPage(Page):
    """Read only, but for the choice of another account. `installed` says whether the app is still there; `held` counts
    runs that wait for the account. `connect` leads to connecting another one, and back.
    """

    template: ClassVar[str] = "connections/disconnected.html"
    nav: ClassVar[str] = "connections"
    id: str
    name: str
    app: str
    app_title: str
    installed: bool
    account: str
    look: Look
    users: tuple[User, ...]
    held: int
    substitutes: tuple[Substitute, ...]
    connect: str
    problem: str = ""

    @property
    def needed(self) -> bool:
        """Whether anything still needs it."""
        return bool(self.users or self.held)


def shown_page(
    here: Site, by: Visitor, stored: StoredConnection, *, chosen: str = "", problem: str = ""
) -> DisconnectedPage:
    """The page of a connection that was disconnected."""
    with here.runtime.database.read() as session:
        others = [one for one in connections.every(session) if one.app == stored.app]
        held = runs.count_on_hold(session, f"{Hold.CONNECTION}:{stored.id}")
        users = users_of(session, stored.id, by.language)
    registry = here.runtime.registry()
    usable = [one for one in others if one.state is ConnectionState.ACTIVE]
    back = {"app": stored.app, "next": f"/connections/{stored.id}"}
    return DisconnectedPage(
        id=stored.id,
        name=stored.name,
        app=stored.app,
        app_title=Vocabulary(registry, by.language).app(stored.app),
        installed=stored.app in registry.connectors,
        account=stored.account_label,
        look=states.of_connection(stored.state, by.language),
        users=users,
        held=held,
        substitutes=tuple(Substitute(one.id, one.name, one.account_label, one.id == chosen) for one in usable),
        connect=f"/connections/new?{urlencode(back)}",
        problem=problem,
    )


@router.post("/connections/{connection_id}/replace")
async def replace(
    request: Request, here: Here, by: By, connection_id: str, connection: Annotated[str, Form()] = ""
) -> Response:
    """Zaps and waiting runs use another account from now on."""
    old, new = await run_in_threadpool(_both, here, connection_id, connection)
    if new is None:
        problem = words(by.language).gettext("Please choose an account.")
        return page(request, await run_in_threadpool(_again, here, by, old, "", problem), 422)
    try:
        replaced = await here.runtime.replacing.replace(old.id, new.id, by=by.somebody.id)
    except ZapwerkError as error:
        said = Vocabulary(here.runtime.registry(), by.language).told(error, old.app)
        return page(request, await run_in_threadpool(_again, here, by, old, new.id, shown(said)), 409)
    here.engine.queue.ring()
    await run_in_threadpool(_tell, here, by, old, new, replaced)
    return go(request, f"/connections/{new.id}", _told(replaced, new.name, by.language))


def _both(here: Site, old_id: str, new_id: str) -> tuple[StoredConnection, StoredConnection | None]:
    """Raises `NotFound` for a connection that there never was."""
    with here.runtime.database.read() as session:
        old = connections.find(session, old_id)
        try:
            return old, connections.find(session, new_id)
        except NotFound:
            return old, None


def _again(here: Site, by: Visitor, old: StoredConnection, chosen: str, problem: str) -> Page:
    return shown_page(here, by, old, chosen=chosen, problem=problem)


def _tell(here: Site, by: Visitor, old: StoredConnection, new: StoredConnection, replaced: Replaced) -> None:
    details = {"app": old.app, "before": old.name, "zaps": ", ".join(replaced.zaps), "runs": replaced.runs}
    here.runtime.people.audit.tell(
        Action.CONNECTION_REPLACED,
        person=by.person,
        subject_id=new.id,
        subject=new.name,
        details=details,
        address=by.address,
    )


def _told(replaced: Replaced, name: str, language: str) -> str:
    said = words(language)
    counts = [
        said.ngettext("%(count)s zap uses “%(name)s” now.", "%(count)s zaps use “%(name)s” now.", len(replaced.zaps))
        % {"count": len(replaced.zaps), "name": name}
    ]
    going_on = replaced.runs - replaced.review
    if going_on:
        text = said.ngettext("%(count)s run goes on.", "%(count)s runs go on.", going_on)
        counts.append(text % {"count": going_on})
    if replaced.review:
        text = said.ngettext("%(count)s run is to be checked.", "%(count)s runs are to be checked.", replaced.review)
        counts.append(text % {"count": replaced.review})
    return " ".join(counts)
