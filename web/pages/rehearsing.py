"""Rehearsals of a zap: its last records through its steps, with nothing created. Rows come as they are known."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from engine.connections.calls import ConnectorBug
from engine.connections.stored import NotUsable
from engine.editing.draft import Draft
from engine.errors import NotFound, Problem, Problems, Sentence, ZapwerkError
from engine.people.audit import Action
from engine.rehearsal.rows import Would
from engine.sdk.errors import AuthFailed, ConnectorError, InvalidInput
from engine.zaps.model import TRIGGER
from web import guarded
from web.drafting.naming import Mend, Naming
from web.drafting.rehearsals import Kept, Wanted
from web.drafting.rehearsed import Drawn, Line, StepSeen, Tally, Troubled
from web.languages import words
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.visitors import Visitor

router = guarded.router()

LAST: tuple[int, ...] = (10, 50, 200)


@dataclass(frozen=True)
class Sum:
    """The head of a rehearsal. `records` is None until they were read; `mends` and `problem` say why it failed."""

    id: str
    begun_at: datetime
    ended: bool
    stopped: bool
    cut: bool
    records: int | None
    rows: int
    version: int | None
    tallies: tuple[Tally, ...]
    quotas: tuple[str, ...]
    troubles: tuple[Troubled, ...]
    mends: tuple[Mend, ...]
    problem: str
    kind: str  # of the trigger: polling, webhook or schedule
    again: bool  # of runs that are to be replayed, not of the last records


@dataclass(frozen=True)
class RehearsalPage(Page):
    """The whole page. `stale` says that the draft was changed since; `next` is what there is to do: publish or “”."""

    template: ClassVar[str] = "rehearsal/page.html"
    nav: ClassVar[str] = "zaps"
    zap_id: str
    name: str
    last: int
    live: bool
    published: int | None
    differs: bool
    on: bool
    stale: bool
    sum: Sum | None
    lines: tuple[Line, ...]
    choices: tuple[int, ...] = LAST


@dataclass(frozen=True)
class RowsPart(Page):
    """The lines that came since, and the head as it stands now."""

    template: ClassVar[str] = "rehearsal/rows.html"
    zap_id: str
    differs: bool
    on: bool
    sum: Sum
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class RowPart(Page):
    """What is in one line."""

    template: ClassVar[str] = "rehearsal/row.html"
    zap_id: str
    steps: tuple[StepSeen, ...]
    warning: str
    does: bool


@router.get("/zaps/{zap_id}/rehearsal")
async def rehearsal(request: Request, here: Here, by: By, zap_id: str) -> HTMLResponse:
    """The last rehearsal of this person, or a page that begins one."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    kept = here.rehearsals.last(by.somebody.id, draft.id)
    if kept is not None and kept.wanted.runs:
        kept = None
    if kept is not None:
        kept.seen()
    return page(request, await run_in_threadpool(_page, here, by, draft, kept))


@router.post("/zaps/{zap_id}/rehearsal")
async def begin(
    request: Request,
    here: Here,
    by: By,
    zap_id: str,
    last: Annotated[int, Form(ge=1, le=max(LAST))] = 50,
    live: Annotated[bool, Form()] = False,
) -> Response:
    """Begins a rehearsal; its rows are asked for by the page."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    wanted = Wanted(draft.id, draft.revision, last, live and draft.published is not None)
    here.rehearsals.begin(by.somebody.id, wanted, here.runtime.rehearsing, here.runtime.now())
    await run_in_threadpool(
        here.runtime.people.audit.tell,
        Action.ZAP_REHEARSED,
        person=by.person,
        subject_id=draft.id,
        subject=draft.name,
        address=by.address,
        details={"records": last},
    )
    return go(request, f"/zaps/{draft.id}/rehearsal")


@router.post("/zaps/{zap_id}/rehearsal/{rehearsal_id}/stop")
async def stop(request: Request, here: Here, by: By, zap_id: str, rehearsal_id: str) -> Response:
    """Ends it; what was found by then stays on the page."""
    here.rehearsals.of(by.somebody.id, zap_id, rehearsal_id).stop()
    return go(request, f"/zaps/{zap_id}/rehearsal")


@router.get("/zaps/{zap_id}/rehearsal/{rehearsal_id}/rows")
async def rows(request: Request, here: Here, by: By, zap_id: str, rehearsal_id: str, after: int = 0) -> HTMLResponse:
    """The rows that are known by now, from one number on."""
    kept = here.rehearsals.of(by.somebody.id, zap_id, rehearsal_id)
    kept.seen()
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    return page(request, await run_in_threadpool(_rows, here, by, draft, kept, after))


@router.get("/zaps/{zap_id}/rehearsal/{rehearsal_id}/rows/{number}")
async def row(request: Request, here: Here, by: By, zap_id: str, rehearsal_id: str, number: int) -> HTMLResponse:
    """What is in one row: what would be sent, and why something is not."""
    kept = here.rehearsals.of(by.somebody.id, zap_id, rehearsal_id)
    found = next((one for one in kept.rows if one.number == number), None)
    if found is None:
        raise NotFound(Sentence("There is no such row.", "Diese Zeile gibt es nicht."))
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    naming = _naming(here, by, draft, kept)
    steps = Drawn(naming, draft.id).steps(found)
    warning = naming.vocabulary.error(naming.app(TRIGGER), found.warning) if found.warning else ""
    return page(request, RowPart(draft.id, steps, warning, does=found.outcome is Would.DO))


def _page(here: Site, by: Visitor, draft: Draft, kept: Kept | None) -> RehearsalPage:
    drawn = Drawn(_naming(here, by, draft, kept), draft.id)
    return RehearsalPage(
        zap_id=draft.id,
        name=draft.name,
        last=kept.wanted.last if kept else 50,
        live=kept.wanted.live if kept else False,
        published=draft.published,
        differs=draft.differs,
        on=_is_on(draft),
        stale=kept is not None and kept.wanted.revision != draft.revision and not kept.wanted.live,
        sum=_sum(here, by, draft, kept) if kept else None,
        lines=tuple(drawn.line(one) for one in kept.rows) if kept else (),
    )


def of_runs(here: Site, by: Visitor, draft: Draft, kept: Kept) -> tuple[Sum, tuple[Line, ...]]:
    """The head and the lines of a rehearsal of runs, for the page that offers to replay them."""
    drawn = Drawn(_naming(here, by, draft, kept), draft.id)
    return _sum(here, by, draft, kept), tuple(drawn.line(one) for one in kept.rows)


def _rows(here: Site, by: Visitor, draft: Draft, kept: Kept, after: int) -> RowsPart:
    drawn = Drawn(_naming(here, by, draft, kept), draft.id)
    shown = _sum(here, by, draft, kept)
    lines = tuple(drawn.line(one) for one in kept.rows[max(after, 0) : shown.rows])
    return RowsPart(draft.id, draft.differs, _is_on(draft), shown, lines)


def _sum(here: Site, by: Visitor, draft: Draft, kept: Kept) -> Sum:
    ended, found = kept.ended, tuple(kept.rows)  # in this order: what ended has all its rows
    drawn = Drawn(_naming(here, by, draft, kept), draft.id)
    mends, problem = _failure(drawn.naming, draft.id, kept.failure)
    return Sum(
        id=kept.id,
        begun_at=kept.begun_at,
        ended=ended,
        stopped=kept.stopped,
        cut=ended and kept.records is not None and len(found) < kept.records,
        records=kept.records,
        rows=len(found),
        version=kept.chosen.version if kept.chosen else None,
        tallies=drawn.tallies(found),
        quotas=drawn.quotas(found),
        troubles=drawn.troubles(found) if ended else (),
        mends=mends,
        problem=problem,
        kind=_kind(here, draft),
        again=bool(kept.wanted.runs),
    )


def _failure(naming: Naming, zap_id: str, error: Exception | None) -> tuple[tuple[Mend, ...], str]:
    """What must be mended first, or why it could not be done."""
    match error:
        case None:
            return (), ""
        case Problems():
            return naming.mends(zap_id, error.problems), ""
        case NotUsable() | AuthFailed():
            return naming.mends(zap_id, [Problem(_sentence(error), TRIGGER, "connection")]), ""
        case InvalidInput():
            return naming.mends(zap_id, [Problem(error.sentence, TRIGGER, error.field or "")]), ""
        case ConnectorError() | ConnectorBug():
            return (), naming.vocabulary.error(naming.app(TRIGGER), _sentence(error))
        case ZapwerkError():
            return (), error.within(naming.language)
        case _:
            _ = words(naming.language).gettext
            return (), _(
                "This is a fault of Zapwerk, not of yours. What happened is in the log. Your zaps go on running."
            )


def _sentence(error: Exception) -> str:
    return error.sentence if isinstance(error, ConnectorError) else str(error)


def _naming(here: Site, by: Visitor, draft: Draft, kept: Kept | None) -> Naming:
    rehearsed = kept.chosen.zap if kept and kept.chosen else draft.zap
    return Naming(rehearsed, here.runtime.registry(), by.language, kept=draft.zap)


def _is_on(draft: Draft) -> bool:
    return draft.stored.state in ("on", "paused")


def _kind(here: Site, draft: Draft) -> str:
    connector = here.runtime.registry().connectors.get(draft.zap.trigger.app)
    key = draft.zap.trigger.use.partition(".")[2]
    if connector is not None and key in connector.webhooks:
        return "webhook"
    return "schedule" if connector is not None and key in connector.schedules else "polling"
