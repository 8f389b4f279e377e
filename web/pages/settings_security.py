"""How somebody's account is kept safe: the second factor with its recovery codes, and where they are signed in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar
from urllib.parse import quote

import segno
from fastapi import Form, Request
from fastapi.responses import Response
from markupsafe import Markup

from engine.errors import Problems, Refused
from engine.people.second_factor import BegunFactor
from engine.people.sign_ins import SignIn
from web import agents
from web.forms.typed import Typed, refused
from web.languages import words
from web.pages import settings
from web.pages.settings import SettingsPage, status_of
from web.rendering import go, page
from web.security import forget
from web.site import By, Here, Site
from web.visitors import Visitor

router = settings.router()

PATH = "/settings/security"
FEW_CODES = 3  # from here on the page proposes to make new ones
Field = Annotated[str, Form()]


@dataclass(frozen=True)
class SignInLine:
    """One browser that is signed in. `here` is the one that asks."""

    id: str
    browser: str
    phone: bool
    address: str
    since: datetime
    last_seen: datetime
    here: bool


@dataclass(frozen=True)
class SecurityPage(SettingsPage):
    """`recovery` and `off` are the forms that ask for the password."""

    template: ClassVar[str] = "settings/security.html"
    tab: ClassVar[str] = "security"
    second_factor: bool
    recovery_left: int
    few_codes: bool
    sign_ins: tuple[SignInLine, ...]
    recovery: Typed
    off: Typed


@dataclass(frozen=True)
class SecondFactorPage(SettingsPage):
    """A new secret, as a picture and as text; a code proves that it arrived."""

    template: ClassVar[str] = "settings/second_factor.html"
    tab: ClassVar[str] = "security"
    form: Typed
    pending: str
    secret: str
    picture: Markup


@dataclass(frozen=True)
class RecoveryPage(SettingsPage):
    """The recovery codes, this once. `file` is the same as an address to download."""

    template: ClassVar[str] = "settings/recovery.html"
    tab: ClassVar[str] = "security"
    codes: tuple[str, ...]
    file: str
    switched_on: bool


@router.get("/security")
def security(request: Request, here: Here, by: By) -> Response:
    return page(request, _page(here, by))


@router.get("/security/second-factor")
def second_factor(request: Request, here: Here, by: By) -> Response:
    """A new secret with every look; it counts once it was confirmed."""
    if by.somebody.second_factor:
        return go(request, PATH)
    return page(request, _second_factor(here.runtime.people.second_factor.begin(by.somebody), Typed()))


@router.post("/security/second-factor")
def switch_on(request: Request, here: Here, by: By, pending: Field = "", code: Field = "") -> Response:
    """Switches it on with a code of the new secret, and shows the recovery codes."""
    factor = here.runtime.people.second_factor
    if by.somebody.second_factor:
        return go(request, PATH)
    try:
        codes = factor.confirm(by.somebody, pending, code, address=by.address)
    except Problems as error:
        form = refused(error, by.language, {})
        return page(request, _second_factor(factor.begun(by.somebody, pending), form), 422)
    except Refused as error:
        form = refused(error, by.language, {})
        return page(request, _second_factor(factor.begin(by.somebody), form), 422)
    return page(request, _recovery(by, codes, switched_on=True))


@router.post("/security/recovery")
def renew_recovery(request: Request, here: Here, by: By, password: Field = "") -> Response:
    """New recovery codes, for the password."""
    try:
        codes = here.runtime.people.second_factor.renew_recovery(by.somebody, password=password, address=by.address)
    except Refused as error:
        return page(request, _page(here, by, recovery=_asked(error, by)), status_of(error))
    return page(request, _recovery(by, codes, switched_on=False))


@router.post("/security/second-factor/off")
def switch_off(request: Request, here: Here, by: By, password: Field = "") -> Response:
    """For the password."""
    try:
        here.runtime.people.second_factor.off(by.somebody, password=password, address=by.address)
    except Refused as error:
        return page(request, _page(here, by, off=_asked(error, by)), status_of(error))
    return go(request, PATH, words(by.language).gettext("Two-step sign-in is off."))


@router.post("/security/sign-ins/{sign_in_id}/end")
def end(request: Request, here: Here, by: By, sign_in_id: str) -> Response:
    """Signs one browser out, at once; also this one."""
    here.runtime.people.sign_ins.end(sign_in_id, person=by.somebody, address=by.address)
    _ = words(by.language).gettext
    if sign_in_id != by.sign_in_id:
        return go(request, PATH, _("That browser is signed out."))
    response = go(request, "/sign-in", _("You are signed out."))
    forget(response, here)
    return response


@router.post("/security/sign-ins/end-others")
def end_others(request: Request, here: Here, by: By) -> Response:
    """Signs out all browsers but this one."""
    count = here.runtime.people.sign_ins.end_others(by.somebody, but=by.sign_in_id, address=by.address)
    told = words(by.language).ngettext("%(num)s browser was signed out.", "%(num)s browsers were signed out.", count)
    return go(request, PATH, told % {"num": count})


def _page(here: Site, by: Visitor, *, recovery: Typed | None = None, off: Typed | None = None) -> SecurityPage:
    person = by.somebody
    return SecurityPage(
        second_factor=person.second_factor,
        recovery_left=person.recovery_left,
        few_codes=person.recovery_left <= FEW_CODES,
        sign_ins=tuple(_line(one, by) for one in here.runtime.people.sign_ins.every(person.id)),
        recovery=recovery or Typed(),
        off=off or Typed(),
    )


def _line(one: SignIn, by: Visitor) -> SignInLine:
    return SignInLine(
        id=one.id,
        browser=agents.named(one.agent, by.language),
        phone=agents.is_phone(one.agent),
        address=one.address,
        since=one.created_at,
        last_seen=one.last_seen_at,
        here=one.id == by.sign_in_id,
    )


def _asked(error: Refused, by: Visitor) -> Typed:
    """The engine speaks of the password or a code, whichever is missing; these forms ask for the password alone."""
    form = refused(error, by.language, {})
    return Typed(problems={"password": " ".join(form.problems.values())} if form.problems else {}, above=form.above)


def _second_factor(begun: BegunFactor, form: Typed) -> SecondFactorPage:
    drawn = segno.make(begun.uri, error="m", micro=False).svg_inline(omitsize=True, border=3, svgclass="qr")
    groups = (begun.secret[at : at + 4] for at in range(0, len(begun.secret), 4))
    # Drawn by segno from squares alone: nothing of the text stands in the markup.
    return SecondFactorPage(form, begun.pending, " ".join(groups), Markup(drawn))  # noqa: S704


def _recovery(by: Visitor, codes: tuple[str, ...], *, switched_on: bool) -> RecoveryPage:
    heading = words(by.language).gettext("Recovery codes for Zapwerk, %(email)s") % {"email": by.somebody.email}
    file = "data:text/plain;charset=utf-8," + quote("\n".join((heading, "", *codes, "")))
    return RecoveryPage(codes, file, switched_on)
