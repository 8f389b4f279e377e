"""Zaps to begin with: what there is, and a draft of one of them."""

from typing import Any

from engine.editing.sharing import Sharing
from engine.people.audit import Action
from web import ready_zaps
from web.api import zap_views
from web.api.doing import tell_of
from web.api.routing import router as new_router
from web.api.schemas import Language, Shown
from web.api.zap_schemas import DraftShown
from web.site import By, Here

router = new_router("/zap-templates", "Zaps")


class TemplateShown(Shown):
    """A zap to begin with, and the apps that it uses."""

    key: str
    name: str
    text: str
    apps: list[str]


class TemplatesShown(Shown):
    """All of them."""

    items: list[TemplateShown]


@router.get("")
def every(language: Language) -> TemplatesShown:
    """List the zaps to begin with."""
    return TemplatesShown(items=[TemplateShown.model_validate(one) for one in ready_zaps.every(language)])


@router.post("/{key}/zap", status_code=201)
def begin(here: Here, by: By, language: Language, key: str) -> DraftShown:
    """Create a draft as a template draws it, in your language and time zone."""
    chosen: Any = by.language
    drawn = ready_zaps.zap(key, language=chosen, timezone=by.timezone)
    draft = Sharing(here.runtime.database, here.runtime.editing.drafts).from_template(drawn, by=by.somebody.id)
    tell_of(here, by, Action.ZAP_CREATED, draft)
    return zap_views.draft(here, draft, language)
