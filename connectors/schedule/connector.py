"""Starts zaps at times: every so often, each day, week or month, or as a cron line says."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator

from zapwerk import Connector, Cron, Daily, Every, Labels, Missed, Monthly, More, Schedule, TimeZone, Weekday, Weekly

schedule = Connector(
    "schedule", title="Schedule", description="Starts a zap at times: every so often, daily, weekly, monthly, by cron."
)

COUNTED_FROM = dt.date(2024, 1, 1)  # a Monday
WORKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
DAY_OF_MONTH = Literal[
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
    "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "last",
]  # fmt: skip

MISSED = Labels({"once": "start once, late", "skip": "do not start", "all": "start once for each"})
UNITS = Labels({"minutes": "minutes", "hours": "hours", "days": "days", "weeks": "weeks"})
DAYS = Labels(
    {
        "mon": "Monday",
        "tue": "Tuesday",
        "wed": "Wednesday",
        "thu": "Thursday",
        "fri": "Friday",
        "sat": "Saturday",
        "sun": "Sunday",
    }
)


class Timed(BaseModel):
    """What all schedules ask for."""

    timezone: Annotated[TimeZone | None, More()] = Field(
        None, title="Time zone", description="Like Europe/Berlin. Leave it empty for the zap’s own."
    )
    missed: Annotated[Missed, MISSED, More()] = Field(
        "once",
        title="Missed times",
        description="What happens when Zapwerk runs again after it was stopped, or after the computer slept.",
    )

    @property
    def rules(self) -> dict[str, Any]:
        """The part of a schedule that is the same for all."""
        return {"zone": self.timezone or "", "missed": self.missed}


class EverySoOften(Timed):
    """How much time lies between."""

    every: int = Field(title="Every", ge=1, le=1000)
    unit: Annotated[Literal["minutes", "hours", "days", "weeks"], UNITS] = Field("hours", title="Unit")
    at: dt.time = Field(
        dt.time(0, 0),
        title="At",
        description="Days and weeks: the time of day. Minutes and hours are counted from this time on the first day.",
    )
    first: dt.date | None = Field(
        None, title="First day", description="It is counted from this day. Left empty: from Monday, 1 January 2024."
    )


class EachDay(Timed):
    """When on a day."""

    at: dt.time = Field(title="At", description="The time of day, like 09:00.")
    weekends: bool = Field(True, title="Also at weekends")


class EachWeek(Timed):
    """When in a week."""

    days: Annotated[list[Annotated[Weekday, DAYS]], DAYS] = Field(title="Days", min_length=1)
    at: dt.time = Field(title="At", description="The time of day, like 09:00.")


class EachMonth(Timed):
    """When in a month."""

    day: Annotated[DAY_OF_MONTH, Labels({"last": "last day"})] = Field(
        title="Day", description="In a month that does not have this day: its last day."
    )
    at: dt.time = Field(title="At", description="The time of day, like 09:00.")


class ByCron(Timed):
    """When, as a cron line says it."""

    cron: str = Field(
        title="Cron line",
        description="Minute, hour, day, month, weekday (0 or 7 is Sunday): 0 9 * * 1-5 is each working day at 09:00.",
    )

    @field_validator("cron")
    @classmethod
    def _is_possible(cls, cron: str) -> str:
        return Cron(cron).line


@schedule.schedule(title="Every so often", sentence="{every} {unit} have passed")
def every(given: EverySoOften) -> Schedule:
    """Starts the zap each time some minutes, hours, days or weeks have passed."""
    first = given.first or COUNTED_FROM
    if given.unit in ("days", "weeks"):
        count = given.every * (7 if given.unit == "weeks" else 1)
        return Daily(given.at, every=count, start=first, **given.rules)
    span = dt.timedelta(**{given.unit: given.every})
    return Every(span, start=dt.datetime.combine(first, given.at), **given.rules)


@schedule.schedule(title="Every day", sentence="it is {at}")
def daily(given: EachDay) -> Schedule:
    """Starts the zap each day at a time."""
    return Daily(given.at, **given.rules) if given.weekends else Weekly(WORKDAYS, given.at, **given.rules)


@schedule.schedule(title="Every week", sentence="it is {days}, {at}")
def weekly(given: EachWeek) -> Weekly:
    """Starts the zap on some days of the week at a time."""
    return Weekly(tuple(given.days), given.at, **given.rules)


@schedule.schedule(title="Every month", sentence="it is day {day} of the month, {at}")
def monthly(given: EachMonth) -> Monthly:
    """Starts the zap on one day of each month at a time."""
    return Monthly("last" if given.day == "last" else int(given.day), given.at, **given.rules)


@schedule.schedule(title="By a cron line", sentence="the cron line {cron} says so")
def cron(given: ByCron) -> Cron:
    """Starts the zap at the times of a cron line."""
    return Cron(given.cron, **given.rules)
