"""Migrations on PostgreSQL; tests/test_schema.py holds the same for SQLite."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from engine.errors import NewerDatabase
from engine.store import migrate, schema  # noqa: F401 - it fills the metadata
from engine.store.database import Database
from engine.store.tables_history import OUTSIDE
from tests.engine.databases import fresh_postgres

COMPARED = {"include_name": lambda name, _kind, _parents: name not in OUTSIDE}

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("servers")]


def test_an_empty_database_becomes_exactly_the_tables_of_the_code():
    database = Database(fresh_postgres(migrated=False))
    assert migrate.upgrade(database) is True
    assert migrate.upgrade(database) is False
    with database.connect(writes=False) as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=COMPARED), SQLModel.metadata) == []
    database.close()


def test_a_database_from_the_future_is_left_alone():
    database = Database(fresh_postgres())
    with database.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabase, match="newer version"):
        migrate.upgrade(database)
    with database.connect(writes=False) as connection:
        assert migrate.revision_of(connection) == "9999"
    database.close()
