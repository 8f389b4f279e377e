"""People, for owners: who may sign in, as what, and links for those who join or are locked out."""

from datetime import datetime
from typing import Annotated

from fastapi import Request
from pydantic import Field

from engine.people.links import Link, MadeLink
from engine.people.person import Person
from engine.people.roles import Role
from web.api.paging import After, Limit, part
from web.api.routing import router as new_router
from web.api.schemas import Language, Moment, Name, Page, Sent, Shown
from web.forms.typed import must_be_readable
from web.site import By, Here

router = new_router("", "People")


class PersonShown(Shown):
    """Somebody who may sign in."""

    id: str
    email: str
    name: str
    role: Role
    second_factor: bool
    created_at: datetime
    last_seen_at: Moment


class PersonPage(Page[PersonShown]):
    """People, the first one first."""


class NewRole(Sent):
    """Another role."""

    role: Role


class InvitationShown(Shown):
    """An invitation that nobody used yet."""

    id: str
    role: Role | None
    name: str
    email: str
    created_at: datetime
    expires_at: datetime


class InvitationPage(Page[InvitationShown]):
    """Invitations, the oldest first."""


class NewInvitation(Sent):
    """Whom to invite, and as what."""

    role: Role
    name: Name = ""
    email: Annotated[str, Field(max_length=500, examples=["anna@example.org"])] = ""


class LinkShown(Shown):
    """A link that is good once. It is not shown again."""

    id: str
    url: str
    expires_at: datetime


@router.get("/people")
def every(request: Request, here: Here, limit: Limit = 50, after: After = "") -> PersonPage:
    """List the people."""
    some, following = part(request, here.runtime.people.accounts.every(), lambda one: one.id, limit, after)
    return PersonPage(items=[_person(one) for one in some], next=following)


@router.get("/people/{person_id}")
def one(here: Here, person_id: str) -> PersonShown:
    """Get a person."""
    return _person(here.runtime.people.accounts.find(person_id))


@router.patch("/people/{person_id}")
def change(here: Here, by: By, person_id: str, sent: NewRole) -> PersonShown:
    """Give a person another role. It counts at once."""
    accounts = here.runtime.people.accounts
    found = accounts.find(person_id)
    return _person(accounts.change_role(found.id, sent.role, by=by.somebody, address=by.address))


@router.delete("/people/{person_id}", status_code=204)
def remove(here: Here, by: By, person_id: str) -> None:
    """Remove a person. Their sign-ins and tokens end at once."""
    accounts = here.runtime.people.accounts
    accounts.remove(accounts.find(person_id).id, by=by.somebody, address=by.address)


@router.post("/people/{person_id}/password-link", status_code=201)
def password_link(here: Here, by: By, person_id: str) -> LinkShown:
    """Make a link with which a person sets a new password."""
    accounts = here.runtime.people.accounts
    return _link(accounts.reset_link(accounts.find(person_id).id, by=by.somebody, address=by.address))


@router.get("/invitations")
def invitations(request: Request, here: Here, limit: Limit = 50, after: After = "") -> InvitationPage:
    """List the invitations that nobody used yet."""
    some, following = part(request, here.runtime.people.links.invitations(), lambda one: one.id, limit, after)
    return InvitationPage(items=[_invitation(one) for one in some], next=following)


@router.post("/invitations", status_code=201)
def invite(here: Here, by: By, language: Language, sent: NewInvitation) -> LinkShown:
    """Invite somebody. The link is good for seven days."""
    email = sent.email.strip()
    must_be_readable({"name": sent.name, "email": email}, language)
    accounts = here.runtime.people.accounts
    return _link(accounts.invite(sent.role, sent.name, email=email, by=by.somebody, address=by.address))


@router.delete("/invitations/{invitation_id}", status_code=204)
def withdraw(here: Here, by: By, invitation_id: str) -> None:
    """Withdraw an invitation."""
    here.runtime.people.accounts.withdraw(invitation_id, by=by.somebody, address=by.address)


def _person(found: Person) -> PersonShown:
    return PersonShown.model_validate(found)


def _invitation(found: Link) -> InvitationShown:
    return InvitationShown.model_validate(found)


def _link(made: MadeLink) -> LinkShown:
    return LinkShown(id=made.link.id, url=made.url, expires_at=made.link.expires_at)
