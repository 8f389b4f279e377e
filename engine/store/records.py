"""Walks over everything that holds data of records: events, journals, samples, and what runs said. Each walk gives a
slice behind a place, so that nobody waits for it. Called by engine.keeping, which looks for files and people, and by
what looks at an app.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.store import gathered, ids
from engine.store.contents import EMPTY
from engine.store.hot import Statement

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Data:
    """Something that holds data: an event's or a line's id, or a sample's zap and step with “/”; `run_id` of a line.

    Of a call that was waited for, its id and what was odd about it follow its JSON.
    """

    id: str
    data: bytes
    run_id: str = ""


def events(connection: Connection, after: str, limit: int) -> list[Data]:
    """The next events with data, by their ids."""
    sql = text("SELECT id, payload FROM event WHERE id > :after ORDER BY id LIMIT :most")
    return [Data(row.id, row.payload) for row in connection.execute(sql, {"after": after, "most": limit})]


def lines(connection: Connection, after: int, limit: int) -> list[Data]:
    """The next lines of the journal, in order."""
    sql = text("SELECT id, run_id, data FROM journal WHERE id > :after ORDER BY id LIMIT :most")
    found = connection.execute(sql, {"after": after, "most": limit})
    return [Data(str(row.id), row.data, row.run_id) for row in found]


def samples(connection: Connection) -> list[Data]:
    """All samples of drafts, and what may become one: calls of webhooks that were waited for, as “zap/trigger/id”."""
    found = connection.execute(
        text(
            "SELECT zap_id, step, record, '' AS more FROM sample "
            "UNION ALL SELECT zap_id, 'trigger/' || id AS step, payload AS record, record_id || misfit AS more "
            "FROM awaited"
        )
    )
    return [Data(f"{row.zap_id}/{row.step}", bytes(row.record) + row.more.encode()) for row in found]


def drawn(connection: Connection) -> list[bytes]:
    """What is drawn in drafts and published versions."""
    found = connection.execute(text("SELECT draft FROM zap UNION ALL SELECT definition FROM version"))
    return [str(one).encode("utf-8", "replace") for one in found.scalars()]


def changes(connection: Connection, after: int, limit: int) -> list[Data]:
    """The next changes of drafts, with what stood there before and after; `run_id` is the zap's id."""
    sql = text("SELECT id, zap_id, before, after FROM change WHERE id > :after ORDER BY id LIMIT :most")
    found = connection.execute(sql, {"after": after, "most": limit})
    return [Data(str(row.id), f"{row.before}{row.after}".encode("utf-8", "replace"), row.zap_id) for row in found]


def forget_changes(connection: Connection, zap_id: str) -> None:
    """What was changed in its draft cannot be undone any more."""
    connection.execute(text("DELETE FROM change WHERE zap_id = :zap_id"), {"zap_id": zap_id})


def problems(connection: Connection, after: str, limit: int) -> list[Data]:
    """The next runs, by their ids, with what they said to people."""
    sql = "SELECT id, problem FROM run WHERE id > :after ORDER BY id LIMIT :most"
    found = gathered.rows(connection, sql, ["id", "problem"], {"after": after, "most": limit})
    return [Data(run_id, problem.encode(), run_id) for run_id, problem in found]


def drop_sample(connection: Connection, name: str) -> None:
    """`name` is a sample's zap and step, as `samples` gives it."""
    zap_id, _, step = name.partition("/")
    connection.execute(
        text("DELETE FROM sample WHERE zap_id = :zap_id AND step = :step"), {"zap_id": zap_id, "step": step}
    )
    connection.execute(text("DELETE FROM awaited WHERE id = :id"), {"id": step.partition("/")[2]})


def is_empty(payload: bytes) -> bool:
    """Whether an event's data are gone."""
    return payload == EMPTY


def runs_of_event(connection: Connection, event_id: str) -> list[str]:
    """All runs of an event: the first was made right after it, the others are its replays."""
    end = ids.floor(ids.moment(event_id) + HOUR_MS)
    first = _FIRST(connection, id=event_id, end=end).fetchone()
    return [] if first is None else [row[0] for row in _FAMILY(connection, id=first[0]).fetchall()]


def events_named(connection: Connection, record_id: str) -> list[str]:
    """The ids of events of a record, of all zaps."""
    sql = "SELECT event.id FROM zap CROSS JOIN event WHERE event.zap_id = zap.id AND event.record_id = :record_id"
    return gathered.texts(connection, sql, "id", {"record_id": record_id})


@dataclass(frozen=True)
class Seen:
    """A zap saw this id then. `before`: it was there already when the zap was switched on."""

    zap_id: str
    zap: str
    at: int
    before: bool


def seen(connection: Connection, record_id: str) -> list[Seen]:
    """Which zaps saw this id."""
    found = gathered.rows(connection, _SEEN, ["zap_id", "name", "seen_at", "taken_at"], {"record_id": record_id})
    return [Seen(zap_id, zap, at, taken_at is not None and at <= taken_at) for zap_id, zap, at, taken_at in found]


def seen_by(connection: Connection, zap_id: str, record_ids: Collection[str]) -> dict[str, Seen]:
    """Which of these ids a zap saw at the place that it watches now."""
    found: dict[str, Seen] = {}
    columns = ["zap_id", "name", "seen_at", "taken_at"]
    for record_id in record_ids:
        given = {"zap_id": zap_id, "record_id": record_id}
        for zap_id, zap, at, taken_at in gathered.rows(connection, _SEEN_BY, columns, given):
            found[record_id] = Seen(zap_id, zap, at, taken_at is not None and at <= taken_at)
    return found


@dataclass(frozen=True)
class Watching:
    """A zap that looks for records, and since when; what was there before does not fire."""

    zap_id: str
    zap: str
    since: int | None
    active: bool
    last_success_at: int | None


def watching(connection: Connection) -> list[Watching]:
    """All zaps that were switched on and not deleted, by name."""
    columns = ["zap_id", "name", "taken_at", "active", "last_success_at"]
    return [
        Watching(zap_id, name, taken_at, bool(active), last)
        for zap_id, name, taken_at, active, last in gathered.rows(connection, _WATCHING, columns)
    ]


def count_without(connection: Connection) -> int:
    """How many runs have no contents any more."""
    return int(connection.exec_driver_sql("SELECT count(*) FROM run WHERE contents <> ''").scalar_one())


def newest_events(connection: Connection, limit: int) -> Sequence[Data]:
    """The last events: what came just now is not in the index yet."""
    sql = text("SELECT id, payload FROM event ORDER BY id DESC LIMIT :most")
    return [Data(row.id, row.payload) for row in connection.execute(sql, {"most": limit})]


_FIRST = Statement("SELECT id FROM run WHERE id > :id AND id < :end AND event_id = :id ORDER BY id LIMIT 1")
_FAMILY = Statement(
    "WITH RECURSIVE family (id) AS (SELECT id FROM run WHERE id = :id "
    "UNION SELECT run.id FROM family JOIN run ON run.replay_of = family.id) SELECT id FROM family"
)
_SEEN = """
    SELECT zap.id AS zap_id, zap.name, seen.seen_at, baseline.taken_at
    FROM (SELECT zap_id, source FROM watch UNION SELECT zap_id, source FROM baseline) AS place
    JOIN seen ON seen.zap_id = place.zap_id AND seen.source = place.source AND seen.record_id = :record_id
    JOIN zap ON zap.id = place.zap_id
    LEFT JOIN baseline ON baseline.zap_id = place.zap_id AND baseline.source = place.source
    ORDER BY zap.name
"""
_SEEN_BY = """
    SELECT zap.id AS zap_id, zap.name, seen.seen_at, baseline.taken_at
    FROM watch JOIN zap ON zap.id = watch.zap_id
    JOIN seen ON seen.zap_id = watch.zap_id AND seen.source = watch.source AND seen.record_id = :record_id
    LEFT JOIN baseline ON baseline.zap_id = watch.zap_id AND baseline.source = watch.source
    WHERE watch.zap_id = :zap_id
"""
_WATCHING = """
    SELECT zap.id AS zap_id, zap.name, baseline.taken_at, watch.active, watch.last_success_at
    FROM zap JOIN watch ON watch.zap_id = zap.id
    LEFT JOIN baseline ON baseline.zap_id = watch.zap_id AND baseline.source = watch.source
    WHERE zap.deleted_at IS NULL ORDER BY zap.name
"""
