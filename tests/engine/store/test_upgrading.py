"""Upgrades: from every earlier schema with data in it, on both databases, and what is left when one fails."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlmodel import SQLModel

from engine.errors import DataFolderError
from engine.store import facts, migrate, runs, watches, zaps
from engine.store.database import Database
from engine.store.states import RunState, ZapState
from tests.engine.databases import BOTH, fresh_postgres
from tests.engine.store import filling
from tests.engine.store.filling import Rows

EARLIER = [f"{number:04}" for number in range(1, int(migrate.HEAD))]
READ_AGAIN = ("0004", "0005", "0006")
"""Schemas whose index of words cannot forget: 0007 has SQLite's filled anew."""


WORKED_OUT = (
    ("SELECT count FROM tally_hour WHERE zap_id = 'z' AND state = 'succeeded' AND hour = 25", 1, "0004"),
    ("SELECT count FROM tally_day WHERE zap_id = 'z' AND state = 'succeeded' AND day = 1", 1, "0004"),
    ("SELECT taken_at FROM baseline WHERE zap_id = 'z' AND source = 'toy'", 41, "0007"),
    ("SELECT overlap FROM zap WHERE id = 'z'", "in_order", "0008"),
)
"""What migrations make of the data, asked in SQL, the answer, and the migration that does it."""


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgres":
        database = Database(fresh_postgres(migrated=False))
    else:
        database = Database(f"sqlite:///{tmp_path / 'zapwerk.db'}")
    yield database
    database.close()


def filled(database: Database, schema: str) -> Rows:
    """The database as the version with this schema left it, with rows in every table; what was written."""
    with database.turn(), database.connect() as connection:
        config: Any = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, schema)
        return filling.fill(connection)


def gone(database: Database, schema: str) -> Rows:
    """What an upgrade deletes on purpose: the index of words, which is filled anew in the background."""
    return {"extract": []} if database.is_sqlite and schema in READ_AGAIN else {}


@pytest.mark.parametrize("schema", EARLIER)
def test_every_value_of_every_table_is_there_after_an_upgrade_and_can_be_read(empty: Database, schema: str):
    written = filled(empty, schema)
    assert migrate.upgrade(empty) is True
    written |= gone(empty, schema)
    with empty.connect(writes=False) as connection:
        kept = filling.kept(connection, written)
        worked_out = {sql: connection.exec_driver_sql(sql).scalar() for sql, _, before in WORKED_OUT if schema < before}
    assert set(written) - set(kept) == set(), "these tables are gone"
    assert {name: kept[name] for name in written} == written
    assert worked_out == {sql: value for sql, value, before in WORKED_OUT if schema < before}
    with empty.read() as session:
        zap = zaps.find(session, "Old")
        run = runs.get(session, "r")
        watch = watches.get(session, "z")
        assert (zap.state, zaps.live(session, "z")) == (ZapState.ON, zap.draft)
        assert (run.state, runs.load(session, run).record_id) == (RunState.SUCCEEDED, "a")
        assert watch is not None
        assert (watch.cursor, watch.active) == (7, True)
        assert facts.installation(session) == "old"


def test_the_test_leaves_out_no_table_and_no_column(empty: Database):
    written = filled(empty, migrate.HEAD)
    with empty.connect(writes=False) as connection:
        assert filling.kept(connection, written) == written
        columns = {table.name: set(table.c.keys()) for table in filling.tables(connection)}
    assert set(columns) >= set(SQLModel.metadata.tables)
    assert {name: [set(row) for row in rows] for name, rows in written.items()} == {
        name: [names, names] for name, names in columns.items()
    }


@pytest.mark.parametrize("schema", ["0006", "0007"])
def test_the_index_of_words_is_kept_or_read_again(tmp_path: Path, schema: str):
    database = Database(f"sqlite:///{tmp_path / 'zapwerk.db'}")
    filled(database, schema)
    with database.connect() as connection:
        connection.exec_driver_sql("INSERT INTO search (rowid, words) VALUES (7, 'anfrage')")
        connection.exec_driver_sql("INSERT INTO search_word (word) VALUES ('anfrage')")
        connection.exec_driver_sql("INSERT INTO setting (name, value) VALUES ('history_filled', 'yes')")
    migrate.upgrade(database)
    with database.connect(writes=False) as connection:
        found = [
            connection.exec_driver_sql(sql).fetchall()
            for sql in (
                "SELECT rowid FROM search WHERE search MATCH 'anfrage'",
                "SELECT 7 FROM search_word",
                "SELECT 7 FROM setting WHERE name = 'history_filled'",
            )
        ]
    database.close()
    assert found == ([[], [], []] if schema in READ_AGAIN else [[(7,)]] * 3)


def test_an_upgrade_that_fails_half_way_leaves_the_old_schema_as_it_was(empty: Database):
    filled(empty, "0001")
    with empty.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE tally_day (obstacle TEXT)")  # migration 0004 makes it, far on
    with pytest.raises(DataFolderError, match="left as it was"):
        migrate.upgrade(empty)
    with empty.connect() as connection:
        assert migrate.revision_of(connection) == "0001"
        assert connection.exec_driver_sql("SELECT state FROM run WHERE id = 'r'").scalar() == "succeeded"
        connection.exec_driver_sql("DROP TABLE tally_day")
    assert migrate.upgrade(empty) is True


def test_a_copy_is_made_before_an_upgrade(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'zapwerk.db'}")
    filled(database, "0004")
    migrate.upgrade(database)
    database.close()
    (copy,) = (tmp_path / "backups").iterdir()
    assert re.fullmatch(r"before-upgrade-from-0004-\d{8}-\d{6}\.db", copy.name)
    as_before = Database(f"sqlite:///{copy}")
    with as_before.connect(writes=False) as connection:
        assert migrate.revision_of(connection) == "0004"
        assert connection.exec_driver_sql("SELECT count(*) FROM run").scalar() == 2
    as_before.close()


def test_an_empty_database_is_not_copied(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'zapwerk.db'}")
    migrate.upgrade(database)
    database.close()
    assert not (tmp_path / "backups").exists()
