"""Which language a page is in, and its words. English stands in the code, German in locales/de/*.po."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from babel import negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

FOLDER = Path(__file__).parent / "locales"
LANGUAGES = ("en", "de")
NAMES = {"en": "English", "de": "Deutsch"}
DEFAULT = "en"


@dataclass(frozen=True)
class Words:
    """The words of one language; pages and scripts ask with the English ones."""

    language: str
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> Words:
    """The words of a language we have."""
    found = translations(language)
    return Words(language, found.gettext, found.ngettext)


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: str) -> NullTranslations:
    """Read from the .po files themselves, so that there is nothing to build."""
    files = sorted((FOLDER / language).glob("*.po"))
    if not files:
        return NullTranslations()
    buffer = io.BytesIO()
    write_mo(buffer, joined(files, language))
    buffer.seek(0)
    return Translations(buffer)


def joined(files: Iterable[Path], language: str) -> Catalog:
    """All files as one catalogue. Raises `ValueError` where two files say the same differently."""
    whole = Catalog(language)
    for file in files:
        with file.open("rb") as opened:
            for message in read_po(opened, language):
                if not message.id or not message.string:
                    continue
                known = whole.get(message.id)
                if known is not None and known.string != message.string:
                    raise ValueError(f"{file.name}: {message.id!r} has another translation elsewhere.")
                whole.add(message.id, message.string, flags=message.flags)
    return whole


def preferred(accept_language: str) -> str:
    """The language of ours that a browser likes best."""
    wished = sorted(_wished(accept_language), key=lambda one: -one[1])
    found = negotiate_locale([name for name, _ in wished], LANGUAGES, sep="-")
    return found.partition("_")[0].partition("-")[0] if found else DEFAULT


def _wished(accept_language: str) -> Iterable[tuple[str, float]]:
    for part in accept_language[:500].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            yield name.partition("-")[0].lower(), float(quality or 1)
        except ValueError:
            continue
