"""Opens the database: SQLite in the data folder, or PostgreSQL. Reading and writing sessions for everything but the
journal, which has a writer of its own (writer.py).

Every write on SQLite begins with BEGIN IMMEDIATE: a transaction that reads first and writes later fails at once with
SQLITE_BUSY_SNAPSHOT when another process wrote in between, whatever the busy time-out says.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, create_engine

from engine.store.turns import Turns

BUSY_TIMEOUT_MS = 10_000  # another process (the command line) writes for milliseconds
POOL_SIZE = 20

SQLITE_FAULT_OF_THE_STATEMENT = 1  # SQLITE_ERROR: bad SQL, too many variables


class Database:
    """One process's access to the database."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self.engine = (
            _sqlite_engine(url) if self.is_sqlite else create_engine(url, pool_size=POOL_SIZE, pool_pre_ping=True)
        )
        self._turns = Turns()
        self._closed = False
        event.listen(self.engine, "checkin", self._returned)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in a writing transaction; committed at the end of the block, rolled back if it raised."""
        with (
            self.turn(),
            self.engine.connect().execution_options(writes=True) as connection,
            Session(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def connect(self, *, writes: bool = True) -> Iterator[Connection]:
        """A bare connection in one transaction, without waiting for a turn: for the journal's writer."""
        with self.engine.connect().execution_options(writes=writes) as connection, connection.begin():
            yield connection

    def turn(self, *, urgent: bool = False) -> AbstractContextManager[None]:
        """The right to write on SQLite; PostgreSQL needs none."""
        return self._turns.turn(urgent=urgent) if self.is_sqlite else nullcontext()

    def close(self) -> None:
        """What a thread still has in its hands is closed when it is done with it."""
        self._closed = True
        self.engine.dispose()

    def _returned(self, connection: Any, _record: Any) -> None:
        if self._closed and connection is not None:
            connection.close()


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, pool_size=POOL_SIZE, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is deferred: ours says what it is
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}").close()
    if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
        # Only before the first table; later it changes nothing, but would wait for whoever writes.
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL").close()
    connection.execute("PRAGMA journal_mode=WAL").close()
    connection.execute("PRAGMA synchronous=FULL").close()
    connection.execute("PRAGMA secure_delete=ON").close()  # what is erased is written over: Debian's default, not all's


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def is_out_of_order(error: OperationalError) -> bool:
    """Whether the database is at fault (locked, full, gone), so that the same may work later; not the statement."""
    code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    return code is None or code & 0xFF != SQLITE_FAULT_OF_THE_STATEMENT
