"""What people change about themselves: name, language, time zone, e-mail address, password."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import Response

from engine.errors import Refused
from web import zones
from web.forms.typed import Typed, must_be_readable, refused
from web.languages import words
from web.pages import settings
from web.pages.settings import SettingsPage, status_of
from web.rendering import go, page
from web.site import By, Here
from web.visitors import Visitor
from web.zones import Zone

router = settings.router()

PATH = "/settings"
Field = Annotated[str, Form()]
Secret = Annotated[str, Form()]


@dataclass(frozen=True)
class ProfilePage(SettingsPage):
    """Three small forms: each is sent by itself."""

    template: ClassVar[str] = "settings/profile.html"
    tab: ClassVar[str] = "profile"
    email_now: str
    zones: tuple[Zone, ...]
    profile: Typed
    email: Typed = field(default_factory=Typed)
    password: Typed = field(default_factory=Typed)


@router.get("")
def profile(request: Request, by: By) -> Response:
    """Shows them."""
    return page(request, _page(by))


@router.post("/profile")
def change_profile(
    request: Request, here: Here, by: By, name: Field = "", language: Field = "", timezone: Field = ""
) -> Response:
    """Name, language and time zone."""
    texts = {"name": name, "language": language, "timezone": timezone.strip()}
    try:
        must_be_readable(texts, by.language)
        person = here.runtime.people.accounts.change_profile(by.somebody, **texts, address=by.address)
    except Refused as error:
        return page(request, _page(by, profile=refused(error, by.language, texts)), 422)
    return go(request, PATH, words(person.language or by.language).gettext("Your profile is saved."))


@router.post("/email")
def change_email(request: Request, here: Here, by: By, email: Field = "", password: Secret = "") -> Response:
    """Needs the password."""
    texts = {"email": email}
    try:
        must_be_readable(texts, by.language)
        here.runtime.people.accounts.change_email(by.somebody, email, password, address=by.address)
    except Refused as error:
        return page(request, _page(by, email=refused(error, by.language, texts)), status_of(error))
    return go(request, PATH, words(by.language).gettext("From now on you sign in with the new e-mail address."))


@router.post("/password")
def change_password(request: Request, here: Here, by: By, old: Secret = "", new: Secret = "") -> Response:
    """Needs the old one, and ends all other sign-ins."""
    accounts = here.runtime.people.accounts
    try:
        accounts.change_password(by.somebody, old, new, keep=by.sign_in_id, address=by.address)
    except Refused as error:
        return page(request, _page(by, password=refused(error, by.language, {})), status_of(error))
    _ = words(by.language).gettext
    return go(request, PATH, _("Your password is changed. All other browsers were signed out."))


def _page(by: Visitor, **forms: Typed) -> ProfilePage:
    person = by.somebody
    stored = Typed({"name": person.name, "language": person.language, "timezone": person.timezone})
    shown = {"profile": stored, "email": Typed({"email": person.email}), **forms}
    return ProfilePage(person.email, zones.every(by.language), **shown)
