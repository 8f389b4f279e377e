"""Tests of drafts: the trigger's last records, samples, choices of fields, and single steps, which are really done."""

from typing import Annotated

from fastapi import Path, Query
from starlette.concurrency import run_in_threadpool

from engine.editing.draft import Draft
from engine.editing.sentences import said
from engine.errors import Refused
from engine.people.audit import Action
from web.api import zap_views
from web.api.doing import tell_of
from web.api.routing import router as new_router
from web.api.schemas import Language, More
from web.api.zap_schemas import (
    ChoiceShown,
    ChoicesShown,
    RecordFound,
    RecordsFound,
    SampleChosen,
    Samples,
    SampleShown,
    StepTried,
)
from web.site import By, Here, Site
from web.visitors import Visitor

router = new_router("/zaps/{zap_id}", "Testing")

MOST_CHOICES = 200

Step = Annotated[str, Path(description="“trigger”, or the key of a step.", examples=["parcel"])]


@router.get("/records")
async def records(here: Here, zap_id: str, more: More = 0) -> RecordsFound:
    """Read the last records of the draft's trigger. Nothing fires, and nothing counts as seen."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    found = await here.runtime.editing.trying.trigger_records(draft.id, more)
    here.finds.keep(draft.id, draft.revision, found)
    return RecordsFound(records=[RecordFound.model_validate(one) for one in found.records], more=found.more)


@router.get("/samples")
def samples(here: Here, zap_id: str) -> Samples:
    """List the samples that the steps are drawn with."""
    found = here.runtime.editing.samples.of(zap_id)
    return Samples(items=[SampleShown.model_validate(one) for one in found.values()])


@router.put("/samples/trigger")
async def choose(here: Here, zap_id: str, sent: SampleChosen) -> SampleShown:
    """Choose the record of the trigger that the steps are drawn with."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    found = here.finds.of(draft.id, draft.revision, [sent.record])
    if not found:
        again = await here.runtime.editing.trying.trigger_records(draft.id, more=16)
        found = tuple(one for one in again.records if one.id == sent.record)
    if not found:
        raise Refused(said("record_gone"))
    sample = await run_in_threadpool(here.runtime.editing.samples.choose, draft.id, found[0].data)
    return SampleShown.model_validate(sample)


@router.post("/samples/{step}/made-up")
def make_up(here: Here, language: Language, zap_id: str, step: Step) -> SampleShown:
    """Make up a sample, where there is nothing real or a test is skipped."""
    return SampleShown.model_validate(here.runtime.editing.samples.make_up(zap_id, step, language))


@router.delete("/samples/{step}", status_code=204)
def forget(here: Here, zap_id: str, step: Step) -> None:
    """Forget the sample of a step."""
    here.runtime.editing.samples.clear(zap_id, step)


@router.post("/steps/{step}/test")
async def test(here: Here, by: By, language: Language, zap_id: str, step: Step) -> StepTried:
    """Test a step with the samples. An action really does what it does; nothing is ever repeated by itself."""
    editing = here.runtime.editing
    tried = await editing.trying.test_step(zap_id, step, by=by.name)
    draft = await run_in_threadpool(editing.drafts.get, zap_id)
    await run_in_threadpool(_told, here, by, draft, step, str(tried.outcome))
    return StepTried(
        step=tried.step,
        use=tried.use,
        outcome=tried.outcome,
        sentence=tried.sentence_in(language),
        input=tried.input,
        output=tried.output,
        problems=zap_views.problems(tried.problems, language),
        remedy=tried.remedy,
        took_ms=int(tried.took.total_seconds() * 1000),
    )


@router.get("/steps/{step}/choices")
async def choices(
    here: Here,
    zap_id: str,
    step: Step,
    field: Annotated[str, Query(min_length=1, max_length=200, description="Like “folder” or “lines.0.tax”.")],
    search: Annotated[str, Query(max_length=200)] = "",
) -> ChoicesShown:
    """List the values that a field offers, as the app knows them."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    found = await here.runtime.editing.choices.of(draft, step, field, search)
    shown = [ChoiceShown(value=str(one.value), label=one.label) for one in found[:MOST_CHOICES]]
    return ChoicesShown(items=shown, more=len(found) > MOST_CHOICES)


def _told(here: Site, by: Visitor, draft: Draft, step: str, outcome: str) -> None:
    tell_of(here, by, Action.ZAP_TESTED, draft, step=step, outcome=outcome)
