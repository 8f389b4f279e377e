"""How moments, durations and numbers are written for people, by language and time zone. Templates call these."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal

from web.languages import words

JUST_NOW = timedelta(seconds=5)


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
    style = "d MMM y, HH:mm:ss z" if language == "en" else "d. MMM y, HH:mm:ss z"
    return format_datetime(local, style, locale=language)


def ago(moment: datetime, language: str, *, now: datetime | None = None) -> str:
    """“3 minutes ago”, “in 2 hours”."""
    passed = (now or datetime.now(UTC)) - moment
    if abs(passed) < JUST_NOW:
        return words(language).gettext("just now")
    return format_timedelta(-passed, granularity="second", add_direction=True, locale=language)


def short(moment: datetime, language: str, zone_name: str, *, now: datetime | None = None) -> str:
    """The time of day for today, else the date, as lists have it: “14:02”, “21 Nov, 09:15”, “21 Nov 2025”."""
    here = zone(zone_name)
    local, today = moment.astimezone(here), (now or datetime.now(UTC)).astimezone(here)
    if local.date() == today.date():
        return format_time(local, "HH:mm", locale=language)
    dot = "." if language == "de" else ""
    if local.year == today.year:
        return format_datetime(local, f"d{dot} MMM, HH:mm", locale=language)
    return format_date(local, f"d{dot} MMM y", locale=language)


def lasted(milliseconds: float, language: str) -> str:
    """“0.6 s”, “2 min 5 s”, “3 h 10 min”."""
    seconds = milliseconds / 1000
    if seconds < 60:
        digits = "0.0" if seconds < 10 else "0"
        return f"{format_decimal(seconds, digits, locale=language)} s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{number(hours, language)} h {minutes} min"
    return f"{minutes} min {rest} s"


def number(value: float, language: str) -> str:
    return format_decimal(value, locale=language)
