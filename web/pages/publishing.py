"""Publishing and switching on: what will happen is said first, and what speaks against it."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from engine.editing.draft import Draft
from engine.editing.publishing import Confirmation
from engine.errors import Conflict, Problems, Refused
from engine.people.audit import Action
from engine.runs import failed
from engine.store import connections, zaps
from engine.zaps.model import TRIGGER
from web import guarded
from web.drafting import plans, trials
from web.drafting.differences import Comparing, StepChange
from web.drafting.mapped import Titles
from web.drafting.naming import Mend, Naming
from web.drafting.plans import Plan, Ways
from web.drafting.trials import Card
from web.forms.typed import must_be_readable
from web.languages import words
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.visitors import Visitor

router = guarded.router()

MOST_CHOSEN = 300  # existing records that are ticked to fire
STEP = 3  # pages of records that are loaded at once


@dataclass(frozen=True)
class Typed:
    """What a person gave, and is given back when it could not be done."""

    name: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishPage(Page):
    """What will happen. With `mends` nothing can be published yet, and there is no plan.

    `name` is asked for while the zap has none of its own. `chosen` are records that were ticked before.
    """

    template: ClassVar[str] = "publishing/page.html"
    nav: ClassVar[str] = "zaps"
    zap_id: str
    name: str
    revision: int
    published: int | None
    ways: Ways
    mends: tuple[Mend, ...]
    plan: Plan | None
    changes: tuple[StepChange, ...]
    untitled: bool
    asked_name: str
    name_problem: str
    problem: str
    chosen: tuple[Card, ...]


@dataclass(frozen=True)
class RecordsPart(Page):
    """Records that exist already, to tick; those after the last one that the page has."""

    template: ClassVar[str] = "publishing/records.html"
    zap_id: str
    cards: tuple[Card, ...]
    more: int
    goes_on: bool
    first: bool
    last_id: str
    problem: str = ""


@router.get("/zaps/{zap_id}/publish")
async def publish(request: Request, here: Here, by: By, zap_id: str) -> HTMLResponse:
    """What publishing and switching on would do now. The app is asked only how much is there already."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    return page(request, await _page(here, by, draft, Typed(), counts=True))


@router.get("/zaps/{zap_id}/publish/records")
async def records(request: Request, here: Here, by: By, zap_id: str, more: int = 0, after: str = "") -> HTMLResponse:
    """What exists at the app already, or came while the zap was off; nothing is ticked."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    more = min(max(more, 0), 100)
    try:
        found = await here.runtime.editing.publishing.existing(draft.id, more * STEP + STEP - 1)
    except Refused as error:
        said = _naming(here, by, draft).vocabulary.told(error, draft.zap.trigger.app)
        return page(request, RecordsPart(draft.id, (), more, False, not after, "", said))
    here.finds.keep(_ticked(draft), draft.revision, found)
    ids = [one.id for one in found.records]
    fresh = found.records[ids.index(after) + 1 :] if after in ids else found.records if not after else ()
    cards = tuple(trials.card(one) for one in fresh)
    last = cards[-1].id if cards else after
    return page(request, RecordsPart(draft.id, cards, more + 1, found.more and bool(cards), not after, quote(last)))


@router.post("/zaps/{zap_id}/publish")
async def do_publish(
    request: Request,
    here: Here,
    by: By,
    zap_id: str,
    do: Annotated[Literal["on", "publish"], Form()],
    revision: Annotated[int, Form()],
    name: Annotated[str, Form()] = "",
    also: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Does it. Whatever speaks against it is said on the same page, with all that was given."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    typed = Typed(name, tuple(dict.fromkeys(also or ()))[:MOST_CHOSEN])
    _ = words(by.language).gettext
    if revision != draft.revision:
        said = _("The draft was changed meanwhile. Please look once more at what will happen.")
        return page(request, await _page(here, by, draft, typed, problem=said), 409)
    try:
        draft = await run_in_threadpool(_named, here, by, draft, name)
    except Refused as error:
        said = error.problems[0].within(by.language) if isinstance(error, Problems) else error.within(by.language)
        return page(request, await _page(here, by, draft, typed, name_problem=said), 422)
    return await _switched(request, here, by, draft, typed, on=do == "on")


async def _switched(request: Request, here: Site, by: Visitor, draft: Draft, typed: Typed, *, on: bool) -> Response:
    publishing, person = here.runtime.editing.publishing, by.somebody.id
    confirmation = await publishing.before_on(draft.id)
    try:
        if on:
            switched = await publishing.on(draft.id, by=person, also=typed.also)
        else:
            switched = await publishing.publish(draft.id, by=person)
    except Problems as error:
        mends = _naming(here, by, draft).mends(draft.id, error.problems)
        return page(request, await _page(here, by, draft, typed, mends=mends), 422)
    except Refused as error:
        said = _naming(here, by, draft).vocabulary.told(error, draft.zap.trigger.app)
        return page(request, await _page(here, by, draft, typed, problem=said), 409)
    here.engine.queue.ring()
    on_now = on or plans.ways(draft).is_on
    await run_in_threadpool(_tell, here, by, draft, published=switched.published, on=on, version=switched.version)
    offers = switched.published and await run_in_threadpool(failed.of, here.runtime.database, draft.id) is not None
    path = f"/zaps/{draft.id}/failed" if offers else f"/zaps/{draft.id}"
    return go(request, path, plans.told(switched, confirmation, by.language, on=on_now))


def _named(here: Site, by: Visitor, draft: Draft, name: str) -> Draft:
    """With the name that was given, if one was asked for. Raises `Refused`."""
    asked = bool(name.strip()) or plans.is_untitled(draft)
    if not asked or name.strip() == draft.name:
        return draft
    must_be_readable({"name": name}, by.language)
    try:
        return here.runtime.editing.drafts.rename(draft.id, name, revision=draft.revision, by=by.somebody.id)
    except Conflict as error:
        raise Refused(error.args[0] if error.args else "") from error


def _tell(here: Site, by: Visitor, draft: Draft, *, published: bool, on: bool, version: int) -> None:
    tell = here.runtime.people.audit.tell
    who: dict[str, Any] = {"person": by.person, "subject_id": draft.id, "subject": draft.name, "address": by.address}
    if published:
        tell(Action.ZAP_PUBLISHED, **who, details={"version": version})
    if on:
        tell(Action.ZAP_SWITCHED_ON, **who, details={"version": version})


async def _page(
    here: Site,
    by: Visitor,
    draft: Draft,
    typed: Typed,
    *,
    mends: tuple[Mend, ...] = (),
    name_problem: str = "",
    problem: str = "",
    counts: bool = False,
) -> PublishPage:
    confirmation = await here.runtime.editing.publishing.before_on(draft.id, counts=counts)
    return await run_in_threadpool(_built, here, by, draft, typed, confirmation, mends, name_problem, problem)


def _built(
    here: Site,
    by: Visitor,
    draft: Draft,
    typed: Typed,
    confirmation: Confirmation,
    mends: tuple[Mend, ...],
    name_problem: str,
    problem: str,
) -> PublishPage:
    naming, accounts = _naming(here, by, draft), accounts_of(here)
    mends = mends or naming.mends(draft.id, confirmation.problems)
    untitled = plans.is_untitled(draft) or bool(name_problem)
    chosen = here.finds.of(_ticked(draft), draft.revision, typed.also)
    return PublishPage(
        zap_id=draft.id,
        name=draft.name,
        revision=draft.revision,
        published=draft.published,
        ways=plans.ways(draft),
        mends=mends,
        plan=None if confirmation.problems else plans.plan(draft, confirmation, naming, accounts),
        changes=_changes(here, by, draft, naming, accounts),
        untitled=untitled,
        asked_name=(typed.name or plans.suggested_name(draft, naming)) if untitled else "",
        name_problem=name_problem,
        problem=problem,
        chosen=tuple(trials.card(one) for one in chosen),
    )


def _changes(here: Site, by: Visitor, draft: Draft, naming: Naming, accounts: dict[str, str]) -> tuple[StepChange, ...]:
    """Against what is live."""
    if draft.published is None or not draft.differs:
        return ()
    with here.runtime.database.read() as session:
        live = zaps.live(session, draft.id)
    titles = Titles.of(here.runtime.editing.data.of(draft, "", by.language))
    found = here.runtime.editing.versions.compare(draft.id, draft.published)
    return Comparing(Naming(draft.zap, naming.registry, by.language, kept=live), titles, accounts).changes(found)


def accounts_of(here: Site) -> dict[str, str]:
    """The names of the connections, by id."""
    with here.runtime.database.read() as session:
        return {one.id: one.name for one in connections.every(session)}


def _naming(here: Site, by: Visitor, draft: Draft) -> Naming:
    return Naming(draft.zap, here.runtime.registry(), by.language)


def _ticked(draft: Draft) -> str:
    """Where the records that may be ticked are kept, besides those of the trigger's test."""
    return f"{draft.id}/{TRIGGER}/also"
