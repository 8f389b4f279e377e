"""Publishing zaps, and switching them on and off."""

from starlette.concurrency import run_in_threadpool

from engine.editing.draft import Draft
from engine.errors import Conflict, Refused, Sentence
from engine.people.audit import Action
from engine.triggers.switching import Switched
from engine.zaps.remarks import remark
from web.api import zap_views
from web.api.doing import tell_of
from web.api.routing import router as new_router
from web.api.schemas import Language, More
from web.api.zap_schemas import (
    Confirmation,
    Published,
    PublishSent,
    RecordFound,
    RecordsFound,
    SwitchedOff,
    SwitchOff,
    SwitchOn,
)
from web.site import By, Here, Site
from web.visitors import Visitor

router = new_router("/zaps/{zap_id}", "Publishing")

TO_PUBLISH = Sentence(
    "This zap was never published. Publish it, which also switches it on.",
    "Dieser Zap wurde noch nie veröffentlicht. Veröffentlichen Sie ihn; das schaltet ihn auch ein.",
)


@router.get("/publish")
async def before(here: Here, language: Language, zap_id: str) -> Confirmation:
    """Ask what publishing and switching on would do. No app is asked."""
    found = await here.runtime.editing.publishing.before_on(zap_id)
    return Confirmation(
        problems=zap_views.problems(found.problems, language),
        first=found.first,
        publishes=found.publishes,
        source=found.source,
        kind=found.kind,
        baseline=found.baseline,
        listening=found.listening,
        every_seconds=found.every.total_seconds() if found.every else None,
        held=found.held,
        next=list(found.next),
    )


@router.get("/existing")
async def existing(here: Here, zap_id: str, more: More = 0) -> RecordsFound:
    """Read the records that exist already and have not fired: what `also` of publishing chooses from."""
    found = await here.runtime.editing.publishing.existing(zap_id, more)
    return RecordsFound(records=[RecordFound.model_validate(one) for one in found.records], more=found.more)


@router.post("/publish")
async def publish(here: Here, by: By, zap_id: str, sent: PublishSent) -> Published:
    """Publish the draft and, unless told otherwise, switch the zap on."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    if sent.revision is not None and sent.revision != draft.revision:
        said = remark("changed_meanwhile", name=draft.name)
        raise Conflict(said, by=draft.changed_by, at=draft.changed_at)
    publishing, person = here.runtime.editing.publishing, by.somebody.id
    if sent.on:
        switched = await publishing.on(draft.id, by=person, also=frozenset(sent.also))
    else:
        switched = await publishing.publish(draft.id, by=person)
    here.engine.queue.ring()
    await run_in_threadpool(_told, here, by, draft, switched, on=sent.on)
    return Published.model_validate(switched)


@router.post("/on")
async def on(here: Here, by: By, zap_id: str, sent: SwitchOn) -> Published:
    """Switch on the version that is live, as it is. One that is on stays on; a draft with changes stays a draft."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    if draft.published is None:
        raise Refused(TO_PUBLISH)
    switched = await here.runtime.switching.live_on(draft.id, catch_up=sent.catch_up)
    here.engine.queue.ring()
    await run_in_threadpool(_told, here, by, draft, switched, on=True)
    return Published.model_validate(switched)


@router.post("/off")
def off(here: Here, by: By, zap_id: str, sent: SwitchOff) -> SwitchedOff:
    """Switch off. Nothing new is taken in, and what is remembered stays."""
    draft = here.runtime.editing.drafts.get(zap_id)
    held = here.runtime.switching.off(draft.id, hold_waiting=sent.hold_waiting)
    tell_of(here, by, Action.ZAP_SWITCHED_OFF, draft)
    return SwitchedOff(held=held)


def _told(here: Site, by: Visitor, draft: Draft, switched: Switched, *, on: bool) -> None:
    if switched.published:
        tell_of(here, by, Action.ZAP_PUBLISHED, draft, version=switched.version)
    if on:
        tell_of(here, by, Action.ZAP_SWITCHED_ON, draft, version=switched.version)
