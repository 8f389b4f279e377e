"""`zapwerk backup`, `restore`, `restored`: by the command line, over real data folders."""

import json
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.backup import codes
from tests.web.installation import Installation

MADE = "zapwerk_backup"


def code_of(installation: Installation) -> str:
    return installation.run("backup", "code").stdout.strip()


def beside(installation: Installation, name: str = "restored") -> Installation:
    """An installation that is not there yet, for the same shop."""
    return Installation(installation.data.parent / name, installation.shop)


@pytest.fixture
def backed_up(switched_on: Installation, tmp_path: Path) -> tuple[Installation, Path, str]:
    """An installation that did one order, a backup of it, and its code."""
    switched_on.order("Ada")
    switched_on.work(1)
    code, file = code_of(switched_on), tmp_path / "backup.zip"
    switched_on.run("backup", str(file))
    return switched_on, file, code


def test_a_backup_restores_to_a_working_installation_with_everything_paused(
    backed_up: tuple[Installation, Path, str],
):
    _, file, code = backed_up
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    restored = beside(backed_up[0])
    restored.run("restore", str(file), "--code", code.lower().replace("-", " "))
    assert restored.json("connections", "check")[0]["ok"]
    assert [run["state"] for run in restored.json("runs", "list")] == ["succeeded"]
    assert restored.json("zaps", "list")[0]["state"] == "paused"
    assert "decide" in restored.run("doctor", code=1).stdout


def test_the_key_lies_in_a_backup_only_sealed(backed_up: tuple[Installation, Path, str]):
    original, file, _ = backed_up
    key = (original.data / "secret.key").read_text().splitlines()[-1]
    with zipfile.ZipFile(file) as packed:
        assert "secret.key" not in packed.namelist()
        assert all(key.encode() not in packed.read(name) for name in packed.namelist())


def test_a_wrong_code_is_refused_before_anything_is_touched(backed_up: tuple[Installation, Path, str]):
    _, file, _ = backed_up
    restored = beside(backed_up[0])
    said = restored.run("restore", str(file), "--code", codes.new(), code=1).stderr
    assert "not the recovery code" in said
    assert not restored.data.exists()


def test_without_the_key_accounts_are_reconnected(backed_up: tuple[Installation, Path, str]):
    _, file, _ = backed_up
    restored = beside(backed_up[0])
    assert "reconnect the accounts" in restored.run("restore", str(file), "--without-key").stderr
    assert restored.json("zaps", "list")[0]["state"] == "paused"


def test_a_folder_with_something_in_it_is_replaced_only_when_asked_and_moved_aside(
    backed_up: tuple[Installation, Path, str],
):
    original, file, code = backed_up
    before = (original.data / "secret.key").read_bytes()
    assert "not empty" in original.run("restore", str(file), "--code", code, code=1).stderr
    original.run("restore", str(file), "--code", code, "--replace")
    (aside,) = original.data.glob("replaced-*")
    assert (aside / "secret.key").read_bytes() == before
    assert (aside / "zapwerk.db").is_file()
    assert original.json("zaps", "list")[0]["state"] == "paused"


def test_without_a_code_a_backup_must_leave_the_key_out(connected: Installation, tmp_path: Path):
    file = tmp_path / "backup.zip"
    assert "zapwerk backup code" in connected.run("backup", str(file), code=1).stderr
    assert not file.exists()
    assert "keep it as well" in connected.run("backup", str(file), "--without-key").stderr


def test_the_code_goes_on_through_a_rotation_of_the_key(backed_up: tuple[Installation, Path, str], tmp_path: Path):
    original, _, code = backed_up
    original.run("secrets", "rotate")
    original.run("backup", str(tmp_path / "later.zip"))
    restored = beside(original)
    restored.run("restore", str(tmp_path / "later.zip"), "--code", code)
    assert restored.json("connections", "check")[0]["ok"]


def test_a_backup_leaves_nothing_beside_it(connected: Installation, tmp_path: Path):
    place = tmp_path / "backups"
    place.mkdir()
    connected.run("backup", str(place / "one.zip"), "--without-key")
    assert [path.name for path in place.iterdir()] == ["one.zip"]


def test_a_file_that_exists_is_replaced_only_when_asked(connected: Installation, tmp_path: Path):
    file = tmp_path / "backup.zip"
    file.write_text("precious")
    connected.run("backup", str(file), "--without-key", code=1)
    assert file.read_text() == "precious"
    connected.run("backup", str(file), "--without-key", "--yes")
    assert zipfile.is_zipfile(file)


def test_a_damaged_database_is_not_backed_up_over_a_good_backup(connected: Installation, tmp_path: Path):
    file = tmp_path / "backup.zip"
    connected.run("backup", str(file), "--without-key")
    good = file.read_bytes()
    content = bytearray((connected.data / "zapwerk.db").read_bytes())
    content[4096:20000] = b"\xff" * (20000 - 4096)
    (connected.data / "zapwerk.db").write_bytes(content)
    assert "damaged" in connected.run("backup", str(file), "--without-key", "--yes", code=1).stderr
    assert file.read_bytes() == good


def test_where_there_is_nothing_there_is_no_backup(installation: Installation, tmp_path: Path):
    assert "nothing to back up" in installation.run("backup", str(tmp_path / "b.zip"), code=1).stderr
    installation.connect()
    assert "is a folder" in installation.run("backup", str(tmp_path), "--yes", "--without-key", code=1).stderr


def test_a_key_from_the_environment_is_sealed_as_well(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ZAPWERK_SECRET_KEY", "k" * 40)
    installation.connect()
    code = code_of(installation)
    installation.run("backup", str(tmp_path / "b.zip"))
    monkeypatch.delenv("ZAPWERK_SECRET_KEY")
    restored = beside(installation)
    restored.run("restore", str(tmp_path / "b.zip"), "--code", code)
    assert restored.json("connections", "check")[0]["ok"]


@pytest.mark.parametrize(
    ("choice", "states", "parcels"),
    [
        pytest.param("skip", [], ["Ada", "Lost"], id="skip passes over what came since"),
        pytest.param("hold", ["held"], ["Ada", "Lost"], id="hold keeps it for a look"),
        pytest.param("run", ["succeeded"], ["Ada", "Lost", "Lost"], id="run does it"),
    ],
)
def test_what_was_done_after_the_backup_is_found_again(
    backed_up: tuple[Installation, Path, str], choice: str, states: list[str], parcels: list[str]
):
    original, file, code = backed_up
    original.order("Lost")
    original.work(2)
    restored = beside(original)
    restored.run("restore", str(file), "--code", code)
    restored.run("restored", "decide", "Parcels", choice)
    restored.work(1 + len(states))
    assert [run["state"] for run in restored.json("runs", "list")] == [*states, "succeeded"]
    assert restored.parcels() == parcels
    (zap,) = restored.json("restored", "list")["zaps"]
    assert zap["choice"] == choice


def rewritten(file: Path, change: Callable[[zipfile.ZipFile], None], manifest: dict[str, object] | None = None) -> Path:
    """The same backup, with something else in it."""
    hostile = file.with_name("hostile.zip")
    with zipfile.ZipFile(file) as packed, zipfile.ZipFile(hostile, "w", zipfile.ZIP_DEFLATED) as other:
        for name in packed.namelist():
            content = packed.read(name)
            if name == "backup.json" and manifest:
                content = json.dumps({**json.loads(content), **manifest}).encode()
            other.writestr(name, content)
        change(other)
    return hostile


def _link(packed: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("connectors/link.py")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed.writestr(entry, "/etc/passwd")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda packed: packed.writestr("../evil.py", "x"), id="a path that leads out"),
        pytest.param(lambda packed: packed.writestr("connectors/../../evil.py", "x"), id="a path that turns out"),
        pytest.param(lambda packed: packed.writestr("/tmp/evil.py", "x"), id="an absolute path"),
        pytest.param(lambda packed: packed.writestr("connectors\\..\\evil.py", "x"), id="backslashes"),
        pytest.param(lambda packed: packed.writestr("secret.key", "x"), id="a key in the open"),
        pytest.param(lambda packed: packed.writestr("blobs/ab/cd/" + "ab" * 32, "x"), id="a file that is another"),
        pytest.param(_link, id="a link"),
    ],
)
def test_a_hostile_file_is_refused_and_nothing_of_it_unpacked(
    backed_up: tuple[Installation, Path, str], change: Callable[[zipfile.ZipFile], None], tmp_path: Path
):
    original, file, code = backed_up
    restored = beside(original)
    restored.run("restore", str(rewritten(file, change)), "--code", code, code=1)
    assert not list(tmp_path.rglob("evil.py"))
    assert not (restored.data / "zapwerk.db").exists()
    assert not (restored.data / ".restoring").exists()


@pytest.mark.parametrize("manifest", [{"schema": "9999"}, {MADE: 99}], ids=["a newer schema", "a newer format"])
def test_a_backup_of_a_newer_version_is_left_alone(
    backed_up: tuple[Installation, Path, str], manifest: dict[str, object]
):
    original, file, code = backed_up
    newer = rewritten(file, lambda packed: None, manifest)
    assert "newer version" in beside(original).run("restore", str(newer), "--code", code, code=1).stderr


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04cut"], ids=["empty", "text", "cut"])
def test_what_is_no_backup_is_refused(installation: Installation, tmp_path: Path, content: bytes):
    (tmp_path / "file.zip").write_bytes(content)
    assert "Traceback" not in installation.run("restore", str(tmp_path / "file.zip"), code=1).stderr


def test_half_a_restore_does_not_start(backed_up: tuple[Installation, Path, str]):
    original, file, code = backed_up
    restored = beside(original)
    (restored.data / ".restoring").mkdir(parents=True)
    assert "interrupted" in restored.run("zaps", "list", code=1).stderr
    restored.run("restore", str(file), "--code", code)
    assert restored.json("zaps", "list")[0]["name"] == "Parcels"


def test_a_database_is_copied_before_it_is_brought_up_to_date(connected: Installation):
    with closing(sqlite3.connect(connected.data / "zapwerk.db")) as database:
        database.execute("ALTER TABLE zap RENAME TO hidden")  # the last migration cannot work
        database.execute("UPDATE alembic_version SET version_num = '0007'")
        database.commit()
    said = connected.run("migrate", code=1).stderr
    (copy,) = (connected.data / "backups").glob("before-upgrade-from-0007-*.db")
    assert "left as it was" in said
    for file in (copy, connected.data / "zapwerk.db"):
        with closing(sqlite3.connect(file)) as database:
            assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("0007",)
            assert database.execute("SELECT count(*) FROM connection").fetchone() == (1,)
