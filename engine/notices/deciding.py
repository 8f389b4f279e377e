"""When somebody is told: at once but gathered, in the morning, again after hours. Pure; asked by `telling`."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from engine.notices.receivers import HOOK, Receiver

GATHERS = timedelta(seconds=30)
"""How long the first matter waits for others: an app that fails takes several zaps with it."""
QUIET = timedelta(minutes=15)
"""At least this lies between two mails that tell of something at once."""
REMINDS_AFTER = timedelta(hours=6)
"""Somebody is told once more of a matter that is still open then."""
COMES_BACK = timedelta(hours=6)
"""A matter that was settled and comes up again is told again after this at the earliest."""
MORNING = time(8)
MONDAY = 0
DAYS_OF_WEEK = 7
RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))
"""How long a mail or call waits after each try that failed. After the last one it is given up: two days."""


class About(StrEnum):
    """What a mail or call is about."""

    NEWS = "news"
    DIGEST = "digest"
    WEEKLY = "weekly"
    TEST = "test"


def may_go(receiver: Receiver, came_up: Iterable[datetime], now: datetime) -> bool:
    """Whether what came up at these moments is told now, or waits for more to be told with it."""
    first = min(came_up, default=None)
    if first is None:
        return False
    if receiver.id == HOOK:
        return True
    last = receiver.kept.sent_at
    return now >= first + GATHERS and (last is None or now >= last + QUIET or last > now)


def next_morning(zone: ZoneInfo, now: datetime) -> datetime:
    """The next 8 o'clock on the clocks there, later than now."""
    return _next(zone, now, lambda day: True)


def next_monday(zone: ZoneInfo, now: datetime) -> datetime:
    """The next Monday's 8 o'clock."""
    return _next(zone, now, lambda day: day.weekday() == MONDAY)


def _next(zone: ZoneInfo, now: datetime, fits: Callable[[date], bool]) -> datetime:
    today = now.astimezone(zone).date()
    mornings = (datetime.combine(today + timedelta(days=ahead), MORNING, zone) for ahead in range(DAYS_OF_WEEK + 2))
    return next(one.astimezone(UTC) for one in mornings if one > now and fits(one.date()))


def last_week(zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """From Monday to Monday: the last whole week there."""
    today = now.astimezone(zone).date()
    end = today - timedelta(days=today.weekday())
    bounds = (end - timedelta(days=DAYS_OF_WEEK), end)
    begin, over = (datetime.combine(day, time(), zone).astimezone(UTC) for day in bounds)
    return begin, over


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after so many tries; None to give up."""
    return RETRIES[attempts - 1] if attempts <= len(RETRIES) else None
