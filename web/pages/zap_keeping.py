"""How long the runs of one zap are kept, where that differs from the house. It counts at once, without publishing."""

from dataclasses import asdict, dataclass, fields
from typing import ClassVar

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.editing.draft import Draft
from engine.errors import Problems
from engine.keeping.policy import Policy
from engine.people.audit import Action
from engine.store.policies import OfZap
from web import amounts, guarded
from web.bodies import form_of
from web.forms.typed import Typed, refused
from web.languages import words
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.trees import shown
from web.visitors import Visitor

router = guarded.router()

NAMES = tuple(field.name for field in fields(OfZap))


@dataclass(frozen=True)
class ZapKeepingPage(Page):
    """The form; `house` is what counts where a field is empty."""

    template: ClassVar[str] = "zaps/keeping.html"
    nav: ClassVar[str] = "zaps"
    zap_id: str
    name: str
    form: Typed
    house: Policy
    may_edit: bool


@router.get("/zaps/{zap_id}/keeping")
def keeping(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Shows it."""
    draft = here.runtime.editing.drafts.get(zap_id)
    kept = asdict(here.runtime.policies.of_zap(draft.id))
    texts = {name: "" if value is None else str(value) for name, value in kept.items()}
    return page(request, _page(here, by, draft, Typed(texts)))


@router.post("/zaps/{zap_id}/keeping")
async def save(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Saves it."""
    form = await form_of(request, 20)
    sent = {name: str(form.get(name, "")).strip() for name in NAMES}
    return await run_in_threadpool(_save, request, here, by, zap_id, sent)


def _save(request: Request, here: Site, by: Visitor, zap_id: str, sent: dict[str, str]) -> Response:
    draft = here.runtime.editing.drafts.get(zap_id)
    try:
        wanted = OfZap(**amounts.whole(sent, by.language))
        here.runtime.policies.set_zap(draft.id, wanted)
    except Problems as error:
        return page(request, _page(here, by, draft, refused(error, by.language, sent)), 422)
    here.engine.keeping.soon()
    here.runtime.people.audit.tell(
        Action.ZAP_EDITED,
        person=by.person,
        subject_id=draft.id,
        subject=draft.name,
        address=by.address,
        details={"kept": asdict(wanted)},
    )
    said = words(by.language).gettext("Saved. What is older goes from now on, in the background.")
    return go(request, f"/zaps/{draft.id}/keeping", said)


def _page(here: Site, by: Visitor, draft: Draft, form: Typed) -> ZapKeepingPage:
    return ZapKeepingPage(
        zap_id=draft.id,
        name=shown(draft.name),
        form=form,
        house=here.runtime.policies.house(),
        may_edit=by.may_edit,
    )
