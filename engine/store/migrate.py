"""Brings the schema up to date when the database is opened. Alembic is imported only when there is something to do.

All migrations there are to do are one transaction: when one fails, the old schema is there as it was. A database on
SQLite that has anything in it is copied before, so that one can go back to the version before.
"""

import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from engine.errors import DataFolderError, NewerDatabase
from engine.store.database import Database, is_out_of_order

HEAD = "0008"
"""The newest revision; a test compares it with the folder."""

FOLDER = Path(__file__).parent / "migrations"
COPIES = "backups"  # beside the database
WITH_DATA = ("zap", "connection", "event", "person")
KEEPS = 3  # copies that were made before an upgrade

log = logging.getLogger(__name__)


def upgrade(database: Database, *, copies: bool = True) -> bool:
    """Migrates to HEAD; True if there was something to do. Raises `NewerDatabase` for a schema we do not know, and
    `DataFolderError` when a migration failed; then nothing was changed.
    """
    with database.connect(writes=False) as connection:
        found = revision_of(connection)
    if found == HEAD:
        return False
    if found is not None and found not in known():
        raise NewerDatabase(
            f"This database was written by a newer version of Zapwerk (schema {found}; this one knows {HEAD}). "
            "Install that version or a newer one; nothing was changed."
        )
    copy = _copied(database, found) if copies and found is not None else None
    try:
        with database.turn(), database.connect() as connection:
            _upgrade(connection)
    except SQLAlchemyError as error:
        if isinstance(error, OperationalError) and database.is_sqlite and is_out_of_order(error):
            raise
        raise DataFolderError(_failed(found, copy, error)) from error
    return True


def revision_of(connection: Connection) -> str | None:
    """The revision the database says it has; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision


@cache
def known() -> frozenset[str]:
    """The revisions that can be brought up to date."""
    from alembic.script import ScriptDirectory

    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _copied(database: Database, found: str) -> Path | None:
    """A copy of a database that has anything in it; None where there is none to make."""
    with database.connect(writes=False) as connection:
        tables = [name for name in WITH_DATA if inspect(connection).has_table(name)]
        used = any(connection.exec_driver_sql(f"SELECT 1 FROM {name} LIMIT 1").first() for name in tables)  # noqa: S608
    if not used:
        return None
    if not database.is_sqlite:
        log.warning(
            "the database is brought from schema %s to %s; PostgreSQL is not copied before: to go back to the version "
            "before, a dump made before is needed",
            found,
            HEAD,
        )
        return None
    source = Path(str(database.engine.url.database))
    folder = source.parent / COPIES
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"before-upgrade-from-{found}-{datetime.now(UTC):%Y%m%d-%H%M%S}.db"
    _copy(source, copy)
    log.warning("the database is brought from schema %s to %s; as it was before it is in %s", found, HEAD, copy)
    for old in sorted(folder.glob("before-upgrade-*.db"), key=lambda path: path.stat().st_mtime)[:-KEEPS]:
        old.unlink(missing_ok=True)
    return copy


def _copy(source: Path, target: Path) -> None:
    draft = target.with_suffix(".part")
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(draft)) as other:
        one.backup(other)
        other.execute("PRAGMA journal_mode=DELETE").close()
    draft.chmod(0o600)
    draft.replace(target)


def _failed(found: str | None, copy: Path | None, error: SQLAlchemyError) -> str:
    reason = getattr(error, "orig", None) or error
    kept = f" A copy of it is in {copy}." if copy else ""
    return (
        f"The database could not be brought from schema {found or '0'} to {HEAD}, so it was left as it was: {reason}. "
        f"The version of Zapwerk that it is from still works with it.{kept}"
    )
