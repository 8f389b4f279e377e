"""The time zones that people choose from, with the places they are known by. Used by the forms about people."""

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_location

from web.languages import LANGUAGES

AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@dataclass(frozen=True)
class Zone:
    """`name` is what is kept, like “Europe/Berlin”; `place` what helps to find it, like “Berlin, Germany”."""

    name: str
    place: str


@lru_cache(maxsize=len(LANGUAGES))
def every(language: str) -> tuple[Zone, ...]:
    """By name. Other spellings (“CET”, “US/Eastern”) are understood, but not offered."""
    locale = Locale.parse(language)
    names = sorted(name for name in _known() if name.partition("/")[0] in AREAS)
    return (*(Zone(name, _place(name, locale)) for name in names), UTC)


def known(name: str) -> str:
    """The name if there is such a zone, else ""."""
    return name if name in _known() else ""


def _place(name: str, locale: Locale) -> str:
    city = get_timezone_location(name, locale=locale, return_city=True)
    country = locale.territories.get(get_global("zone_territories").get(name, ""), "")
    return ", ".join(part for part in (city, country) if part)


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


UTC = Zone("UTC", "UTC")
