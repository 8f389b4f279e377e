"""Mappings of a draft: what proposes itself for empty fields of a step, and what a template would give now."""

from typing import Annotated

from fastapi import Path
from pydantic import Field, JsonValue

from engine.editing.previews import PreviewState
from engine.editing.proposals import Why
from web.api import zap_views
from web.api.routing import router as new_router
from web.api.schemas import Language, ProblemAt, Sent, Shown
from web.site import Here

router = new_router("/zaps/{zap_id}/steps/{step}", "Mapping")

Step = Annotated[str, Path(description="“trigger”, or the key of a step.", examples=["parcel"])]


class ProposalShown(Shown):
    """A template that could be filled in. `why`: a web form's label, the same name, or the same kind of value."""

    field: str
    template: str
    would: str = Field(description="What it gives with the samples.")
    why: Why


class ProposalsShown(Shown):
    """For each empty field that has one best value."""

    items: list[ProposalShown]


class PreviewSent(Sent):
    """What would stand in a field, as zap files have it."""

    field: Annotated[str, Field(min_length=1, max_length=200, examples=["to"])]
    template: JsonValue = Field("", examples=["{{ trigger.who }}"])


class PreviewShown(Shown):
    """What the field would be given with the samples. `waits_for` are steps that have none yet; `made_up`: one of the
    samples that were used came from no app."""

    text: str
    state: PreviewState
    problems: list[ProblemAt]
    waits_for: list[str]
    made_up: bool


@router.get("/proposals")
def proposals(here: Here, language: Language, zap_id: str, step: Step) -> ProposalsShown:
    """List the mappings that propose themselves for a step."""
    editing = here.runtime.editing
    draft = editing.drafts.get(zap_id)
    found = [
        ProposalShown(
            field=one.field,
            template=one.template,
            would=editing.previews.of(draft, step, one.field, one.template, language).text,
            why=one.why,
        )
        for one in editing.proposals.of(draft, step, language)
    ]
    return ProposalsShown(items=found)


@router.post("/preview")
def preview(here: Here, language: Language, zap_id: str, step: Step, sent: PreviewSent) -> PreviewShown:
    """Look what a template would give. Nothing is stored, and no app is asked."""
    editing = here.runtime.editing
    draft = editing.drafts.get(zap_id)
    seen = editing.previews.of(draft, step, sent.field, sent.template, language)
    return PreviewShown(
        text=seen.text,
        state=seen.state,
        problems=zap_views.problems(seen.problems, language),
        waits_for=list(seen.waits_for),
        made_up=seen.made_up,
    )
