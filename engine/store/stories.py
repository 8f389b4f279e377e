"""What runs are about, for many at once or for one in full: events' data, journals, what stands around them. Called by
engine.history."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.store.moments import from_ms
from engine.store.runs import Run
from engine.store.states import Entry, Hold, RunState

LARGEST = 1_000_000
"""Bytes of one value that are read; larger ones are not decoded for a few words of them."""

_TOLD = (Entry.STARTED, Entry.FINISHED, Entry.FAILED, Entry.REVIEW, Entry.DECIDED, Entry.FILTERED)


@dataclass(frozen=True)
class Story:
    """A run with its event's data and those of its journal, as JSON bytes; None for what is too large."""

    run_id: str
    zap_id: str
    state: RunState
    problem: str
    record_id: str
    payload: bytes | None
    data: tuple[bytes | None, ...]


def of(connection: Connection, run_ids: Sequence[str]) -> list[Story]:
    """These runs, in no order; those that are gone are left out."""
    names = {f"run_{place}": run_id for place, run_id in enumerate(run_ids)}
    if not names:
        return []
    listed = ", ".join(f":{name}" for name in names)
    journal = _journal(connection, listed, names)
    found = connection.execute(text(_STORIES.format(ids=listed)), {**names, "largest": LARGEST})
    return [
        Story(row.id, row.zap_id, RunState(row.state), row.problem, row.record_id, row.payload, tuple(journal[row.id]))
        for row in found
    ]


def ids_before(connection: Connection, run_id: str, limit: int) -> list[str]:
    """The runs created before this one, the newest first."""
    sql = text("SELECT id FROM run WHERE id < :id ORDER BY id DESC LIMIT :most")
    return list(connection.execute(sql, {"id": run_id, "most": limit}).scalars())


_STORIES = """
    SELECT run.id, run.zap_id, run.state, run.problem, event.record_id,
        CASE WHEN length(event.payload) <= :largest THEN event.payload END AS payload
    FROM run JOIN event ON event.id = run.event_id WHERE run.id IN ({ids}) AND run.contents = ''
"""
_JOURNAL = f"""
    SELECT run_id, CASE WHEN length(data) <= :largest THEN data END AS data FROM journal
    WHERE run_id IN ({{ids}}) AND entry IN ({", ".join(f"'{entry}'" for entry in _TOLD)}) ORDER BY id
"""  # noqa: S608 - the entries are ours


def _journal(connection: Connection, listed: str, names: dict[str, str]) -> dict[str, list[bytes | None]]:
    found = connection.execute(text(_JOURNAL.format(ids=listed)), {**names, "largest": LARGEST})
    journal: dict[str, list[bytes | None]] = defaultdict(list)
    for run_id, data in found:
        journal[run_id].append(data)
    return journal


@dataclass(frozen=True)
class Entered:
    """One line of a journal. `data` is None where its `size` is more than `LARGEST`."""

    path: str
    entry: Entry
    data: bytes | None
    size: int
    at: datetime


@dataclass(frozen=True)
class Mark:
    """A line of a journal without what it holds."""

    path: str
    entry: Entry
    at: datetime


@dataclass(frozen=True)
class Setting:
    """What stands around a run: its zap, as it was published then and as it is now, and its event. `definition` is
    None where that version is gone."""

    zap: str
    deleted: bool
    newest_version: int | None
    definition: str | None
    record_id: str
    payload: bytes | None
    payload_size: int
    received_at: datetime


@dataclass(frozen=True)
class Sibling:
    """Another run of the same event."""

    id: str
    state: RunState
    created_at: datetime


def setting(connection: Connection, run: Run) -> Setting:
    """What stands around this run."""
    row = connection.execute(_SETTING, {"id": run.id, "largest": LARGEST}).one()
    return Setting(
        zap=row.name or "",
        deleted=row.name is None or row.deleted_at is not None,
        newest_version=row.published,
        definition=row.definition,
        record_id=row.record_id,
        payload=row.payload,
        payload_size=row.size,
        received_at=from_ms(row.received_at),
    )


def journal(connection: Connection, run_id: str) -> list[Entered]:
    """A run's journal, in order."""
    found = connection.execute(_LINES, {"run_id": run_id, "largest": LARGEST})
    return [Entered(row.path, Entry(row.entry), row.data, row.size, from_ms(row.at)) for row in found]


def marks(connection: Connection, run_ids: Sequence[str]) -> dict[str, list[Mark]]:
    """The journals of these runs without what they hold, each in order, by run."""
    names = {f"run_{place}": run_id for place, run_id in enumerate(run_ids)}
    if not names:
        return {}
    listed = ", ".join(f":{name}" for name in names)
    sql = text(f"SELECT run_id, path, entry, at FROM journal WHERE run_id IN ({listed}) ORDER BY id")  # noqa: S608
    found: dict[str, list[Mark]] = {run_id: [] for run_id in run_ids}
    for run_id, path, entry, at in connection.execute(sql, names):
        found[run_id].append(Mark(path, Entry(entry), from_ms(at)))
    return found


def replays(connection: Connection, run_id: str, limit: int) -> list[Sibling]:
    """The newest runs that replay this one."""
    found = connection.execute(_REPLAYS, {"run_id": run_id, "most": limit})
    return [Sibling(row.id, RunState(row.state), from_ms(row.created_at)) for row in found]


def sibling(connection: Connection, run_id: str) -> Sibling | None:
    """A run in short; None if it is gone."""
    sql = text("SELECT id, state, created_at FROM run WHERE id = :run_id")
    row = connection.execute(sql, {"run_id": run_id}).one_or_none()
    return None if row is None else Sibling(row.id, RunState(row.state), from_ms(row.created_at))


def disconnected(connection: Connection, hold: str) -> str:
    """The name of the account that a run with this hold waits for, if it was disconnected; else “”."""
    kind, _, about = hold.partition(":")
    if kind != Hold.CONNECTION:
        return ""
    sql = text("SELECT name FROM connection WHERE id = :about AND deleted_at IS NOT NULL")
    return connection.execute(sql, {"about": about}).scalar() or ""


def connection_names(connection: Connection, connection_ids: Sequence[str]) -> dict[str, str]:
    """The names of connections, also of removed ones."""
    names = {f"connection_{place}": one for place, one in enumerate(connection_ids)}
    if not names:
        return {}
    sql = text(f"SELECT id, name FROM connection WHERE id IN ({', '.join(f':{name}' for name in names)})")  # noqa: S608
    return {row.id: row.name for row in connection.execute(sql, names)}


_SETTING = text(
    """
    SELECT zap.name, zap.deleted_at, zap.published, version.definition, event.record_id, event.received_at,
        length(event.payload) AS size, CASE WHEN length(event.payload) <= :largest THEN event.payload END AS payload
    FROM run JOIN event ON event.id = run.event_id LEFT JOIN zap ON zap.id = run.zap_id
        LEFT JOIN version ON version.zap_id = run.zap_id AND version.number = run.version
    WHERE run.id = :id
    """
)
_LINES = text(
    "SELECT path, entry, at, length(data) AS size, CASE WHEN length(data) <= :largest THEN data END AS data "
    "FROM journal WHERE run_id = :run_id ORDER BY id"
)
_REPLAYS = text("SELECT id, state, created_at FROM run WHERE replay_of = :run_id ORDER BY id DESC LIMIT :most")
