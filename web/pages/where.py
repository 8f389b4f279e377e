"""“Where is this?”: what became of a record, whoever asks. Linked from the history. An editor may have the apps
themselves looked at, which takes a moment.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.errors import Refused
from engine.keeping.whereabouts import Answer, Kind, Watched, Whereabout
from engine.store.states import Hold, RunState
from engine.triggers.at_the_app import There
from web import guarded
from web.forms.typed import sentence
from web.history import at_the_app
from web.history.at_the_app import ThereView
from web.history.rows import RowView, views
from web.languages import words
from web.rendering import Page, page
from web.site import By, Here, Site
from web.visitors import Visitor

router = guarded.router()

TYPED = 2000  # characters that stay in the field; the field takes no more, and addresses hold them


@dataclass(frozen=True)
class WithRun:
    """A record with a run. `said` tells what became of it, in a sentence."""

    row: RowView
    said: str


@dataclass(frozen=True)
class WithoutRun:
    """A record that has no run; `before` says that it was there before the zap was switched on."""

    zap_id: str
    zap: str
    at: datetime
    before: bool


@dataclass(frozen=True)
class WherePage(Page):
    """`asked` is “” before a question; `refused` says what is wrong with it. The rest is as in the answer; `is_cut`
    says that only `searched` was looked for. `there` is None until the apps were looked at."""

    template: ClassVar[str] = "history/where.html"
    nav: ClassVar[str] = "history"
    asked: str
    refused: str = ""
    is_cut: bool = False
    searched: tuple[str, ...] = ()
    runs: tuple[WithRun, ...] = ()
    others: tuple[WithoutRun, ...] = ()
    more: bool = False
    without_contents: int = 0
    searched_from: datetime | None = None
    behind: int = 0
    partly: tuple[str, ...] = ()
    watched: tuple[Watched, ...] = ()
    may_look: bool = False
    there: ThereView | None = None


@router.get("/where")
def where(request: Request, here: Here, by: By, q: str = "") -> Response:
    """Asks, and answers."""
    asked = q.strip()[:TYPED]
    if not asked:
        return page(request, WherePage(""))
    return _answered(request, here, by, asked, None)


@router.post("/where")
async def look(request: Request, here: Here, by: By, q: Annotated[str, Form()] = "") -> Response:
    """The same, after a look at the apps."""
    asked = q.strip()[:TYPED]
    try:
        there = await here.runtime.at_the_app.ask(asked)
    except Refused as error:
        return page(request, WherePage(asked, refused=sentence(error, by.language)), 422)
    return await run_in_threadpool(_answered, request, here, by, asked, there)


def _answered(request: Request, here: Site, by: Visitor, asked: str, there: There | None) -> Response:
    try:
        answer = here.runtime.whereabouts.ask(asked)
    except Refused as error:
        return page(request, WherePage(asked, refused=sentence(error, by.language)), 422)
    return page(request, _page(here, by, asked, answer, there))


def _page(here: Site, by: Visitor, asked: str, answer: Answer, there: There | None) -> WherePage:
    runs = [one.run for one in answer.found if one.run]
    rows = views(here.runtime, by.language, runs)
    registry, known = here.runtime.registry(), [row.id for row in runs]
    return WherePage(
        asked=asked,
        is_cut=answer.wanted.is_cut,
        searched=answer.wanted.words,
        runs=tuple(WithRun(row, _said(one, by)) for row, one in zip(rows, _with_run(answer), strict=True)),
        others=tuple(_without(one) for one in answer.found if one.run is None),
        more=answer.more,
        without_contents=answer.without_contents,
        searched_from=answer.searched_from,
        behind=answer.behind,
        partly=answer.partly,
        watched=answer.watched,
        may_look=by.may_edit and bool(answer.watched),
        there=at_the_app.view(there, registry, by.language, but=known) if there else None,
    )


def _with_run(answer: Answer) -> list[Whereabout]:
    return [one for one in answer.found if one.run]


def _without(one: Whereabout) -> WithoutRun:
    return WithoutRun(one.zap_id, one.zap, one.at, one.kind is Kind.BEFORE)


def _said(one: Whereabout, by: Visitor) -> str:
    """What became of it; the reason of a filter or a failure stands below."""
    _ = words(by.language).gettext
    assert one.run is not None
    if one.run.state == RunState.HELD:
        return _holds(by).get(one.run.hold.partition(":")[0], _("It is on hold."))
    return {
        RunState.SUCCEEDED: _("It was done."),
        RunState.FILTERED: _("It came in, and a filter left it out."),
        RunState.STOPPED: _("It came in, and there was nothing to do."),
        RunState.HANDLED: _("A step failed, and the zap went on as drawn."),
        RunState.FAILED: _("It came in, and failed."),
        RunState.CANCELLED: _("It came in, and somebody cancelled it."),
        RunState.QUEUED: _("It came in, and waits for its turn."),
        RunState.RUNNING: _("It is being done just now."),
        RunState.WAITING: _("It waits for a time that the zap says."),
        RunState.RETRYING: _("Something was not there for a moment; it is tried again by itself."),
        RunState.NEEDS_REVIEW: _("Somebody must look: it is unknown whether a call went through."),
    }[one.run.state]


def _holds(by: Visitor) -> dict[str, str]:
    _ = words(by.language).gettext
    return {
        Hold.FLOOD: _("It is on hold, because more came in at once than usual."),
        Hold.QUOTA: _("It is on hold, because the plan’s limit at an app is reached."),
        Hold.OFF: _("It is on hold, because its zap was switched off."),
        Hold.PAUSED: _("It is on hold, because its zap is paused."),
        Hold.CONNECTION: _("It is on hold until its account is reconnected."),
        Hold.ATTENTION: _("It is on hold, because its zap needs attention."),
    }
