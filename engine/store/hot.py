"""Statements of the hot path, executed by the database's driver itself. Called by the store's modules.

SQLAlchemy takes several times as long to prepare such a statement as SQLite to execute it, and these are executed for
every step of every run. They are written once, with `:names`, and take part in the connection's transaction.
"""

import re
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_NAME = re.compile(r"(?<![:\w]):([a-z_]+)")
_INDEXED = re.compile(r" INDEXED BY \w+")


def without_hints(sql: str) -> str:
    """As PostgreSQL takes it, which knows no `INDEXED BY`."""
    return _INDEXED.sub("", sql)


class Statement:
    """One statement. `locking` is added on PostgreSQL, where reading does not keep others from writing.

    `INDEXED BY …` is for SQLite alone, which has no statistics and may choose an index that reads all that waits.
    """

    def __init__(self, sql: str, *, locking: str = "") -> None:
        self._sql = sql
        self._psycopg = _NAME.sub(r"%(\1)s", f"{without_hints(sql)} {locking}".rstrip())

    def __call__(self, connection: Connection, **values: Any) -> Any:
        """Executes it; the driver's cursor. Values are what drivers know: text, numbers, bytes, None.

        Raises what SQLAlchemy raises for the driver's errors.
        """
        dialect, driver = connection.dialect, connection.connection.driver_connection
        assert driver is not None
        assert connection.in_transaction(), "the driver by itself would begin none"
        sql = self._sql if dialect.name == "sqlite" else self._psycopg
        try:
            return driver.execute(sql, values)
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, dialect=dialect) from error
