"""The databases of the store's tests: every test that asks for `database` runs over SQLite and over PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings import Settings
from engine.store.database import Database
from engine.store.writer import Writer
from tests.engine.databases import BOTH, settings_over


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Iterator[Database]:
    database = Database(settings_over(request.param, Settings(data=tmp_path / "data")).database)
    yield database
    database.close()


@pytest.fixture
def sqlite(servers: None, tmp_path: Path) -> Iterator[Database]:
    database = Database(settings_over("sqlite", Settings(data=tmp_path / "data")).database)
    yield database
    database.close()


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    writer = Writer(database)
    yield writer
    writer.close()
