"""What belongs to no noun: the way in, static files, the icons of apps."""

from typing import Annotated

from fastapi import Header
from fastapi.responses import RedirectResponse, Response

from engine.errors import NotFound, Sentence
from web import app_icons, guarded
from web.assets import FOR_EVER
from web.site import Here

router = guarded.router()

A_DAY = "private, max-age=86400"
ICON_POLICY = "default-src 'none'; sandbox"  # an icon is a picture, whatever is in the file


@router.get("/")
def home() -> Response:
    """The zaps are where people begin."""
    return RedirectResponse("/zaps", 303)


@router.get("/static/{digest}/{path:path}")
def static(here: Here, digest: str, path: str, accept_encoding: Annotated[str, Header()] = "") -> Response:
    """A file that browsers may keep for ever: another version has another address."""
    found = here.assets.files.get(path)
    if found is None:
        raise NotFound(Sentence("There is no such file.", "Diese Datei gibt es nicht."))
    headers = {"cache-control": FOR_EVER if digest == here.assets.digest else "no-cache", "vary": "accept-encoding"}
    if "gzip" in accept_encoding:
        return Response(found.zipped, media_type=found.media_type, headers={**headers, "content-encoding": "gzip"})
    return Response(found.plain, media_type=found.media_type, headers=headers)


@router.get("/favicon.ico")
def favicon(here: Here) -> Response:
    """Browsers ask for it by this name."""
    return RedirectResponse(here.assets.url("icons/zapwerk.svg"), 303)


@router.get("/apps/{key}/icon.svg")
def app_icon(here: Here, key: str) -> Response:
    """The icon of an app: its connector's own, else its first letter."""
    drawn = app_icons.of(here.runtime.registry(), key)
    headers = {"cache-control": A_DAY, "content-security-policy": ICON_POLICY}
    return Response(drawn, media_type="image/svg+xml", headers=headers)
