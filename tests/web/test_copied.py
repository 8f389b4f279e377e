"""A copied data folder does not start unnoticed beside its original: with a real `zapwerk serve`."""

import shutil
import subprocess
from pathlib import Path

import httpx

from engine.backup.place import MARK, Seen, machine
from tests import plain
from tests.waiting import free_port, wait_until
from tests.web.installation import Installation
from tests.web.test_serving import zapwerk

STARTS_WITHIN = 30.0  # seconds, on a machine with much else to do
TAKEN_UP_WITHIN = 20.0
READY = "ready"


def copied(installation: Installation) -> Installation:
    installation.work(0)  # the place is remembered when the engine starts
    target = installation.data.parent / "copy"
    shutil.copytree(installation.data, target)
    return Installation(target, installation.shop)


def test_a_copy_waits_with_everything_paused_until_a_person_says_that_it_is_the_one(switched_on: Installation):
    copy, port = copied(switched_on), free_port()
    with zapwerk(copy.data, "serve", "--port", str(port), "--with-parent", stdin=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            assert "copied or moved" in process.stderr.readline()  # this waits for the start, however long it takes
            wait_until(lambda: "copied or moved" in _ready(port), STARTS_WITHIN)
            copy.order("Ada")
            copy.run("adopt", "--yes")
            wait_until(lambda: _ready(port) == READY, TAKEN_UP_WITHIN)
            wait_until(lambda: copy.parcels() == ["Ada"], TAKEN_UP_WITHIN)
        finally:
            process.kill()


def test_a_copy_becomes_an_installation_of_its_own_with_all_zaps_off(switched_on: Installation):
    copy = copied(switched_on)
    assert "1 zaps were switched off" in copy.run("adopt", "--copy").stderr
    assert copy.json("zaps", "list")[0]["state"] == "off"
    copy.order("Ada")
    copy.work(0)
    assert copy.parcels() == []


def test_a_folder_that_was_renamed_is_known_again(switched_on: Installation):
    switched_on.work(0)
    moved = Installation(switched_on.data.parent / "elsewhere", switched_on.shop)
    switched_on.data.rename(moved.data)
    moved.order("Ada")
    moved.work(1)
    assert moved.parcels() == ["Ada"]


def test_what_tells_a_copy_from_its_original(tmp_path: Path):
    one = Seen(number=7, disk=1, made_ns=100, machine="m", path="/data")
    assert one.is_where(Seen(7, 1, 200, "m", "/data"))  # its rights were changed
    assert one.is_where(Seen(7, 2, 100, "m", "/srv"))  # the disk is called otherwise since a restart
    assert not one.is_where(Seen(8, 1, 200, "m", "/data"))  # a copy on the same disk
    assert not one.is_where(Seen(7, 2, 200, "m", "/data"))  # a copy on another one that happens to have its number
    assert not one.is_where(Seen(7, 1, 100, "other", "/data"))  # the whole disk was copied
    assert one.is_where(Seen(7, 1, 100, "", "/data"))  # a container has no machine id
    assert machine(tmp_path / "missing") == ""
    assert MARK.startswith(".")


def _ready(port: int) -> str:
    """What is said against it; `READY` when nothing is."""
    try:
        answer = plain.get(f"http://127.0.0.1:{port}/readyz")
    except httpx.TransportError:
        return "nobody answers"
    return READY if answer.status_code == 200 else answer.text
