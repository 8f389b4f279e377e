"""A house over SQLite and over PostgreSQL; `small_house` is over SQLite alone, where that makes no difference."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings import Settings
from engine.store.database import Database
from tests.engine.databases import BOTH, settings_over
from tests.engine.people.house import House


def housed(kind: str, folder: Path) -> Iterator[House]:
    database = Database(settings_over(kind, Settings(data=folder / "data")).database)
    yield House(database)
    database.close()


@pytest.fixture(params=BOTH)
def house(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Iterator[House]:
    yield from housed(request.param, tmp_path)


@pytest.fixture
def small_house(servers: None, tmp_path: Path) -> Iterator[House]:
    yield from housed("sqlite", tmp_path)
