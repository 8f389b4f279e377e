"""Oneself: the profile, the tokens of one's programs, and where one is signed in."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field

from engine.errors import NotFound, Problems, Sentence
from engine.people.person import Person
from engine.people.refusals import OwnersOnly
from engine.people.roles import Role
from engine.people.sentences import PersonProblem
from engine.people.tokens import Token
from web.api.paging import After, Limit, part
from web.api.routing import router as new_router
from web.api.schemas import Language, Moment, Name, Page, Sent, Shown
from web.forms.typed import must_be_readable
from web.site import By, Here, Site
from web.visitors import Visitor

router = new_router("", "Oneself")

LONGEST_TOKEN = 3_650  # days


class MeShown(Shown):
    """Who asks. `role` is what this program may do; with a token perhaps less than the person."""

    id: str
    email: str
    name: str
    role: Role
    language: str = Field(description="en, de, or empty where the browser's is followed.")
    timezone: str
    second_factor: bool


class MeChange(Sent):
    """What is to change; what is left out stays."""

    name: Name | None = None
    language: Literal["", "en", "de"] | None = None
    timezone: Name | None = Field(None, examples=["Europe/Berlin"])


class TokenShown(Shown):
    """A token without its secret."""

    id: str
    person_id: str
    name: str
    role: Role
    created_at: datetime
    last_used_at: Moment
    expires_at: Moment


class TokenPage(Page[TokenShown]):
    """Tokens, the oldest first."""


class NewToken(Sent):
    """A token to make: with a role that is no higher than that of whoever asks."""

    name: Name = Field(examples=["Nightly report"])
    role: Role
    days: Annotated[int, Field(ge=1, le=LONGEST_TOKEN)] | None = Field(90, description="null for no end.")


class MadeToken(TokenShown):
    """A new token. Its secret is not shown again."""

    secret: str = Field(examples=["zw_…"])


class SignInShown(Shown):
    """A browser in which you are signed in."""

    id: str
    agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime


class SignInPage(Page[SignInShown]):
    """Where you are signed in, the oldest first."""


@router.get("/me")
def me(by: By) -> MeShown:
    """Ask who you are."""
    return me_shown(by.somebody, by)


@router.patch("/me")
def change(here: Here, by: By, language: Language, sent: MeChange) -> MeShown:
    """Change your name, language or time zone."""
    before = by.somebody
    texts = {
        "name": before.name if sent.name is None else sent.name,
        "language": before.language if sent.language is None else sent.language,
        "timezone": before.timezone if sent.timezone is None else sent.timezone.strip(),
    }
    must_be_readable(texts, language)
    return me_shown(here.runtime.people.accounts.change_profile(before, **texts, address=by.address), by)


@router.get("/tokens")
def tokens(request: Request, here: Here, by: By, limit: Limit = 50, after: After = "") -> TokenPage:
    """List your tokens; for owners those of everybody."""
    found = here.runtime.people.tokens.every("" if by.is_owner else by.somebody.id)
    some, following = part(request, found, lambda one: one.id, limit, after)
    return TokenPage(items=[TokenShown.model_validate(one) for one in some], next=following)


@router.post("/tokens", status_code=201)
def make(here: Here, by: By, language: Language, sent: NewToken) -> MadeToken:
    """Make a token. A program can give no more than it has, and for no longer."""
    must_be_readable({"name": sent.name}, language)
    if by.role is None or not by.role.includes(sent.role):
        raise Problems([PersonProblem.of("role_too_high", "role")])
    ends = [one for one in (_end(here, sent), by.until) if one is not None]
    until = min(ends) if ends else None
    made = here.runtime.people.tokens.make(by.somebody, sent.name, sent.role, until, address=by.address)
    return MadeToken(**dict(TokenShown.model_validate(made.token)), secret=made.secret)


def _end(here: Site, sent: NewToken) -> datetime | None:
    return here.runtime.now() + timedelta(days=sent.days) if sent.days is not None else None


@router.delete("/tokens/{token_id}", status_code=204)
def revoke(here: Here, by: By, token_id: str) -> None:
    """Revoke a token: your own, as an owner anybody's. It stops working at once."""
    token = _token(here, by, token_id)
    here.runtime.people.tokens.revoke(token.id, by=by.somebody, address=by.address)


@router.get("/sign-ins")
def sign_ins(request: Request, here: Here, by: By, limit: Limit = 50, after: After = "") -> SignInPage:
    """List where you are signed in."""
    found = here.runtime.people.sign_ins.every(by.somebody.id)
    some, following = part(request, found, lambda one: one.id, limit, after)
    return SignInPage(items=[SignInShown.model_validate(one) for one in some], next=following)


@router.delete("/sign-ins", status_code=204)
def end_others(here: Here, by: By) -> None:
    """Sign all of your browsers out but the one that asks."""
    here.runtime.people.sign_ins.end_others(by.somebody, but=by.sign_in_id, address=by.address)


@router.delete("/sign-ins/{sign_in_id}", status_code=204)
def end(here: Here, by: By, sign_in_id: str) -> None:
    """Sign a browser of yours out."""
    found = here.runtime.people.sign_ins
    if all(one.id != sign_in_id for one in found.every(by.somebody.id)):
        raise NotFound(Sentence("There is no such sign-in.", "Diese Anmeldung gibt es nicht."))
    found.end(sign_in_id, person=by.somebody, address=by.address)


def me_shown(person: Person, by: Visitor) -> MeShown:
    return MeShown(
        id=person.id,
        email=person.email,
        name=person.name,
        role=by.role or person.role,
        language=person.language,
        timezone=person.timezone,
        second_factor=person.second_factor,
    )


def _token(here: Site, by: Visitor, token_id: str) -> Token:
    """Raises `NotFound`, and `OwnersOnly` for somebody else's that is asked for with less than an owner's role."""
    found = next((one for one in here.runtime.people.tokens.every() if one.id == token_id), None)
    if found is None:
        raise NotFound("There is no such token.")
    if found.person_id != by.somebody.id and not by.is_owner:
        raise OwnersOnly
    return found
