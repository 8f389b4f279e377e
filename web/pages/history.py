"""The history: all runs by any filter, and what is done with many of them."""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import parse_qsl

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response

from engine.errors import Refused, Sentence
from engine.people.audit import Action
from engine.runs.control import MOST
from web import guarded
from web.history import many, zaps
from web.history.asked import Asked
from web.history.many import Doing, How, Plan
from web.history.rows import Chip, Listing, Rows
from web.history.zaps import ZapChoice
from web.languages import words
from web.pages.failed import Offer, offer
from web.rendering import Page, go, page, seen_from
from web.site import By, Here, Site
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = guarded.router()

AUDITED = {Doing.REPLAY: Action.RUN_REPLAYED, Doing.RELEASE: Action.RUN_RELEASED, Doing.DROP: Action.RUN_CANCELLED}


@dataclass(frozen=True)
class HistoryPage(Page):
    """The list. `marker` is the place in what moves from which on the page keeps itself up to date."""

    template: ClassVar[str] = "history/list.html"
    nav: ClassVar[str] = "history"
    asked: Asked
    zap: str
    chips: list[Chip]
    listed: Rows
    marker: str
    before: str
    offer: Offer | None


@dataclass(frozen=True)
class RowsPart(Page):
    """The next page of the list, to be put below."""

    template: ClassVar[str] = "history/rows.html"
    asked: Asked
    listed: Rows
    before: str


@dataclass(frozen=True)
class NewsPart(Page):
    """The first page of the list as it stands, with the chips: what scripts bring an open page up to date with."""

    template: ClassVar[str] = "history/news.html"
    asked: Asked
    chips: list[Chip]
    listed: Rows
    before: str = ""


@dataclass(frozen=True)
class ZapsPart(Page):
    """Zaps to choose from."""

    template: ClassVar[str] = "history/zaps.html"
    asked: Asked
    found: list[ZapChoice]


@dataclass(frozen=True)
class AskPart(Page):
    """What doing something with many runs would mean; `left_out` were more than can be done at once."""

    template: ClassVar[str] = "history/ask.html"
    doing: Doing
    plan: Plan
    asked: Asked
    all: bool
    left_out: bool


@router.get("/history")
def history(request: Request, here: Here, by: By, before: str = "") -> HTMLResponse:
    """The list, or the next page of it."""
    asked = Asked.of(request.query_params.get)
    listing = Listing(here.runtime, by)
    if seen_from(request):
        return page(request, RowsPart(asked, listing.page(asked, before or None), before))
    marker = here.runtime.changes.marker()
    shown = HistoryPage(
        asked=asked,
        zap=zaps.name_of(here.runtime, asked.zap) if asked.zap else "",
        chips=listing.chips(asked),
        listed=listing.page(asked, before or None),
        marker=marker,
        before=before,
        offer=offer(here, by, asked.zap) if asked.zap else None,
    )
    return page(request, shown)


@router.get("/history/news")
def news(request: Request, here: Here, by: By) -> HTMLResponse:
    """The newest rows and the counts, for a list that is open."""
    asked = Asked.of(request.query_params.get)
    listing = Listing(here.runtime, by)
    return page(request, NewsPart(asked, listing.chips(asked), listing.page(asked)))


@router.get("/history/zaps")
def choose_zap(request: Request, here: Here, name: str = "") -> HTMLResponse:
    """The zaps with this in their name."""
    return page(request, ZapsPart(Asked.of(request.query_params.get), zaps.matching(here.runtime, name)))


@router.post("/history/ask")
def ask(
    request: Request,
    here: Here,
    by: By,
    do: Annotated[Doing, Form()],
    runs: Annotated[str, Form()] = "",
    filter: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """What it would mean to do this with the runs that are chosen: those of `runs`, or all that fit the filter."""
    asked, chosen, left_out = _chosen(here, by, runs, filter)
    plan = many.planned(here.runtime, do, chosen, Vocabulary(here.runtime.registry(), by.language))
    return page(request, AskPart(do, plan, asked, all=not runs, left_out=left_out))


@router.post("/history/many")
def do_with_many(
    request: Request,
    here: Here,
    by: By,
    do: Annotated[Doing, Form()],
    runs: Annotated[str, Form()] = "",
    filter: Annotated[str, Form()] = "",
    whole: Annotated[bool, Form()] = False,
    newest: Annotated[bool, Form()] = False,
) -> Response:
    """Does it, and says what came of it."""
    chosen = [one for one in runs.split(",") if one][:MOST]
    if not chosen:
        raise Refused(Sentence("No run was chosen.", "Es wurde keine Ausführung gewählt."))
    outcome = many.done(here.runtime.control, do, chosen, How(whole, newest), by.language)
    here.engine.queue.ring()
    if outcome.done:
        here.runtime.people.audit.tell(
            AUDITED[do], person=by.person, address=by.address, details={"runs": len(outcome.done)}
        )
    return go(request, _asked_in(filter).address(), many.told(outcome, do, words(by.language)))


def _chosen(here: Site, by: Visitor, runs: str, filter: str) -> tuple[Asked, list[str], bool]:
    """The filter, the ids, and whether there were more than can be done with at once."""
    asked = _asked_in(filter)
    if runs:
        ids = [one for one in runs.split(",") if one]
    else:
        ids = here.runtime.history.ids(asked.filter(by.timezone, here.runtime.now()), MOST + 1)
    return asked, ids[:MOST], len(ids) > MOST


def _asked_in(query: str) -> Asked:
    """What a form says of the list that it came from: the list's own query."""
    pairs = dict(parse_qsl(query[:2_000]))
    return Asked.of(pairs.get)
