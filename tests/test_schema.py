"""The database's schema: what the migrations make is what the tables say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from engine.errors import NewerDatabase
from engine.store import migrate, schema  # noqa: F401 - it fills the metadata
from engine.store.database import Database
from engine.store.tables_history import OUTSIDE

COMPARED = {"include_name": lambda name, _kind, _parents: name not in OUTSIDE}
VERSIONS = migrate.FOLDER / "versions"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'zapwerk.db'}")
    yield database
    database.close()


def test_the_newest_migration_is_the_one_the_code_names():
    assert max(path.stem.partition("_")[0] for path in VERSIONS.glob("*.py")) == migrate.HEAD


def test_migrations_make_exactly_the_tables_of_the_code(database):
    migrate.upgrade(database)
    with database.connect(writes=False) as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts=COMPARED), SQLModel.metadata)
    assert found == []
    assert SQLModel.metadata.tables


def test_migrating_twice_does_nothing_the_second_time(database):
    assert migrate.upgrade(database) is True
    assert migrate.upgrade(database) is False


def test_a_database_from_the_future_is_left_alone(database):
    migrate.upgrade(database)
    with database.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabase, match="newer version"):
        migrate.upgrade(database)
    with database.connect(writes=False) as connection:
        assert migrate.revision_of(connection) == "9999"


def test_the_triggers_that_note_what_moved_are_there(database):
    """A migration that makes the table of runs anew would drop them without a word."""
    migrate.upgrade(database)
    with database.connect(writes=False) as connection:
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'run'")
        assert set(found.scalars()) == {"run_came", "run_moved"}
