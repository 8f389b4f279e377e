"""Filters on days and moments. Texts are read by the zap's language, country and zone."""

import calendar
from datetime import date, datetime, timedelta
from typing import Any

from engine.spelling import quoted
from engine.zaps import dates
from engine.zaps.limits import CannotMap
from engine.zaps.locales import Locale
from engine.zaps.plain import is_blank, text_of
from engine.zaps.sentences import Unreadable

MAX_PATTERN = 200  # characters of a date pattern
MAX_COUNT = 100_000  # days or months that a filter adds


def date_(value: Any, style: Any = "iso", *, locale: Locale) -> str | None:
    """A day or moment as text: “short”, “medium”, “long”, “full”, “iso”, or a pattern like “%d.%m.%Y”.
    {{ trigger.date | date: "%d.%m.%Y" }}"""
    moment, how = _moment(value, locale), text_of(style)
    if len(how) > MAX_PATTERN:
        raise CannotMap(f"The date’s pattern is too long; at most {MAX_PATTERN} characters are allowed.")
    try:
        return None if moment is None else dates.written(moment, how, locale)
    except Unreadable as error:
        raise _unreadable(value) from error


def add_days(value: Any, days: Any, *, locale: Locale) -> date | None:
    """So many days later (or earlier, if negative).
    {{ trigger.date | add_days: 14 | date: "short" }}"""
    moment = _moment(value, locale)
    return None if moment is None else moment + timedelta(days=_count(days))


def add_months(value: Any, months: Any, *, locale: Locale) -> date | None:
    """The same day so many months later, or the month's last day where there is no such day.
    {{ "2026-01-31" | add_months: 1 }} gives 2026-02-28"""
    moment = _moment(value, locale)
    if moment is None:
        return None
    year, month = divmod(moment.year * 12 + moment.month - 1 + _count(months), 12)
    if not 1 <= year <= 9999:
        raise CannotMap("The date lies too far away.")
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))


def _moment(value: Any, locale: Locale) -> date | None:
    """A moment where a time is given, else a day; None for nothing."""
    if is_blank(value):
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    for read in (dates.read_datetime, dates.read_date):
        try:
            return read(value, locale)
        except Unreadable:
            continue
    raise _unreadable(value)


def _unreadable(value: Any) -> CannotMap:
    return CannotMap(f"{quoted(value)} is not a date that can be read.")


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_COUNT:
        raise CannotMap("This filter needs a whole number here.")
    return value


FILTERS = (date_, add_days, add_months)
