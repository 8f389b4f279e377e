"""Setting up the first owner, and joining with an invitation: both ask for the same, and sign in at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from engine.errors import Refused
from engine.people.links import Link, Purpose
from engine.people.person import Person
from engine.people.refusals import DeadLink
from web import guarded, zones
from web.forms.typed import Typed, must_be_readable, refused
from web.languages import words
from web.pages.coming import agent_of, welcomed
from web.pages.links import dead
from web.rendering import Page, go, page
from web.security import ZONE_COOKIE
from web.site import By, Here, Site
from web.visitors import Visitor
from web.zones import Zone

router = guarded.router()


@dataclass(frozen=True)
class WelcomePage(Page):
    """Nobody owns this installation yet; the link stands where it was started."""

    template: ClassVar[str] = "coming/welcome.html"


@dataclass(frozen=True)
class NewcomerPage(Page):
    """Who somebody is. `role` is what an invitation gives, "" for the first owner."""

    template: ClassVar[str] = "coming/newcomer.html"
    form: Typed
    zones: tuple[Zone, ...]
    zone_known: bool
    role: str = ""


class Newcomer(BaseModel):
    """What somebody typed about themselves."""

    name: str = ""
    email: str = ""
    password: str = Field(default="", repr=False)
    language: str = ""
    timezone: str = ""

    @property
    def texts(self) -> dict[str, str]:
        """What may stand in the form again."""
        return {"name": self.name, "email": self.email, "language": self.language, "timezone": self.timezone}


Typing = Annotated[Newcomer, Form()]
Adds = Callable[..., Person]


@router.get("/welcome")
def welcome(request: Request, here: Here) -> Response:
    """Where the set-up link stands."""
    if here.runtime.people.accounts.has_owner():
        return go(request, "/sign-in")
    return page(request, WelcomePage())


@router.get("/welcome/{token}")
def set_up_page(request: Request, here: Here, by: By, token: str) -> Response:
    return _asked(request, here, by, Purpose.SET_UP, token)


@router.post("/welcome/{token}")
def set_up(request: Request, here: Here, by: By, token: str, typed: Typing) -> Response:
    """Makes the owner."""
    return _added(request, here, by, Purpose.SET_UP, token, typed)


@router.get("/join/{token}")
def join_page(request: Request, here: Here, by: By, token: str) -> Response:
    return _asked(request, here, by, Purpose.INVITATION, token)


@router.post("/join/{token}")
def join(request: Request, here: Here, by: By, token: str, typed: Typing) -> Response:
    """Adds the person, with the role of the invitation."""
    return _added(request, here, by, Purpose.INVITATION, token, typed)


def _asked(request: Request, here: Site, by: Visitor, purpose: Purpose, token: str) -> Response:
    try:
        link = here.runtime.people.links.peek(purpose, token)
    except DeadLink:
        return dead(request, purpose)
    zone = zones.known(request.cookies.get(ZONE_COOKIE, ""))
    named = purpose is Purpose.INVITATION
    texts = {"name": link.name if named else "", "email": link.email if named else "", "timezone": zone}
    return page(request, _form(request, by, link, Typed(texts)))


def _form(request: Request, by: Visitor, link: Link, form: Typed) -> NewcomerPage:
    known = bool(form.text("timezone") or form.problems or form.above)
    return NewcomerPage(form, zones.every(by.language), known, str(link.role or ""))


def _added(request: Request, here: Site, by: Visitor, purpose: Purpose, token: str, typed: Newcomer) -> Response:
    people = here.runtime.people
    adds: Adds = people.accounts.set_up if purpose is Purpose.SET_UP else people.accounts.accept
    try:
        link = people.links.peek(purpose, token)
    except DeadLink:
        return dead(request, purpose)
    try:
        must_be_readable(typed.texts, by.language)
        person = adds(token, **typed.texts, password=typed.password, address=by.address)
    except DeadLink:
        return dead(request, purpose)
    except Refused as error:
        return page(request, _form(request, by, link, refused(error, by.language, typed.texts)), 422)
    begun = people.sign_ins.begin_for(person, address=by.address, agent=agent_of(request))
    _ = words(person.language or by.language).gettext
    # The first owner says where to be told; who was invited finds that under Settings.
    onward = "/settings/notices/first" if purpose is Purpose.SET_UP else "/zaps"
    return welcomed(request, here, begun, onward, _("Welcome to Zapwerk, %(name)s.") % {"name": person.name})
