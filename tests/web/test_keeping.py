"""`zapwerk backup`"""

import stat
import tarfile
from pathlib import Path

import pytest

from tests.web.installation import Installation
from web import keeping


def test_a_backup_restores_to_a_working_installation(switched_on: Installation, tmp_path: Path):
    switched_on.order("Ada")
    switched_on.work(1)
    (switched_on.data / "blobs" / "ab").mkdir(parents=True)
    (switched_on.data / "blobs" / "ab" / "file").write_bytes(b"attached")
    file = tmp_path / "backup.tar.gz"
    switched_on.run("backup", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    restored = Installation(tmp_path / "restored", switched_on.shop)
    with tarfile.open(file) as tar:
        tar.extractall(restored.data, filter="data")
    assert restored.json("connections", "check")[0]["ok"]
    assert [run["state"] for run in restored.json("runs", "list")] == ["succeeded"]
    assert restored.json("zaps", "list")[0]["state"] == "on"
    assert (restored.data / "blobs" / "ab" / "file").read_bytes() == b"attached"


def test_a_backup_leaves_nothing_beside_it(connected: Installation, tmp_path: Path):
    place = tmp_path / "backups"
    place.mkdir()
    connected.run("backup", str(place / "one.tar.gz"))
    assert [path.name for path in place.iterdir()] == ["one.tar.gz"]


def test_a_file_that_exists_is_replaced_only_when_asked(connected: Installation, tmp_path: Path):
    file = tmp_path / "backup.tar.gz"
    file.write_text("precious")
    connected.run("backup", str(file), code=1)
    assert file.read_text() == "precious"
    connected.run("backup", str(file), "--yes")
    assert tarfile.is_tarfile(file)


def test_a_damaged_database_is_not_backed_up_over_a_good_backup(connected: Installation, tmp_path: Path):
    file = tmp_path / "backup.tar.gz"
    connected.run("backup", str(file))
    good = file.read_bytes()
    database = connected.data / "zapwerk.db"
    content = bytearray(database.read_bytes())
    content[4096:20000] = b"\xff" * (20000 - 4096)
    database.write_bytes(content)
    assert "damaged" in connected.run("backup", str(file), "--yes", code=1).stderr
    assert file.read_bytes() == good


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08"], ids=["empty", "text", "cut"])
def test_an_archive_that_cannot_be_read_again_is_no_backup(tmp_path: Path, content: bytes):
    archive = tmp_path / "archive"
    archive.write_bytes(content)
    with pytest.raises((OSError, EOFError, tarfile.TarError)):
        keeping._read_again(archive, ["zapwerk.db"])


def test_where_there_is_nothing_there_is_no_backup(installation: Installation, tmp_path: Path):
    assert "nothing to back up" in installation.run("backup", str(tmp_path / "b.tar.gz"), code=1).stderr
    installation.connect()
    assert "is a folder" in installation.run("backup", str(tmp_path), "--yes", code=1).stderr
    assert "No such file" in installation.run("backup", str(tmp_path / "no" / "b.tar.gz"), code=1).stderr


def test_a_key_from_the_environment_is_not_in_the_backup_and_that_is_said(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ZAPWERK_SECRET_KEY", "k" * 40)
    installation.connect()
    done = installation.run("backup", str(tmp_path / "b.tar.gz"))
    assert "keep ZAPWERK_SECRET_KEY" in done.stderr
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        assert "secret.key" not in tar.getnames()
