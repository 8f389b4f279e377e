"""The page of zaps: the list with its switches, and what is done with one of them or many."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from engine.editing import listing
from engine.errors import NotFound, Problems, Sentence
from engine.people.audit import Action
from web import guarded, ready_zaps
from web.bodies import form_of
from web.forms.fields import told as told_problem
from web.forms.typed import must_be_readable
from web.languages import words
from web.ready_zaps import Ready
from web.rendering import PRIVATE, Page, go, page, render, seen_from
from web.site import By, Here, Site
from web.visitors import Visitor
from web.zaps import doing
from web.zaps.asked import SORTS, Asked
from web.zaps.doing import Asking, Doing, Hands, Outcome, Wish
from web.zaps.rows import Rows, ZapList

router = guarded.router()

YES = "1"
NAMES_SHOWN = 8  # of the zaps in a question


@dataclass(frozen=True)
class ZapsPage(Page):
    """The list. Without any zap, `ready` are those to begin with. From `marker` on the page keeps up with what runs."""

    template: ClassVar[str] = "zaps/page.html"
    nav: ClassVar[str] = "zaps"
    asked: Asked
    listed: Rows
    ready: tuple[Ready, ...]
    marker: str
    sorts: tuple[str, ...] = SORTS


@dataclass(frozen=True)
class AskPart(Page):
    """A question before something is done."""

    template: ClassVar[str] = "zaps/ask.html"
    asking: Asking
    more: int
    folder: str = ""
    problem: str = ""


@dataclass(frozen=True)
class OutcomePart(Page):
    """What could not be done with some of many."""

    template: ClassVar[str] = "zaps/outcome.html"
    outcome: Outcome
    said: str


@router.get("/zaps")
def zaps(request: Request, here: Here, by: By) -> HTMLResponse:
    """The list."""
    return page(request, _page(request, here, by))


@router.get("/zaps/news")
def news(request: Request, here: Here, by: By) -> HTMLResponse:
    """The list as it stands now: what scripts bring an open page up to date with."""
    return HTMLResponse(render(request, _page(request, here, by), "zaps/body.html"), headers=PRIVATE)


@router.get("/zaps/ask")
def ask(request: Request, here: Here, by: By) -> HTMLResponse:
    """The question before something is done with the zaps in the address."""
    wish = _wish(request.query_params.multi_items())
    return page(request, _asked(here, by, wish))


@router.post("/zaps/many")
async def many(request: Request, here: Here, by: By) -> Response:
    """Does something with the zaps that are sent."""
    sent = [*request.query_params.multi_items(), *await _form(request)]
    wish, given = _wish(sent), dict(sent)
    if wish.doing is Doing.OFF and given.get("ask") == YES and "waiting" not in given:
        asked = await run_in_threadpool(_asked, here, by, wish)
        if asked.asking.waiting.queued:
            return page(request, asked)
    return await _done(request, here, by, wish)


@router.post("/zaps/{zap_id}/switch")
async def switch(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Switches one zap: what is live of it, as it is. One that was never published leads to where that is done."""
    given = {**dict(request.query_params), **dict(await _form(request))}
    zap = await run_in_threadpool(_one, here, zap_id)
    if given.get("on") == YES and not zap.is_on and zap.published is None:
        return go(request, f"/zaps/{zap.id}/publish")
    wish = Wish(
        Doing.ON if given.get("on") == YES else Doing.OFF,
        (zap.id,),
        hold=given.get("waiting") == "hold",
        catch_up=given.get("catch_up") == YES,
    )
    if wish.doing is Doing.OFF and given.get("ask") == YES:
        asked = await run_in_threadpool(_asked, here, by, wish)
        if asked.asking.waiting.queued:
            return page(request, asked)
    return await _done(request, here, by, wish)


@router.post("/zaps/{zap_id}/duplicate")
def duplicate(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """A copy, opened in the editor."""
    draft = here.runtime.editing.listing.duplicate(zap_id, by=by.somebody.id)
    here.runtime.people.audit.tell(
        Action.ZAP_COPIED, person=by.person, subject_id=draft.id, subject=draft.name, address=by.address
    )
    said = words(by.language).gettext("This is the copy. It is off until you publish it.")
    return go(request, f"/zaps/{draft.id}", said)


def _page(request: Request, here: Site, by: Visitor) -> ZapsPage:
    marker = here.runtime.changes.marker()
    asked = Asked.of(request.query_params.get)
    listed = ZapList(here.runtime, by).page(asked)
    ready = () if listed.any else ready_zaps.every(by.language)
    return ZapsPage(asked, listed, ready, marker)


def _one(here: Site, zap_id: str) -> Any:
    with here.runtime.database.read() as session:
        found = here.runtime.outlines.some(session, [zap_id])
    if not found:
        raise NotFound(f"There is no zap “{zap_id[:60]}”.")
    return found[0]


def _asked(here: Site, by: Visitor, wish: Wish, problem: str = "") -> AskPart:
    hands = Hands(here, by)
    zaps = hands.zaps(wish)
    if not zaps:
        raise NotFound(words(by.language).gettext("These zaps are not here any more."))
    asking = Asking(
        wish.doing,
        tuple(zaps),
        hands.waiting([zap.id for zap in zaps]),
        tuple(here.runtime.editing.listing.folders()) if wish.doing is Doing.MOVE else (),
        tuple(zap.name for zap in zaps[:NAMES_SHOWN]),
    )
    folders = {zap.folder for zap in zaps}
    now_in = folders.pop() if len(folders) == 1 else ""
    return AskPart(asking, max(len(zaps) - NAMES_SHOWN, 0), wish.folder or now_in, problem)


async def _done(request: Request, here: Site, by: Visitor, wish: Wish) -> Response:
    if wish.doing is Doing.MOVE and (problem := _folder_problem(by, wish)):
        return page(request, await run_in_threadpool(_asked, here, by, wish, problem), 422)
    outcome = await Hands(here, by).do(wish)
    said = doing.said(outcome, by.language) if outcome.done else ""
    if not seen_from(request):
        return go(request, "/zaps", said or " ".join(one.sentence for one in outcome.refused))
    if len(wish.zap_ids) == 1 and outcome.refused:
        return _refused(outcome, by)
    events: dict[str, Any] = {"zaps-changed": {}}
    if not outcome.refused:
        if said:
            events["toast"] = {"text": said, "undo": outcome.undo, "undoText": ""}
        return _with_events(Response(status_code=204, headers=PRIVATE), events)
    return _with_events(page(request, OutcomePart(outcome, said)), events)


def _refused(outcome: Outcome, by: Visitor) -> Response:
    """One zap that it was not done with: the reason stays at its row, with the way to what is to be mended."""
    [one] = outcome.refused
    _ = words(by.language).gettext
    said = _("“%(name)s” stays as it is: %(why)s") % {"name": one.name, "why": one.sentence}
    refused = {"zap": one.id, "text": one.sentence, "href": one.href, "link": one.link}
    events = {"toast": {"text": said, "undo": "", "undoText": ""}, "zap-refused": refused, "zaps-changed": {}}
    return _with_events(Response(status_code=409, headers={"HX-Reswap": "none", **PRIVATE}), events)


def _with_events(response: Response, events: Mapping[str, Any]) -> Response:
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def _folder_problem(by: Visitor, wish: Wish) -> str:
    """What is wrong with the name of a folder, told before anything is moved."""
    try:
        must_be_readable({"folder": wish.folder}, by.language)
        listing.folder_name(wish.folder)
    except Problems as error:
        return " ".join(told_problem(one, by.language) for one in error.problems)
    return ""


async def _form(request: Request) -> list[tuple[str, str]]:
    form = await form_of(request)
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _wish(sent: list[tuple[str, str]]) -> Wish:
    """Raises `NotFound` for something that cannot be done with zaps."""
    given = dict(sent)
    if given.get("doing") not in set(Doing):
        raise NotFound(Sentence("This cannot be done with zaps.", "Das geht mit Zaps nicht."))
    return Wish(
        doing=Doing(given["doing"]),
        zap_ids=tuple(dict.fromkeys(value for name, value in sent if name == "zap")),
        folder=given.get("folder", "").strip(),
        hold=given.get("waiting") == "hold",
        catch_up=given.get("catch_up") == YES,
        was_on=frozenset(value for name, value in sent if name == "was_on"),
    )
