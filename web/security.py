"""The guard before every route: who is asking, may they, and did their own page ask. The only place that decides it.

A cookie speaks only for requests that our own pages made: the browser says where a request comes from, and a form or
script must also bring the token of its session. A program brings its token in the Authorization header instead.
"""

import hmac
from urllib.parse import quote, urlsplit

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from engine.people.sign_ins import SignedIn
from engine.people.tokens import Bearer
from web import languages, moments, problems
from web.access import Need, needed
from web.site import Site
from web.visitors import Visitor

READS = ("GET", "HEAD", "OPTIONS")
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf"
ZONE_COOKIE = "zapwerk-zone"  # what the browser says its time zone is; scripts set it
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
LONGEST_FORM = 8_000_000  # bytes; fields have limits of their own, and say so


class NotSignedIn(Exception):
    """Nobody is signed in, and the route needs somebody."""


class NotAllowed(Exception):
    """Somebody is signed in who may not do this; `need` is who may."""

    def __init__(self, need: Need) -> None:
        super().__init__(need.name)
        self.need = need


class NotOurs(Exception):
    """The request was not made by one of our own pages, or by one that is out of date."""


class TooLong(Exception):
    """The request brings more than any form of ours sends."""


async def guard(request: Request) -> None:
    """Sets `request.state.visitor`. Raises what `failures` makes pages of. Asked twice, it answers once."""
    if getattr(request.state, "guarded", False):
        return
    site: Site = request.app.state.site
    _must_be_short(request)
    need = needed(request.method, request.scope["route"].path)
    if need is None:
        raise NotAllowed(Need.OWNER)
    visitor = await _visitor(request, site)
    request.state.visitor = visitor
    if not visitor.may(need):
        raise NotAllowed(need) if visitor.signed_in else NotSignedIn
    if request.method not in READS and not _brings_a_token(request):
        await _must_be_ours(request, site, visitor)
    request.state.guarded = True


def _must_be_short(request: Request) -> None:
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > LONGEST_FORM:
        raise TooLong


async def _visitor(request: Request, site: Site) -> Visitor:
    bearer = await _bearer(request, site)
    if bearer is not None:
        person = bearer.person
        return Visitor(
            language=person.language or _language(request),
            timezone=person.timezone or "UTC",
            address=_address(request),
            person=person,
            role=bearer.role,
        )
    signed_in = await _signed_in(request, site)
    if signed_in is None:
        return Visitor(_language(request), _zone(request), _address(request))
    person = signed_in.person
    return Visitor(
        language=person.language or _language(request),
        timezone=person.timezone or _zone(request),
        address=_address(request),
        person=person,
        role=person.role,
        sign_in_id=signed_in.id,
        csrf=signed_in.csrf,
    )


async def _bearer(request: Request, site: Site) -> Bearer | None:
    if not _brings_a_token(request):
        return None
    return await run_in_threadpool(site.runtime.people.tokens.of, _token(request))


def _token(request: Request) -> str:
    return request.headers["authorization"].partition(" ")[2].strip()


def _brings_a_token(request: Request) -> bool:
    """Only the API takes tokens: what a page offers beyond it is for people who signed in."""
    given = request.headers.get("authorization", "").lower()
    return given.startswith("bearer ") and request.url.path.startswith(problems.API)


async def _signed_in(request: Request, site: Site) -> SignedIn | None:
    token = request.cookies.get(cookie_name(site))
    return await run_in_threadpool(site.runtime.people.sign_ins.of, token) if token else None


def still_signed_in(request: Request, site: Site) -> bool:
    """Whether who began a long answer may still be given it. Blocks on the database."""
    if _brings_a_token(request):
        return site.runtime.people.tokens.of(_token(request)) is not None
    token = request.cookies.get(cookie_name(site))
    return token is not None and site.runtime.people.sign_ins.of(token) is not None


async def _must_be_ours(request: Request, site: Site, visitor: Visitor) -> None:
    """Raises `NotOurs`."""
    if not _same_origin(request, site):
        raise NotOurs
    if not visitor.signed_in:
        return  # nothing is done in anybody's name; signing in is throttled
    given = request.headers.get(CSRF_HEADER) or await _csrf_of_form(request)
    if not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise NotOurs


async def _csrf_of_form(request: Request) -> str:
    kind = request.headers.get("content-type", "")
    if not kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        return ""
    form = await request.form(max_fields=5_000)
    return str(form.get(CSRF_FIELD, ""))


def _same_origin(request: Request, site: Site) -> bool:
    """Whether our own page asked, as the browser says. Every browser of today says it."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return origin in origins(site, request)


def origins(site: Site, request: Request) -> set[str]:
    """Where our pages are seen from: the public address, and on this computer by any of its own names."""
    ours = urlsplit(site.address())
    found = {f"{ours.scheme}://{ours.netloc}"}
    if site.runtime.settings.public_url is None:
        port = request.url.port or 80
        found |= {f"http://{host}:{port}" for host in LOOPBACK} | {f"http://{request.url.netloc}"}
    return found


def _language(request: Request) -> str:
    return languages.preferred(request.headers.get("accept-language", ""))


def _zone(request: Request) -> str:
    """What the browser says, where it is a time zone."""
    name = request.cookies.get(ZONE_COOKIE, "UTC")[:64]
    return name if str(moments.zone(name)) == name else "UTC"


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def cookie_name(site: Site) -> str:
    """`__Host-` makes browsers insist on https and on this very host."""
    return "__Host-zapwerk" if site.encrypted else "zapwerk"


def remember(response: Response, site: Site, token: str) -> None:
    """Signs this browser in."""
    response.set_cookie(
        cookie_name(site), token, max_age=90 * 86_400, path="/", secure=site.encrypted, httponly=True, samesite="lax"
    )


def forget(response: Response, site: Site) -> None:
    response.delete_cookie(cookie_name(site), path="/", secure=site.encrypted, httponly=True, samesite="lax")


def safe_next(path: str | None) -> str:
    """Where to go after signing in: a path of ours, never another site's address."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path[:2000]


def sign_in_address(request: Request) -> str:
    """The sign-in page that leads back here."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?next={quote(here, safe='')}" if request.method in READS and here != "/" else "/sign-in"
