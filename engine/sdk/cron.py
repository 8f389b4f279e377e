"""Cron lines as people write them: five fields, read as Vixie cron reads them. Called by `schedules.Cron`.

Minute, hour, day of the month, month, day of the week (0 and 7 are Sunday). When both days are restricted, either of
them is enough; a day that begins with `*` is not restricted, and then both must fit.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_LINE = 500  # characters
LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

SHORT_FORMS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True)
class Fields:
    """What a line says: the allowed values of each field in order; weekdays are 0 (Sunday) to 6.

    `either_day`: the day of the month or the weekday is enough; otherwise both must fit. `every_hour`: the hour begins
    with `*`, so the line follows the clock through a change of daylight saving time.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either_day: bool
    every_hour: bool


@dataclass(frozen=True)
class _Field:
    """One of the five: what people call it, its smallest and greatest value, and the names some values have."""

    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()

    def read(self, text: str) -> tuple[int, ...]:
        """The values of `*/15`, `1-5`, `MON,FRI` …, in order. Raises `ValueError`."""
        return tuple(sorted({value for part in text.split(",") for value in self._part(part, text)}))

    def _part(self, part: str, text: str) -> range:
        span, slash, step = part.partition("/")
        first, last = self._span(span, part, open_ended=bool(slash))
        if slash and not re.fullmatch(r"0*[1-9][0-9]{0,2}", step):
            raise ValueError(f"“{text}” has a step of “{step}”; write a whole number above 0 after the “/”.")
        return range(first, last + 1, int(step) if slash else 1)

    def _span(self, span: str, part: str, *, open_ended: bool) -> tuple[int, int]:
        """First and last value; `5/15` goes on to the end."""
        if span == "*":
            return self.first, self.last
        begin, dash, end = span.partition("-")
        first = self._value(begin, part)
        if not dash:
            return first, self.last if open_ended else first
        last = self._value(end, part)
        if self.name == "weekday" and last == 0 < first:
            last = 7  # “fri-sun”, and “5-0”
        if last < first:
            raise ValueError(
                f"“{part}” runs backwards; write it as two, like “{first}-{self.last},{self.first}-{last}”."
            )
        return first, last

    def _value(self, text: str, part: str) -> int:
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.first
        if not re.fullmatch(r"[0-9]{1,4}", text):
            raise ValueError(f"“{part}” is no {self.name}. {_hint(part)}".rstrip())
        value = int(text)
        if not self.first <= value <= self.last:
            raise ValueError(f"There is no {self.name} {value}; it goes from {self.first} to {self.last}.")
        return value


_MINUTE = _Field("minute", 0, 59)
_HOUR = _Field("hour", 0, 23)
_DAY = _Field("day", 1, 31)
_MONTH = _Field("month", 1, 12, MONTHS)
_WEEKDAY = _Field("weekday", 0, 7, WEEKDAYS)


@lru_cache(maxsize=1024)
def read(line: str) -> Fields:
    """What a cron line says. Raises `ValueError` with a sentence for one that cannot be, or never happens."""
    if len(line) > MAX_LINE:
        raise ValueError(f"A cron line has at most {MAX_LINE} characters.")
    minute, hour, day, month, weekday = _split(line)
    fields = Fields(
        minutes=_MINUTE.read(minute),
        hours=_HOUR.read(hour),
        days=_DAY.read(day),
        months=_MONTH.read(month),
        weekdays=tuple(sorted({value % 7 for value in _WEEKDAY.read(weekday)})),
        either_day=not day.startswith("*") and not weekday.startswith("*"),
        every_hour=hour.startswith("*"),
    )
    if not fields.either_day:
        _refuse_what_never_happens(line, fields)
    return fields


def _split(line: str) -> list[str]:
    words = line.split()
    if len(words) == 1 and words[0].startswith("@"):
        words = _long_form(words[0]).split()
    if len(words) == 6:
        raise ValueError(
            "This line has six fields. A cron line has five: minute, hour, day, month, weekday; no seconds."
        )
    if len(words) != 5:
        count = "no field" if not words else f"{len(words)} field{'s' * (len(words) > 1)}"
        raise ValueError(f"This line has {count}; a cron line has five: minute, hour, day, month, weekday.")
    return words


def _long_form(word: str) -> str:
    found = SHORT_FORMS.get(word.lower())
    if found is None:
        raise ValueError(f"“{word}” names no time. There is {', '.join(sorted(SHORT_FORMS))}.")
    return found


def _refuse_what_never_happens(line: str, fields: Fields) -> None:
    day = fields.days[0]
    if all(LONGEST_MONTH[month - 1] < day for month in fields.months):
        months = " and ".join(MONTH_NAMES[month - 1] for month in fields.months)
        raise ValueError(f"“{line}” never happens: there is no day {day} in {months}.")


def _hint(part: str) -> str:
    if "?" in part:
        return "Write “*” instead of “?”."
    if re.fullmatch(r"L|(?=.*[0-9]).*[LW#].*", part.upper()):
        return "“L”, “W” and “#” are not known here; for the last day of a month use the monthly schedule."
    return "Write numbers, ranges like 1-5, lists like 1,15 or steps like */15."
