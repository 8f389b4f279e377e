"""Installations for the tests of the front door."""

import shutil
from pathlib import Path

import pytest

from tests.web.installation import Installation

SHOP = Path(__file__).parent / "shop.py"


def made_in(folder: Path) -> Installation:
    """A fresh data folder with the shop among its connectors; nothing in it yet."""
    made = Installation(folder / "data", folder / "corner")
    (made.data / "connectors").mkdir(parents=True, mode=0o700)
    made.data.chmod(0o700)
    shutil.copy(SHOP, made.data / "connectors" / "shop.py")
    (made.shop / "orders").mkdir(parents=True)
    return made


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Fresh, and out of reach of the environment's own settings."""
    for name in ("ZAPWERK_DATA", "ZAPWERK_SECRET_KEY", "ZAPWERK_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    return made_in(tmp_path)


@pytest.fixture
def connected(installation: Installation) -> Installation:
    """With a connection to the shop."""
    installation.connect()
    return installation


@pytest.fixture
def switched_on(connected: Installation) -> Installation:
    """With a zap that sends a parcel for each order."""
    connected.switch_on()
    return connected
