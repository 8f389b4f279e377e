"""What goes wrong becomes a page, a word at the foot of one, or a problem for a program. `app` registers these.

The sentences say what to do. What the server itself got wrong is logged whole and shown with nothing technical.
"""

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from engine.errors import NotFound, Refused, ZapwerkError
from web import amounts, problems
from web.access import Need
from web.bodies import LONGEST_FORM
from web.languages import preferred, words
from web.rendering import PRIVATE, Page, page, seen_from, told
from web.security import (
    READS,
    NotAllowed,
    NotOurs,
    NotSignedIn,
    TooLong,
    origins,
    safe_next,
    sign_in_address,
    visitor_of,
)
from web.site import Site
from web.visitors import Visitor
from web.vocabulary import Vocabulary


@dataclass(frozen=True)
class FailurePage(Page):
    """What happened, and what to do about it. `back` is the page that asked; “” where the browser did not say."""

    template: ClassVar[str] = "failure.html"
    title: str
    sentence: str
    status: int
    back: str = ""


def register(app: FastAPI) -> None:
    """Every failure has one handler, whatever route it came from."""
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(NotAllowed, _not_allowed)
    app.add_exception_handler(NotOurs, _not_ours)
    app.add_exception_handler(TooLong, _too_long)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(problems.Unreadable, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)


def _not_signed_in(request: Request, error: Exception) -> Response:
    if problems.wanted(request):
        _ = _words(request)
        return problems.answer(401, _("Please send a token: Authorization: Bearer zw_…"))
    site: Site = request.app.state.site
    if not site.runtime.people.accounts.has_owner():
        return RedirectResponse("/welcome", 303, headers=PRIVATE)
    if seen_from(request):
        return Response(status_code=401, headers={"HX-Reswap": "none", "HX-Trigger": "signed-out", **PRIVATE})
    return RedirectResponse(sign_in_address(request, site), 303, headers=PRIVATE)


def _not_allowed(request: Request, error: Exception) -> Response:
    _ = _words(request)
    who = _("an owner") if getattr(error, "need", Need.OWNER) is Need.OWNER else _("an editor or an owner")
    sentence = _("Only %(who)s of this installation may do that. Please ask one.") % {"who": who}
    return shown(request, 403, _("You may not do this"), sentence)


def _not_ours(request: Request, error: Exception) -> Response:
    _ = _words(request)
    site: Site = request.app.state.site
    sentence = _(
        "This request did not come from a page of Zapwerk that is up to date, so nothing was done. Please go back, "
        "load the page again and try once more. Zapwerk is reached at %(address)s."
    ) % {"address": site.address()}
    return shown(request, 403, _("Nothing was done"), sentence)


def _too_long(request: Request, error: Exception) -> Response:
    if isinstance(error, TooLong):
        return problems.of_too_long(amounts.of_bytes(error.most, _language(request)), _language(request))
    _ = _words(request)
    sentence = _(
        "What you sent is larger than the %(most)s that a form takes, so nothing was done. Please go back and make it "
        "shorter, or choose a smaller file."
    )
    most = amounts.of_bytes(LONGEST_FORM, _language(request))
    return shown(request, 413, _("That was too much"), sentence % {"most": most})


def _not_found(request: Request, error: Exception) -> Response:
    _ = _words(request)
    return shown(request, 404, _("This is not here"), said(request, error))


def _refused(request: Request, error: Exception) -> Response:
    if problems.wanted(request) and isinstance(error, Refused):
        return problems.of_refusal(error, _vocabulary(request), _language(request))
    _ = _words(request)
    return shown(request, 409, _("This could not be done"), said(request, error))


def _misread(request: Request, error: Exception) -> Response:
    _ = _words(request)
    if problems.wanted(request):
        return problems.of_validation(error, _language(request))
    return shown(request, 422, _("This address or form cannot be read"), _("Please go back and try again."))


def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, problems.Unreadable)
    return problems.of_unreadable(error, _language(request))


async def _http(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    if status in (400, 413) and not problems.wanted(request):
        await _recognize(request)
        return _too_long(request, error) if status == 413 else _misread(request, error)
    elsewhere = _without_slash(request) if status == 404 else ""
    if elsewhere:
        return RedirectResponse(elsewhere, 307)
    if status == 405:
        return _no_such_method(request)
    _ = _words(request)
    return shown(
        request, status, _("This page is not here"), _("The address may be mistyped, or what it led to was removed.")
    )


def _no_such_method(request: Request) -> Response:
    """With all methods that the address has: several routes may stand at one."""
    routes = [one for one in request.app.router.routes if one.matches(request.scope)[0] is not Match.NONE]
    allowed = ", ".join(sorted({method for one in routes for method in getattr(one, "methods", None) or ()}))
    _ = _words(request)
    response = (
        problems.of_method(allowed, _language(request))
        if problems.wanted(request)
        else shown(request, 405, _("This cannot be done here"), _("Please go back and try again."))
    )
    response.headers["allow"] = allowed
    return response


async def _recognize(request: Request) -> None:
    """Whoever is signed in reads it in their language, also where the form was not read as far as to the guard."""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = await visitor_of(request, request.app.state.site)


def _without_slash(request: Request) -> str:
    """The same address without a slash at its end: on this very host, whatever the Host header says. “” for none."""
    path, query = quote(request.scope["path"]), request.url.query
    shorter = path.rstrip("/") + (f"?{query}" if query else "")
    return shorter if path.endswith("/") and request.method in READS and safe_next(shorter) == shorter != "/" else ""


def _broken(request: Request, error: Exception) -> Response:
    """A fault of ours. The server that we run in logs it whole; the page says where to look."""
    _ = _words(request)
    sentence = _("This is a fault of Zapwerk, not of yours. What happened is in the log. Your zaps go on running.")
    return shown(request, 500, _("Something went wrong here"), sentence)


def shown(request: Request, status: int, title: str, sentence: str) -> Response:
    """As a page for a person, at the foot of the page for htmx, as a problem for a program."""
    if problems.wanted(request):
        return problems.answer(status, sentence, title=title)
    if seen_from(request):
        return told(Response(status_code=status, headers={"HX-Reswap": "none", **PRIVATE}), sentence)
    if not hasattr(request.state, "visitor"):
        request.state.visitor = Visitor(_language(request), "UTC", "")
    return page(request, FailurePage(title, sentence, status, _back(request)), status)


def _back(request: Request) -> str:
    """The page that a form was on."""
    if request.method in READS:
        return ""
    came = urlsplit(request.headers.get("referer", ""))
    path = safe_next(f"{came.path}?{came.query}" if came.query else came.path)
    return path if came.path and path != request.url.path and f"{came.scheme}://{came.netloc}" in _ours(request) else ""


def _ours(request: Request) -> set[str]:
    site: Site = request.app.state.site
    return origins(site, request)


def said(request: Request, error: Exception) -> str:
    """What an error says, in the reader's language."""
    return _vocabulary(request).told(error) if isinstance(error, ZapwerkError) else str(error)


def _vocabulary(request: Request) -> Vocabulary:
    site: Site = request.app.state.site
    return Vocabulary(site.runtime.registry(), _language(request))


def _words(request: Request) -> Any:
    return words(_language(request)).gettext


def _language(request: Request) -> str:
    if problems.wanted(request):
        return problems.language(request)
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    return visitor.language if visitor else preferred(request.headers.get("accept-language", ""))
