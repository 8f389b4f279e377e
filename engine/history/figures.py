"""Figures of zaps: the last run, a week's outcomes by day, what waits for a person. Called by the zaps page.

A few queries for all zaps together; what they cost does not grow with the number of runs.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from time import monotonic
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from engine.store import tallies
from engine.store.database import Database
from engine.store.moments import from_ms, maybe, to_ms
from engine.store.states import RunState
from engine.store.tallies import Counts, Last, Part

DAYS = 7
KEPT_FOR = 300.0  # seconds; what ended shortly before midnight may be counted shortly after
MOST_ZONES = 50
HOUR_MS = 3_600_000
HOURS_IN_A_DAY = 24


@dataclass(frozen=True)
class LastRun:
    """The newest run of a zap."""

    id: str
    state: RunState
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Day:
    """How the runs ended that came to their end on that day, in the zone that was asked for."""

    day: date
    counts: Mapping[RunState, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class ZapFigures:
    """`days` are the last seven, oldest first, today included. `held` and `review` stand now; `failed` are those of
    these days."""

    last_run: LastRun | None
    days: tuple[Day, ...]
    held: int = 0
    review: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """Runs that ended in these days."""
        return sum(day.total for day in self.days)


Days = Sequence[tuple[date, int]]
"""Days of a zone, each with the hour (since 1970, UTC) it begins with."""

ByZap = Mapping[str, tuple[Day, ...]]


@dataclass(frozen=True)
class Figures:
    """Reads only."""

    database: Database
    now: Callable[[], datetime]
    _kept: dict[tuple[tuple[date, int], ...], tuple[float, dict[str, tuple[Day, ...]]]] = field(default_factory=dict)

    def of_zaps(self, zap_ids: Collection[str] | None = None, *, timezone: str = "UTC") -> dict[str, ZapFigures]:
        """By zap id; None for all zaps that were not deleted.

        Days begin with the full hour at or before midnight: in zones a half hour off, half an hour early.
        """
        if zap_ids is not None and not zap_ids:
            return {}
        asked = None if zap_ids is None else sorted(zap_ids)
        begins = _midnights(self.now(), ZoneInfo(timezone))
        with self.database.read() as session:
            connection = session.connection()
            every = tallies.alive(connection) if asked is None else asked
            past = self._past(connection, begins, every, whole=asked is None)
            today = _by_zap(begins[-1:], tallies.ended(connection, _today(begins), 1, asked))
            standing = tallies.asking(connection, asked)
            last = {one.zap_id: _last(one) for one in tallies.last_runs(connection, asked)}
        empty = _empty(begins)
        days = {zap_id: (*past[zap_id], *today.get(zap_id, empty[-1:])) for zap_id in every}
        return {zap_id: _figures(last.get(zap_id), days[zap_id], standing, zap_id) for zap_id in every}

    def totals(self, zap_ids: Collection[str] | None = None, *, timezone: str = "UTC") -> ZapFigures:
        """The same for these zaps together."""
        return _together(self.of_zaps(zap_ids, timezone=timezone), _midnights(self.now(), ZoneInfo(timezone)))

    def _past(self, connection: Connection, begins: Days, zap_ids: Sequence[str], *, whole: bool) -> ByZap:
        """The days before today, which hardly change, so they are kept for a while. `whole`: these are all zaps."""
        kept = self._still_kept(tuple(begins))
        unknown = [zap_id for zap_id in zap_ids if zap_id not in kept]
        if unknown:
            asked = None if whole else unknown
            found = _by_zap(begins[:-1], tallies.ended(connection, _before_today(begins), len(begins) - 1, asked))
            empty = _empty(begins)[:-1]
            kept.update({zap_id: found.get(zap_id, empty) for zap_id in unknown})
        return kept

    def _still_kept(self, key: tuple[tuple[date, int], ...]) -> dict[str, tuple[Day, ...]]:
        """What is kept of a zone's days, to be added to; empty when its time is over."""
        until, kept = self._kept.get(key, (0.0, {}))
        if monotonic() >= until:
            kept = {}
            if len(self._kept) >= MOST_ZONES:
                self._kept.clear()
            self._kept[key] = (monotonic() + KEPT_FOR, kept)
        return kept


def _midnights(now: datetime, zone: ZoneInfo) -> Days:
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [(day, to_ms(datetime.combine(day, time(), zone).astimezone(UTC)) // HOUR_MS) for day in days]


def _before_today(begins: Days) -> list[Part]:
    """The days, made of whole days of UTC; the hours between its midnight and the zone's are moved over."""
    hours = [hour for _, hour in begins]
    bounds = [_nearest_midnight(hour) // HOURS_IN_A_DAY for hour in hours]
    parts = [Part(place, "day", first, end) for place, (first, end) in enumerate(pairwise(bounds))]
    edges = [edge for place, hour in enumerate(hours) for edge in _edge(place, hour)]
    return [part for part in (*parts, *edges) if 0 <= part.place < len(parts)]


def _today(begins: Days) -> list[Part]:
    hour = begins[-1][1]
    first = _nearest_midnight(hour) // HOURS_IN_A_DAY
    edge = [part for part in _edge(0, hour) if part.place == 0]
    return [Part(0, "day", first, first + 3), *edge]  # further than today lasts


def _edge(place: int, hour: int) -> list[Part]:
    """Where a day begins before UTC's, it takes hours from the day before; where it begins later, it gives some."""
    midnight = _nearest_midnight(hour)
    if hour == midnight:
        return []
    first, end = min(hour, midnight), max(hour, midnight)
    gains, loses = (place, place - 1) if hour < midnight else (place - 1, place)
    return [Part(gains, "hour", first, end), Part(loses, "hour", first, end, -1)]


def _nearest_midnight(hour: int) -> int:
    return round(hour / HOURS_IN_A_DAY) * HOURS_IN_A_DAY


def _by_zap(begins: Days, ended: Sequence[tuple[str, RunState, tuple[int, ...]]]) -> ByZap:
    found: dict[str, list[dict[RunState, int]]] = {}
    for zap_id, state, counts in ended:
        days = found.setdefault(zap_id, [{} for _ in counts])
        for day, count in zip(days, counts, strict=True):
            if count:
                day[state] = count
    return {
        zap_id: tuple(Day(day, counts) for (day, _), counts in zip(begins, days, strict=True))
        for zap_id, days in found.items()
    }


def _empty(begins: Days) -> tuple[Day, ...]:
    return tuple(Day(day, {}) for day, _ in begins)


def _figures(last: LastRun | None, days: tuple[Day, ...], standing: Counts, zap_id: str) -> ZapFigures:
    return ZapFigures(
        last_run=last,
        days=days,
        held=standing.get((zap_id, RunState.HELD), 0),
        review=standing.get((zap_id, RunState.NEEDS_REVIEW), 0),
        failed=sum(day.counts.get(RunState.FAILED, 0) for day in days),
    )


def _together(figures: Mapping[str, ZapFigures], begins: Days) -> ZapFigures:
    every = list(figures.values())
    counts = [sum((Counter(one.days[place].counts) for one in every), Counter()) for place in range(len(begins))]
    runs = [one.last_run for one in every if one.last_run]
    return ZapFigures(
        last_run=max(runs, key=lambda run: run.id, default=None),
        days=tuple(Day(day, dict(count)) for (day, _), count in zip(begins, counts, strict=True)),
        held=sum(one.held for one in every),
        review=sum(one.review for one in every),
        failed=sum(one.failed for one in every),
    )


def _last(last: Last) -> LastRun:
    return LastRun(last.run_id, last.state, from_ms(last.created_at), maybe(last.finished_at))
