"""Signing in, by password and code or with a one-time link, and signing out.

With a second factor the code is asked on a page of its own. In between the browser holds a sealed note that the
password was right (`engine.people.half_way`), and neither the password nor anything that opens a page: so there is
nothing to keep on the server, and nothing worth stealing in the page.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import Response

from engine.errors import Refused
from engine.people.links import Purpose
from engine.people.refusals import CodeNeeded, DeadLink, Throttled, WrongCode
from engine.people.sign_ins import Begun
from engine.store import facts
from web import guarded
from web.forms.typed import Typed, refused
from web.languages import words
from web.pages.links import dead
from web.rendering import Page, go, page
from web.security import forget, remember, safe_next
from web.site import By, Here, Site
from web.visitors import Visitor

router = guarded.router()

Field = Annotated[str, Form()]
LONGEST_AGENT = 400  # characters of what a browser says about itself


@dataclass(frozen=True)
class SignInPage(Page):
    """The first step. `next` is where it leads; `why` it is asked for: “again” in another tab than the one that waits,
    “lost” instead of what was sent, “” for coming.
    """

    template: ClassVar[str] = "coming/sign_in.html"
    form: Typed
    next: str
    why: str = ""


@dataclass(frozen=True)
class CodePage(Page):
    """The second step. `note` says, sealed, whose password was right."""

    template: ClassVar[str] = "coming/code.html"
    form: Typed
    next: str
    note: str


@dataclass(frozen=True)
class EnterPage(Page):
    """A one-time link asks before it is used up: programs that look at links in mails would use it otherwise."""

    template: ClassVar[str] = "coming/enter.html"


@router.get("/sign-in")
def sign_in_page(request: Request, here: Here, by: By, next: str = "", why: str = "") -> Response:
    """Asks for e-mail address and password."""
    if by.signed_in:
        return go(request, safe_next(next))
    if not here.runtime.people.accounts.has_owner():
        return go(request, "/welcome")
    return page(request, SignInPage(form=Typed(), next=safe_next(next), why=why))


@router.post("/sign-in")
def sign_in(
    request: Request,
    here: Here,
    by: By,
    email: Field = "",
    password: Field = "",
    note: Field = "",
    code: Field = "",
    next: Field = "",
    why: Field = "",
) -> Response:
    """The first step, or with a note the second."""
    try:
        begun = _tried(request, here, by, email, password, note, code)
    except (CodeNeeded, WrongCode, Throttled) as error:
        return _once_more(request, by, error, email, note, next, why)
    except Refused as error:
        form = refused(error, by.language, {"email": email})
        return page(request, SignInPage(form=form, next=safe_next(next), why=why), 422)
    return welcomed(request, here, begun, safe_next(next))


def _tried(request: Request, here: Site, by: Visitor, email: str, password: str, note: str, code: str) -> Begun:
    sign_ins, agent = here.runtime.people.sign_ins, agent_of(request)
    if note:
        return sign_ins.finish(note, code, address=by.address, agent=agent)
    return sign_ins.begin(email, password, address=by.address, agent=agent)


def _once_more(request: Request, by: Visitor, error: Refused, email: str, note: str, next: str, why: str) -> Response:
    """The same step again, or the second one for the first time."""
    onward = safe_next(next)
    if isinstance(error, CodeNeeded):
        return page(request, CodePage(form=Typed(), next=onward, note=error.note))
    form = refused(error, by.language, {"email": email})
    if isinstance(error, WrongCode):
        form = Typed(problems={"code": form.above[0]})
    shown = CodePage(form=form, next=onward, note=note) if note else SignInPage(form=form, next=onward, why=why)
    answer = page(request, shown, 429 if isinstance(error, Throttled) else 422)
    if isinstance(error, Throttled):
        answer.headers["retry-after"] = str(error.seconds)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, here: Here, by: By) -> Response:
    """Ends this sign-in on the server, and makes the browser forget it."""
    if by.sign_in_id:
        here.runtime.people.sign_ins.end(by.sign_in_id, person=by.somebody, address=by.address)
    response = go(request, "/sign-in", words(by.language).gettext("You are signed out."))
    forget(response, here)
    return response


@router.get("/enter/{token}")
def enter_page(request: Request, here: Here, token: str) -> Response:
    """Asks before the link is used."""
    try:
        here.runtime.people.links.peek(Purpose.SIGN_IN, token)
    except DeadLink:
        return dead(request, Purpose.SIGN_IN)
    return page(request, EnterPage())


@router.post("/enter/{token}")
def enter(request: Request, here: Here, by: By, token: str) -> Response:
    """Uses the link."""
    try:
        begun = here.runtime.people.sign_ins.enter(token, address=by.address, agent=agent_of(request))
    except DeadLink:
        return dead(request, Purpose.SIGN_IN)
    return welcomed(request, here, begun, _start(here))


def _start(here: Site) -> str:
    """The demo begins at its own page."""
    with here.runtime.database.read() as session:
        return "/demo" if facts.get(session, facts.DEMO) else "/"


def welcomed(request: Request, here: Site, begun: Begun, path: str, toast: str = "") -> Response:
    """Signs the browser in and leads on."""
    response = go(request, path, toast)
    remember(response, here, begun.token)
    return response


def agent_of(request: Request) -> str:
    """What the browser says about itself, for the list of sign-ins."""
    return request.headers.get("user-agent", "")[:LONGEST_AGENT]
