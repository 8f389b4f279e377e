"""Puts a backup into a data folder: everything is checked and unpacked first, and only then takes its place.

What was restored starts with all zaps paused and nothing asked of any app (`restored` says what happens then). It is
unpacked into `.restoring` inside the data folder, which may be the root of a volume; while that is there, no engine
starts.
"""

import shutil
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine import folder
from engine.backup import archive, codes, restored
from engine.backup.archive import DATABASE, Opened
from engine.connections import vault
from engine.errors import AlreadyRunning, Refused, Sentence
from engine.settings import Settings
from engine.store import migrate
from engine.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLACED = "replaced-"
NO_CONTENT = (folder.LOCK, folder.KEY_LOCK, folder.RESTORING, "backups", "lost+found", ".zapwerk-is-here")
"""What may lie in a folder that counts as empty, and stays where it is."""

CODE_IS_NEEDED = Sentence(
    "The key in this backup is sealed: the recovery code is needed, which was shown when backups were set up. Without "
    "it everything but the credentials can be restored: --without-key",
    "Der Schlüssel in dieser Sicherung ist versiegelt: Dazu braucht es den Wiederherstellungscode, der beim Einrichten "
    "der Sicherungen angezeigt wurde. Ohne ihn lässt sich alles außer den Zugangsdaten wiederherstellen: --without-key",
)


@dataclass(frozen=True)
class Asked:
    """How a backup shall be restored. `code` is what was typed; `without_key` leaves the credentials closed."""

    file: Path
    code: str = ""
    without_key: bool = False
    replace: bool = False


@dataclass(frozen=True)
class Outcome:
    """What was restored. `key_fits` says whether the credentials can be opened; `aside` is where the old content is."""

    made_at: datetime
    program: str
    zaps: int
    key_fits: bool
    aside: Path | None


def looked_at(file: Path) -> archive.Manifest:
    """What a backup says about itself, for whoever asks for the code. Raises `Refused`, `OSError`."""
    with archive.opened(file) as found:
        _must_be_known(found)
        return found.manifest


def restore(settings: Settings, asked: Asked, *, now: datetime) -> Outcome:
    """Raises `Refused`, `DataFolderError`, `OSError`; then the data folder is as it was."""
    if settings.database_url:
        raise Refused(
            "ZAPWERK_DATABASE_URL is set, and a backup holds an SQLite database. Unset it to restore into a data "
            "folder; a dump of PostgreSQL is restored with pg_restore."
        )
    with archive.opened(asked.file) as found:
        _must_be_known(found)
        keys = _keys(found, asked)
        _must_be_free(settings.data, asked)
        folder.prepare(settings.data, restores=True)
        with _held(settings.data):
            return _restored(settings, found, keys, asked, now)


def _keys(found: Opened, asked: Asked) -> Sequence[bytes]:
    envelope = found.manifest.key
    if envelope is None or asked.without_key:
        return ()
    if not asked.code:
        raise Refused(CODE_IS_NEEDED)
    return codes.disclose(envelope, asked.code)


def _must_be_known(found: Opened) -> None:
    if found.manifest.schema not in migrate.known():
        raise Refused(archive.newer(found.manifest.program))


def _must_be_free(data: Path, asked: Asked) -> None:
    if folder.owner(data) is not None:
        raise AlreadyRunning(
            f"Zapwerk runs on the data folder {data}. Stop it first, or choose another folder with --data; nothing "
            "was changed."
        )
    if _content(data) and not asked.replace:
        raise Refused(
            f"The data folder {data} is not empty; nothing was changed. Choose another one with --data, or say "
            "--replace: then what is in it is moved aside, into a folder in it."
        )


@contextmanager
def _held(data: Path) -> "Iterator[None]":
    """No engine starts meanwhile."""
    ownership = folder.Ownership(data)
    ownership.take()
    try:
        yield
    finally:
        ownership.give_up()


def _restored(settings: Settings, found: Opened, keys: Sequence[bytes], asked: Asked, now: datetime) -> Outcome:
    data = settings.data
    staging = data / folder.RESTORING
    shutil.rmtree(staging, ignore_errors=True)
    try:
        _must_have_room(found, data)
        staging.mkdir(mode=0o700)
        for name in found.sizes:
            found.copy(name, staging / name)
        if keys and not settings.secret_key:
            vault.write_file(staging, keys)
        zaps = _prepared(staging / DATABASE, found, asked.file, now)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    aside = _moved_aside(data, now)
    for path in sorted(staging.iterdir(), key=lambda one: one.name == DATABASE):  # the database comes last
        path.replace(data / path.name)
    staging.rmdir()
    return Outcome(found.manifest.made_at, found.manifest.program, zaps, _fits(settings, found, keys), aside)


def _prepared(file: Path, found: Opened, source: Path, now: datetime) -> int:
    """Brings the database up to date and pauses what is in it."""
    database = Database(f"sqlite:///{file}")
    try:
        migrate.upgrade(database, copies=False)
        with database.write() as session:
            zaps = restored.begin(session, made_at=found.manifest.made_at, file=source.name, now=now)
        with database.connect(writes=False) as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()
    return zaps


def _fits(settings: Settings, found: Opened, keys: Sequence[bytes]) -> bool:
    at_hand = list(keys)
    if settings.secret_key:
        at_hand = list(vault.load_keys(settings.secret_key.get_secret_value(), settings.data))
    return found.manifest.key_fingerprint in {vault.fingerprint_of(key) for key in at_hand}


def _must_have_room(found: Opened, data: Path) -> None:
    free = shutil.disk_usage(data).free
    if found.size * 1.1 > free:
        raise Refused(
            Sentence(
                f"There is too little room at {data}: {free / 1e6:,.0f} MB are free, and the backup unpacks to "
                f"{found.size / 1e6:,.0f} MB. Nothing was changed.",
                f"Bei {data} ist zu wenig Platz: {free / 1e6:.0f} MB sind frei, ausgepackt hat die Sicherung "
                f"{found.size / 1e6:.0f} MB. Nichts wurde geändert.",
            )
        )


def _content(data: Path) -> list[Path]:
    if not data.is_dir():
        return []
    return [path for path in data.iterdir() if path.name not in NO_CONTENT and not path.name.startswith(REPLACED)]


def _moved_aside(data: Path, now: datetime) -> Path | None:
    content = sorted(_content(data), key=lambda path: path.name != DATABASE)  # the database goes first
    if not content:
        return None
    aside = data / f"{REPLACED}{now:%Y%m%d-%H%M%S}"
    aside.mkdir(mode=0o700)
    for path in content:
        path.replace(aside / path.name)
    return aside
