"""Figures of zaps, read from tallies and along indexes. Called by engine.history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from engine.store import gathered, hot
from engine.store.states import RunState

Counts = dict[tuple[str, RunState], int]
"""How many runs, by zap and state."""


@dataclass(frozen=True)
class Part:
    """A part of what ended in the span of that `place`: whole days, or hours, of UTC; `end` is not included. `sign` is
    -1 for what does not belong there."""

    place: int
    unit: Literal["day", "hour"]
    first: int
    end: int
    sign: Literal[1, -1] = 1


def ended(
    connection: Connection, parts: Sequence[Part], places: int, zap_ids: Sequence[str] | None
) -> list[tuple[str, RunState, tuple[int, ...]]]:
    """By zap and state, how many ended in each place. Summed up by the database: a thousand zaps have tens of thousands
    of rows here."""
    each = " UNION ALL ".join(
        f"SELECT zap_id, state, {part.place} AS place, {part.sign} * count AS count FROM tally_{part.unit} "  # noqa: S608 - numbers
        f"WHERE {_within(part, zap_ids)}"
        for part in parts
    )
    names = [f"in_{place}" for place in range(places)]
    summed = (f"sum(CASE WHEN place = {place} THEN count ELSE 0 END) AS {name}" for place, name in enumerate(names))
    sql = f"SELECT zap_id, state, {', '.join(summed)} FROM ({each}) AS every GROUP BY zap_id, state"  # noqa: S608 - built here
    found = gathered.rows(connection, sql, ["zap_id", "state", *names], _named(zap_ids))
    return [(zap_id, RunState(state), tuple(counts)) for zap_id, state, *counts in found]


def _within(part: Part, zap_ids: Sequence[str] | None) -> str:
    """Of some zaps one span after the other is looked up in the key, which begins with the span: a range of them would
    read all zaps."""
    if zap_ids is None:
        return f"{part.unit} >= {part.first} AND {part.unit} < {part.end}"
    spans = ", ".join(map(str, range(part.first, part.end)))
    return f"{part.unit} IN ({spans}){_only(zap_ids)}"


def alive(connection: Connection) -> list[str]:
    """The ids of all zaps that were not deleted."""
    return gathered.texts(connection, "SELECT id FROM zap WHERE deleted_at IS NULL", "id", {})


@dataclass(frozen=True)
class Last:
    """The newest run of a zap; times in milliseconds."""

    zap_id: str
    run_id: str
    state: RunState
    created_at: int
    finished_at: int | None


def last_runs(connection: Connection, zap_ids: Sequence[str] | None) -> list[Last]:
    """The newest run of each zap that has any."""
    columns = ["zap_id", "id", "state", "created_at", "finished_at"]
    found = gathered.rows(connection, _LAST.format(only=_only(zap_ids, "zap.id")), columns, _named(zap_ids))
    return [Last(zap_id, run_id, RunState(state), *times) for zap_id, run_id, state, *times in found]


def newest_runs(connection: Connection) -> dict[str, str]:
    """The id of the newest run of each zap that has any, by zap: in the order of ids zaps stand by their last runs."""
    found = gathered.rows(connection, _NEWEST, ["zap_id", "id"])
    return {zap_id: run_id for zap_id, run_id in found if run_id is not None}


def asking(connection: Connection, zap_ids: Sequence[str] | None) -> Counts:
    """How many runs of each zap wait for a person now: held, or to be checked."""
    sql = _ASKING.format(only=_only(zap_ids))
    hinted = sql if connection.dialect.name == "sqlite" else hot.without_hints(sql)
    found = gathered.rows(connection, hinted, ["zap_id", "state", "count"], _named(zap_ids))
    return {(zap_id, RunState(state)): count for zap_id, state, count in found}


def asking_zaps(connection: Connection) -> frozenset[str]:
    """The zaps with runs that wait for a person now."""
    hinted = _ASKING_ZAPS if connection.dialect.name == "sqlite" else hot.without_hints(_ASKING_ZAPS)
    return frozenset(gathered.texts(connection, hinted, "zap_id", {}))


_ASKING_ZAPS = """
    SELECT DISTINCT zap_id FROM run INDEXED BY run_asks WHERE (state = 'held' OR state = 'needs_review')
"""
_NEWEST = """
    SELECT zap.id AS zap_id, (SELECT max(run.id) FROM run WHERE run.zap_id = zap.id) AS id FROM zap
    WHERE zap.deleted_at IS NULL
"""
_LAST = """
    SELECT run.zap_id, run.id, run.state, run.created_at, run.finished_at
    FROM (SELECT (SELECT max(run.id) FROM run WHERE run.zap_id = zap.id) AS id FROM zap
        WHERE zap.deleted_at IS NULL{only}) AS newest
    JOIN run ON run.id = newest.id
"""
_ASKING = """
    SELECT zap_id, state, count(*) AS count FROM run INDEXED BY run_asks
    WHERE (state = 'held' OR state = 'needs_review'){only} GROUP BY zap_id, state
"""  # said as the index says it


def _only(zap_ids: Sequence[str] | None, column: str = "zap_id") -> str:
    if zap_ids is None:
        return ""
    return f" AND {column} IN ({', '.join(f':{name}' for name in _named(zap_ids))})"


def _named(zap_ids: Sequence[str] | None) -> dict[str, str]:
    return {f"zap_{place}": zap_id for place, zap_id in enumerate(zap_ids or ())}
