"""Zaps as YAML files, in and out. Secrets are in none of them."""

from typing import Annotated

from fastapi import Body, Response

from engine.editing.sharing import Sharing
from engine.errors import Problem, Problems, Sentence
from engine.people.audit import Action
from web.api import zap_views
from web.api.doing import tell, tell_of
from web.api.routing import YAML
from web.api.routing import router as new_router
from web.api.schemas import Language
from web.api.zap_schemas import DraftShown
from web.site import By, Here

router = new_router("/zaps", "Files")

FILE = """zapwerk: 1
name: Parcels for orders
trigger: {use: shop.new_order, connection: The shop}
steps:
  - key: parcel
    use: shop.send_parcel
    connection: The shop
    with: {to: "{{ trigger.who }}"}
"""
NO_TEXT = Sentence("This file is no text in UTF-8.", "Diese Datei ist kein Text in UTF-8.")


@router.get(
    "/{zap_id}/export",
    response_class=Response,
    responses={200: {"content": {YAML: {"schema": {"type": "object"}, "example": FILE}}}},
)
def export(here: Here, by: By, zap_id: str) -> Response:
    """Export the draft as a file. Connections are named in it by their names."""
    made = Sharing(here.runtime.database, here.runtime.editing.drafts).export(zap_id)
    tell(here, by, Action.ZAP_EXPORTED, zap_id, made.name)
    return Response(made.text, media_type=f"{YAML}; charset=utf-8")


@router.post("/import", status_code=201)
def bring_in(
    here: Here,
    by: By,
    language: Language,
    file: Annotated[bytes, Body(media_type=YAML, openapi_examples={"a zap": {"value": FILE}})],
) -> DraftShown:
    """Import a file as a draft. What is named in it and not known here is left to be chosen."""
    try:
        text = file.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problems([Problem(NO_TEXT)]) from error
    sharing = Sharing(here.runtime.database, here.runtime.editing.drafts)
    draft = sharing.bring_in(text, by=by.somebody.id)
    tell_of(here, by, Action.ZAP_IMPORTED, draft)
    return zap_views.draft(here, draft, language)
