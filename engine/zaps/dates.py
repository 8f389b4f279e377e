"""Days, times, moments and durations as people write them, and written for people.

“31.12.2026”, “12/31/2026”, “31. Dezember 2026”, “14:30 Uhr”, “2:30 pm”, “1 h 30 min”.
What has two possible readings is refused.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from engine.spelling import quoted
from engine.zaps.locales import Locale, babel_locale
from engine.zaps.sentences import Unreadable

MAX_WRITTEN = 80  # characters of a written date
_BOTH_ORDERS = (None, "CA")  # where 03/04 is March to some and April to others
_MONTH_FIRST = ("US", "PH")
LANGUAGES = ("en", "de")  # month names are understood in both, whatever the zap's language

_YEAR_FIRST = re.compile(r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})", re.ASCII)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<s>[-/.]) ?(?P<b>\d{1,2})(?P=s) ?(?P<y>\d{4}|\d{2})", re.ASCII)
_DAY_MONTH = re.compile(r"(?P<d>\d{1,2})(?:\.|st|nd|rd|th)? (?:of )?(?P<month>[^\W\d]+)\.?,? (?P<y>\d{4})")
_MONTH_DAY = re.compile(r"(?P<month>[^\W\d]+)\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?,? (?P<y>\d{4})")
_WEEKDAY = re.compile(r"^[^\W\d]+\.?, ?")
_CLOCK = re.compile(
    r"(?P<h>\d{1,2})(?:[:.](?P<m>\d{2}))?(?::(?P<s>\d{2})(?:\.\d+)?)? ?(?P<half>a\.?m\.?|p\.?m\.?|uhr|h)?",
    re.ASCII | re.I,
)
_DAY_AND_CLOCK = re.compile(
    r"(?P<day>.*?\d{4}|\d{4}\S+)(?:,? (?:um |at )?|T)(?P<clock>\d{1,2}(?::|\.\d\d| ?uhr| ?[ap]\.?m).*)", re.I
)
_ISO_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
_CLOCK_DURATION = re.compile(r"(\d{1,4}):(\d{2}):(\d{2})", re.ASCII)
_PART_OF_DURATION = re.compile(r"(?P<count>\d{1,9}(?:[.,]\d{1,3})?) ?(?P<unit>[^\W\d]+)\.?(?:,| und| and)? *")

_UNITS: dict[timedelta, tuple[str, ...]] = {
    timedelta(seconds=1): ("s", "sec", "secs", "second", "seconds", "sek", "sekunde", "sekunden"),
    timedelta(minutes=1): ("m", "min", "mins", "minute", "minutes", "minuten"),
    timedelta(hours=1): ("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden"),
    timedelta(days=1): ("d", "day", "days", "tag", "tage", "tagen"),
    timedelta(weeks=1): ("w", "week", "weeks", "woche", "wochen"),
}
_UNIT_BY_NAME = {name: unit for unit, names in _UNITS.items() for name in names}


def read_date(value: object, locale: Locale) -> date:
    """The day that was written; a moment is taken as its day in the zap's zone. Raises `Unreadable`."""
    if isinstance(value, datetime):
        return _in_zone(value, locale).date()
    if isinstance(value, date):
        return value
    text = _spoken(value, "not_a_date")
    moment = _machine_moment(text)
    if moment is not None:
        return _in_zone(moment, locale).date()
    day = _day(text, locale)
    if day is None:
        with_clock = _DAY_AND_CLOCK.fullmatch(text)
        day = _day(with_clock["day"], locale) if with_clock and _clock(with_clock["clock"]) else None
    if day is None:
        raise Unreadable("not_a_date", value=quoted(text))
    return day


def read_datetime(value: object, locale: Locale) -> datetime:
    """The moment that was written, with its zone; without one, the zap's holds. A day alone is no moment."""
    if isinstance(value, datetime):
        return _in_zone(value, locale)
    text = _spoken(value, "not_a_datetime")
    moment = _machine_moment(text)
    if moment is not None:
        return _in_zone(moment, locale)
    parts = _DAY_AND_CLOCK.fullmatch(text)
    day = _day(parts["day"], locale) if parts else None
    clock = _clock(parts["clock"]) if parts else None
    if day is None or clock is None:
        raise Unreadable("not_a_datetime", value=quoted(text))
    return _in_zone(datetime.combine(day, clock), locale)


def read_time(value: object) -> time:
    """The time of day that was written. Raises `Unreadable`."""
    if isinstance(value, time):
        return value
    text = _spoken(value, "not_a_time")
    clock = _clock(text)
    if clock is None:
        raise Unreadable("not_a_time", value=quoted(text))
    return clock


def read_duration(value: object) -> timedelta:
    """The duration that was written, with its units. A bare number has none and is refused."""
    if isinstance(value, timedelta):
        return value
    text = _spoken(value, "not_a_duration")
    for reading in (_iso_duration, _clock_duration, _named_duration):
        found = reading(text)
        if found is not None:
            return found
    raise Unreadable("not_a_duration", value=quoted(text))


def _spoken(value: object, code: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_WRITTEN:
        raise Unreadable(code, value=quoted(value))
    return " ".join(value.split())


def _machine_moment(text: str) -> datetime | None:
    """ISO 8601 with a time, or the date of a mail's header (RFC 5322)."""
    if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:", text, re.ASCII):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return None
    if re.search(r"\d\d:\d\d.* (?:[-+]\d{4}|GMT|UTC?)\b", text, re.ASCII):
        try:
            return parsedate_to_datetime(text)
        except (ValueError, OverflowError, IndexError, TypeError):
            return None
    return None


def _in_zone(moment: datetime, locale: Locale) -> datetime:
    """The moment in the zap's zone. A local time that happens twice or never is refused."""
    zone = locale.zone
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(zone)
        local = moment.replace(tzinfo=zone)
        exists = local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment
    except (OverflowError, ValueError) as error:
        raise Unreadable("no_such_date", value=quoted(moment.isoformat())) from error
    if not exists or local.utcoffset() != local.replace(fold=1).utcoffset():
        raise Unreadable("time_ambiguous", value=quoted(moment.isoformat(" ", "minutes")))
    return local


def _day(text: str, locale: Locale) -> date | None:
    if match := _YEAR_FIRST.fullmatch(text):
        return _real_day(text, match["y"], match["m"], match["d"])
    if match := _YEAR_LAST.fullmatch(text):
        return _year_last(text, match, locale)
    without_weekday = _WEEKDAY.sub("", text)
    if match := _DAY_MONTH.fullmatch(without_weekday) or _MONTH_DAY.fullmatch(without_weekday):
        month = month_names().get(match["month"].casefold())
        return _real_day(text, match["y"], month, match["d"]) if month else None
    if without_weekday != text:
        return _day(without_weekday, locale)
    return None


def _year_last(text: str, match: re.Match[str], locale: Locale) -> date:
    if len(match["y"]) == 2:
        raise Unreadable("short_year", value=quoted(text))
    first, second = int(match["a"]), int(match["b"])
    if match["s"] == "." or first > 12 or first == second:
        return _real_day(text, match["y"], second, first)
    if second > 12:
        return _real_day(text, match["y"], first, second)
    if locale.language == "en" and locale.region in _BOTH_ORDERS:
        raise Unreadable("date_ambiguous", value=quoted(text))
    month, day = (first, second) if _month_first(locale) else (second, first)
    return _real_day(text, match["y"], month, day)


def _month_first(locale: Locale) -> bool:
    return locale.language == "en" and locale.region in _MONTH_FIRST


def _real_day(text: str, year: str, month: int | str, day: int | str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise Unreadable("no_such_date", value=quoted(text)) from error


def _clock(text: str) -> time | None:
    match = _CLOCK.fullmatch(text)
    if match is None or not (match["m"] or match["half"]):
        return None
    hour, half = int(match["h"]), (match["half"] or "").lower().replace(".", "")
    if half in ("am", "pm"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, int(match["m"] or 0), int(match["s"] or 0))
    except ValueError:
        return None


@lru_cache(maxsize=1)
def month_names() -> dict[str, int]:
    """Month by its name or its abbreviation, in all languages."""
    names: dict[str, int] = {}
    for language in LANGUAGES:
        months = babel_locale(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names |= {name.casefold().rstrip("."): number for number, name in months[context][width].items()}
    return names | {"sept": 9, "jänner": 1, "maerz": 3, "mrz": 3}


def _iso_duration(text: str) -> timedelta | None:
    match = _ISO_DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return _bounded(text, {"weeks": weeks, "days": days, "hours": hours, "minutes": minutes, "seconds": seconds})


def _clock_duration(text: str) -> timedelta | None:
    match = _CLOCK_DURATION.fullmatch(text)
    if match is None or int(match[2]) > 59 or int(match[3]) > 59:
        return None
    return _bounded(text, {"hours": int(match[1]), "minutes": int(match[2]), "seconds": int(match[3])})


def _named_duration(text: str) -> timedelta | None:
    total, position = timedelta(0), 0
    while position < len(text):
        part = _PART_OF_DURATION.match(text, position)
        unit = _UNIT_BY_NAME.get(part["unit"].casefold()) if part else None
        if part is None or unit is None:
            return None
        count = float(part["count"].replace(",", "."))
        total += _bounded(text, {"seconds": unit.total_seconds() * count})
        position = part.end()
    return total if text else None


def _bounded(text: str, parts: dict[str, float]) -> timedelta:
    try:
        length = timedelta(**parts)
    except OverflowError as error:
        raise Unreadable("not_a_duration", value=quoted(text)) from error
    if length > timedelta(days=36_500):
        raise Unreadable("not_a_duration", value=quoted(text))
    return length


STYLES = ("short", "medium", "long", "full")


def written(value: date, style: str, locale: Locale) -> str:
    """A day or a moment for people: a style (“short” … “full”), “iso”, or a pattern like “%d.%m.%Y”."""
    local = _in_zone(value, locale) if isinstance(value, datetime) else value
    if style == "iso":
        return local.isoformat()
    if style in STYLES:
        return _styled(local, style, locale)
    return re.sub(r"%(-?)([A-Za-z%])", lambda match: _directive(match, local, locale), style)


def _styled(value: date, style: str, locale: Locale) -> str:
    from babel.dates import format_date, format_datetime

    if isinstance(value, datetime):
        return str(format_datetime(value, style, tzinfo=locale.zone, locale=locale.babel))
    return str(format_date(value, style, locale=locale.babel))


def _directive(match: re.Match[str], value: date, locale: Locale) -> str:
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    named = {
        "B": ("months", "wide"),
        "b": ("months", "abbreviated"),
        "A": ("days", "wide"),
        "a": ("days", "abbreviated"),
    }
    letter = match[2]
    if letter in named:
        table, width = named[letter]
        names = getattr(locale.babel, table)["format"][width]
        return str(names[moment.month if table == "months" else moment.weekday()])
    if letter not in "YmdHMSyjIpzZFTVuw%":
        return match[0]
    text = f"{moment.year:04d}" if letter == "Y" else moment.strftime("%" + letter)
    return text.lstrip("0") or "0" if match[1] else text
