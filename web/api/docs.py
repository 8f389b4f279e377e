"""What the API is, for programs as OpenAPI and for people as a page. Both are made of the same document, once."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from web import guarded
from web.api import ROOT, reference
from web.api.document import made
from web.api.reference import Group, SchemaView
from web.rendering import Page, page
from web.security import cookie_name
from web.site import Here

router = guarded.router(ROOT)


@dataclass(frozen=True)
class ApiPage(Page):
    """All operations by what they are about; `address` is where this installation is reached."""

    template: ClassVar[str] = "api/docs.html"
    nav: ClassVar[str] = "settings"
    groups: tuple[Group, ...]
    address: str
    count: int
    schemas: tuple[SchemaView, ...]


@router.get("/openapi.json", include_in_schema=False)
def openapi(here: Here) -> Response:
    """The document."""
    text = _text(here.version, here.address(), cookie_name(here))
    return Response(text, media_type="application/json", headers={"cache-control": "no-cache"})


@router.get("/docs", include_in_schema=False)
def docs(request: Request, here: Here) -> HTMLResponse:
    """The same for people."""
    document = json.loads(_text(here.version, here.address(), cookie_name(here)))
    groups = reference.groups(document)
    count = sum(len(one.operations) for one in groups)
    return page(request, ApiPage(groups, here.address(), count, reference.schemas(document)))


@lru_cache(maxsize=4)
def _text(version: str, address: str, cookie: str) -> str:
    """Drawing it takes half a second; the address may change while we run, the routes do not."""
    from web.api.nouns import ROUTERS

    routes = [route for one in ROUTERS for route in one.routes]
    return json.dumps(made(routes, version, address, cookie), ensure_ascii=False)
