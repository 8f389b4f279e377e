"""The bench of the rehearsals' tests, over both databases."""

from pathlib import Path

import pytest

from engine.settings import Settings
from tests.engine.databases import BOTH, settings_over
from tests.engine.rehearsal.stage import Stage


@pytest.fixture(params=BOTH)
def stage(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Stage:
    return Stage(settings_over(request.param, Settings(data=tmp_path / "data")))
