"""Tokens for programs that use the API: made with a role and an end, shown once, revoked at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import Response

from engine.errors import Problem, Problems, Refused
from engine.people.roles import Role
from engine.people.sentences import PersonProblem
from engine.people.tokens import Token
from web import role_names
from web.forms.typed import Typed, must_be_readable, refused
from web.languages import words
from web.pages import settings
from web.pages.settings import SettingsPage
from web.rendering import go, page
from web.site import By, Here, Site
from web.visitors import Visitor

router = settings.router()

PATH = "/settings/tokens"
LASTING = {"30": timedelta(days=30), "90": timedelta(days=90), "365": timedelta(days=365), "never": None}
USUAL = "90"
Field = Annotated[str, Form()]


@dataclass(frozen=True)
class TokenLine:
    """A token without its secret. `holder` is "" for one's own."""

    id: str
    name: str
    role_name: str
    holder: str
    made: datetime
    last_used: datetime | None
    expires: datetime | None
    expired: bool


@dataclass(frozen=True)
class TokensPage(SettingsPage):
    """`sample` is a command that uses one; `roles` are those that the visitor may give."""

    template: ClassVar[str] = "settings/tokens.html"
    tab: ClassVar[str] = "tokens"
    tokens: tuple[TokenLine, ...]
    form: Typed
    roles: tuple[tuple[str, str], ...]
    sample: str


@dataclass(frozen=True)
class MadeTokenPage(SettingsPage):
    """A token with its secret, this once."""

    template: ClassVar[str] = "settings/token.html"
    tab: ClassVar[str] = "tokens"
    name: str
    secret: str
    sample: str


@router.get("/tokens")
def tokens(request: Request, here: Here, by: By) -> Response:
    return page(request, _page(here, by, Typed({"role": Role.VIEWER, "expires": USUAL})))


@router.post("/tokens")
def make(request: Request, here: Here, by: By, name: Field = "", role: Field = "", expires: Field = "") -> Response:
    """Shows the secret, this once."""
    texts = {"name": name, "role": role, "expires": expires}
    try:
        must_be_readable(texts, by.language)
        chosen, until = _read(role, expires, by, here.runtime.now())
        made = here.runtime.people.tokens.make(by.somebody, name, chosen, until, address=by.address)
    except Refused as error:
        return page(request, _page(here, by, refused(error, by.language, texts)), 422)
    return page(request, MadeTokenPage(made.token.name, made.secret, _sample(here)))


@router.post("/tokens/{token_id}/revoke")
def revoke(request: Request, here: Here, by: By, token_id: str) -> Response:
    """An owner anybody's, others their own."""
    here.runtime.people.tokens.revoke(token_id, by=by.somebody, address=by.address)
    return go(request, PATH, words(by.language).gettext("The token is revoked; it opens nothing any more."))


def _read(role: str, expires: str, by: Visitor, now: datetime) -> tuple[Role, datetime | None]:
    """Raises `Problems`."""
    problems: list[Problem] = []
    if role not in set(Role):
        problems.append(PersonProblem.of("role_unknown", "role"))
    if expires not in LASTING:
        problems.append(Problem(words(by.language).gettext("Please choose how long it lasts."), field="expires"))
    if problems:
        raise Problems(problems)
    lasts = LASTING[expires]
    return Role(role), now + lasts if lasts else None


def _page(here: Site, by: Visitor, form: Typed) -> TokensPage:
    mine, now = by.somebody, here.runtime.now()
    found = here.runtime.people.tokens.every("" if by.is_owner else mine.id)
    names = {one.id: one.name for one in here.runtime.people.accounts.every()} if by.is_owner else {}
    lines = tuple(
        _line(one, by, "" if one.person_id == mine.id else names.get(one.person_id, ""), now) for one in found
    )
    roles = tuple((str(one), role_names.of(one, by.language)) for one in role_names.ROLES if mine.role.includes(one))
    return TokensPage(lines, form, roles, _sample(here))


def _line(token: Token, by: Visitor, holder: str, now: datetime) -> TokenLine:
    return TokenLine(
        id=token.id,
        name=token.name,
        role_name=role_names.of(token.role, by.language),
        holder=holder,
        made=token.created_at,
        last_used=token.last_used_at,
        expires=token.expires_at,
        expired=token.expires_at is not None and token.expires_at <= now,
    )


def _sample(here: Site) -> str:
    return f'curl -H "Authorization: Bearer $ZAPWERK_TOKEN" {here.address("/api/v1/zaps")}'
