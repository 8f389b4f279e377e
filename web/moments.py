"""How moments, durations and numbers are written for people, by language and time zone. Templates call these.

A list has hundreds of them, and Babel reads its patterns again for each: what is asked of it here are names, once.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import TIMEDELTA_UNITS, format_datetime, format_timedelta, get_month_names
from babel.numbers import format_decimal

from web.languages import words

JUST_NOW = timedelta(seconds=5)
GROUPS = {"en": ",", "de": "."}  # between the thousands
POINTS = {"en": ".", "de": ","}  # before the tenths


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone of this name; UTC for one that this computer does not know."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def exact(moment: datetime, language: str, zone_name: str) -> str:
    """“23 Nov 2026, 14:02:31 CET”."""
    local = moment.astimezone(zone(zone_name))
    word = _zone_word(_At(zone_name, local.utcoffset(), local), language)
    return f"{_day(local, language)} {local.year}, {local:%H:%M:%S} {word}"


def day(on: date, language: str) -> str:
    """“23 Nov 2026”: a day is the same in every zone."""
    return f"{_day(on, language)} {on.year}"


def ago(moment: datetime, language: str, *, now: datetime | None = None) -> str:
    """“3 minutes ago”, “in 2 hours”."""
    passed = (now or datetime.now(UTC)) - moment
    if abs(passed) < JUST_NOW:
        return words(language).gettext("just now")
    ahead = -passed // timedelta(seconds=1)
    unit = next(size for _, size in TIMEDELTA_UNITS if abs(ahead) >= size)
    return _ago(round(ahead / unit) * unit, language)


@lru_cache(maxsize=1_000)
def _ago(seconds: int, language: str) -> str:
    """Of a whole number of seconds, minutes … years; a thousandth of a second each, kept."""
    return format_timedelta(seconds, granularity="second", threshold=1, add_direction=True, locale=language)


def short(moment: datetime, language: str, zone_name: str, *, now: datetime | None = None) -> str:
    """The time of day for today, else the date, as lists have it: “14:02”, “21 Nov, 09:15”, “21 Nov 2025”."""
    here = zone(zone_name)
    local, today = moment.astimezone(here), (now or datetime.now(UTC)).astimezone(here)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if local.year == today.year:
        return f"{_day(local, language)}, {local:%H:%M}"
    return f"{_day(local, language)} {local.year}"


def _day(local: date, language: str) -> str:
    """“21 Nov”, “21. Nov.”."""
    return f"{local.day}{'.' if language == 'de' else ''} {_months(language)[local.month]}"


@lru_cache(maxsize=8)
def _months(language: str) -> dict[int, str]:
    return dict(get_month_names("abbreviated", locale=language))


@dataclass(frozen=True)
class _At:
    """Where a zone has one word: at any moment with the same distance from UTC."""

    zone_name: str
    offset: timedelta | None
    local: datetime = field(compare=False)


@lru_cache(maxsize=512)
def _zone_word(at: _At, language: str) -> str:
    """“CET”, “MEZ”, “EST”, “+0545”: what English calls a zone depends on where it is spoken."""
    found = format_datetime(at.local, "z", locale=language)
    return format_datetime(at.local, "z", locale="en_GB") if language == "en" and found[0] in "+-" else found


def lasted(milliseconds: float, language: str) -> str:
    """“0.6 s”, “2 min 5 s”, “3 h 10 min”."""
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.{0 if seconds >= 9.95 else 1}f} s".replace(".", POINTS[language])
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{number(hours, language)} h {minutes} min"
    return f"{minutes} min {rest} s"


def number(value: float, language: str) -> str:
    """“1,000”, “1.000”."""
    if isinstance(value, int):
        return f"{value:,}".replace(",", GROUPS[language])
    return format_decimal(value, locale=language)
