"""What failed for one reason, once that is mended: what each run would do now, and replaying them all.

Both with the newest version. The preview is a rehearsal, which creates nothing; its rows come by `pages.rehearsing`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from engine.editing.draft import Draft
from engine.errors import NotFound
from engine.people.audit import Action
from engine.runs import failed
from engine.runs.failed import Since
from web import guarded
from web.drafting.naming import Naming
from web.drafting.rehearsals import Kept, Wanted
from web.drafting.rehearsed import Line
from web.history import many
from web.history.many import Doing, How
from web.languages import words
from web.moments import number
from web.pages import rehearsing
from web.pages.rehearsing import Sum
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.trees import shown
from web.visitors import Visitor

router = guarded.router()

PREVIEWED = 50
"""Runs that are looked at before all are replayed."""


@dataclass(frozen=True)
class Problem:
    """What they have in common: they failed at the step with this `key`, the first of them when it `began`. Of `count`
    (`at_least` so many) only `runs` can be replayed at once, and the `rest` after those."""

    key: str
    step: str
    began: datetime
    version: int
    runs: tuple[str, ...]
    count: int
    at_least: bool
    rest: int


@dataclass(frozen=True)
class FailedPage(Page):
    """`problem` is None where nothing is left to replay; `sum` is None until the preview has begun."""

    template: ClassVar[str] = "history/failed.html"
    nav: ClassVar[str] = "zaps"
    zap_id: str
    name: str
    problem: Problem | None
    sum: Sum | None
    lines: tuple[Line, ...]
    previewed: int = PREVIEWED
    differs: bool = False
    on: bool = True


@dataclass(frozen=True)
class Offer:
    """Leads to the page from where runs that failed are seen."""

    href: str
    count: int
    version: int


@router.get("/zaps/{zap_id}/failed")
async def show(request: Request, here: Here, by: By, zap_id: str, step: str = "") -> HTMLResponse:
    """The runs that failed at a step, or where the newest one did, and what each would do now."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    since = await run_in_threadpool(failed.of, here.runtime.database, draft.id, step)
    kept = here.rehearsals.last(by.somebody.id, draft.id)
    if kept is not None and (since is None or kept.wanted != _wanted(draft, since)):
        kept = None
    if kept is not None:
        kept.seen()
    return page(request, await run_in_threadpool(_page, here, by, draft, since, kept))


@router.post("/zaps/{zap_id}/failed/preview")
async def preview(
    request: Request, here: Here, by: By, zap_id: str, step: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Begins to look what each would do. Nothing is created."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    since = await run_in_threadpool(failed.of, here.runtime.database, draft.id, step)
    if since is not None:
        wanted, now = _wanted(draft, since), here.runtime.now()
        here.rehearsals.begin(by.somebody.id, wanted, here.runtime.rehearsing, now)
        await run_in_threadpool(_tell, here, by, Action.ZAP_REHEARSED, draft, len(wanted.runs))
    return go(request, _address(draft.id, step))


@router.post("/zaps/{zap_id}/failed")
def replay(
    request: Request,
    here: Here,
    by: By,
    zap_id: str,
    runs: Annotated[str, Form(max_length=100_000)] = "",
    step: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Replays those that were shown with the newest version, the oldest first. What was replayed meanwhile is left, and
    where there are more than can be taken at once, the page comes back with the rest."""
    draft = here.runtime.editing.drafts.get(zap_id)
    chosen = failed.still_left(here.runtime.database, draft.id, [one for one in runs.split(",") if one])
    outcome = many.done(here.runtime.control, Doing.REPLAY, chosen, How(newest=True), by.language)
    here.engine.queue.ring()
    if outcome.done:
        _tell(here, by, Action.RUN_REPLAYED, draft, len(outcome.done))
    said = words(by.language)
    told = many.told(outcome, Doing.REPLAY, said)
    after = failed.of(here.runtime.database, draft.id, step) if step and outcome.done else None
    if after is None:
        return go(request, f"/history?zap={draft.id}", told)
    left = said.ngettext("%(count)s is left.", "%(count)s are left.", after.count)
    return go(request, _address(draft.id, step), f"{told} {left % {'count': number(after.count, by.language)}}")


def offer(here: Site, by: Visitor, zap_id: str, step: str = "") -> Offer | None:
    """For those who may replay; None where there is nothing to offer."""
    try:
        since = failed.of(here.runtime.database, zap_id, step) if by.may_edit else None
    except NotFound:  # the zap was deleted
        return None
    return Offer(_address(since.zap_id, step), since.count, since.version) if since else None


def _wanted(draft: Draft, since: Since) -> Wanted:
    return Wanted(draft.id, since.version, PREVIEWED, live=True, runs=since.runs[:PREVIEWED])


def _address(zap_id: str, step: str) -> str:
    return f"/zaps/{zap_id}/failed?{urlencode({'step': step})}" if step else f"/zaps/{zap_id}/failed"


def _page(here: Site, by: Visitor, draft: Draft, since: Since | None, kept: Kept | None) -> FailedPage:
    naming = Naming(draft.zap, here.runtime.registry(), by.language)
    head, lines = rehearsing.of_runs(here, by, draft, kept) if kept else (None, ())
    problem = _problem(since, naming) if since else None
    return FailedPage(draft.id, shown(draft.name), problem, head, lines)


def _problem(since: Since, naming: Naming) -> Problem:
    named = shown(naming.step(since.step))
    counts = since.count, since.at_least, since.rest
    return Problem(since.step, named, since.began, since.version, since.runs, *counts)


def _tell(here: Site, by: Visitor, action: Action, draft: Draft, count: int) -> None:
    here.runtime.people.audit.tell(
        action,
        person=by.person,
        subject_id=draft.id,
        subject=draft.name,
        address=by.address,
        details={"records" if action is Action.ZAP_REHEARSED else "runs": count},
    )
