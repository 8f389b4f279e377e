"""The data folder: made on first use, and owned by one engine at a time."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import AlreadyRunning, DataFolderError

LOCK = "engine.lock"
KEY_LOCK = "secret.lock"
RESTORING = ".restoring"
DATABASE = "zapwerk.db"
LOOKS = 5


def prepare(data: Path, *, restores: bool = False) -> None:
    """Makes the folder, readable by its owner alone. Raises `DataFolderError` if it cannot be written, and if only half
    of a backup was put into it (unless somebody `restores` one now).
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderError(f"The data folder {data} cannot be made: {error.strerror}.") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise DataFolderError(f"The data folder {data} cannot be written. Please give this user the right to.")
    closed = next((path for path in _written(data) if path.exists() and not os.access(path, os.W_OK)), None)
    if closed is not None:
        raise DataFolderError(
            f"The file {closed} cannot be written. Please give this user the right to; if it was copied by another "
            "user, with: chown"
        )
    if (data / RESTORING).exists() and not restores:
        raise DataFolderError(
            f"Restoring a backup into {data} was interrupted, or is under way. If it is not, repeat it: "
            "zapwerk restore FILE --replace"
        )


def _written(data: Path) -> list[Path]:
    """The files of the database: SQLite would find out only with the first change."""
    return [data / f"{DATABASE}{more}" for more in ("", "-wal", "-shm")]


@contextmanager
def key_lock(data: Path) -> Iterator[None]:
    """One rotation or backup at a time: two rotations would drop each other's keys, and in between key and database do
    not fit together.
    """
    file = os.open(data / KEY_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


class Ownership:
    """The right to be the engine of a data folder. The system ends it with the process, also after a crash."""

    def __init__(self, data: Path) -> None:
        self._path = data / LOCK
        self._file: int | None = None

    def take(self) -> None:
        """Raises `AlreadyRunning`."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(file)
        except BlockingIOError as error:
            holder = os.read(file, 20).decode(errors="replace").strip()
            os.close(file)
            raise AlreadyRunning(
                f"Another engine (process {holder or 'unknown'}) works on the data folder {self._path.parent}. "
                "Stop it first, or choose another folder with --data."
            ) from error
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file = file

    def give_up(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lock(file: int) -> None:
    """Tries for a moment: `owner` takes the lock to see whether it is free. Raises `BlockingIOError`."""
    for _ in range(LOOKS):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.02)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def owner(data: Path) -> int | None:
    """The process that is the engine of this folder; None if there is none."""
    if not (data / LOCK).exists():
        return None
    ownership = Ownership(data)
    try:
        ownership.take()
    except AlreadyRunning:
        said = (data / LOCK).read_text().strip()
        return int(said) if said.isdigit() else 0
    ownership.give_up()
    return None
