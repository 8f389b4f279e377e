"""Lists of runs, newest first, along indexes. Called by engine.history.

One `LIMIT` over an `IN` would sort everything that fits. So each pair of zap and state is read by itself, the newest
few along its own index, and the pairs are merged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from sqlalchemy import Connection, text

from engine.store import gathered, hot, ids
from engine.store.runs import COLUMNS, Run, of_values
from engine.store.states import RunState

AT_ONCE = 100  # pairs in one statement; SQLite takes 500
SMALL = 20_000
"""Bytes of an event's data that are read for a run's label, where that is not indexed yet."""


@dataclass(frozen=True)
class Listed:
    """Which runs. `first` and `last` bound their ids: `last` is not included."""

    zap_ids: Sequence[str] = ()
    states: Sequence[RunState] = ()
    first: str = ""
    last: str = ids.BEHIND_ALL
    replay_of: str | None = None
    hold: str | None = None

    def fits(self, run: Run) -> bool:
        """Whether a run is one of these."""
        return (
            (not self.zap_ids or run.zap_id in self.zap_ids)
            and (not self.states or run.state in self.states)
            and self.first <= run.id < self.last
            and (self.replay_of is None or run.replay_of == self.replay_of)
            and (self.hold is None or run.hold == self.hold)
        )


@dataclass(frozen=True)
class Line:
    """A run with what a list shows besides. `label` is None while it is not indexed; then `payload` is the event's
    data, if that is small."""

    run: Run
    zap: str | None
    record_id: str
    label: str | None
    payload: bytes | None


def newest(connection: Connection, listed: Listed, limit: int) -> list[str]:
    """The ids of the newest, at most so many."""
    found: list[str] = []
    for sql, values in _statements(connection, listed, "ORDER BY id DESC LIMIT :most"):
        whole = f"SELECT id FROM ({sql}) AS found ORDER BY id DESC LIMIT :most"  # noqa: S608 - built here
        found += gathered.texts(connection, whole, "id", {**values, "most": limit})
    return sorted(found, reverse=True)[:limit]


def count(connection: Connection, listed: Listed, cap: int) -> int:
    """How many there are, counted up to `cap`."""
    counted = 0
    for sql, values in _statements(connection, listed, "LIMIT :most"):
        whole = f"SELECT count(*) FROM (SELECT id FROM ({sql}) AS every LIMIT :most) AS found"  # noqa: S608 - built here
        counted += int(connection.execute(text(whole), {**values, "most": cap - counted}).scalar_one())
        if counted >= cap:
            break
    return counted


def lines(connection: Connection, run_ids: Sequence[str]) -> list[Line]:
    """These runs, in the order of the ids; those that are gone are left out."""
    if not run_ids:
        return []
    names = {f"run_{place}": run_id for place, run_id in enumerate(run_ids)}
    found = gathered.rows(connection, _LINES.format(ids=_bound(names)), [*COLUMNS, *_BESIDES], names)
    runs = [of_values(row[: len(COLUMNS)]) for row in found]
    besides = [row[len(COLUMNS) :] for row in found]
    payloads = _payloads(
        connection, [run.event_id for run, (*_, label) in zip(runs, besides, strict=True) if label is None]
    )
    by_id = {
        run.id: Line(run, zap, record_id or "", label, payloads.get(run.event_id))
        for run, (zap, record_id, label) in zip(runs, besides, strict=True)
    }
    return [by_id[run_id] for run_id in run_ids if run_id in by_id]


def zaps_in(connection: Connection, folder: str) -> frozenset[str]:
    """The ids of all zaps in a folder."""
    found = connection.execute(text("SELECT id FROM zap WHERE folder = :folder"), {"folder": folder})
    return frozenset(found.scalars())


_BESIDES = ("zap", "record_id", "label")
_LINES = f"""
    SELECT {", ".join(f"run.{name}" for name in COLUMNS)}, zap.name AS zap, event.record_id, extract.label
    FROM run LEFT JOIN zap ON zap.id = run.zap_id LEFT JOIN event ON event.id = run.event_id
        LEFT JOIN extract ON extract.run_id = run.id
    WHERE run.id IN ({{ids}})
"""  # noqa: S608 - the table's own columns


def _payloads(connection: Connection, event_ids: Sequence[str]) -> dict[str, bytes]:
    """Small data of events whose runs are not indexed yet."""
    names = {f"event_{place}": event_id for place, event_id in enumerate(event_ids)}
    if not names:
        return {}
    sql = text(f"SELECT id, payload FROM event WHERE id IN ({_bound(names)}) AND length(payload) <= :small")  # noqa: S608
    return {row.id: row.payload for row in connection.execute(sql, {**names, "small": SMALL})}


def _bound(names: Mapping[str, str]) -> str:
    return ", ".join(f":{name}" for name in names)


@dataclass(frozen=True)
class _Source:
    """An index, and what to look for in it. `:zap` and `:state` are numbered when sources are put together."""

    index: str
    conditions: str
    zap: str | None = None
    state: str | None = None


def _sources(listed: Listed) -> Iterator[_Source]:
    for zap, state in product(listed.zap_ids or (None,), listed.states or (None,)):
        yield _source(listed, zap, None if state is None else str(state))


def _source(listed: Listed, zap: str | None, state: str | None) -> _Source:
    also = [*(["zap_id = :zap"] if zap else []), *(["state = :state"] if state else [])]
    if listed.replay_of is not None:
        return _Source("run_replays", " AND ".join(["replay_of = :replay_of", *also]), zap, state)
    if listed.hold is not None:
        return _Source("run_held", " AND ".join(["hold = :hold AND hold <> ''", *also]), zap, state)
    return _Source(_index(zap, state), " AND ".join([*also, *_literally(zap, state)]), zap, state)


def _index(zap: str | None, state: str | None) -> str:
    """The one whose entries stand in the order of ids; but runs that wait for their turn are sorted, which is cheap:
    nothing but their index is read."""
    if state is None:
        return "run_by_zap" if zap else ""
    if zap is None or state == RunState.RUNNING:
        return "run_by_state"
    return "run_queued" if state == RunState.QUEUED else "run_rested"


def _literally(zap: str | None, state: str | None) -> list[str]:
    """What an index of some rows asks for is repeated word by word: a bound value does not show that it holds."""
    match _index(zap, state):
        case "run_queued":
            return ["state = 'queued'"]
        case "run_rested":
            return ["state <> 'queued'", "state <> 'running'"]
        case _:
            return []


def _statements(connection: Connection, listed: Listed, ending: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The sources, put together as many at once as a database takes; each with an ending of its own."""
    common = {"first": listed.first, "last": listed.last, "replay_of": listed.replay_of, "hold": listed.hold}
    sources = _sources(listed)
    while some := list(islice(sources, AT_ONCE)):
        parts = [_part(source, number, ending) for number, source in enumerate(some)]
        sql = " UNION ALL ".join(f"SELECT id FROM ({part}) AS part_{number}" for number, part in enumerate(parts))  # noqa: S608
        zaps = {f"zap_{number}": source.zap for number, source in enumerate(some) if source.zap}
        states = {f"state_{number}": source.state for number, source in enumerate(some) if source.state}
        used = {name: value for name, value in common.items() if value is not None}
        yield sql if connection.dialect.name == "sqlite" else hot.without_hints(sql), {**used, **zaps, **states}


def _part(source: _Source, number: int, ending: str) -> str:
    hint = f" INDEXED BY {source.index}" if source.index else ""
    fitting = source.conditions.replace(":zap", f":zap_{number}").replace(":state", f":state_{number}")
    conditions = " AND ".join(one for one in (fitting, "id >= :first", "id < :last") if one)
    return f"SELECT id FROM run{hint} WHERE {conditions} {ending}"  # noqa: S608 - built here
