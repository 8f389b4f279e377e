"""What all pages under Settings share: their place in the sub-navigation, and that a person, not a program, asks."""

from typing import ClassVar

from fastapi import APIRouter, Depends

from engine.errors import Refused
from engine.people.refusals import Throttled
from web import guarded
from web.languages import words
from web.rendering import Page
from web.site import By


class SettingsPage(Page):
    """`tab` is the current entry of the sub-navigation."""

    nav: ClassVar[str] = "settings"
    tab: ClassVar[str]


def in_person(by: By) -> None:
    """Raises `Refused` for a token: it must not make others that outlive it, nor change who may sign in."""
    if not by.sign_in_id:
        raise Refused(words(by.language).gettext("A token cannot do this. Please sign in with a browser."))


def router() -> APIRouter:
    """A router for people only."""
    return guarded.router("/settings", after=(Depends(in_person),))


def status_of(error: Refused) -> int:
    """What a form that was refused answers with."""
    return 429 if isinstance(error, Throttled) else 422
