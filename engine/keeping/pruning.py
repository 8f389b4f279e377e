"""One round of deleting what is kept no longer, as slices: between two of them everybody else comes to write. Driven by
`keeping`, which rests in between.

A slice looks without a turn to write, and holds its turn for some milliseconds. Whatever it is interrupted by, the next
round finds what is left: nothing is remembered but what was done.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection

from engine.keeping import files, policy
from engine.keeping.impersonal import impersonal
from engine.keeping.pace import HELD_FOR, Pace
from engine.keeping.policy import SHOWN_FOR, Policy, Span
from engine.store import awaited, contents, extracts, ids, policies, pruning, sizes
from engine.store.blobs import Blobs
from engine.store.contents import Ended
from engine.store.database import Database
from engine.store.moments import span_ms, to_ms
from engine.store.policies import OfZap
from engine.store.pruning import Place
from engine.store.states import Contents

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
HOURS_KEPT = timedelta(days=62)
"""Tallies of hours; those of days, which say the same more roughly, stay."""

ZAPS_AT_ONCE = 100
WORDS_AT_ONCE = 500
SPARE_PAGES = 256  # of the database's file, and …
SPARE_SHARE = 50  # … one in so many: room for what comes next
TIDIED = 64  # slices of the index that are written anew in a round

T = TypeVar("T")
Over = tuple[str, int]
"""The id before which runs go, and the moment before which they must have ended."""


@dataclass
class Done:
    """What a round did. `files` and `bytes` are of the folder of files; `longest` how long a turn was held, seconds."""

    contents: int = 0
    runs: int = 0
    deliveries: int = 0
    audit: int = 0
    seen: int = 0
    words: int = 0
    files: int = 0
    bytes: int = 0
    pages: int = 0
    longest: float = 0.0


@dataclass(frozen=True)
class Limits:
    """What the policies mean at this moment: by zap the moment before which contents go, and the id and the moment
    before which runs do."""

    contents: dict[str, int]
    runs: dict[str, Over]


@dataclass
class Pruning:
    """One round. `thorough`: also what takes reading everything there is, which is done once a day."""

    database: Database
    blobs: Blobs
    now: Callable[[], datetime]
    thorough: bool = False
    done: Done = field(default_factory=Done)

    def slices(self) -> Iterator[None]:
        """Does a slice each time it is asked for the next; ends when nothing is left."""
        with self.database.read() as session:
            said = policy.house(session)
            limits = limits_of(session.connection(), said, policies.of_zaps(session), self.now())
        yield from self._contents(limits.contents)
        yield from self._runs(limits.runs)
        yield from self._others(said)
        if self.thorough:
            yield from self._seen(said)
            yield from self._words()
            yield from self._files()
        yield from self._shrink()

    def _contents(self, before: dict[str, int]) -> Iterator[None]:
        pace = Pace()
        for zap in self._zaps_with(before, lambda connection, zap: contents.due(connection, zap, before[zap], 1)):
            if zap is not None:
                for count in self._sliced(pace, _due(zap, before[zap]), _clear, begin=contents.begin):
                    self.done.contents += count
                    yield
            yield

    def _runs(self, over: dict[str, Over]) -> Iterator[None]:
        pace = Pace()
        for zap in self._zaps_with(over, lambda connection, zap: pruning.runs_over(connection, zap, *over[zap], 1)):
            if zap is not None:
                for count in self._sliced(pace, _too_old(zap, over[zap]), pruning.drop_run, begin=contents.begin):
                    self.done.runs += count
                    yield
            yield

    def _zaps_with(
        self, zaps: Iterable[str], look: Callable[[Connection, str], Sequence[object]]
    ) -> Iterator[str | None]:
        """Those of the zaps that have something to do; None where only looking took a while."""
        for some in _parts(zaps, ZAPS_AT_ONCE):
            with self.database.read() as session:
                connection = session.connection()
                having = [zap for zap in some if look(connection, zap)]
            yield from having
            if not having:
                yield None

    def _others(self, said: Policy) -> Iterator[None]:
        moment = to_ms(self.now())
        for count in self._rows(pruning.deliveries, moment - said.deliveries_days * DAY_MS):
            self.done.deliveries += count
            yield
        for _ in self._rows(awaited.forget, moment - DAY_MS):
            yield
        for count in self._rows(pruning.audit, moment - said.audit_days * DAY_MS):
            self.done.audit += count
            yield
        for _ in self._rows(pruning.hours, (moment - span_ms(HOURS_KEPT)) // HOUR_MS):
            yield

    def _seen(self, said: Policy) -> Iterator[None]:
        """Of sources that nobody asks any more, as old as runs become. Never of one that is asked."""
        before = to_ms(self.now()) - said.runs_days * DAY_MS
        with self.database.read() as session:
            left = list(pruning.places_left(session.connection(), before))
        for place in left:
            for count in self._rows(_forgetting(place), before):
                self.done.seen += count
                yield

    def _words(self) -> Iterator[None]:
        """Words that no run has any more, and pages of the index that still hold what was forgotten."""
        pace, last = Pace(), ""
        while True:
            with self.database.read() as session:
                connection = session.connection()
                some = extracts.words_after(connection, last, WORDS_AT_ONCE)
                unused = extracts.unused(connection, some)
            if not some:
                break
            last = some[-1]
            for part in _parts(unused, pace.rows):
                self.done.words += self._write(pace, part, extracts.unlearn)
                yield
            yield
        yield from self._tidy()

    def _tidy(self) -> Iterator[None]:
        pace = Pace()
        for number in range(TIDIED if self.database.is_sqlite else 0):
            self._write(pace, [pace.rows if number else -pace.rows], extracts.tidy)
            yield

    def _files(self) -> Iterator[None]:
        for gone in files.collected(self.database, self.blobs):
            self.done.files += gone.files
            self.done.bytes += gone.bytes
            yield

    def _shrink(self) -> Iterator[None]:
        pace = Pace(rows=16)
        while True:
            with self.database.read() as session:
                connection = session.connection()
                free = sizes.free_pages(connection)
                spare = max(SPARE_PAGES, sizes.pages(connection) // SPARE_SHARE) if free else 0
            if free <= spare:
                return
            pages = min(pace.rows, free - spare)
            self.done.pages += self._write(pace, [pages], sizes.give_back)
            yield

    def _sliced(
        self,
        pace: Pace,
        find: Callable[[Connection, int], Sequence[T]],
        do: Callable[[Connection, T], bool],
        begin: Callable[[Connection], None] | None = None,
    ) -> Iterator[int]:
        """Finds some and does them, until there are none; each time how many were done."""
        while True:
            with self.database.read() as session:
                found = find(session.connection(), pace.rows)
            count = self._write(pace, found, do, begin) if found else 0
            yield count
            if not count:
                return

    def _rows(self, delete: Callable[[Connection, int, int], int], before: int) -> Iterator[int]:
        """Has rows deleted that are older than that, until there are none."""
        pace = Pace()
        while True:
            count = self._write(pace, [before], lambda connection, moment: delete(connection, moment, pace.rows))
            yield count
            if not count:
                return

    def _write(
        self,
        pace: Pace,
        found: Sequence[T],
        do: Callable[[Connection, T], int],
        begin: Callable[[Connection], None] | None = None,
    ) -> int:
        """Does as many as there is time for, in one turn; what they came to."""
        done = 0
        with self.database.write() as session:
            connection, began = session.connection(), time.monotonic()
            if begin is not None:
                begin(connection)
            for one in found:
                done += int(do(connection, one))
                if time.monotonic() - began > HELD_FOR:
                    break
            pace.took(time.monotonic() - began)  # without the commit: a slow disk makes no slice longer but by one sync
        self.done.longest = max(self.done.longest, time.monotonic() - began)
        return done


def limits_of(connection: Connection, said: Policy, zaps: dict[str, OfZap], now: datetime) -> Limits:
    """What the policies mean now."""
    moment = to_ms(now)
    all_zaps = contents.zaps_with_some(connection)
    spans = {zap_id: policy.span_of(said, zaps.get(zap_id, OfZap())) for zap_id in all_zaps}
    house_floor = pruning.newest_but(connection, said.runs_most)
    return Limits(
        contents={zap_id: moment - span.contents_days * DAY_MS for zap_id, span in spans.items()},
        runs={zap_id: _over(connection, zap_id, span, house_floor, moment) for zap_id, span in spans.items()},
    )


def _over(connection: Connection, zap_id: str, span: Span, house_floor: str, moment: int) -> Over:
    """The id before which a zap's runs go, and the moment before which they must have ended."""
    by_age = ids.floor(max(moment - span.runs_days * DAY_MS, 0))
    by_count = pruning.newest_but(connection, span.runs_most, zap_id) if span.runs_most else ""
    counted = max(by_count, house_floor)
    if counted > by_age:
        return counted, moment - span_ms(SHOWN_FOR)
    return by_age, moment - span.runs_days * DAY_MS


def _due(zap: str, before: int) -> Callable[[Connection, int], list[Ended]]:
    return lambda connection, most: contents.due(connection, zap, before, most)


def _too_old(zap: str, over: Over) -> Callable[[Connection, int], list[str]]:
    return lambda connection, most: pruning.runs_over(connection, zap, *over, most)


def _parts(values: Iterable[T], most: int) -> Iterator[Sequence[T]]:
    rest = iter(values)
    while some := list(islice(rest, most)):
        yield some


def _clear(connection: Connection, ended: Ended) -> bool:
    return contents.clear(connection, ended.run_id, Contents.DELETED, impersonal(ended.problem))


def _forgetting(place: Place) -> Callable[[Connection, int, int], int]:
    return lambda connection, before, most: pruning.forget_seen(connection, place, before, most)
