"""Plain values that say how often and when: the engine does the counting.

A scheduled trigger's function returns a `Schedule`; its times are local ones in a time zone. A time that the clock
skips in spring happens when the clock goes on (02:30 at 03:00); one that comes twice in autumn happens the first time.
"""

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from engine.sdk import cron
from engine.sdk.records import Record

BEGINNING = dt.datetime(2024, 1, 1)  # noqa: DTZ001 (in the schedule's zone); a Monday
FIRST_DAY = BEGINNING.date()
MAX_SPAN = dt.timedelta(days=3660)
LIKENESS = 0.7  # of 1, between a time zone that is not known and one that may be meant


@dataclass(frozen=True)
class Rate:
    """At most `calls` per `per`, for each connection."""

    calls: int
    per: dt.timedelta = dt.timedelta(seconds=1)

    def __post_init__(self) -> None:
        if self.calls < 1 or self.per <= dt.timedelta(0):
            raise ValueError("a rate needs at least one call in a positive time")


def time_zone(name: str) -> str:
    """The name of a time zone as the tz database writes it. Raises `ValueError` with the nearest for an unknown one."""
    wanted = name.strip()
    try:
        zoneinfo.ZoneInfo(wanted)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return _meant(wanted)
    return wanted


def _meant(name: str) -> str:
    """The zone that is only written otherwise. Raises `ValueError` for any other."""
    known = zoneinfo.available_timezones()
    by_name = {one.casefold(): one for one in known}
    by_city = {one.rpartition("/")[2].casefold(): one for one in sorted(known) if "/" in one}
    folded = name.casefold().replace(" ", "_")[:80]
    if folded in by_name:
        return by_name[folded]
    near = get_close_matches(folded, [*by_name, *by_city], n=1, cutoff=LIKENESS)
    hint = f" Did you mean “{by_name.get(near[0]) or by_city[near[0]]}”?" if near else " Write it like Europe/Berlin."
    raise ValueError(f"There is no time zone “{name[:60]}”.{hint}")


TimeZone = Annotated[str, AfterValidator(time_zone)]
"""The type of an input that names a time zone."""

Missed = Literal["once", "skip", "all"]
"""What becomes of times that passed while the engine did not run: the latest one fires late, none, or each."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""A day of the week."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When something is due. `zone` is a time zone's name, or “” for the zap's own. Do not use it directly."""

    zone: str = ""
    missed: Missed = "once"

    def __post_init__(self) -> None:
        if self.zone:
            object.__setattr__(self, "zone", time_zone(self.zone))


@dataclass(frozen=True)
class Every(Schedule):
    """Each time `span` has passed, counted from `start` (local): real time, which no change of the clock shifts.

    `span` is whole seconds. Nothing happens before `start`.
    """

    span: dt.timedelta
    start: dt.datetime = BEGINNING

    def __post_init__(self) -> None:
        super().__post_init__()
        if not dt.timedelta(seconds=1) <= self.span <= MAX_SPAN or self.span.microseconds:
            raise ValueError("The time between two must be whole seconds, and at most ten years.")
        _refuse_parts_of_seconds(self.start)


@dataclass(frozen=True)
class Daily(Schedule):
    """At this local time on each day; with `every=3` on each third day, counted from `start`."""

    at: dt.time
    every: int = 1
    start: dt.date = FIRST_DAY

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_parts_of_seconds(self.at)
        if not 1 <= self.every <= MAX_SPAN.days:
            raise ValueError("The number of days must be at least 1, and at most ten years.")


@dataclass(frozen=True)
class Weekly(Schedule):
    """At this local time on these days of the week."""

    days: tuple[Weekday, ...]
    at: dt.time

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_parts_of_seconds(self.at)
        if not self.days:
            raise ValueError("Please choose at least one day of the week.")


@dataclass(frozen=True)
class Monthly(Schedule):
    """At this local time on one day of each month; a day that a month does not have is its last one."""

    day: int | Literal["last"]
    at: dt.time

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_parts_of_seconds(self.at)
        if self.day != "last" and not 1 <= self.day <= 31:
            raise ValueError("The day of the month must be from 1 to 31, or the last one.")


@dataclass(frozen=True)
class Cron(Schedule):
    """What a cron line of five fields says: minute, hour, day, month, day of the week (0 and 7 are Sunday).

    Raises `ValueError` for one that cannot be.
    """

    line: str

    def __post_init__(self) -> None:
        super().__post_init__()
        cron.read(self.line)

    @property
    def fields(self) -> cron.Fields:
        """What the line says."""
        return cron.read(self.line)


class FireTime(Record):
    """The record of a scheduled trigger: one time at which it was due. `id` is that time in UTC, in ISO 8601."""

    scheduled_for: dt.datetime = Field(title="Due at")
    fired_at: dt.datetime = Field(title="Fired at", description="Later than it was due if it was missed.")
    late: bool = Field(title="Late", description="It was missed, and fired when Zapwerk ran again.")
    date: dt.date = Field(title="Date")
    time: str = Field(title="Time", description="Hours and minutes, like 09:00.")
    weekday: str = Field(title="Day of the week", description="In the zap’s language.")
    weekday_number: int = Field(title="Number of the weekday", description="1 is Monday, 7 is Sunday.")
    week: int = Field(title="Week", description="The number of the week in the year, by ISO 8601.")
    timezone: str = Field(title="Time zone")


def _refuse_parts_of_seconds(moment: dt.datetime | dt.time) -> None:
    if moment.tzinfo is not None:
        raise ValueError("The time is a local one; say the time zone beside it.")
    if moment.microsecond:
        raise ValueError("The time must be given in whole seconds.")
