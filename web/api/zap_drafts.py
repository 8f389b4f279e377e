"""The draft of a zap: read and written whole. A write says which revision it saw, so that nobody's work is lost."""

import re
from typing import Annotated

from fastapi import Header, Response

from engine.editing.draft import Draft
from engine.errors import Conflict, Problem, Problems, Sentence
from engine.people.audit import Action
from engine.zaps.model import Zap
from web.api import zap_views
from web.api.doing import tell_of
from web.api.routing import router as new_router
from web.api.schemas import Language
from web.api.secrets import restored
from web.api.zap_schemas import DraftSent, DraftShown, RevisionSent
from web.site import By, Here, Site

router = new_router("/zaps/{zap_id}/draft", "Drafts")

ETAG = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')
NOT_SEEN = Sentence(
    "Say which revision you have seen, so that nobody's change is lost: as `revision`, or its ETag as `If-Match`.",
    "Geben Sie an, welchen Stand Sie gesehen haben, damit keine Änderung verloren geht: als `revision`, oder dessen "
    "ETag als `If-Match`.",
)

IfMatch = Annotated[str | None, Header(max_length=100, description="The ETag that you have seen.", examples=['"17"'])]


@router.get("")
def get(here: Here, language: Language, response: Response, zap_id: str) -> DraftShown:
    """Get the draft, with what speaks against publishing it."""
    return _answered(here, here.runtime.editing.drafts.get(zap_id), language, response)


@router.put("")
def put(
    here: Here,
    by: By,
    language: Language,
    response: Response,
    zap_id: str,
    sent: DraftSent,
    if_match: IfMatch = None,
) -> DraftShown:
    """Replace the draft as one change, which can be undone. Sent once more, it changes nothing."""
    drafts = here.runtime.editing.drafts
    before = drafts.get(zap_id)
    wanted = _wanted(here, before, sent.zap)
    revision = _seen(sent, if_match)
    if wanted == before.zap:
        return _answered(here, before, language, response)
    draft = drafts.change(before.id, lambda _: wanted, revision=revision, by=by.somebody.id)
    tell_of(here, by, Action.ZAP_EDITED, draft)
    return _answered(here, draft, language, response)


@router.post("/undo")
def undo(here: Here, by: By, language: Language, response: Response, zap_id: str, sent: RevisionSent) -> DraftShown:
    """Take the last change of the draft back."""
    draft = here.runtime.editing.drafts.undo(zap_id, revision=sent.revision, by=by.somebody.id)
    tell_of(here, by, Action.ZAP_EDITED, draft)
    return _answered(here, draft, language, response)


@router.post("/redo")
def redo(here: Here, by: By, language: Language, response: Response, zap_id: str, sent: RevisionSent) -> DraftShown:
    """Make the change again that was taken back last."""
    draft = here.runtime.editing.drafts.redo(zap_id, revision=sent.revision, by=by.somebody.id)
    tell_of(here, by, Action.ZAP_EDITED, draft)
    return _answered(here, draft, language, response)


@router.post("/discard")
def discard(here: Here, by: By, language: Language, response: Response, zap_id: str, sent: RevisionSent) -> DraftShown:
    """Take the draft back to what is live."""
    draft = here.runtime.editing.versions.discard(zap_id, revision=sent.revision, by=by.somebody.id)
    tell_of(here, by, Action.ZAP_EDITED, draft)
    return _answered(here, draft, language, response)


def _wanted(here: Site, before: Draft, sent: Zap) -> Zap:
    """As it will be stored: under the id it has, with the secrets it has."""
    whole = here.runtime.editing.drafts.choosing.where_left_out(sent)
    return restored(whole, before.zap, here.runtime.registry()).model_copy(update={"id": before.zap.id})


def _seen(sent: DraftSent, if_match: str | None) -> int:
    """Raises `Problems` where nothing is said, `Conflict` for an ETag that none of our drafts has."""
    if if_match is None:
        if sent.revision is None:
            raise Problems([Problem(NOT_SEEN, field="revision")])
        return sent.revision
    found = ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Conflict(NOT_SEEN)
    return int(found[1])


def _answered(here: Site, draft: Draft, language: str, response: Response) -> DraftShown:
    response.headers["etag"] = f'"{draft.revision}"'
    return zap_views.draft(here, draft, language)
