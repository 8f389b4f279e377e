"""How much there is: the database's size and its free pages, rows by kind, the oldest. And giving free pages back to
the disk. Called by engine.keeping.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

TABLES = ("run", "event", "journal", "seen", "delivery", "extract", "audit")


@dataclass(frozen=True)
class Space:
    """Bytes of the database; `free` of them hold nothing any more (known on SQLite alone)."""

    used: int
    free: int


def space(connection: Connection) -> Space:
    """What the database takes on the disk; on SQLite without its log of writes."""
    if connection.dialect.name != "sqlite":
        used = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
        return Space(int(used), 0)
    page = _pragma(connection, "page_size")
    return Space(_pragma(connection, "page_count") * page, _pragma(connection, "freelist_count") * page)


def free_pages(connection: Connection) -> int:
    """Pages of the file that could be given back; PostgreSQL looks after that itself."""
    return _pragma(connection, "freelist_count") if connection.dialect.name == "sqlite" else 0


def pages(connection: Connection) -> int:
    """Pages of the file."""
    return _pragma(connection, "page_count")


def give_back(connection: Connection, pages: int) -> int:
    """Cuts so many free pages off the file (SQLite), moving what lies behind them."""
    driver = connection.connection.driver_connection
    assert driver is not None
    for _ in range(pages):  # each step of the statement frees one page, and Python's driver steps it only once
        driver.execute("PRAGMA incremental_vacuum(1)")
    return pages


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has that grows."""
    return {
        table: int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - ours
        for table in TABLES
    }


def with_contents(connection: Connection) -> int:
    """How many runs still have their contents, of those that ended."""
    sql = "SELECT count(*) FROM run WHERE contents = '' AND finished_at IS NOT NULL"
    return int(connection.exec_driver_sql(sql).scalar_one())


def oldest_run(connection: Connection) -> int | None:
    """When the oldest run was made, milliseconds since 1970."""
    return connection.exec_driver_sql("SELECT created_at FROM run ORDER BY id LIMIT 1").scalar()


def oldest_contents(connection: Connection) -> int | None:
    """When that run ended that still has its contents and ended first; milliseconds since 1970."""
    sql = (
        "SELECT min(first) FROM zap, LATERAL (SELECT min(finished_at) AS first FROM run WHERE run.zap_id = zap.id "
        "AND contents = '' AND finished_at IS NOT NULL) AS each_zap"
        if connection.dialect.name != "sqlite"
        else "SELECT min((SELECT min(finished_at) FROM run WHERE run.zap_id = zap.id AND contents = '' "
        "AND finished_at IS NOT NULL)) FROM zap"
    )
    return connection.exec_driver_sql(sql).scalar()


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
