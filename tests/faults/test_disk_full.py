"""A full disk: nothing more is taken in, people can see why, nothing is half done, and with room it goes on."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.people.roles import Role
from tests import plain
from tests.faults.shops import Shop, shop
from tests.waiting import wait_until
from tests.web.browser.house import signed_in

SIZE = "32m"
CALLED = """
zapwerk: 1
name: Called
trigger: {use: webhook.catch}
steps:
  - {key: any, filter: {all: [{value: "{{ trigger.body.n }}", is: exists}]}}
"""
PEOPLE = [f"Person {number}" for number in range(8)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    at = tmp_path / "disk"
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(at)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"left out: needs to mount a small disk, as root on Linux may ({done.stderr.strip()})")
    yield at
    subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(disk: Path) -> Path:
    """Takes every byte that is left."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for piece in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * piece)
            except OSError:
                continue
    assert shutil.disk_usage(disk).free == 0
    return ballast


@pytest.fixture
def owner(disk: Path) -> dict[str, str]:
    """The cookie of somebody who looks on."""
    return {"zapwerk": signed_in(disk / "data")[Role.OWNER]}


@pytest.fixture
def small(disk: Path, owner: dict[str, str], tmp_path: Path) -> Iterator[Shop]:
    """An installation on the small disk; the shop is elsewhere."""
    with shop(disk / "data", tmp_path / "corner") as running:
        yield running


def test_nothing_is_taken_in_lost_or_doubled_and_with_room_it_goes_on_by_itself(
    small: Shop, disk: Path, owner: dict[str, str]
):
    def seen() -> str:
        return plain.get(f"{small.url}/zaps", cookies=owner, timeout=10).raise_for_status().text

    small.installation.switch_on(CALLED)
    hook = small.url + urlsplit(small.installation.run("zaps", "address", "Called").strip()).path
    small.order("Early")
    wait_until(lambda: small.runs() == {"succeeded": 1}, 30, what="the parcel before")

    ballast = fill(disk)
    small.order(*PEOPLE)
    wait_until(lambda: "cannot be written" in small.reasons(), 60, what="it says that the disk is full")
    refused = plain.post(hook, json={"n": 1}, timeout=10)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert small.sent() == {"Early": 1}, "nothing is done of which no note can be made before"
    assert "Nothing can be stored at the moment" in seen()

    ballast.unlink()
    wait_until(lambda: small.runs() == {"succeeded": len(PEOPLE) + 1}, 60, what="all runs")
    wait_until(lambda: not small.reasons(), 30, what="all is well again")
    assert small.sent() == dict.fromkeys(["Early", *PEOPLE], 1)
    assert "Nothing can be stored" not in seen()
    assert plain.post(hook, json={"n": 2}, timeout=10).status_code == 202
    wait_until(
        lambda: small.runs("Called") == {"succeeded": 1}, 30, what="the call's run, and none for the refused one"
    )
    small.served.stop()
    assert small.stored("PRAGMA integrity_check") == [("ok",)]


def test_it_stops_when_it_is_told_to_and_does_what_waited_after_the_next_start(small: Shop, disk: Path):
    ballast = fill(disk)
    small.order("Ada")
    wait_until(lambda: "cannot be written" in small.reasons(), 60, what="it says that the disk is full")
    small.served.stop()
    assert small.served.process is not None
    assert small.served.process.returncode == 0
    ballast.unlink()
    small.served.start()
    wait_until(lambda: small.sent() == {"Ada": 1}, 30, what="the parcel")
