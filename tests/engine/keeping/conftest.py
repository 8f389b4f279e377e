"""The bench of the tests of keeping, over both databases."""

from pathlib import Path

import pytest

from engine.settings import Settings
from tests.engine.benches import Bench
from tests.engine.databases import BOTH, settings_over


@pytest.fixture(params=BOTH)
def bench(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Bench:
    return Bench(settings_over(request.param, Settings(data=tmp_path / "data")))
