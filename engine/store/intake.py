"""Intake: events, runs, seen ids and the cursor commit together, or not at all. Called by engine.triggers.

A crash before the commit means the same records are read again; after it, never.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, text, update
from sqlmodel import Session

from engine.store import ids, notices, overlap, restorations, runs, watches
from engine.store.hot import Statement
from engine.store.moments import NEVER, to_ms
from engine.store.states import Hold, RunState, ZapState
from engine.store.tables import SeenRow
from engine.store.watches import Watch
from engine.zaps.model import Overlap

IDS_PER_QUESTION = 1000  # databases limit the values of one statement
FLOOD_WINDOW = timedelta(minutes=10)
CLOCKS_DIFFER_BY = timedelta(minutes=1)  # what was made later than that from now was made before the clock was set back
FLOOD_SENTENCE = (
    "More than {limit} events came within ten minutes. The further ones are on hold: release or cancel them, or set "
    "another limit for this zap."
)

SKIPPED = "Another run of this zap was still going on, and the zap skips what comes meanwhile."


@dataclass(frozen=True)
class Found:
    """One record of a trigger: its id, its data as JSON bytes, and what about it is not as expected (“”: nothing)."""

    id: str
    payload: bytes
    misfit: str = ""


@dataclass(frozen=True)
class Batch:
    """What a check wants to store at once, oldest first.

    `complete` says that everything the trigger has is stored with this batch, so that reading may end at a known id;
    `more` that the check stops behind it although the trigger may have more.
    """

    records: Sequence[Found]
    cursor: Any = None
    moves_cursor: bool = False
    complete: bool = True
    more: bool = False
    warning: str | None = None

    @property
    def said(self) -> str | None:
        """What a person should see about it."""
        return self.warning or next((record.misfit for record in self.records if record.misfit), None)


@dataclass(frozen=True)
class Taken:
    """What became of a batch: the new runs, and how many of them the flood guard held."""

    runs: tuple[str, ...] = ()
    held: int = 0


_STANDING = Statement("SELECT published, state, overlap, quota_until FROM zap WHERE id = :zap_id")
_NEW_EVENT = Statement(
    "INSERT INTO event (id, zap_id, source, record_id, payload, received_at) "
    "VALUES (:id, :zap_id, :source, :record_id, :payload, :received_at)"
)
_NEW_RUN = Statement(
    f"INSERT INTO run ({', '.join(runs.COLUMNS)}) "  # noqa: S608 - the table's own columns
    f"VALUES ({', '.join(f':{name}' for name in runs.COLUMNS)})"
)

_LATELY = Statement(
    """
    SELECT count(*) FROM (
        SELECT created_at FROM (
            SELECT created_at FROM run INDEXED BY run_by_zap
            WHERE zap_id = :zap_id AND id >= :first AND id < :ahead AND replay_of IS NULL
            UNION ALL
            SELECT created_at FROM (
                SELECT created_at FROM run INDEXED BY run_by_zap
                WHERE zap_id = :zap_id AND id >= :ahead AND replay_of IS NULL ORDER BY id DESC LIMIT :limit
            ) AS newest
        ) AS near WHERE created_at BETWEEN :since AND :until LIMIT :limit
    ) AS lately
    """
)


def take_in(
    connection: Connection, watch: Watch, batch: Batch, *, flood_limit: int | None, now: datetime, until: datetime
) -> Taken | None:
    """Stores a batch for the watch's zap; None, and nothing is changed, if the lease was lost.

    `flood_limit` is the number of events in ten minutes after which runs are held; None for no limit.
    """
    cursor = batch.cursor if batch.moves_cursor else watch.cursor
    moved = bool(batch.records) or cursor != watch.cursor
    if not watches.move_cursor(connection, watch, cursor, now=now, until=until, warning=batch.said, moved=moved):
        return None
    known = known_ids(connection, watch.zap_id, watch.source, [record.id for record in batch.records])
    fresh = list({record.id: record for record in batch.records if record.id not in known}.values())
    remember(connection, watch.zap_id, watch.source, [x.id for x in fresh], now=now, complete=batch.complete)
    if batch.complete and not batch.moves_cursor:
        _check_was_complete(connection, watch)
    if not fresh:
        return Taken()
    return accept(connection, watch.zap_id, watch.source, fresh, flood_limit=flood_limit, now=now)


def accept(
    connection: Connection,
    zap_id: str,
    source: str,
    records: Sequence[Found],
    *,
    flood_limit: int | None,
    now: datetime,
) -> Taken:
    """Makes an event and a run of each record; those beyond the flood limit are held."""
    standing = _standing(connection, zap_id)
    room = _room(connection, zap_id, flood_limit, now)
    moment = to_ms(now)
    busy = standing.overlap == Overlap.SKIP and overlap.goes_on(connection, zap_id)
    made = []
    for number, record in enumerate(records):
        event_id = ids.new()
        event = {"id": event_id, "zap_id": zap_id, "source": source, "record_id": record.id, "payload": record.payload}
        _NEW_EVENT(connection, **event, received_at=moment)
        run = new_run(zap_id, standing.published, event_id, moment)
        run |= standing.rests(moment, over_the_limit=number >= room) or (_skipped(moment) if busy else {})
        begin(connection, run)
        made.append(run)
        busy = busy or (standing.overlap == Overlap.SKIP and run["state"] == RunState.QUEUED)
    held = sum(run["hold"] == Hold.FLOOD for run in made)
    if held:
        notices.tell(connection, f"flood:{zap_id}", FLOOD_SENTENCE.format(limit=flood_limit), zap_id=zap_id, now=now)
    return Taken(tuple(str(run["id"]) for run in made), held)


def begin(connection: Connection, run: dict[str, Any]) -> None:
    """Stores a new run (`new_run`)."""
    _NEW_RUN(connection, **run)


def new_run(zap_id: str, version: int, event_id: str, moment: int, *, replay_of: str | None = None) -> dict[str, Any]:
    """The values of a new run's row; it is queued."""
    return {
        "id": ids.new(),
        "zap_id": zap_id,
        "version": version,
        "event_id": event_id,
        "replay_of": replay_of,
        "state": RunState.QUEUED.value,
        "hold": "",
        "due_at": moment,
        "attempt": 0,
        "owner": "",
        "epoch": 0,
        "lease_until": 0,
        "step": "",
        "problem": "",
        "field": "",
        "created_at": moment,
        "started_at": None,
        "finished_at": None,
        "contents": "",
    }


def known_ids(connection: Connection, zap_id: str, source: str, record_ids: Collection[str]) -> dict[str, bool]:
    """Which of these ids were seen, and for each whether by a complete check."""
    asked = list(record_ids)
    known: dict[str, bool] = {}
    for start in range(0, len(asked), IDS_PER_QUESTION):
        seen = select(
            SeenRow.record_id, SeenRow.complete
        ).where(  # type: ignore[call-overload]
            SeenRow.zap_id == zap_id,
            SeenRow.source == source,
            SeenRow.record_id.in_(asked[start : start + IDS_PER_QUESTION]),  # type: ignore[attr-defined]
        )
        known |= {row.record_id: row.complete for row in connection.execute(seen)}
    return known


def remember(
    connection: Connection,
    zap_id: str,
    source: str,
    record_ids: Collection[str],
    *,
    now: datetime,
    complete: bool = True,
) -> None:
    """Notes ids as seen; those that were seen before stay as they are."""
    if record_ids:
        row = {"zap_id": zap_id, "source": source, "complete": complete, "seen_at": to_ms(now)}
        statement = text(
            "INSERT INTO seen (zap_id, source, record_id, complete, seen_at) "
            "VALUES (:zap_id, :source, :record_id, :complete, :seen_at) ON CONFLICT DO NOTHING"
        )
        connection.execute(statement, [{**row, "record_id": record_id} for record_id in record_ids])


def _check_was_complete(connection: Connection, watch: Watch) -> None:
    """From now on reading may end at every id that was seen so far."""
    connection.execute(
        update(SeenRow)
        .where(SeenRow.zap_id == watch.zap_id, SeenRow.source == watch.source, SeenRow.complete.is_(False))  # type: ignore[arg-type,attr-defined]
        .values(complete=True)
    )


def _room(connection: Connection, zap_id: str, limit: int | None, now: datetime) -> float:
    return float("inf") if limit is None else limit - _lately(connection, zap_id, limit, now)


def _lately(connection: Connection, zap_id: str, limit: int, now: datetime) -> int:
    """How many events came within the window, counted up to the limit.

    The ids only find the rows: after the clock was set back, a process goes on with ids that lie ahead. There may be
    years of those, so of them the newest are looked at, no more than count.
    """
    since, until = to_ms(now - FLOOD_WINDOW), to_ms(now + CLOCKS_DIFFER_BY)
    names = {"first": ids.floor(since), "ahead": ids.floor(until)}
    found = _LATELY(connection, zap_id=zap_id, **names, since=since, until=until, limit=limit)
    return int(found.fetchone()[0])


@dataclass(frozen=True)
class _Standing:
    """How the zap stands whose events come."""

    published: int
    state: str
    overlap: str
    quota_until: int
    catches_up: bool = False

    def rests(self, moment: int, *, over_the_limit: bool) -> dict[str, Any]:
        """What of a new run is different because it is held; nothing if it is not."""
        if self.catches_up:
            return _held(Hold.RESTORED)
        if over_the_limit:
            return _held(Hold.FLOOD)
        if self.state == ZapState.PAUSED:
            return _held(Hold.PAUSED)
        return _held(Hold.QUOTA, self.quota_until) if self.quota_until > moment else {}


def _standing(connection: Connection, zap_id: str) -> _Standing:
    standing = _Standing(*_STANDING(connection, zap_id=zap_id).fetchone())
    if standing.state != ZapState.PAUSED:
        return standing
    return replace(standing, catches_up=restorations.catches_up(Session(connection), zap_id))


def _held(hold: Hold, until: int = NEVER) -> dict[str, Any]:
    return {"state": RunState.HELD.value, "hold": hold.value, "due_at": until}


def _skipped(moment: int) -> dict[str, Any]:
    return {"state": RunState.FILTERED.value, "problem": SKIPPED, "finished_at": moment}
