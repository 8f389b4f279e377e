"""Zaps: the list with health and figures, making, renaming, copying, deleting, and the address of a webhook."""

from typing import Annotated, Any, Literal

from fastapi import Query, Request

from engine.editing import settings
from engine.editing.draft import Draft
from engine.editing.listing import UNDELETED_WITHIN, folder_name
from engine.errors import NotFound, Refused, Sentence
from engine.people.audit import Action
from engine.sdk.connector import Webhook
from engine.store.outlines import Outline
from engine.zaps import drawing
from web.api import zap_views
from web.api.doing import tell_of
from web.api.paging import After, Limit, part
from web.api.routing import router as new_router
from web.api.schemas import Language
from web.api.secrets import restored
from web.api.zap_schemas import AddressShown, DraftShown, NewZap, ZapChange, ZapPage, ZapShown
from web.site import By, Here, Site

router = new_router("/zaps", "Zaps")

NAMELESS = Sentence(
    "This zap is not started by calls, so it has no address.",
    "Dieser Zap wird nicht durch Aufrufe gestartet und hat keine Adresse.",
)
UNLIMITED = ("concurrency", "flood_limit")


@router.get("")
def every(
    request: Request,
    here: Here,
    q: Annotated[str, Query(max_length=200, description="Words of the name or the folder.")] = "",
    state: Annotated[Literal["draft", "off", "on", "paused", "deleted"] | None, Query()] = None,
    folder: Annotated[str | None, Query(max_length=200, description="Empty for those in none.")] = None,
    app: Annotated[str, Query(max_length=100, description="The key of an app that they use.")] = "",
    limit: Limit = 50,
    after: After = "",
) -> ZapPage:
    """List zaps, with how their triggers do and how their runs ended."""
    with here.runtime.database.read() as session:
        outlines = here.runtime.outlines
        gone = state == "deleted"
        pool = (
            outlines.deleted(session, since=here.runtime.now() - UNDELETED_WITHIN) if gone else outlines.every(session)
        )
    words = q.casefold().split()
    fitting = (one for one in pool if _has(one, words, folder, app) and (gone or state is None or one.state == state))
    some, following = part(request, fitting, lambda zap: zap.id, limit, after)
    return ZapPage(items=zap_views.lines(here, some), next=following)


@router.post("", status_code=201)
def create(here: Here, by: By, language: Language, sent: NewZap) -> DraftShown:
    """Create a zap: a blank draft, or one that is drawn already."""
    chosen: Any = sent.language or by.language
    drafts = here.runtime.editing.drafts
    draft = drafts.create(
        by=by.somebody.id,
        name=sent.name,
        language=chosen,
        timezone=_zone(sent.timezone or by.timezone),
        folder=folder_name(sent.folder),
        template=restored(drafts.choosing.where_left_out(sent.zap), None, here.runtime.registry())
        if sent.zap
        else None,
    )
    tell_of(here, by, Action.ZAP_CREATED, draft)
    return zap_views.draft(here, draft, language)


@router.get("/{zap_id}")
def one(here: Here, zap_id: str) -> ZapShown:
    """Get a zap with its live version."""
    return zap_views.one(here, zap_id)


@router.patch("/{zap_id}")
def change(here: Here, by: By, zap_id: str, sent: ZapChange) -> ZapShown:
    """Change name, folder or settings of a zap."""
    draft = here.runtime.editing.drafts.get(zap_id)
    folder = None if sent.folder is None else folder_name(sent.folder)
    values = _settings(sent)
    if values:
        revision = draft.revision if sent.revision is None else sent.revision
        draft = here.runtime.editing.drafts.settings(draft.id, values, revision=revision, by=by.somebody.id)
        tell_of(here, by, Action.ZAP_RENAMED if set(values) == {"name"} else Action.ZAP_EDITED, draft)
    if folder is not None and folder != draft.stored.folder:
        here.runtime.editing.listing.set_folder(draft.id, folder)
        tell_of(here, by, Action.ZAP_MOVED, draft)
    return zap_views.one(here, draft.id)


@router.delete("/{zap_id}", status_code=204)
def delete(here: Here, by: By, zap_id: str) -> None:
    """Delete a zap. Its history stays, and for 30 days it can be restored."""
    draft = here.runtime.editing.drafts.get(zap_id)
    here.runtime.switching.delete(draft.id)
    tell_of(here, by, Action.ZAP_DELETED, draft)


@router.post("/{zap_id}/restore")
def restore(here: Here, by: By, zap_id: str) -> ZapShown:
    """Restore a deleted zap; it is off then. One that is here already stays as it is."""
    with here.runtime.database.read() as session:
        there = here.runtime.outlines.some(session, [zap_id])
    if not there:
        draft = here.runtime.editing.listing.undelete(zap_id, by=by.somebody.id)
        tell_of(here, by, Action.ZAP_RESTORED, draft)
    return zap_views.one(here, zap_id)


@router.post("/{zap_id}/duplicate", status_code=201)
def duplicate(here: Here, by: By, language: Language, zap_id: str) -> DraftShown:
    """Copy a zap. The copy is off."""
    draft = here.runtime.editing.listing.duplicate(zap_id, by=by.somebody.id)
    tell_of(here, by, Action.ZAP_COPIED, draft)
    return zap_views.draft(here, draft, language)


@router.get("/{zap_id}/address")
def address(here: Here, zap_id: str) -> AddressShown:
    """Get the address that starts the zap. Only for zaps whose trigger is a webhook."""
    draft = _called(here, zap_id)
    return AddressShown(address=here.runtime.addresses.of(draft.id))


@router.post("/{zap_id}/address")
def renew(here: Here, by: By, zap_id: str) -> AddressShown:
    """Give the zap another address. The old one stops working at once."""
    draft = _called(here, zap_id)
    renewed = here.runtime.addresses.renew(draft.id)
    tell_of(here, by, Action.ZAP_ADDRESS_RENEWED, draft)
    return AddressShown(address=renewed)


def _has(zap: Outline, words: list[str], folder: str | None, app: str) -> bool:
    text = f"{zap.name} {zap.folder}".casefold()
    return (
        all(word in text for word in words)
        and (folder is None or zap.folder == folder)
        and (not app or app in zap.uses.apps)
    )


def _zone(name: str) -> str:
    """Raises `Problems` for a time zone that there is not."""
    return settings.changed(drawing.blank("-"), {"timezone": name}).timezone


def _settings(sent: ZapChange) -> dict[str, Any]:
    """What a zap is told to change; 0 stands for no limit, since null says that it stays."""
    given = sent.model_dump(exclude_none=True, exclude={"revision", "folder"})
    return {name: None if name in UNLIMITED and value == 0 else value for name, value in given.items()}


def _called(here: Site, zap_id: str) -> Draft:
    """Raises `Refused` for a zap that is not started by calls."""
    draft = here.runtime.editing.drafts.get(zap_id)
    try:
        trigger = here.runtime.registry().trigger(draft.zap.trigger.use)
    except NotFound:
        trigger = None
    if not isinstance(trigger, Webhook):
        raise Refused(NAMELESS)
    return draft
