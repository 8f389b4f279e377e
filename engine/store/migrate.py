"""Brings the schema up to date when the database is opened. Alembic is imported only when there is something to do."""

from pathlib import Path

from sqlalchemy import Connection, inspect

from engine.errors import NewerDatabase
from engine.store.database import Database

HEAD = "0004"
"""The newest revision; a test compares it with the folder."""

FOLDER = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> bool:
    """Migrates to HEAD; True if there was something to do. Raises `NewerDatabase` for a schema we do not know."""
    with database.connect(writes=False) as connection:
        found = revision_of(connection)
    if found == HEAD:
        return False
    with database.turn(), database.connect() as connection:
        _upgrade(connection, found)
    return True


def revision_of(connection: Connection) -> str | None:
    """The revision the database says it has; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise NewerDatabase(
            f"This database was written by a newer version of Zapwerk (schema {found}; this one knows {HEAD}). "
            "Install that version or a newer one; nothing was changed."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
