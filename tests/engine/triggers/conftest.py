"""The bench of the triggers' tests."""

from pathlib import Path

import pytest

from engine.settings import Settings
from tests.engine.benches import Bench
from tests.engine.databases import settings_over


@pytest.fixture
def bench(servers: None, tmp_path: Path) -> Bench:
    return Bench(settings_over("sqlite", Settings(data=tmp_path / "data")))
