"""Tests of single steps in the editor's panel, which are really done, and what trigger and steps have in common. Each
answer is a part of the panel; `editor:refresh` tells its scripts that samples changed. The trigger's own test is in
`trying_trigger`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from engine.editing.draft import Draft
from engine.errors import Refused
from engine.people.audit import Action
from engine.zaps.model import TriggerUse
from web import guarded
from web.drafting import trials
from web.drafting.naming import Naming
from web.drafting.trials import Result, Trial
from web.pages import trying_trigger
from web.pages.trying_trigger import refreshing
from web.rendering import Page, page
from web.site import By, Here, Site
from web.visitors import Visitor

router = guarded.router()


@dataclass(frozen=True)
class StepPart(Page):
    """The test of a step, and what came of it: just now, or of a test at `failed_at` that did not work. `refused` says
    why it was not tested. A test that is `under_way` is waited for."""

    template: ClassVar[str] = "trying/step.html"
    zap_id: str
    may_edit: bool
    trial: Trial
    result: Result | None = None
    refused: str = ""
    failed_at: datetime | None = None
    under_way: bool = False


@router.get("/zaps/{zap_id}/try")
async def show(request: Request, here: Here, by: By, zap_id: str, step: str) -> HTMLResponse:
    """The test of a step, or of the trigger. No app is asked."""
    return page(request, await _part(here, by, zap_id, step))


@router.post("/zaps/{zap_id}/try/made-up")
async def make_up(request: Request, here: Here, by: By, zap_id: str, step: Annotated[str, Form()]) -> Response:
    """Made-up data, where there is nothing real or a test is skipped."""
    await run_in_threadpool(here.runtime.editing.samples.make_up, zap_id, step, by.language)
    return await _redrawn(request, here, by, zap_id, step)


@router.post("/zaps/{zap_id}/try/forget")
async def forget(request: Request, here: Here, by: By, zap_id: str, step: Annotated[str, Form()]) -> Response:
    """Forgets a sample."""
    await run_in_threadpool(here.runtime.editing.samples.clear, zap_id, step)
    return await _redrawn(request, here, by, zap_id, step)


@router.post("/zaps/{zap_id}/try")
async def test(request: Request, here: Here, by: By, zap_id: str, step: Annotated[str, Form()]) -> Response:
    """Does a step really, once."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    try:
        tried = await here.runtime.editing.trying.test_step(zap_id, step, by=by.name)
    except Refused as error:
        shown = await run_in_threadpool(_step, here, by, draft, step)
        return refreshing(page(request, replace(shown, refused=error.within(by.language))))
    await run_in_threadpool(_tell, here, by, draft, step, tried.outcome.value)
    here.failed_tests.note(draft, tried, here.runtime.now())
    result = trials.result(tried, Naming(draft.zap, here.runtime.registry(), by.language), draft)
    now = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    return refreshing(page(request, replace(await run_in_threadpool(_step, here, by, now, step), result=result)))


def _tell(here: Site, by: Visitor, draft: Draft, step: str, outcome: str) -> None:
    here.runtime.people.audit.tell(
        Action.ZAP_TESTED,
        person=by.person,
        subject_id=draft.id,
        subject=draft.name,
        address=by.address,
        details={"step": step, "outcome": outcome},
    )


async def _part(here: Site, by: Visitor, zap_id: str, step: str) -> Page:
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    if isinstance(draft.step(step), TriggerUse):
        return await trying_trigger.part(here, by, draft)
    return await run_in_threadpool(_as_it_stands, here, by, draft, step)


def _as_it_stands(here: Site, by: Visitor, draft: Draft, step: str) -> StepPart:
    """With what came of the last test, if that did not work and would be made again like this."""
    shown = _step(here, by, draft, step)
    if here.runtime.editing.trying.is_under_way(draft.id, step):
        return replace(shown, under_way=True)
    failure = here.failed_tests.of(draft, step, here.runtime.now())
    if failure is None:
        return shown
    naming = Naming(draft.zap, here.runtime.registry(), by.language)
    return replace(shown, result=trials.result(failure.tried, naming, draft), failed_at=failure.at)


def _step(here: Site, by: Visitor, draft: Draft, step: str) -> StepPart:
    editing = here.runtime.editing
    will = editing.trying.what_it_will_do(draft, step, by.language)
    naming = Naming(draft.zap, here.runtime.registry(), by.language)
    return StepPart(draft.id, by.may_edit, trials.trial(draft, step, will, naming, editing.previews))


async def _redrawn(request: Request, here: Site, by: Visitor, zap_id: str, step: str) -> Response:
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    here.failed_tests.forget(draft, step)
    return refreshing(page(request, await _part(here, by, zap_id, step)))
