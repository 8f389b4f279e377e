"""The log of what moved, and the tallies made from it. Called by engine.history.

Triggers write a line whenever a run comes into a state, in the same transaction. A *place* is how far somebody has
read. On SQLite it is the line's number: writers come one after the other. On PostgreSQL numbers are given before the
commit, and a late one would be missed: there it is the transaction, and a line is read only when no older transaction
is still open.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.store import gathered, ids
from engine.store.states import FINISHED, RunState

COUNTED, READ, TRIMMED, FILLED = "history_counted", "history_read", "history_trimmed", "history_filled"
"""Settings: how far the log was counted, read and forgotten, and down to which run older ones were read."""

BEGINNINGS = {COUNTED: "0", READ: "0", TRIMMED: "0", FILLED: ids.BEHIND_ALL}

KEPT = 20_000
"""Lines that stay for live pages; a page that was away for longer is drawn anew."""

_FINISHED = ", ".join(f"'{state}'" for state in sorted(FINISHED))
_UNDER_WAY = "('queued', 'running')"


@dataclass(frozen=True)
class Move:
    """A run came into a state."""

    run_id: str
    zap_id: str
    state: RunState


def newest(connection: Connection) -> int:
    """The place behind everything that can be read now."""
    if connection.dialect.name == "sqlite":
        sql = "SELECT COALESCE(max(id), 0) FROM moved"
    else:
        sql = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1"
    return int(connection.exec_driver_sql(sql).scalar_one())


def reaches_back_to(connection: Connection, place: int) -> bool:
    """Whether the log still has every line behind this place."""
    return place >= int(stand(connection, TRIMMED, locked=False))


def between(
    connection: Connection, after: int, until: int, *, limit: int, zap_id: str | None = None, resting: bool = False
) -> list[Move]:
    """The lines behind one place up to another, in order; `resting`: only those of runs that are not under way."""
    place = _place(connection)
    conditions = [f"{place} > :after", f"{place} <= :until"]
    conditions += ["zap_id = :zap_id"] if zap_id is not None else []
    conditions += [f"state NOT IN {_UNDER_WAY}"] if resting else []
    sql = f"SELECT run_id, zap_id, state FROM moved WHERE {' AND '.join(conditions)} ORDER BY {place}, id LIMIT :most"  # noqa: S608
    values = {"after": after, "until": until, "most": limit, **({} if zap_id is None else {"zap_id": zap_id})}
    found = gathered.rows(connection, sql, ["run_id", "zap_id", "state"], values)
    return [Move(run_id, of_zap, RunState(state)) for run_id, of_zap, state in found]


def next_place(connection: Connection, after: int, lines: int) -> int:
    """A place about so many lines further, or as far as can be read; `after` itself if nothing has moved."""
    place = _place(connection)
    further = f"FROM moved WHERE {place} > :after AND {place} <= :end"
    given = {"after": after, "end": newest(connection), "lines": lines - 1}
    found = connection.execute(text(f"SELECT {place} {further} ORDER BY {place} LIMIT 1 OFFSET :lines"), given).scalar()
    if found is None:
        found = connection.execute(text(f"SELECT max({place}) {further}"), given).scalar()
    return after if found is None else int(found)


def stand(connection: Connection, name: str, *, locked: bool = True) -> str:
    """How far somebody has come. `locked`: until the transaction ends, nobody else comes further."""
    ending = " FOR UPDATE" if locked and connection.dialect.name != "sqlite" else ""
    found = connection.execute(text(f"SELECT value FROM setting WHERE name = :name{ending}"), {"name": name}).scalar()  # noqa: S608
    return BEGINNINGS[name] if found is None else str(found)


def begin(connection: Connection) -> None:
    """Notes where everybody begins, once, so that two processes lock the same rows."""
    sql = text("INSERT INTO setting (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING")
    connection.execute(sql, [{"name": name, "value": value} for name, value in BEGINNINGS.items()])


def come_to(connection: Connection, name: str, value: str) -> None:
    connection.execute(text("UPDATE setting SET value = :value WHERE name = :name"), {"name": name, "value": value})


def unread(connection: Connection, cap: int) -> int:
    """How many lines of runs at rest were not read yet, counted up to `cap`."""
    read = int(stand(connection, READ, locked=False))
    return len(between(connection, read, newest(connection), limit=cap, resting=True))


def count_on(connection: Connection, lines: int) -> bool:
    """Adds the next lines to the tallies, each exactly once; False if there were none."""
    after = int(stand(connection, COUNTED))
    until = next_place(connection, after, lines)
    if until <= after:
        return False
    for table, span, length in (("tally_hour", "hour", 3_600_000), ("tally_day", "day", 86_400_000)):
        connection.execute(text(_counting(connection, table, span, length)), {"after": after, "until": until})
    come_to(connection, COUNTED, str(until))
    return True


def trim(connection: Connection, lines: int) -> None:
    """Forgets old lines that were counted and read, about so many at once."""
    place = _place(connection)
    done = min(int(stand(connection, COUNTED)), int(stand(connection, READ)))
    old = (
        f"SELECT max({place}) FROM (SELECT {place} FROM moved WHERE {place} <= :done "  # noqa: S608 - built here
        "AND id <= (SELECT max(id) FROM moved) - :kept ORDER BY id LIMIT :lines) AS old"
    )
    end = connection.execute(text(old), {"done": done, "kept": KEPT, "lines": lines}).scalar()
    if end is not None:
        connection.execute(text(f"DELETE FROM moved WHERE {place} <= :end"), {"end": end})  # noqa: S608 - built here
        come_to(connection, TRIMMED, str(end))


def _counting(connection: Connection, table: str, span: str, length: int) -> str:
    place = _place(connection)
    return (
        f"INSERT INTO {table} ({span}, zap_id, state, count) "  # noqa: S608
        f"SELECT finished_at / {length}, zap_id, state, count(*) FROM moved "
        f"WHERE {place} > :after AND {place} <= :until AND state IN ({_FINISHED}) GROUP BY 1, 2, 3 "
        f"ON CONFLICT ({span}, zap_id, state) DO UPDATE SET count = {table}.count + excluded.count"
    )


def _place(connection: Connection) -> str:
    return "id" if connection.dialect.name == "sqlite" else "tx"
