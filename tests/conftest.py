"""What all tests share: settings over a fresh data folder, and which tests this machine cannot run."""

import os
import shutil
from pathlib import Path

import pytest

from engine.settings import Settings
from tests.waiting import free_port

SYSTEM_FOLDERS = (os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin")
NEEDED = {"dovecot": ("dovecot", "dovecot-imapd"), "browser": ("chromium", "chromium")}
"""By mark: the program that its tests need, and the Debian package that has it."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation of its own: a fresh data folder, a free port."""
    return Settings(data=tmp_path / "data", port=free_port())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out, visibly, what needs a program that is not there; never with CI=true."""
    if os.environ.get("CI") == "true":
        return
    for mark, (program, package) in NEEDED.items():
        if shutil.which(program, path=os.pathsep.join(SYSTEM_FOLDERS)):
            continue
        reason = f"left out: needs {program} (Debian: apt-get install {package})"
        for item in items:
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))
