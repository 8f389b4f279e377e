"""The test of a trigger in the editor's panel: its last records to choose a sample from, and waiting for a call of a
webhook. Nothing here starts a run. Each answer is a part of the panel.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, ClassVar

from fastapi import Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.editing.draft import Draft
from engine.editing.sentences import said
from engine.errors import NotFound, Problems, Refused
from engine.registry import Registry
from engine.sdk.connector import Scheduled, Trigger, Webhook
from engine.sdk.triggers import AnyTrigger
from engine.store import zaps
from engine.triggers import schedules
from engine.zaps.model import TRIGGER
from web import guarded
from web.drafting import calls, trials
from web.drafting.calls import Address, Waited
from web.drafting.naming import Mend, Naming
from web.drafting.trials import Card, SampleShown
from web.rendering import PRIVATE, Page, page, render
from web.site import By, Here, Site
from web.visitors import Visitor

router = guarded.router()

MOST_LOOKS = 100  # times that “load more” is followed


@dataclass(frozen=True)
class TriggerPart(Page):
    """The test of a trigger. `kind` is polling, webhook or schedule; `cards` is None until they were asked for.

    `problem` says why records could not be read, `mends` what has to be mended first. `wait` is the last wait for a
    call, also one that is over; None where there was none.
    """

    template: ClassVar[str] = "trying/trigger.html"
    zap_id: str
    kind: str
    may_edit: bool
    sample: SampleShown | None
    mends: tuple[Mend, ...] = ()
    cards: tuple[Card, ...] | None = None
    more: int = 0
    goes_on: bool = False
    problem: str = ""
    address: Address | None = None
    wait: Waited | None = None
    next: tuple[datetime, ...] = ()


@router.get("/zaps/{zap_id}/try/records")
async def records(request: Request, here: Here, by: By, zap_id: str, more: int = 0) -> Response:
    """The trigger's last records: of a webhook, what was received last."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    return page(request, await _with_records(here, by, draft, more))


@router.post("/zaps/{zap_id}/try/wait")
async def wait(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Waits for a call of a webhook for the next minutes."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    await run_in_threadpool(here.runtime.awaiting.begin, draft.id)
    return page(request, await part(here, by, draft))


@router.post("/zaps/{zap_id}/try/wait/end")
async def end_wait(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Waits no more. What came can still be chosen."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    await run_in_threadpool(here.runtime.awaiting.end, draft.id)
    return page(request, await _with_records(here, by, draft, 0))


@router.get("/zaps/{zap_id}/try/waited")
async def waited(request: Request, here: Here, by: By, zap_id: str, after: str = "", more: int = 0) -> Response:
    """What came since the page saw `after`; 204 while there is nothing new."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    shown = await _with_records(here, by, draft, more)
    if shown.wait is not None and shown.wait.print == after:
        return Response(status_code=204, headers=PRIVATE)
    return Response(render(request, shown, "trying/waited.html"), media_type="text/html", headers=PRIVATE)


@router.post("/zaps/{zap_id}/try/sample")
async def choose(
    request: Request, here: Here, by: By, zap_id: str, record: Annotated[str, Form(max_length=2_000)]
) -> Response:
    """Makes one of the records the sample. A wait for a call has brought what it was for."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    found = here.finds.of(draft.id, draft.revision, [record])
    if not found:
        again = await here.runtime.editing.trying.trigger_records(draft.id, more=16)
        found = tuple(one for one in again.records if one.id == record)
    if not found:
        raise Refused(said("record_gone"))
    await run_in_threadpool(here.runtime.editing.samples.choose, draft.id, found[0].data)
    await run_in_threadpool(here.runtime.awaiting.end, draft.id)
    chosen = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    return refreshing(page(request, await part(here, by, chosen)))


async def part(here: Site, by: Visitor, draft: Draft) -> TriggerPart:
    """The test as it stands. No app is asked; what a webhook received is at hand, and shown where it was waited for."""
    drawn = await run_in_threadpool(_drawn, here, by, draft)
    if drawn.kind == "webhook" and await run_in_threadpool(here.runtime.awaiting.of, draft.id) is not None:
        return await _with_records(here, by, draft, 0)
    return drawn


async def _with_records(here: Site, by: Visitor, draft: Draft, more: int) -> TriggerPart:
    more = min(max(more, 0), MOST_LOOKS)
    drawn = await run_in_threadpool(_drawn, here, by, draft)
    naming = Naming(draft.zap, here.runtime.registry(), by.language)
    try:
        founds = await here.runtime.editing.trying.trigger_records(draft.id, more)
    except Problems as error:
        return replace(drawn, mends=naming.mends(draft.id, error.problems))
    except Refused as error:
        return replace(drawn, problem=naming.vocabulary.error(naming.app(TRIGGER), error.within(by.language)))
    here.finds.keep(draft.id, draft.revision, founds)
    found = replace(drawn, cards=tuple(map(trials.card, founds.records)), more=more, goes_on=founds.more)
    return await run_in_threadpool(_with_wait, here, found, naming)


def _with_wait(here: Site, drawn: TriggerPart, naming: Naming) -> TriggerPart:
    wait = here.runtime.awaiting.of(drawn.zap_id) if drawn.kind == "webhook" and drawn.may_edit else None
    if wait is None:
        return drawn
    return replace(drawn, wait=calls.waited(wait, here.runtime.now(), drawn.cards or (), naming))


def _drawn(here: Site, by: Visitor, draft: Draft) -> TriggerPart:
    registry = here.runtime.registry()
    naming = Naming(draft.zap, registry, by.language)
    operation, mends = naming.operation(TRIGGER), naming.mends(draft.id, draft.at(TRIGGER))
    calls_here = operation if isinstance(operation, Webhook) and not mends and by.may_edit else None
    return TriggerPart(
        zap_id=draft.id,
        kind=_kind(operation),
        may_edit=by.may_edit,
        sample=trials.sample_of(draft, TRIGGER, naming),
        mends=mends,
        address=_address(here, draft, calls_here) if calls_here else None,
        next=tuple(schedules.upcoming(draft.zap, registry, here.runtime.now())),
    )


def _address(here: Site, draft: Draft, trigger: Webhook[Any, Any]) -> Address:
    with here.runtime.database.read() as session:
        live = zaps.live(session, draft.id)
    live_trigger = _trigger(here.runtime.registry(), live.trigger.use) if live else None
    return calls.address(here.runtime.addresses.of(draft.id), draft, live, live_trigger, trigger)


def _trigger(registry: Registry, use: str) -> AnyTrigger | None:
    try:
        return registry.trigger(use)
    except NotFound:
        return None


def refreshing(answer: Response) -> Response:
    """Tells the editor's scripts that samples changed."""
    answer.headers["HX-Trigger"] = json.dumps({"editor:refresh": {}})
    return answer


def _kind(operation: object) -> str:
    if isinstance(operation, Webhook):
        return "webhook"
    return "schedule" if isinstance(operation, Scheduled) else "polling" if isinstance(operation, Trigger) else ""
