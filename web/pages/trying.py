"""Tests of steps in the editor's panel: the last records of the trigger to choose a sample from, and single steps,
which are really done. Each answer is a part of the panel; `editor:refresh` tells its scripts that samples changed.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from engine.editing.draft import Draft
from engine.editing.sentences import said
from engine.errors import Problems, Refused
from engine.people.audit import Action
from engine.sdk.connector import Scheduled, Trigger, Webhook
from engine.triggers import schedules
from engine.zaps.model import TRIGGER, TriggerUse
from web.drafting import trials
from web.drafting.naming import Mend, Naming
from web.drafting.trials import Card, Result, SampleShown, Trial
from web.rendering import Page, page
from web.site import By, Here, Site
from web.visitors import Visitor

router = APIRouter()

MOST_LOOKS = 100  # times that “load more” is followed


@dataclass(frozen=True)
class TriggerPart(Page):
    """The test of a trigger. `kind` is polling, webhook or schedule; `cards` is None until they were asked for.

    `address` is what a service sends to, `takes_in` whether it is taken in now. `problem` says why records could not
    be read, `mends` what has to be mended first.
    """

    template: ClassVar[str] = "trying/trigger.html"
    zap_id: str
    kind: str
    may_edit: bool
    what: str
    sample: SampleShown | None
    mends: tuple[Mend, ...] = ()
    cards: tuple[Card, ...] | None = None
    more: int = 0
    goes_on: bool = False
    problem: str = ""
    address: str = ""
    takes_in: bool = False
    waits: bool = False
    next: tuple[datetime, ...] = ()
    step: str = TRIGGER


@dataclass(frozen=True)
class StepPart(Page):
    """The test of a step, and what came of it if it was just tested. `skipped`: made-up data stands in for it."""

    template: ClassVar[str] = "trying/step.html"
    zap_id: str
    may_edit: bool
    trial: Trial
    result: Result | None = None
    refused: str = ""


@router.get("/zaps/{zap_id}/try")
def show(request: Request, here: Here, by: By, zap_id: str, step: str) -> HTMLResponse:
    """The test of a step, or of the trigger. No app is asked."""
    draft = here.runtime.editing.drafts.get(zap_id)
    return page(request, _part(here, by, draft, step))


@router.get("/zaps/{zap_id}/try/records")
async def records(request: Request, here: Here, by: By, zap_id: str, more: int = 0, waits: bool = False) -> Response:
    """The trigger's last records. `waits` asks again and again until a webhook's first record is there."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    return page(request, await _with_records(here, by, draft, min(max(more, 0), MOST_LOOKS), waits))


@router.post("/zaps/{zap_id}/try/sample")
async def choose(
    request: Request, here: Here, by: By, zap_id: str, record: Annotated[str, Form(max_length=2_000)]
) -> Response:
    """Makes one of the records the sample."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    found = here.finds.of(draft.id, draft.revision, [record])
    if not found:
        again = await here.runtime.editing.trying.trigger_records(draft.id, more=16)
        found = tuple(one for one in again.records if one.id == record)
    if not found:
        raise Refused(said("record_gone"))
    await run_in_threadpool(here.runtime.editing.samples.choose, draft.id, found[0].data)
    return await run_in_threadpool(_redrawn, request, here, by, zap_id, TRIGGER)


@router.post("/zaps/{zap_id}/try/made-up")
def make_up(request: Request, here: Here, by: By, zap_id: str, step: Annotated[str, Form()]) -> Response:
    """Made-up data, where there is nothing real or a test is skipped."""
    here.runtime.editing.samples.make_up(zap_id, step, by.language)
    return _redrawn(request, here, by, zap_id, step)


@router.post("/zaps/{zap_id}/try/forget")
def forget(request: Request, here: Here, by: By, zap_id: str, step: Annotated[str, Form()]) -> Response:
    """Forgets a sample."""
    here.runtime.editing.samples.clear(zap_id, step)
    return _redrawn(request, here, by, zap_id, step)


@router.post("/zaps/{zap_id}/try")
async def test(request: Request, here: Here, by: By, zap_id: str, step: Annotated[str, Form()]) -> Response:
    """Does a step really, once."""
    naming, result, refused = await run_in_threadpool(_naming, here, by, zap_id), None, ""
    try:
        tried = await here.runtime.editing.trying.test_step(zap_id, step, by=by.name)
    except Refused as error:
        refused = error.within(by.language)
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    if not refused:
        result = trials.result(tried, naming, draft)
        await run_in_threadpool(_tell, here, by, draft, step, tried.outcome.value)
    answer = page(request, await run_in_threadpool(_step, here, by, draft, step, result, refused))
    return _refreshing(answer)


def _tell(here: Site, by: Visitor, draft: Draft, step: str, outcome: str) -> None:
    here.runtime.people.audit.tell(
        Action.ZAP_TESTED,
        person=by.person,
        subject_id=draft.id,
        subject=draft.name,
        address=by.address,
        details={"step": step, "outcome": outcome},
    )


def _part(here: Site, by: Visitor, draft: Draft, step: str) -> Page:
    if isinstance(draft.step(step), TriggerUse):
        return _trigger(here, by, draft)
    return _step(here, by, draft, step, None, "")


def _step(here: Site, by: Visitor, draft: Draft, step: str, result: Result | None, refused: str) -> StepPart:
    editing = here.runtime.editing
    will = editing.trying.what_it_will_do(draft, step, by.language)
    naming = Naming(draft.zap, here.runtime.registry(), by.language)
    shown = trials.trial(draft, step, will, naming, editing.previews)
    return StepPart(draft.id, by.may_edit, shown, result, refused)


def _trigger(here: Site, by: Visitor, draft: Draft) -> TriggerPart:
    naming = Naming(draft.zap, here.runtime.registry(), by.language)
    operation = naming.operation(TRIGGER)
    mends = naming.mends(draft.id, draft.at(TRIGGER))
    kind = _kind(operation)
    ready = not mends and operation is not None
    return TriggerPart(
        zap_id=draft.id,
        kind=kind,
        may_edit=by.may_edit,
        what=naming.step(TRIGGER),
        sample=trials.sample_of(draft, TRIGGER),
        mends=mends,
        address=here.runtime.addresses.of(draft.id) if kind == "webhook" and ready and by.may_edit else "",
        takes_in=draft.stored.state in ("on", "paused"),
        next=tuple(schedules.upcoming(draft.zap, here.runtime.registry(), here.runtime.now())),
    )


def _kind(operation: object) -> str:
    if isinstance(operation, Webhook):
        return "webhook"
    return "schedule" if isinstance(operation, Scheduled) else "polling" if isinstance(operation, Trigger) else ""


async def _with_records(here: Site, by: Visitor, draft: Draft, more: int, waits: bool) -> TriggerPart:
    part = await run_in_threadpool(_trigger, here, by, draft)
    naming = Naming(draft.zap, here.runtime.registry(), by.language)
    try:
        founds = await here.runtime.editing.trying.trigger_records(draft.id, more)
    except Problems as error:
        return replace(part, mends=naming.mends(draft.id, error.problems))
    except Refused as error:
        return replace(part, problem=naming.vocabulary.error(naming.app(TRIGGER), error.within(by.language)))
    here.finds.keep(draft.id, draft.revision, founds)
    cards = tuple(trials.card(one) for one in founds.records)
    return replace(part, cards=cards, more=more, goes_on=founds.more, waits=waits and not cards)


def _naming(here: Site, by: Visitor, zap_id: str) -> Naming:
    draft = here.runtime.editing.drafts.get(zap_id)
    return Naming(draft.zap, here.runtime.registry(), by.language)


def _redrawn(request: Request, here: Site, by: Visitor, zap_id: str, step: str) -> Response:
    draft = here.runtime.editing.drafts.get(zap_id)
    return _refreshing(page(request, _part(here, by, draft, step)))


def _refreshing(answer: Response) -> Response:
    answer.headers["HX-Trigger"] = json.dumps({"editor:refresh": {}})
    return answer
