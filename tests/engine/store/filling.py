"""Fills every table that a database has, whatever its schema: what the tests of upgrades stand on.

Each table gets a full row and one with nothing where nothing is allowed. Values are made from the names of table and
column, so that one that went astray is seen; where they must mean something they are said below. What is read again
after an upgrade is compared value by value.
"""

import zlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, Table

from engine.store import facts
from engine.store.tables_history import OUTSIDE

DRAFT = '{"name":"Old","trigger":{"use":"toy.thing"},"steps":[]}'
MEANT: dict[str, dict[str, Any]] = {
    "setting": {"name": facts.INSTALLATION, "value": "old"},
    "zap": {"id": "z", "name": "Old", "state": "on", "draft": DRAFT, "published": 1, "concurrency": 1,
            "deleted_at": None},
    "version": {"zap_id": "z", "number": 1, "definition": DRAFT, "connectors": "{}"},
    "watch": {"zap_id": "z", "source": "toy", "cursor": "7"},
    "seen": {"zap_id": "z", "source": "toy", "record_id": "a", "seen_at": 41},
    "event": {"id": "e", "zap_id": "z", "source": "toy", "record_id": "a", "payload": b"{}"},
    "run": {"id": "r", "zap_id": "z", "version": 1, "event_id": "e", "state": "succeeded", "replay_of": None,
            "finished_at": 90_000_000},
    "journal": {"run_id": "r", "path": "step", "entry": "finished", "data": b'{"output":{}}'},
}  # fmt: skip
"""What rows must say for the engine to read them."""

Row = dict[str, Any]
Rows = dict[str, list[Row]]


def tables(connection: Connection) -> Iterator[Table]:
    """Every table there is, as the database itself describes it."""
    for name in sorted(sa.inspect(connection).get_table_names()):
        if name not in OUTSIDE and name != "alembic_version":
            yield Table(name, MetaData(), autoload_with=connection)


def fill(connection: Connection) -> Rows:
    """Two rows for each table; what was written, by table."""
    written: Rows = {}
    for table in tables(connection):
        rows = [_row(table, "full") | _fitting(table), _row(table, "bare")]
        connection.execute(table.insert(), rows)
        written[table.name] = rows
    return written


def kept(connection: Connection, written: Rows) -> Rows:
    """The same rows with the same columns, as they stand there now; those that are gone are left out."""
    found: Rows = {}
    for table in tables(connection):
        read = [_read(connection, table, row) for row in written.get(table.name, [])]
        found[table.name] = [row for row in read if row is not None]
    return found


def _read(connection: Connection, table: Table, row: Row) -> Row | None:
    same = [table.c[key.name] == row[key.name] for key in table.primary_key]
    found = connection.execute(sa.select(*(table.c[name] for name in row)).where(*same)).mappings().first()
    return dict(found) if found else None


def _fitting(table: Table) -> Row:
    """What is meant, as far as the table has these columns by now."""
    return {name: value for name, value in MEANT.get(table.name, {}).items() if name in table.c}


def _row(table: Table, kind: str) -> Row:
    return {column.name: _value(table, column, kind) for column in table.columns}


def _value(table: Table, column: sa.Column[Any], kind: str) -> Any:
    if kind == "bare" and column.nullable and not column.primary_key:
        return None
    text = f"{table.name}.{column.name} {kind} ä😀"
    number = zlib.crc32(text.encode()) % 1_000_000 + 1_000
    match column.type:
        case sa.Boolean():
            return kind == "full"
        case sa.BigInteger():
            return 1_700_000_000_000 + number
        case sa.Integer():
            return number
        case sa.LargeBinary():
            return text.encode() + b"\x00\xff"
        case sa.String():
            return text
    return f"'{table.name}':1"  # PostgreSQL: the words that a run is found by
