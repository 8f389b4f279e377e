"""Counts the times of a schedule on, as a clock on the wall shows them. The only user of APScheduler's triggers.

They count on a clock without time zone; what a zone and daylight saving time make of it is said in `times`, which calls
this.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from engine.sdk.cron import WEEKDAYS, Fields
from engine.sdk.schedules import Cron, Daily, Every, Monthly, Schedule, Weekly

SECOND = timedelta(seconds=1)


def next_on_clock(schedule: Schedule, clock: datetime) -> datetime | None:
    """The first time of the schedule later than `clock`, both as a clock on the wall shows them, without a zone.

    An `Every` counts on whatever clock its `start` is of. None when no further time can be written.
    """
    later = clock.replace(microsecond=0, tzinfo=UTC) + SECOND  # all times are whole seconds
    found: datetime | None = _trigger(schedule).get_next_fire_time(None, later)
    return None if found is None else found.replace(tzinfo=None)


@lru_cache(maxsize=4096)
def _trigger(schedule: Schedule) -> Any:
    """APScheduler's word for it. Its own weekdays begin with Monday, so they are written by name; days and weekdays of
    one trigger must both fit, so “either” takes two.
    """
    match schedule:
        case Every(span=span, start=start):
            return IntervalTrigger(
                seconds=round(span.total_seconds()), start_date=start.replace(tzinfo=UTC), timezone=UTC
            )
        case Daily(at=at, every=every, start=start):
            return IntervalTrigger(days=every, start_date=datetime.combine(start, at, UTC), timezone=UTC)
        case Weekly(days=days, at=at):
            return _at(at, day_of_week=",".join(days))
        case Monthly(day=day, at=at):
            return OrTrigger([_at(at, **one) for one in _month_days(day)])
        case Cron(fields=fields):
            return OrTrigger(list(_cron_triggers(fields)))
    raise TypeError(f"{type(schedule).__name__} is no schedule that can be counted")


def _at(at: time, **days: Any) -> CronTrigger:
    return CronTrigger(hour=at.hour, minute=at.minute, second=at.second, timezone=UTC, **days)


def _month_days(day: int | str) -> list[dict[str, Any]]:
    """The last day stands in for one that a month does not have."""
    if day in ("last", 31):
        return [{"day": "last"}]
    return [{"day": day}, {"month": 2, "day": "last"}] if int(day) > 28 else [{"day": day}]


def _cron_triggers(fields: Fields) -> Iterator[CronTrigger]:
    days = _listed(fields.days, 31)
    weekdays = _listed([WEEKDAYS[one] for one in fields.weekdays], 7)
    either = [{"day": days}, {"day_of_week": weekdays}]
    for restricted in either if fields.either_day else [{"day": days, "day_of_week": weekdays}]:
        yield CronTrigger(
            month=_listed(fields.months, 12),
            hour=_listed(fields.hours, 24),
            minute=_listed(fields.minutes, 60),
            timezone=UTC,
            **restricted,
        )


def _listed(values: Sequence[object], all_there_are: int) -> str:
    """“*” is what APScheduler reads fastest, by a factor of ten."""
    return "*" if len(values) == all_there_are else ",".join(map(str, values))
