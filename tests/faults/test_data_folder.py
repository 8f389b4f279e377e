"""The data folder is not what it was: another key, a read-only disk, a database that another program keeps locked."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.people.roles import Role
from engine.store.database import BUSY_TIMEOUT_MS
from tests import plain
from tests.faults.shops import Shop, shop
from tests.processes import ZAPWERK, Installation
from tests.waiting import wait_until
from tests.web.browser.house import signed_in

GOES_ON_WITHIN = 30.0  # seconds
PATIENCE = 2 * BUSY_TIMEOUT_MS / 1000  # seconds: another write may have had the turn, and waited as long


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("folder")


@pytest.fixture(scope="module")
def owner(folder: Path) -> dict[str, str]:
    """The cookie of somebody who looks on."""
    return {"zapwerk": signed_in(folder / "data")[Role.OWNER]}


@pytest.fixture(scope="module")
def running(owner: dict[str, str], folder: Path) -> Iterator[Shop]:
    """One for all tests: each has its own customers, and leaves all well."""
    with shop(folder / "data", folder / "corner", {"ZAPWERK_LOG_LEVEL": "ERROR"}) as served:
        yield served


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder on a disk that was made read-only."""
    at = tmp_path_factory.mktemp("disk")
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(at)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"left out: needs to mount a disk, as root on Linux may ({done.stderr.strip()})")
    Installation(at / "data").run("migrate")
    subprocess.run(["mount", "-o", "remount,ro", str(at)], check=True)
    yield at / "data"
    subprocess.run(["umount", "--lazy", str(at)], check=True)


def started_again(running: Shop) -> str:
    """What it says at the start; it need not be ready then."""
    running.served.stop()
    log = running.corner / "said.txt"
    with log.open("wb") as said:
        running.served.process = subprocess.Popen(
            [ZAPWERK, "--data", str(running.installation.data), "serve", "--port", str(running.served.port)],
            stdin=subprocess.DEVNULL,
            stderr=said,
        )
        wait_until(lambda: "is ready at" in log.read_text(), GOES_ON_WITHIN)
    return log.read_text()


def test_with_another_key_it_says_which_connections_wait_and_the_right_one_brings_all_back(
    running: Shop, owner: dict[str, str]
):
    def seen() -> str:
        return plain.get(f"{running.url}/zaps", cookies=owner, timeout=10).raise_for_status().text

    key = running.installation.data / "secret.key"
    right = shutil.move(key, running.corner / "kept.key")
    assert "These connections cannot be used until then: shop" in started_again(running)
    assert "these connections cannot be used: shop" in seen()
    assert "The secret key is not the one" in running.reasons()
    running.order("Ada")
    shutil.copy(right, key.with_suffix(".new"))
    key.with_suffix(".new").replace(key)  # while it runs
    wait_until(lambda: running.sent()["Ada"] == 1, GOES_ON_WITHIN, what="the parcel")
    assert "these connections cannot be used" not in seen()
    assert running.reasons() == ""


def test_while_another_program_keeps_the_database_locked_it_waits_says_so_and_goes_on(
    running: Shop, owner: dict[str, str]
):
    with closing(sqlite3.connect(running.installation.data / "zapwerk.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        running.order("Grace")
        wait_until(lambda: "database is locked" in running.reasons(), PATIENCE + GOES_ON_WITHIN, what="it says so")
        assert plain.get(f"{running.url}/zaps", cookies=owner, timeout=10).status_code == 200  # it can be looked at
        assert running.sent()["Grace"] == 0
        other.execute("ROLLBACK")
    wait_until(lambda: running.sent()["Grace"] == 1, GOES_ON_WITHIN, what="the parcel")
    wait_until(lambda: running.reasons() == "", GOES_ON_WITHIN, what="all is well again")


def test_a_running_installation_is_not_restored_over(running: Shop, folder: Path):
    running.installation.run("backup", "--without-key", str(folder / "b.zip"))
    before = (running.installation.data / "zapwerk.db").stat().st_ino
    code, said = refused(running.installation.data, "restore", str(folder / "b.zip"), "--replace")
    assert (code, "Stop it first" in said) == (1, True)
    assert (running.installation.data / "zapwerk.db").stat().st_ino == before
    assert running.reasons() == ""


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["zaps", "list"], ["backup"]], ids=" ".join)
def test_on_a_read_only_disk_it_says_what_to_do_and_ends(read_only: Path, command: list[str]):
    code, said = refused(read_only, *command)
    assert (code, str(read_only) in said, "cannot be written" in said) == (1, True, True)


def refused(data: Path, *command: str) -> tuple[int, str]:
    """Exit code, and what it says: that alone."""
    done = subprocess.run([ZAPWERK, "--data", str(data), *command], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr
