"""Mappings that propose themselves, as a part of the editor's panel: what fits empty fields, and why."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import Request
from fastapi.responses import HTMLResponse

from engine.editing.proposals import Why
from web import guarded
from web.drafting.mapped import Part, Titles
from web.drafting.naming import Naming
from web.languages import words
from web.rendering import Page, page
from web.site import By, Here

router = guarded.router()


@dataclass(frozen=True)
class Proposed:
    """One field. `would` is what it would be given with the sample; `why` says where the likeness lies."""

    field: str
    title: str
    template: str
    parts: tuple[Part, ...]
    would: str
    why: str


@dataclass(frozen=True)
class ProposalsPart(Page):
    """Empty where nothing is proposed."""

    template: ClassVar[str] = "trying/proposals.html"
    zap_id: str
    step: str
    proposals: tuple[Proposed, ...]
    may_edit: bool


@router.get("/zaps/{zap_id}/proposals")
def proposals(request: Request, here: Here, by: By, zap_id: str, step: str) -> HTMLResponse:
    """What could be filled in."""
    editing = here.runtime.editing
    draft = editing.drafts.get(zap_id)
    found = editing.proposals.of(draft, step, by.language)
    titles = Titles.of(editing.data.of(draft, step, by.language) if found else ())
    naming, why = Naming(draft.zap, here.runtime.registry(), by.language), _reasons(by.language)
    shown = tuple(
        Proposed(
            field=one.field,
            title=naming.field(step, one.field),
            template=one.template,
            parts=titles.parts(one.template),
            would=editing.previews.of(draft, step, one.field, one.template, by.language).text,
            why=why[one.why],
        )
        for one in found
    )
    return page(request, ProposalsPart(draft.id, step, shown, by.may_edit))


def _reasons(language: str) -> dict[Why, str]:
    _ = words(language).gettext
    return {
        Why.LABEL: _("The form in the sample calls it so."),
        Why.NAME: _("It is called the same."),
        Why.KIND: _("It is of the same kind."),
    }
