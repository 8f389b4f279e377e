"""The times of a schedule as moments, in a time zone with its changes between standard and daylight saving time.

A time that the clock skips happens when the clock goes on; one that comes twice happens the first time. A cron line
whose hour begins with `*` follows the clock instead: what is skipped does not happen, what comes twice happens twice.
Called by `schedules`.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.sdk.schedules import Cron, Every, Schedule
from engine.triggers import counting

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
STEP = timedelta(hours=6)
"""No zone changes its clock back and forth within this time."""

LOOKS_BACK = tuple(timedelta(hours=hours) for hours in (1, 24, 24 * 32, 24 * 366, 24 * 366 * 8))


@dataclass(frozen=True)
class Timetable:
    """A schedule in a zone. Moments that go in and out are aware; those that come out are in UTC."""

    schedule: Schedule
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """The first time later than `moment`; None if there is none any more."""
        match self.schedule:
            case Every(start=start):
                return _interval(replace(self.schedule, start=_naive(_moment(start, self.zone) or _utc(start))), moment)
            case Cron(fields=fields) if fields.every_hour:
                return _as_shown(self.schedule, self.zone, moment)
            case _:
                return _once_a_day(self.schedule, self.zone, moment)

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Every time later than `after`, up to and including `until`, in order."""
        moment = self.after(after)
        while moment is not None and moment <= until:
            yield moment
            moment = self.after(moment)

    def latest(self, count: int, until: datetime, *, after: datetime | None = None) -> list[datetime]:
        """The last few times up to and including `until`, in order; those later than `after` only."""
        found: deque[datetime] = deque(maxlen=count)
        for span in LOOKS_BACK:
            start = until - span if after is None else max(after, until - span)
            found = deque(self.between(start, until), maxlen=count)
            if len(found) == count or start == after:
                break
        return list(found)

    def upcoming(self, count: int, now: datetime) -> list[datetime]:
        """The next few times, in the zone."""
        found: list[datetime] = []
        moment = self.after(now)
        while moment is not None and len(found) < count:
            found.append(moment.astimezone(self.zone))
            moment = self.after(moment)
        return found


def _interval(schedule: Schedule, moment: datetime) -> datetime | None:
    """In real time: the start is a moment, so no change of the clock plays a part."""
    found = counting.next_on_clock(schedule, _naive(moment))
    return found and _utc(found)


def _once_a_day(schedule: Schedule, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """Moments follow each other as the times on the clock do, since skipped ones move to where the clock goes on."""
    shown = counting.next_on_clock(schedule, _shown(moment, zone))
    while shown is not None:
        found = _moment(shown, zone)
        if found is not None and found > moment:
            return found
        shown = counting.next_on_clock(schedule, shown)
    return None


def _as_shown(schedule: Schedule, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """The next moment at which the clock shows a time of the schedule: one stretch without a change after the other."""
    begin = moment.astimezone(UTC).replace(microsecond=0) + SECOND
    while True:
        offset = begin.astimezone(zone).utcoffset() or timedelta(0)
        shown = counting.next_on_clock(schedule, _naive(begin + offset) - SECOND)
        if shown is None:
            return None
        found = _utc(shown) - offset
        change = _change(begin, found, zone)
        if change is None:
            return found
        begin = change


def _moment(shown: datetime, zone: ZoneInfo) -> datetime | None:
    """When the clock shows this for the first time; where it skips it, when it goes on. None on a day that is left out.

    Python gives a skipped time the offset from before the change with fold 0, and the one from after it with fold 1.
    """
    first = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _shown(first, zone) == shown:
        return first
    before = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return None if first - before >= DAY else _change(before, first, zone)


def _change(after: datetime, until: datetime, zone: ZoneInfo) -> datetime | None:
    """The first change of the offset later than `after`, up to and including `until`."""
    offset = after.astimezone(zone).utcoffset()
    low = after
    while low < until:
        high = min(low + STEP, until)
        if high.astimezone(zone).utcoffset() != offset:
            return _first_with_another(low, high, zone)
        low = high
    return None


def _first_with_another(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """By halving: the offset at `low` is the old one, at `high` it is not."""
    offset = low.astimezone(zone).utcoffset()
    while high - low > SECOND:
        middle = low + timedelta(seconds=(high - low) // SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _utc(naive: datetime) -> datetime:
    return naive.replace(tzinfo=UTC)
