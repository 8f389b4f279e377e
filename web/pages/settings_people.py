"""Who may sign in: owners invite people, give them roles, help those who are locked out, and remove them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import Response

from engine.errors import Problems, Refused
from engine.people.links import Link, MadeLink
from engine.people.person import Person
from engine.people.roles import Role
from engine.people.sentences import PersonProblem
from web import role_names
from web.forms.typed import Typed, must_be_readable, refused
from web.languages import words
from web.pages import settings
from web.pages.settings import SettingsPage
from web.rendering import go, page
from web.site import By, Here
from web.visitors import Visitor

router = settings.router()

PATH = "/settings/people"
Field = Annotated[str, Form()]


@dataclass(frozen=True)
class PersonLine:
    """Somebody who may sign in. `only_owner` can be neither removed nor made anything less."""

    id: str
    name: str
    email: str
    role: str
    role_name: str
    second_factor: bool
    last_seen: datetime | None
    you: bool
    only_owner: bool


@dataclass(frozen=True)
class InvitationLine:
    """An invitation that nobody used yet."""

    id: str
    who: str
    role_name: str
    until: datetime


@dataclass(frozen=True)
class PeoplePage(SettingsPage):
    template: ClassVar[str] = "settings/people.html"
    tab: ClassVar[str] = "people"
    people: tuple[PersonLine, ...]
    invitations: tuple[InvitationLine, ...]


@dataclass(frozen=True)
class InvitePage(SettingsPage):
    """Whom to invite, and as what."""

    template: ClassVar[str] = "settings/invite.html"
    tab: ClassVar[str] = "people"
    form: Typed


@dataclass(frozen=True)
class LinkPage(SettingsPage):
    """A link that is shown this once. `invitation` says whether it is one; else it is for a new password."""

    template: ClassVar[str] = "settings/link.html"
    tab: ClassVar[str] = "people"
    url: str
    who: str
    until: datetime
    invitation: bool


@router.get("/people")
def people(request: Request, here: Here, by: By) -> Response:
    found = here.runtime.people.accounts.every()
    invitations = here.runtime.people.links.invitations()
    owners = [one for one in found if one.role is Role.OWNER]
    lines = tuple(_line(one, by, only_owner=owners == [one]) for one in found)
    return page(request, PeoplePage(lines, tuple(_invitation(one, by) for one in invitations)))


@router.get("/people/invite")
def invite_page(request: Request) -> Response:
    return page(request, InvitePage(Typed({"role": Role.EDITOR})))


@router.post("/people/invitations")
def invite(request: Request, here: Here, by: By, name: Field = "", email: Field = "", role: Field = "") -> Response:
    """Makes the link, and shows it this once."""
    texts = {"name": name, "email": email.strip(), "role": role}
    try:
        must_be_readable(texts, by.language)
        made = here.runtime.people.accounts.invite(
            _role(role), name, email=texts["email"], by=by.somebody, address=by.address
        )
    except Refused as error:
        return page(request, InvitePage(refused(error, by.language, texts)), 422)
    return page(request, _shown(made, made.link.name or made.link.email, invitation=True))


@router.post("/people/invitations/{invitation_id}/withdraw")
def withdraw(request: Request, here: Here, by: By, invitation_id: str) -> Response:
    here.runtime.people.accounts.withdraw(invitation_id, by=by.somebody, address=by.address)
    return go(request, PATH, words(by.language).gettext("The invitation is withdrawn."))


@router.post("/people/{person_id}/role")
def change_role(request: Request, here: Here, by: By, person_id: str, role: Field = "") -> Response:
    """Counts at once, for everything they do from now on."""
    person = here.runtime.people.accounts.change_role(person_id, _role(role), by=by.somebody, address=by.address)
    said = words(by.language).gettext("The role of %(name)s is changed.") % {"name": person.name}
    mine = person.id == by.somebody.id and person.role is not Role.OWNER
    return go(request, "/settings" if mine else PATH, said)


@router.post("/people/{person_id}/password-link")
def password_link(request: Request, here: Here, by: By, person_id: str, lost: Field = "") -> Response:
    """A link for a new password; `lost` also stops asking for the code of a device that is gone."""
    found = here.runtime.people
    person = found.accounts.find(person_id)
    if lost and person.second_factor:
        found.second_factor.take_off(person, by=by.somebody, address=by.address)
    made = found.accounts.reset_link(person.id, by=by.somebody, address=by.address)
    return page(request, _shown(made, person.name, invitation=False))


@router.post("/people/{person_id}/remove")
def remove(request: Request, here: Here, by: By, person_id: str) -> Response:
    """Ends their sign-ins and tokens at once."""
    accounts = here.runtime.people.accounts
    person = accounts.find(person_id)
    accounts.remove(person.id, by=by.somebody, address=by.address)
    return go(request, PATH, words(by.language).gettext("%(name)s is removed.") % {"name": person.name})


def _role(name: str) -> Role:
    """Raises `Problems`."""
    try:
        return Role(name)
    except ValueError as error:
        raise Problems([PersonProblem.of("role_unknown", "role")]) from error


def _line(person: Person, by: Visitor, *, only_owner: bool) -> PersonLine:
    return PersonLine(
        id=person.id,
        name=person.name,
        email=person.email,
        role=str(person.role),
        role_name=role_names.of(person.role, by.language),
        second_factor=person.second_factor,
        last_seen=person.last_seen_at,
        you=person.id == by.somebody.id,
        only_owner=only_owner,
    )


def _invitation(link: Link, by: Visitor) -> InvitationLine:
    return InvitationLine(link.id, link.note, role_names.of(link.role, by.language), link.expires_at)


def _shown(made: MadeLink, who: str, *, invitation: bool) -> LinkPage:
    return LinkPage(made.url, who, made.link.expires_at, invitation)
