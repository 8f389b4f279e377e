"""The history: pages of runs, newest first, by any filter. Called by the pages, the API and `control`'s bulk actions.

A page is a few reads along an index, whatever the number of runs: never a scan, never an offset, never a full count.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.errors import Refused, Sentence
from engine.history import words, working
from engine.history.working import Worked
from engine.store import extracts, ids, listing, moves, stories
from engine.store.database import Database
from engine.store.encoding import decode
from engine.store.extracts import Search
from engine.store.listing import Line, Listed
from engine.store.moments import NEVER, from_ms, to_ms
from engine.store.states import FINISHED, RunState
from engine.zaps.labels import label_of

MOST_ON_A_PAGE = 100
COUNTED_TO = 1_000
MOST_BEHIND = 1_000
MOST_ROUNDS = 5  # how often a search goes on when what it found does not fit any more; then the page is shorter

_RUN = re.compile(r"[0-9a-z]{18}")
_NUMBER = re.compile(r"w([0-9]{1,18})")
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Filter:
    """Which runs; what is left empty does not restrict.

    `since` (included) and `until` (excluded) are about when the run was created. `text` are words that all occur in the
    run's record, in what its steps got and gave, or in its problem; the beginnings of words are enough. `hold` is why
    runs are held (`store.states.Hold`; a connection's is “connection:ID”). `folder` is a folder of zaps.
    """

    zap_ids: tuple[str, ...] = ()
    states: tuple[RunState, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    replay_of: str | None = None
    hold: str | None = None
    folder: str | None = None


@dataclass(frozen=True)
class HistoryRow:
    """One run in a list. `label` is what its record is called; `waited_ms` until its first begin. From then to
    its end it ran for `ran_ms` and rested for `rested_ms`; None while it has no end, or where that cannot be told apart
    any more."""

    id: str
    zap_id: str
    zap: str
    version: int
    state: RunState
    hold: str
    label: str
    step: str
    problem: str
    field: str
    attempt: int
    replay_of: str | None
    due_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    waited_ms: int | None
    ran_ms: int | None
    rested_ms: int | None
    contents: str = ""  # states.Contents


@dataclass(frozen=True)
class Total:
    """How many runs there are; `more` says that there are more than `count`, which was not counted on."""

    count: int
    more: bool = False


@dataclass(frozen=True)
class HistoryPage:
    """`next` is the cursor of the page that follows, None at the end. `searched_from` is set when the search does not
    reach all runs yet: those created before it are still being read; `behind` counts runs that came to rest and are not
    searched yet. `partly` are words that so many begin with that only the shortest of them were looked for."""

    rows: tuple[HistoryRow, ...]
    next: str | None
    total: Total
    searched_from: datetime | None = None
    behind: int = 0
    partly: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """Reads only."""

    database: Database
    now: Callable[[], datetime]

    def page(self, wanted: Filter, before: str | None = None, limit: int = 50) -> HistoryPage:
        """The newest runs that fit, at most `limit` (100); `before` is the `next` of the page before.

        Raises `Refused` for a cursor that is none.
        """
        limit = max(1, min(limit, MOST_ON_A_PAGE))
        with self.database.read() as session:
            connection = session.connection()
            listed = _in_store(connection, wanted)
            typed = words.typed(wanted.text)
            if listed is None:
                return HistoryPage((), None, Total(0))
            if not typed:
                return _walked(connection, listed, before, limit)
            search = _search(connection, wanted, listed, typed)
            page = _searched(connection, search, listed, before, limit)
            return self._with_lag(connection, replace(page, partly=tuple(search.partly)))

    def totals(self, several: Sequence[Filter]) -> list[Total]:
        """How many runs fit each, without a search for words: what stands beside filters is counted, not read."""
        with self.database.read() as session:
            connection = session.connection()
            every = [_in_store(connection, wanted) for wanted in several]
            most = COUNTED_TO + 1
            return [Total(0) if one is None else _total(listing.count(connection, one, most)) for one in every]

    def these(self, run_ids: Sequence[str]) -> list[HistoryRow]:
        """These runs, in the order of the ids; those that are gone are left out."""
        with self.database.read() as session:
            connection = session.connection()
            starts = range(0, len(run_ids), MOST_ON_A_PAGE)
            parts = [listing.lines(connection, run_ids[start : start + MOST_ON_A_PAGE]) for start in starts]
            return [row for lines in parts for row in _rows(connection, lines)]

    def ids(self, wanted: Filter, limit: int) -> list[str]:
        """The ids of the newest runs that fit: for what is done with many at once."""
        found: list[str] = []
        before: str | None = None
        while len(found) < limit:
            page = self.page(wanted, before, min(limit - len(found), MOST_ON_A_PAGE))
            found += [row.id for row in page.rows]
            before = page.next
            if before is None:
                break
        return found

    def _with_lag(self, connection: Connection, page: HistoryPage) -> HistoryPage:
        filled = moves.stand(connection, moves.FILLED, locked=False)
        reached = self.now() if filled == ids.BEHIND_ALL else from_ms(ids.moment(filled)) if filled else None
        return replace(page, searched_from=reached, behind=moves.unread(connection, MOST_BEHIND))


def _in_store(connection: Connection, wanted: Filter) -> Listed | None:
    return _listed(wanted, None if wanted.folder is None else listing.zaps_in(connection, wanted.folder))


def _listed(wanted: Filter, in_folder: frozenset[str] | None) -> Listed | None:
    """The filter as the store says it; None where nothing can fit."""
    zap_ids = tuple(zap_id for zap_id in wanted.zap_ids if zap_id.isascii() and zap_id.isalnum())
    if wanted.zap_ids and not zap_ids:  # no id has other signs, and to the index of words they would mean something
        return None
    if in_folder is not None:
        zap_ids = tuple(zap_id for zap_id in zap_ids or sorted(in_folder) if zap_id in in_folder)
        if not zap_ids:
            return None
    return Listed(
        zap_ids=tuple(dict.fromkeys(zap_ids)),
        states=tuple(dict.fromkeys(wanted.states)),
        first=ids.floor(to_ms(wanted.since)) if wanted.since else "",
        last=ids.floor(to_ms(wanted.until)) if wanted.until else ids.BEHIND_ALL,
        replay_of=wanted.replay_of,
        hold=wanted.hold,
    )


def _walked(connection: Connection, listed: Listed, before: str | None, limit: int) -> HistoryPage:
    """A page along the indexes."""
    if before is not None and not _RUN.fullmatch(before):
        raise _no_cursor()
    rest = listed if before is None else replace(listed, last=min(listed.last, before))
    found = listing.newest(connection, rest, limit + 1)
    rows = _rows(connection, listing.lines(connection, found[:limit]))
    more = found[limit - 1] if len(found) > limit else None
    whole = before is None and more is None
    counted = len(rows) if whole else listing.count(connection, listed, COUNTED_TO + 1)
    return HistoryPage(rows, more, _total(counted))


def _search(connection: Connection, wanted: Filter, listed: Listed, typed: list[str]) -> Search:
    search = extracts.prepared(connection, Search(typed, listed.zap_ids, listed.states))
    if wanted.since:
        search = replace(search, first=extracts.number_at(to_ms(wanted.since)))
    if wanted.until:  # to the full second; which runs are later is seen by their ids
        search = replace(search, last=extracts.number_at(to_ms(wanted.until + _SECOND)))
    return search


def _searched(connection: Connection, search: Search, listed: Listed, before: str | None, limit: int) -> HistoryPage:
    """A page from the index of extracts. What it says of a run may be a moment old, so each is looked at again."""
    number = _NUMBER.fullmatch(before) if before is not None else None
    if before is not None and not number:
        raise _no_cursor()
    rest = replace(search, last=min(search.last, int(number[1]))) if number else search
    fitting: list[tuple[int, Line]] = []
    for _ in range(MOST_ROUNDS):
        hits = extracts.find(connection, rest, limit + 1)
        lines = {line.run.id: line for line in listing.lines(connection, [hit.run_id for hit in hits])}
        known = ((hit.number, lines[hit.run_id]) for hit in hits if hit.run_id in lines)
        fitting += [(number, line) for number, line in known if listed.fits(line.run)]
        if len(hits) <= limit or len(fitting) > limit:
            break
        rest = replace(rest, last=hits[-1].number)
    goes_on = fitting[limit - 1][0] if len(fitting) > limit else rest.last if len(hits) > limit else None
    rows = _rows(connection, [line for _, line in fitting[:limit]])
    whole = before is None and goes_on is None
    total = _total(len(rows)) if whole else _found(connection, search, listed, len(rows))
    return HistoryPage(rows, None if goes_on is None else f"w{goes_on}", total)


def _found(connection: Connection, search: Search, listed: Listed, shown: int) -> Total:
    if listed.hold is not None or listed.replay_of is not None:  # the index does not know of these
        return Total(shown, more=True)
    return _total(extracts.count(connection, search, COUNTED_TO + 1))


def _total(counted: int) -> Total:
    return Total(min(counted, COUNTED_TO), more=counted > COUNTED_TO)


def _no_cursor() -> Refused:
    return Refused(
        Sentence(
            "This page of the history does not exist any more. Please begin with the first one.",
            "Diese Seite des Verlaufs gibt es nicht mehr. Bitte beginnen Sie mit der ersten.",
        )
    )


def _rows(connection: Connection, lines: list[Line]) -> tuple[HistoryRow, ...]:
    """The journal is read only of those that may have rested: most never do."""
    marks = stories.marks(connection, [line.run.id for line in lines if working.is_told_by_its_journal(line.run)])
    return tuple(_row(line, working.worked(line.run, marks.get(line.run.id, ()))) for line in lines)


def _row(line: Line, worked: Worked) -> HistoryRow:
    run = line.run
    waits = run.state not in FINISHED and to_ms(run.due_at) < NEVER
    return HistoryRow(
        id=run.id,
        zap_id=run.zap_id,
        zap=line.zap or "",
        version=run.version,
        state=run.state,
        hold=run.hold,
        label=_label(line),
        step=run.step,
        problem=run.problem,
        field=run.field,
        attempt=run.attempt,
        replay_of=run.replay_of,
        due_at=run.due_at if waits else None,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        waited_ms=_span(run.created_at, run.started_at),
        ran_ms=worked.ran,
        rested_ms=worked.rested,
        contents=run.contents,
    )


def _label(line: Line) -> str:
    if line.label is not None:
        return line.label
    return line.record_id if line.payload is None else label_of(decode(line.payload), line.record_id)


def _span(begin: datetime | None, end: datetime | None) -> int | None:
    return None if begin is None or end is None else max(to_ms(end) - to_ms(begin), 0)
