"""The guard before every route: who is asking, may they, and did their own page ask. The only place that decides it.

A cookie speaks only for requests that our own pages made: the browser says where a request comes from, and a form or
script must also bring the token of its session. A program brings its token in the Authorization header instead; whoever
brings one that is not good is nobody, whatever their cookie says.
"""

import hmac
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from engine.people.sign_ins import SignedIn
from web import languages, moments, problems
from web.access import Need, needed
from web.bodies import form_of
from web.site import Site
from web.visitors import Visitor

READS = ("GET", "HEAD", "OPTIONS")
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf"
ZONE_COOKIE = "zapwerk-zone"  # what the browser says its time zone is; scripts set it
METRICS = "/metrics"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


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
    """A program sends more than any operation takes, which is `most` bytes."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


async def guard(request: Request) -> None:
    """Sets `request.state.visitor`. Raises what `failures` makes pages of. Asked twice, it answers once."""
    if getattr(request.state, "guarded", False):
        return
    site: Site = request.app.state.site
    need = needed(request.method, request.scope["route"].path)
    if need is None:
        raise NotAllowed(Need.OWNER)
    visitor = await visitor_of(request, site)
    request.state.visitor = visitor
    if not visitor.may(need):
        raise NotAllowed(need) if visitor.signed_in else NotSignedIn
    if request.method not in READS and not visitor.is_program:
        await _must_be_ours(request, site, visitor)
    request.state.guarded = True


async def visitor_of(request: Request, site: Site) -> Visitor:
    """Who asks, by what they bring: a token, or else the cookie of a browser."""
    return await (_program if _brings_a_token(request) else _browser)(request, site)


async def _program(request: Request, site: Site) -> Visitor:
    bearer = await run_in_threadpool(site.runtime.people.tokens.of, _token(request))
    if bearer is None:
        return _nobody(request)
    person = bearer.person
    return Visitor(
        language=person.language or _language(request),
        timezone=person.timezone or "UTC",
        address=_address(request),
        person=person,
        role=bearer.role,
        is_program=True,
        until=bearer.expires_at,
    )


async def _browser(request: Request, site: Site) -> Visitor:
    signed_in = await _signed_in(request, site)
    if signed_in is None:
        return _nobody(request)
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


def _nobody(request: Request) -> Visitor:
    return Visitor(_language(request), _zone(request), _address(request))


def _token(request: Request) -> str:
    return " ".join(request.headers["authorization"].split()[1:])


def _brings_a_token(request: Request) -> bool:
    """Only programs bring one, to the API or the figures: what a page offers is for people who signed in."""
    given, path = request.headers.get("authorization", "").lower().split(), request.url.path
    return given[:1] == ["bearer"] and (path.startswith(problems.API) or path == METRICS)


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
    form = await form_of(request)
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


def sign_in_address(request: Request, site: Site) -> str:
    """The sign-in page that leads back: here, or to the page whose form was sent, which it says was not done."""
    reads = request.method in READS
    here = _path(request.url.path, request.url.query) if reads else _page_before(request, site)
    named = {"next": "" if here == "/" else here, "why": "" if reads else "lost"}
    query = urlencode({name: value for name, value in named.items() if value})
    return f"/sign-in?{query}" if query else "/sign-in"


def _page_before(request: Request, site: Site) -> str:
    """The page of ours that a form was on, as the browser says."""
    page = urlsplit(request.headers.get("referer", ""))
    return (
        safe_next(_path(page.path, page.query)) if f"{page.scheme}://{page.netloc}" in origins(site, request) else "/"
    )


def _path(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path
