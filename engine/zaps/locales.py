"""How people write where a zap lives: language, time zone and country. Values are read, and texts written, by it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import babel

COUNTRY_OF_LANGUAGE = {"de": "DE"}  # English alone names no country: 03/04 and a local phone number stay ambiguous


@dataclass(frozen=True)
class Locale:
    """`language` as “de”, `timezone` as “Europe/Berlin”, `country` as “DE” or None where nothing says it."""

    language: str = "en"
    timezone: str = "UTC"
    country: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def region(self) -> str | None:
        """The country, else the zone's, else the one that the language is most spoken in."""
        return self.country or country_of_zone(self.timezone) or COUNTRY_OF_LANGUAGE.get(self.language)

    @property
    def babel(self) -> "babel.Locale":
        return babel_locale(self.language)


@lru_cache(maxsize=16)
def babel_locale(language: str) -> "babel.Locale":
    """Babel's data for a language."""
    import babel

    return babel.Locale.parse(language)


@lru_cache(maxsize=256)
def country_of_zone(timezone: str) -> str | None:
    """The country a time zone belongs to: “Europe/Berlin” is DE, “UTC” is none."""
    from babel.core import get_global

    code: str = get_global("zone_territories").get(timezone, "")
    return code if len(code) == 2 and code.isalpha() and code != "ZZ" else None
