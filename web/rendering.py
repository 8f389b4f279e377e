"""Pages as HTML: a frozen dataclass goes in, a response comes out. Every router answers with `page` or `part`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web import languages, moments
from web.icons import icon
from web.site import Site
from web.visitors import Visitor

FOLDER = Path(__file__).parent / "templates"
PRIVATE = {"cache-control": "no-store"}
TOAST_COOKIE = "zapwerk-toast"


@dataclass(frozen=True)
class Page:
    """What a template is given as `page`. Subclasses are the documented shape of one page or part of one."""

    template: ClassVar[str]
    nav: ClassVar[str] = ""  # which entry of the navigation is the current one


@dataclass(frozen=True)
class Around:
    """What every template has besides its page."""

    visitor: Visitor
    site: Site
    path: str

    @property
    def language(self) -> str:
        return self.visitor.language

    @property
    def all_paused(self) -> bool:
        return self.visitor.signed_in and self.site.runtime.pausing.all_paused() is not None

    @property
    def cannot_store(self) -> bool:
        """Whether the database cannot be written: a full disk, or another program that holds it."""
        return self.visitor.signed_in and bool(self.site.engine.writer.trouble)

    @property
    def closed(self) -> str:
        """The connections that cannot be used because the secret key is another one; “” while it fits."""
        fits = not self.visitor.signed_in or self.site.runtime.key_fits
        return "" if fits else ", ".join(self.site.runtime.connections.closed()) or "–"

    @property
    def elsewhere(self) -> bool:
        """Whether everything waits because the data folder was copied or moved; not where that is decided."""
        return self.visitor.signed_in and self.path != "/place" and bool(self.site.engine.elsewhere)

    @property
    def to_decide(self) -> int:
        """How many zaps wait for a decision after a restore; not on the page where that is made."""
        asked = self.visitor.signed_in and self.path != "/restored"
        return self.site.runtime.restored.undecided() if asked else 0


def page(request: Request, shown: Page, status: int = 200) -> HTMLResponse:
    """A whole page."""
    return HTMLResponse(render(request, shown), status, headers=PRIVATE)


def render(request: Request, shown: Page, template: str = "") -> str:
    """The markup of a page; with another template that of a part of it."""
    site: Site = request.app.state.site
    visitor: Visitor = request.state.visitor
    around = Around(visitor, site, request.url.path)
    drawn = environment(visitor.language).get_template(template or shown.template)
    return drawn.render(
        page=shown,
        around=around,
        visitor=visitor,
        asset=site.assets.url,
        ago=partial(moments.ago, language=visitor.language),
        exact=partial(moments.exact, language=visitor.language, zone_name=visitor.timezone),
        day=partial(moments.day, language=visitor.language),
        short=partial(moments.short, language=visitor.language, zone_name=visitor.timezone),
        lasted=partial(moments.lasted, language=visitor.language),
        number=partial(moments.number, language=visitor.language),
    )


def seen_from(request: Request) -> bool:
    """Whether htmx asks for a part of a page, instead of a person for a whole one."""
    return request.headers.get("hx-request") == "true"


def go(request: Request, path: str, toast: str = "") -> Response:
    """On to another page after something was done (303), with a word about it if there is one."""
    if seen_from(request):
        response: Response = Response(status_code=204, headers={"HX-Redirect": path, **PRIVATE})
    else:
        response = RedirectResponse(path, 303, headers=PRIVATE)
    if toast:
        response.set_cookie(TOAST_COOKIE, quote(toast), max_age=30, path="/", samesite="lax")
    return response


def told(response: Response, toast: str, *, undo: str = "", undo_text: str = "") -> Response:
    """The same answer with a word at the foot of the page; `undo` is a path that is posted to, to take it back."""
    event = {"toast": {"text": toast, "undo": undo, "undoText": undo_text}}
    response.headers["HX-Trigger"] = json.dumps(event)
    return response


@lru_cache(maxsize=len(languages.LANGUAGES))
def environment(language: str) -> Environment:
    """Templates in one language. An unknown name in a template is an error, not an empty place."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        auto_reload=False,  # looking whether files changed, it would ask the disk for each row of a list
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    translate: Callable[..., Any] = made.install_gettext_translations  # type: ignore[attr-defined]
    translate(languages.translations(language), newstyle=True)
    made.globals["icon"] = icon
    made.globals["language_names"] = languages.NAMES
    made.filters["machine"] = _machine
    return made


def _machine(moment: datetime) -> str:
    """For <time datetime=…>."""
    return moment.isoformat(timespec="milliseconds")
