"""The bench of the editor's tests, over both databases."""

from pathlib import Path

import pytest

from engine.settings import Settings
from tests.engine.databases import BOTH, settings_over
from tests.engine.editing.desk import Desk


@pytest.fixture(params=BOTH)
def desk(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Desk:
    return Desk(settings_over(request.param, Settings(data=tmp_path / "data")))


@pytest.fixture
def one_desk(servers: None, tmp_path: Path) -> Desk:
    """For what no database has a say in."""
    return Desk(settings_over("sqlite", Settings(data=tmp_path / "data")))
