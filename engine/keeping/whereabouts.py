"""“Where is this mail?”: what became of a record, asked by its id or by words of it, also when there is no run.

A run is found by every word of its record while it has its contents; what came just now is looked through besides. Of
what was there before a zap was switched on, only ids are remembered. An answer says what it cannot know, and wherever
less was searched or is shown than a person asked for.
Called by the page, the API and the command line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from engine.errors import Refused, Sentence
from engine.history import words
from engine.history.finding import MOST_BEHIND, Filter, History, HistoryPage, HistoryRow, Total
from engine.store import ids, listing, records
from engine.store.database import Database
from engine.store.encoding import clean, distinct
from engine.store.listing import Listed
from engine.store.moments import from_ms, maybe
from engine.store.states import RunState

SHORTEST = 3  # characters
LONGEST = 300
MOST = 50  # runs in an answer
JUST_NOW = 500  # events that are looked through whether they are in the index or not

TOO_SHORT = Sentence(
    f"Please give at least {SHORTEST} characters: of the subject, the sender, or the whole id.",
    f"Bitte geben Sie mindestens {SHORTEST} Zeichen an: vom Betreff, vom Absender, oder die ganze Kennung.",
)

NO_RUNS = HistoryPage((), None, Total(0))


class Kind(StrEnum):
    """What is known of a record."""

    RUN = "run"
    BEFORE = "before"  # it was there when the zap was switched on, so it did not fire
    FORGOTTEN = "forgotten"  # it was taken in, and its run was deleted since


@dataclass(frozen=True)
class Whereabout:
    """One thing that was found. `run` is set for runs; `at` is when it was taken in or first seen."""

    kind: Kind
    zap_id: str
    zap: str
    at: datetime
    run: HistoryRow | None = None


@dataclass(frozen=True)
class Watched:
    """A zap that looks for records, and since when: what was there before does not fire."""

    zap_id: str
    zap: str
    since: datetime | None
    is_on: bool
    last_success_at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """What is looked for: a text as an id, and its words. `is_cut` says that a person typed more than that."""

    text: str
    words: tuple[str, ...]
    is_cut: bool


@dataclass(frozen=True)
class Answer:
    """What was found; `more` says that there are further runs. What follows tells how far the search reaches:
    `without_contents` runs have lost their data and are found by their ids alone, those before `searched_from` are not
    in the index yet, nor are `behind` newer ones (counted up to a thousand) that were not looked through either.
    `partly` are words that so many begin with that only the shortest of them were looked for, and `watched` are the
    zaps that could have seen it."""

    wanted: Wanted
    found: tuple[Whereabout, ...]
    more: bool
    without_contents: int
    searched_from: datetime | None
    behind: int
    partly: tuple[str, ...]
    watched: tuple[Watched, ...]


@dataclass(frozen=True)
class _JustNow:
    """What a look through the newest records gave. `unread` counts runs that it did not reach and that are under way,
    so that the index does not have them; None where every record was looked through."""

    run_ids: tuple[str, ...]
    more: bool
    unread: int | None


@dataclass(frozen=True)
class Whereabouts:
    """Reads only."""

    database: Database
    history: History
    now: Callable[[], datetime]

    def ask(self, text: str) -> Answer:
        """Raises `Refused` for a text that is too short to mean one record."""
        asked = wanted(text)
        page = self.history.page(Filter(text=asked.text), limit=MOST) if asked.words else NO_RUNS
        with self.database.read() as session:
            connection = session.connection()
            by_id, just_now = _runs_by_id(connection, asked.text), _runs_just_now(connection, asked)
            seen = records.seen(connection, distinct(asked.text))
            without = records.count_without(connection)
            watched = tuple(_watched(one) for one in records.watching(connection))
        known = {row.id for row in page.rows}
        named = dict.fromkeys([*by_id, *just_now.run_ids])
        others = self.history.these([run_id for run_id in named if run_id not in known])
        runs = sorted([*page.rows, *others], key=lambda row: row.id, reverse=True)
        return Answer(
            wanted=asked,
            found=(*(_of_run(row) for row in runs[:MOST]), *_without_run(seen, {row.zap_id for row in others})),
            more=page.next is not None or just_now.more or len(runs) > MOST,
            without_contents=without,
            searched_from=page.searched_from,
            behind=0 if just_now.unread is None else min(page.behind + just_now.unread, MOST_BEHIND),
            partly=page.partly,
            watched=watched,
        )


def wanted(text: str) -> Wanted:
    """What is looked for. Raises `Refused` for a text that is too short to mean one record."""
    typed = " ".join(clean(text).split())
    asked = typed[:LONGEST]
    if len(asked) < SHORTEST:
        raise Refused(TOO_SHORT)
    return Wanted(asked, tuple(words.typed(asked)), is_cut=asked != typed or words.is_cut(asked))


def _runs_by_id(connection: Connection, asked: str) -> list[str]:
    """The run with this id, and those of records with this id."""
    events = records.events_named(connection, distinct(asked))
    return [asked, *(run_id for event_id in events for run_id in records.runs_of_event(connection, event_id))]


def _runs_just_now(connection: Connection, asked: Wanted) -> _JustNow:
    """Runs of the newest records that have this text: they may not have come to rest, or not be indexed yet."""
    newest = records.newest_events(connection, JUST_NOW)
    events = [event for event in newest if has(event.data, asked.words)]
    run_ids = [run_id for event in events[:MOST] for run_id in records.runs_of_event(connection, event.id)]
    unread = _under_way_before(connection, newest[-1].id) if len(newest) == JUST_NOW and asked.words else None
    return _JustNow(tuple(run_ids), len(events) > MOST, unread)


def _under_way_before(connection: Connection, event_id: str) -> int:
    """How many runs of older records have not come to rest. A record's run is made right after it."""
    older = Listed(states=(RunState.QUEUED, RunState.RUNNING), last=ids.floor(ids.moment(event_id)))
    return listing.count(connection, older, MOST_BEHIND)


def has(data: bytes, wanted: Sequence[str]) -> bool:
    """Whether a record has all these words, each at least as the beginning of one."""
    if records.is_empty(data) or not wanted:
        return False
    folded = data.decode("utf-8", "replace").casefold()
    if not all(word in folded or not word.isascii() for word in wanted):
        return False
    known = words.of(folded)
    return all(any(one.startswith(word) for one in known) for word in wanted)


def _of_run(row: HistoryRow) -> Whereabout:
    return Whereabout(Kind.RUN, row.zap_id, row.zap, row.created_at, row)


def _without_run(seen: list[records.Seen], with_run: set[str]) -> list[Whereabout]:
    return [
        Whereabout(Kind.BEFORE if one.before else Kind.FORGOTTEN, one.zap_id, one.zap, from_ms(one.at))
        for one in seen
        if one.zap_id not in with_run
    ]


def _watched(one: records.Watching) -> Watched:
    return Watched(one.zap_id, one.zap, maybe(one.since), one.active, maybe(one.last_success_at))
