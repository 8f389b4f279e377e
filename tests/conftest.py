"""What all tests share: settings over a fresh data folder, and which tests this machine cannot run."""

import os
import shutil
from pathlib import Path

import pytest

from engine.settings import Settings
from tests.waiting import free_port

SYSTEM_FOLDERS = (os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin")
NO_DOVECOT = "left out: needs Dovecot (Debian: apt-get install dovecot-imapd)"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation of its own: a fresh data folder, a free port."""
    return Settings(data=tmp_path / "data", port=free_port())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out, visibly, what needs Dovecot where there is none; never with CI=true."""
    if os.environ.get("CI") == "true" or shutil.which("dovecot", path=os.pathsep.join(SYSTEM_FOLDERS)):
        return
    for item in items:
        if item.get_closest_marker("dovecot"):
            item.add_marker(pytest.mark.skip(reason=NO_DOVECOT))
