"""A post office over SQLite and over PostgreSQL; `small` is over SQLite alone, where that makes no difference."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings import Settings
from tests.engine.databases import BOTH, settings_over
from tests.engine.notices.office import MailServer, Office, Receiver


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    """One server for a module."""
    with MailServer() as server:
        yield server


@pytest.fixture
def server(running: MailServer) -> MailServer:
    running.taken.clear()
    running.refuses.clear()
    running.crashes.clear()
    return running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(params=BOTH)
def office(request: pytest.FixtureRequest, servers: None, tmp_path: Path, server: MailServer) -> Iterator[Office]:
    made = Office(settings_over(request.param, Settings(data=tmp_path / "data")), server)
    yield made
    made.close()


@pytest.fixture
def small(servers: None, tmp_path: Path, server: MailServer) -> Iterator[Office]:
    made = Office(settings_over("sqlite", Settings(data=tmp_path / "data")), server)
    yield made
    made.close()
