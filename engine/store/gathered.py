"""Many small rows as one value. Called by the store's modules that pages wait for.

Python's driver for SQLite lets other threads go on before every row. Where runs are executed at the same time, each of
them may then work for milliseconds before the next row comes: a thousand rows took most of a second. Gathered by the
database they come at once.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text


def rows(
    connection: Connection, sql: str, columns: Sequence[str], values: Mapping[str, object] | None = None
) -> list[list[Any]]:
    """The rows of a query with these columns, in its order: text, numbers, None; no bytes."""
    listed = ", ".join(columns)
    sqlite = connection.dialect.name == "sqlite"
    array = f"json_group_array(json_array({listed}))" if sqlite else f"json_agg(json_build_array({listed}))"
    found = connection.execute(text(f"SELECT {array} FROM ({sql}) AS gathered"), values or {}).scalar_one()  # noqa: S608
    read: list[list[Any]] = json.loads(found) if isinstance(found, str) else found or []
    return read


def texts(connection: Connection, sql: str, column: str, values: Mapping[str, object]) -> list[str]:
    """The values of a query with one column of text."""
    return [one for (one,) in rows(connection, sql, [column], values)]
