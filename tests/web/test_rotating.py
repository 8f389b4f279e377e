"""`zapwerk secrets rotate`: whatever happens to it, a key that fits is there."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from engine import folder
from engine.connections.vault import Vault, load_keys, new_key
from engine.errors import VaultError
from engine.folder import Ownership
from engine.store import connections
from engine.store.database import Database
from engine.zaps.sealing import SEALED
from tests.commands import logging_as_it_was
from tests.web.installation import Installation

POINTS = 8
"""The higher, the closer together are the lines at which the rotation is killed."""


def sealed(installation: Installation) -> list[bytes]:
    database = Database(f"sqlite:///{installation.data / 'zapwerk.db'}")
    try:
        with database.read() as session:
            return [one.sealed for one in connections.every(session) if one.sealed]
    finally:
        database.close()


def test_everything_is_sealed_with_a_new_key_and_the_old_one_is_gone(connected: Installation):
    connected.run("apps", "set", "shop", "pin=-", said="1234\n")
    (before,) = load_keys(None, connected.data)
    assert "2 credentials" in connected.run("secrets", "rotate").stderr
    (after,) = load_keys(None, connected.data)
    assert after != before
    with pytest.raises(VaultError):
        Vault([before]).open(sealed(connected)[0])
    assert connected.json("connections", "check")[0]["ok"]
    assert connected.json("apps", "show", "shop")["profiles"][0]["values"]["pin"] == "set"
    assert connected.json("doctor")["ok"]


def test_the_address_of_a_webhook_stays_the_same(installation: Installation):
    step = "{key: any, filter: {all: [{value: x, is: exists}]}}"
    zap = f"zapwerk: 1\nname: hooked\ntrigger: {{use: webhook.catch}}\nsteps:\n  - {step}\n"
    installation.run("zaps", "import", "-", said=zap)
    address = installation.run("zaps", "address", "hooked").stdout
    assert "1 credentials" in installation.run("secrets", "rotate").stderr
    assert installation.run("zaps", "address", "hooked").stdout == address
    (installation.data / "secret.key").write_bytes(new_key())
    assert "zapwerk zaps address" in installation.run("secrets", "rotate", code=1).stderr


def test_secrets_typed_into_steps_are_opened_by_the_new_key_alone(installation: Installation):
    step = "{key: call, use: http.request, with: {url: https://x.example, headers: {Authorization: typed-by-hand}}}"
    zap = f"zapwerk: 1\nname: calls\ntrigger: {{use: webhook.catch}}\nsteps:\n  - {step}\n"
    installation.run("zaps", "import", "-", said=zap)
    assert "1 credentials" in installation.run("secrets", "rotate").stderr
    with sqlite3.connect(installation.data / "zapwerk.db") as database:
        ((draft,),) = database.execute("SELECT draft FROM zap").fetchall()
    found = SEALED.search(draft)
    assert found
    (key,) = load_keys(None, installation.data)
    assert Vault([key]).open(found[1].encode()) == {"typed": "typed-by-hand"}
    exported = installation.run("zaps", "export", "calls").stdout
    assert "typed-by-hand" not in exported
    assert "sealed:" not in exported


def test_a_vault_that_is_in_use_takes_part_without_a_restart(connected: Installation):
    key_file = connected.data / "secret.key"
    vault = Vault(load_keys(None, connected.data), file=key_file)
    old = sealed(connected)[0]
    assert vault.open(old)["password"]
    connected.run("secrets", "rotate")
    assert vault.open(sealed(connected)[0]) == vault.open(old)
    assert Vault(load_keys(None, connected.data)).open(vault.seal("new")) == "new"


def test_killed_at_any_point_it_can_be_repeated_and_nothing_is_lost(connected: Installation, tmp_path: Path):
    """A process of its own dies, without any cleaning up, in a fork for each of many lines of the rotation."""
    command = [sys.executable, "-m", "tests.web.killing", str(connected.data), str(POINTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
    connected.run("secrets", "rotate")
    assert connected.json("connections", "check")[0]["ok"]
    assert len(load_keys(None, connected.data)) == 1
    assert list(connected.data.glob(".secret.key.*")) == []


def test_credentials_that_cannot_be_opened_stop_it_before_anything_is_changed(connected: Installation):
    key_file = connected.data / "secret.key"
    key_file.write_bytes(new_key())
    content = key_file.read_bytes()
    assert "connections remove" in connected.run("secrets", "rotate", code=1).stderr
    assert key_file.read_bytes() == content


def test_two_rotations_wait_for_each_other(connected: Installation):
    command = [sys.executable, "-m", "web.cli", "--data", str(connected.data), "secrets", "rotate"]
    with folder.key_lock(connected.data):
        processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
        with pytest.raises(subprocess.TimeoutExpired):
            processes[0].wait(1.5)
    said = [process.communicate(timeout=30)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert connected.json("connections", "check")[0]["ok"]


def test_a_key_from_the_environment_is_changed_there(installation: Installation, monkeypatch: pytest.MonkeyPatch):
    old, new = "o" * 40, "n" * 40
    monkeypatch.setenv("ZAPWERK_SECRET_KEY", old)
    installation.connect()
    assert "ZAPWERK_SECRET_KEY=new,old" in installation.run("secrets", "rotate", code=1).stderr
    monkeypatch.setenv("ZAPWERK_SECRET_KEY", f"{new},{old}")
    installation.run("secrets", "rotate")
    monkeypatch.setenv("ZAPWERK_SECRET_KEY", new)
    assert installation.json("connections", "check")[0]["ok"]
    assert not (installation.data / "secret.key").exists()


def test_with_a_key_from_the_environment_the_engine_must_be_stopped(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ZAPWERK_SECRET_KEY", "n" * 40 + "," + "o" * 40)
    installation.connect()
    ownership = Ownership(installation.data)
    ownership.take()
    with logging_as_it_was():
        assert "Stop it" in installation.run("secrets", "rotate", code=1).stderr
    ownership.give_up()
