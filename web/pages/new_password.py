"""A new password with a link from an owner or the command line, for somebody who is locked out."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import Response

from engine.errors import NotFound, Refused
from engine.people.links import Purpose
from engine.people.person import Person
from engine.people.refusals import DeadLink
from web import guarded
from web.forms.typed import Typed, refused
from web.languages import words
from web.pages.links import dead
from web.rendering import Page, go, page
from web.security import forget
from web.site import By, Here, Site

router = guarded.router()


@dataclass(frozen=True)
class NewPasswordPage(Page):
    """`email` tells password managers whose password this is."""

    template: ClassVar[str] = "coming/new_password.html"
    form: Typed
    email: str


@router.get("/password/{token}")
def new_password_page(request: Request, here: Here, token: str) -> Response:
    try:
        person = _holder(here, token)
    except DeadLink:
        return dead(request, Purpose.PASSWORD)
    return page(request, NewPasswordPage(Typed(), person.email))


@router.post("/password/{token}")
def new_password(request: Request, here: Here, by: By, token: str, password: Annotated[str, Form()] = "") -> Response:
    """Sets it and ends all sign-ins. The person then signs in with it, so that a second factor is still asked for."""
    try:
        person = _holder(here, token)
    except DeadLink:
        return dead(request, Purpose.PASSWORD)
    try:
        here.runtime.people.accounts.new_password(token, password, address=by.address)
    except DeadLink:
        return dead(request, Purpose.PASSWORD)
    except Refused as error:
        return page(request, NewPasswordPage(refused(error, by.language, {}), person.email), 422)
    said = words(by.language).gettext("Your new password is set. Please sign in with it.")
    response = go(request, "/sign-in", said)
    forget(response, here)
    return response


def _holder(here: Site, token: str) -> Person:
    """Whom the link is for. Raises `DeadLink`, also when they were removed."""
    people = here.runtime.people
    try:
        return people.accounts.find(people.links.peek(Purpose.PASSWORD, token).person_id)
    except NotFound as error:
        raise DeadLink from error
