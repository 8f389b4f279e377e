"""Zaps to begin with: files in zap_templates/, with their names and what they do in both languages. Asked by pages."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import NotFound
from engine.zaps import files
from engine.zaps.model import Zap
from web.languages import words

FOLDER = Path(__file__).parent / "zap_templates"


def _(text: str) -> str:
    """Marks a text for translation; it is translated when it is shown."""
    return text


READY: dict[str, tuple[str, str]] = {
    "contact_form": (
        _("New client from the contact form"),
        _("Reads the e-mails that the form on your web site sends, and creates a client in Invoice2go for each."),
    ),
    "item_from_email": (
        _("New item from an e-mail"),
        _("An e-mail with “Item:” in its subject becomes an item in Invoice2go, its text the description."),
    ),
    "webhook_to_http": (
        _("Pass on what a webhook brings"),
        _("What is sent to the zap's address is sent on to another address, as JSON."),
    ),
    "schedule_to_http": (
        _("Call an address every morning"),
        _("Sends a request to an address on each working day at 08:00."),
    ),
}
"""By the name of the file: what the zap is called, and what it does."""


@dataclass(frozen=True)
class Ready:
    """One of them in words."""

    key: str
    name: str
    text: str
    apps: tuple[str, ...]


def every(language: str) -> tuple[Ready, ...]:
    """All of them."""
    translate = words(language).gettext
    return tuple(
        Ready(key, translate(name), translate(text), _apps(drawn(key, language))) for key, (name, text) in READY.items()
    )


def zap(key: str, *, language: Any, timezone: str) -> Zap:
    """One of them, drawn for people who write in this language. Raises `NotFound`."""
    if key not in READY:
        raise NotFound(words(language).gettext("There is no such template."))
    name = words(language).gettext(READY[key][0])
    return drawn(key, language).model_copy(update={"name": name, "language": language, "timezone": timezone})


@lru_cache(maxsize=2 * len(READY))
def drawn(key: str, language: str) -> Zap:
    """As it stands in its file: one for this language, where what people write in their mails matters."""
    own = FOLDER / f"{key}.{language}.yaml"
    return files.load((own if own.is_file() else FOLDER / f"{key}.yaml").read_text("utf-8"))


def _apps(template: Zap) -> tuple[str, ...]:
    return tuple(dict.fromkeys(user.app for user in template.users()))
