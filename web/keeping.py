"""`zapwerk backup`: the database, files, connectors and the key in one `.tar.gz`, consistent also while Zapwerk runs.

The database is copied first, by SQLite's own backup; files that come afterwards do no harm, and none that it names is
deleted so soon. The archive is written beside its place, read again as a whole, and only then put there.
"""

import gzip
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from engine.connections.vault import KEY_FILE
from engine.errors import DataFolderError, Refused
from engine.settings import Settings
from web import rotating

DATABASE = "zapwerk.db"
FOLDERS = ("blobs", "connectors")
PIECE = 1 << 20  # bytes read at once
COMPRESSION = 5  # of 9: half the time of the default for 2 % more


@dataclass(frozen=True)
class Kept:
    """What is in a backup."""

    files: int
    size: int
    with_key: bool


def back_up(settings: Settings, target: Path) -> Kept:
    """Raises `Refused`, `DataFolderError`, `OSError`; then nothing is left behind at `target`."""
    if settings.database_url:
        raise Refused("The database is in PostgreSQL: back it up with pg_dump, and the data folder as files.")
    if not (settings.data / DATABASE).is_file():
        raise DataFolderError(f"There is nothing to back up in {settings.data}.")
    if target.is_dir():
        raise Refused(f"{target} is a folder; please name a file, like {target / 'zapwerk.tar.gz'}.")
    with tempfile.TemporaryDirectory(prefix=".zapwerk-backup-", dir=target.parent) as folder:
        scratch = Path(folder)
        archive = scratch / "archive"
        with rotating.lock(settings.data):  # else the key could change between the copies of database and key
            _copy(settings.data / DATABASE, scratch / DATABASE)
            with_key = _copy_key(settings, scratch)
        names = _write(archive, settings.data, scratch, with_key)
        _read_again(archive, names)
        size = archive.stat().st_size
        archive.replace(target)
    _sync(target.parent)
    return Kept(len(names), size, with_key)


def _copy(source: Path, target: Path) -> None:
    try:
        found = _copied(source, target)
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise DataFolderError(f"The database is damaged ({found}), so there is no backup of it. Restore an older one.")


def _copied(source: Path, target: Path) -> str:
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
        found: str = other.execute("PRAGMA quick_check").fetchone()[0]
    return found


def _copy_key(settings: Settings, scratch: Path) -> bool:
    key = settings.data / KEY_FILE
    if settings.secret_key is not None or not key.is_file():
        return False
    shutil.copyfile(key, scratch / KEY_FILE)
    (scratch / KEY_FILE).chmod(0o600)
    return True


def _write(archive: Path, data: Path, scratch: Path, with_key: bool) -> list[str]:
    handle = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        with (
            gzip.GzipFile(fileobj=file, mode="wb", compresslevel=COMPRESSION) as packed,
            tarfile.open(fileobj=packed, mode="w") as tar,
        ):
            tar.add(scratch / DATABASE, DATABASE)
            if with_key:
                tar.add(scratch / KEY_FILE, KEY_FILE)
            for path in _files(data):
                _add(tar, path, str(path.relative_to(data)))
            names = tar.getnames()
        file.flush()
        os.fsync(file.fileno())
    return names


def _files(data: Path) -> Iterator[Path]:
    for name in FOLDERS:
        for path in sorted((data / name).rglob("*")):
            if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
                yield path


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """A file that is deleted meanwhile is left out."""
    try:
        with path.open("rb") as file:
            tar.addfile(tar.gettarinfo(arcname=name, fileobj=file), file)
    except FileNotFoundError:
        return


def _read_again(archive: Path, names: list[str]) -> None:
    """Unpacks all of it to nowhere: checks lengths and checksums, as restoring would."""
    with gzip.open(archive, "rb") as packed, tarfile.open(fileobj=cast(BinaryIO, packed), mode="r|") as tar:
        found = []
        for member in tar:
            content = tar.extractfile(member)
            while content is not None and content.read(PIECE):
                pass
            found.append(member.name)
        while packed.read(PIECE):
            pass
    if found != names:
        raise DataFolderError("The backup could not be read again, so it was thrown away. Is the disk sound?")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
