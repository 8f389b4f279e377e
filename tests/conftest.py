"""What all tests share: settings over a fresh data folder, and which tests this machine cannot run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.people import passwords
from engine.settings import Settings
from tests import nursery
from tests.waiting import free_port

SYSTEM_FOLDERS = (os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin")
NEEDED = {
    "dovecot": ("dovecot", "dovecot-imapd"),
    "browser": ("chromium", "chromium"),
    "faketime": ("faketime", "faketime"),
}
"""By mark: the program that its tests need, and the Debian package that has it."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation of its own: a fresh data folder, a free port."""
    return Settings(data=tmp_path / "data", port=free_port())


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Argon2 with the least of rounds and memory, in this process: slow on purpose adds up to minutes here."""
    with pytest.MonkeyPatch.context() as change:
        change.setattr(passwords, "ROUNDS", 1)
        change.setattr(passwords, "MEMORY_KIB", 16)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_process_stays() -> Iterator[None]:
    """What starts processes quickly is one itself."""
    yield
    nursery.end()


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
