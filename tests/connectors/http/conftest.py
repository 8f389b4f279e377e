"""Benches over SQLite: one where this machine may be asked, one where no private address may."""

from pathlib import Path

import pytest

from engine.settings import Settings
from tests.connectors.http.benches import HttpBench


@pytest.fixture
def bench(tmp_path: Path) -> HttpBench:
    return HttpBench(Settings(data=tmp_path / "data", allow_private_hosts=frozenset({"127.0.0.1"})))


@pytest.fixture
def strict(tmp_path: Path) -> HttpBench:
    return HttpBench(Settings(data=tmp_path / "strict"))
