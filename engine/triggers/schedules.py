"""Scheduled triggers: which times are due, and the records that they make. Called by `kinds` and by who shows a zap.

The cursor of a scheduled zap is the moment up to which its times were dealt with. A record's id is the time itself, so
that no time can fire twice, whatever the clock does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from engine.errors import ZapwerkError
from engine.registry import Registry
from engine.sdk.connector import Scheduled
from engine.sdk.errors import ConnectorError
from engine.sdk.schedules import FireTime
from engine.store.intake import Batch
from engine.triggers import reading, sources
from engine.triggers.times import Timetable
from engine.zaps import values
from engine.zaps.locales import Locale
from engine.zaps.model import Zap

LATE_AFTER = timedelta(minutes=1)
"""A time that is not fired by then was missed: the engine did not run, or the machine slept."""

MAX_TIMES_PER_CHECK = 1000
TIMES_PER_COMMIT = 100


@dataclass(frozen=True)
class Elapsed:
    """What the clock has brought since the last check: the times to fire, and up to which moment they are all. `more`
    says that there are more behind it."""

    times: tuple[datetime, ...]
    until: datetime
    more: bool = False


def upcoming(zap: Zap, registry: Registry, now: datetime, count: int = 3) -> list[datetime]:
    """The next times of a zap, in its zone; none for one that is started otherwise, or has problems."""
    try:
        scheduled = registry.trigger(zap.trigger.use)
        if not isinstance(scheduled, Scheduled):
            return []
        given = values.read(scheduled.given, zap.trigger.with_, zap.locale)
        return sources.timetable(scheduled, given, zap.locale).upcoming(count, now)
    except (ConnectorError, ZapwerkError):
        return []


def elapsed(table: Timetable, cursor: Any, now: datetime) -> Elapsed:
    """The times since the cursor that fire now, by what the schedule says about missed ones. Pure.

    With a cursor in the future the clock was set back: nothing lies between, and counting begins again from now.
    """
    since = moment_of(cursor, now)
    prompt = max(since, now - LATE_AFTER)
    if table.schedule.missed == "all":
        return _each(table, since, now)
    missed = table.latest(1, prompt, after=since) if table.schedule.missed == "once" and since < prompt else []
    return Elapsed((*missed, *table.between(prompt, now)), now)


def _each(table: Timetable, since: datetime, now: datetime) -> Elapsed:
    times = tuple(islice(table.between(since, now), MAX_TIMES_PER_CHECK))
    more = len(times) == MAX_TIMES_PER_CHECK
    return Elapsed(times, times[-1] if more else now, more)


def batches(table: Timetable, cursor: Any, locale: Locale, now: datetime) -> Iterator[Batch]:
    """What is due, oldest first; the last batch moves the cursor to where the next check begins."""
    due = elapsed(table, cursor, now)
    chunks = [due.times[start : start + TIMES_PER_COMMIT] for start in range(0, len(due.times), TIMES_PER_COMMIT)]
    for chunk in chunks[:-1]:
        yield _batch(table, chunk, chunk[-1], locale, now)
    yield replace(_batch(table, chunks[-1] if chunks else (), due.until, locale, now), more=due.more)


def _batch(table: Timetable, times: tuple[datetime, ...], until: datetime, locale: Locale, now: datetime) -> Batch:
    found = [reading.found(record(table, one, locale, now)) for one in times]
    return Batch(found, written(until), moves_cursor=True)


def next_time(table: Timetable, cursor: Any, now: datetime) -> datetime | None:
    """When the next check is due: the first time that was not dealt with."""
    return table.after(min(moment_of(cursor, now), now))


def newest(table: Timetable, locale: Locale, now: datetime, count: int) -> list[FireTime]:
    """The last few times as records, newest first, as if they had fired in time; before the first one, that."""
    times = table.latest(count, now) or table.upcoming(1, now)
    return [record(table, one, locale, one) for one in reversed(times)]


def record(table: Timetable, moment: datetime, locale: Locale, now: datetime) -> FireTime:
    """One time, as later steps see it."""
    local = moment.astimezone(table.zone)
    return FireTime(
        id=written(moment),
        scheduled_for=local,
        fired_at=now.astimezone(table.zone),
        late=now - moment >= LATE_AFTER,
        date=local.date(),
        time=local.strftime("%H:%M"),
        weekday=locale.babel.days["format"]["wide"][local.weekday()],
        weekday_number=local.isoweekday(),
        week=local.isocalendar().week,
        timezone=table.zone.key,
    )


def written(moment: datetime) -> str:
    """A moment as cursors and ids have it: UTC in ISO 8601."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment_of(cursor: Any, now: datetime) -> datetime:
    """The moment in a cursor; now for one that holds none."""
    return datetime.fromisoformat(cursor) if isinstance(cursor, str) else now
