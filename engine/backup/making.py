"""Makes a backup: one file with the database, files, connectors, packages and the sealed key, consistent also while
Zapwerk runs. Called by the command line, the page, and every night by `nightly`.

The database is copied first, by SQLite's own backup; files that come afterwards do no harm. The archive is written
beside its place, then opened and read as a whole as restoring would, and only then put there.
"""

import importlib.metadata
import os
import re
import shutil
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine import folder
from engine.backup import archive, codes
from engine.backup.archive import DATABASE, FOLDERS, MANIFEST, Damaged, Manifest
from engine.connections.vault import KEY_FILE, Vault, load_keys
from engine.errors import DataFolderError, Refused, Sentence, VaultError, ZapwerkError
from engine.settings import Settings
from engine.store import facts

COMPRESSION = 5  # of 9: half the time of the default for 2 % more
SPARE = 100_000_000  # bytes that a backup leaves free on the disk
SCRATCH = ".zapwerk-backup-"
FORGOTTEN_AFTER = 86_400.0  # seconds; no backup takes so long, so whoever began that one was killed
TABLES = ("zap", "version", "connection", "event", "run", "journal", "seen", "person")

# Where the addresses of files stand.
_REFERRING = (("event", "payload"), ("journal", "data"), ("sample", "record"), ("awaited", "payload"))
_REF = re.compile(rb"sha256:([0-9a-f]{64})")

ONLY_SQLITE = Sentence(
    "The database is in PostgreSQL: back it up with pg_dump, and the data folder as files.",
    "Die Datenbank liegt in PostgreSQL: Bitte sichern Sie sie mit pg_dump und den Datenordner als Dateien.",
)
NO_CODE = Sentence(
    "There is no recovery code yet, which seals the key inside a backup. Make one with: zapwerk backup code; or leave "
    "the key out: --without-key",
    "Es gibt noch keinen Wiederherstellungscode, der den Schlüssel in einer Sicherung versiegelt. Erzeugen Sie einen "
    "mit: zapwerk backup code; oder lassen Sie den Schlüssel weg: --without-key",
)
OTHER_KEY = Sentence(
    "The key at hand does not open what is kept of the recovery code, so the key cannot be sealed into a backup. Put "
    "back the right key, or make a new code: zapwerk backup code; or leave the key out: --without-key",
    "Der vorhandene Schlüssel öffnet nicht, was vom Wiederherstellungscode aufbewahrt wird. Deshalb lässt er sich "
    "nicht in eine Sicherung einschließen. Stellen Sie den richtigen Schlüssel wieder her, oder erzeugen Sie einen "
    "neuen Code: zapwerk backup code; oder lassen Sie den Schlüssel weg: --without-key",
)


LOCKED = Sentence(
    "Another program keeps the database locked, so it cannot be copied. Please end that program and try again.",
    "Ein anderes Programm hält die Datenbank gesperrt, deshalb lässt sie sich nicht kopieren. Bitte beenden Sie dieses "
    "Programm und versuchen Sie es noch einmal.",
)


@dataclass(frozen=True)
class Made:
    """A backup that was made and could be read again. `missing` counts attached files that were gone before."""

    file: Path
    files: int
    size: int
    with_key: bool
    missing: int
    made_at: datetime


def make(settings: Settings, target: Path, *, with_key: bool, now: datetime) -> Made:
    """Raises `Refused`, `DataFolderError`, `VaultError`, `OSError`; then nothing is left behind at `target`."""
    if settings.database_url:
        raise Refused(ONLY_SQLITE)
    if not (settings.data / DATABASE).is_file():
        raise DataFolderError(f"There is nothing to back up in {settings.data}.")
    if target.is_dir():
        raise Refused(f"{target} is a folder; please name a file, like {target / 'zapwerk.zip'}.")
    _clear_away(target.parent)
    _must_have_room(settings.data, target.parent)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=target.parent) as place:
        scratch = Path(place)
        with folder.key_lock(settings.data):  # else the key could change between the copies of database and key
            copy_database(settings.data / DATABASE, scratch / DATABASE)
            manifest = _manifest(settings, scratch / DATABASE, with_key=with_key, now=now)
        draft = scratch / "backup.zip"
        _write(draft, settings.data, scratch / DATABASE, manifest)
        (scratch / DATABASE).unlink()
        files, missing = verify(draft, scratch, settings.data)
        size = draft.stat().st_size
        draft.replace(target)
    _sync(target.parent)
    return Made(target, files, size, manifest.key is not None, missing, now)


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use. Raises `DataFolderError` for a damaged one."""
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as one,
            closing(sqlite3.connect(target)) as other,
        ):
            one.backup(other)
            other.execute("PRAGMA journal_mode=DELETE").close()  # a copy is one file
            found = str(other.execute("PRAGMA quick_check").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise DataFolderError(LOCKED) from error
        found = str(error)
    if found != "ok":
        raise DataFolderError(
            Sentence(
                f"The database is damaged ({found}), so there is no backup of it. Restore an older one.",
                f"Die Datenbank ist beschädigt ({found}), deshalb gibt es keine Sicherung von ihr. Bitte stellen Sie "
                "eine ältere wieder her.",
            )
        )
    target.chmod(0o600)


def reason_of(error: ZapwerkError | OSError) -> Sentence:
    """Why there is no backup, for people."""
    if isinstance(error, ZapwerkError):
        return Sentence(error.within("en"), error.within("de"))
    said = f"{error.filename or 'The disk'}: {error.strerror or error}."
    return Sentence(said, said)


def verify(file: Path, scratch: Path, data: Path | None = None) -> tuple[int, int]:
    """Opens a backup and reads all of it: how many files are in it, and how many that it names are not.

    With `data` those that are there must also be in the backup. Raises `Damaged`.
    """
    copy = scratch / "verified.db"
    with archive.opened(file) as found:
        for name in found.sizes:
            if name != DATABASE:
                found.check(name)
        found.copy(DATABASE, copy)
        names = set(found.sizes)
        _must_be_as_said(copy, found.manifest)
    missing = {archive.blob_name(ref) for ref in _refs(copy)} - names
    copy.unlink()
    lost = [name for name in missing if data is not None and (data / name).exists()]
    if lost:
        raise Damaged(f"The file {lost[0]} is not in the backup, so it was thrown away. Please try again.")
    return len(names), len(missing)


def _clear_away(place: Path) -> None:
    """What backups left behind whose process was killed."""
    for path in place.glob(f"{SCRATCH}*"):
        with suppress(FileNotFoundError):  # another process clears away as well
            if time.time() - path.stat().st_mtime > FORGOTTEN_AFTER:
                shutil.rmtree(path, ignore_errors=True)


def _must_have_room(data: Path, where: Path) -> None:
    size = (data / DATABASE).stat().st_size
    needed = 3 * size + sum(path.stat().st_size for path, _ in _files(data)) + SPARE
    free = shutil.disk_usage(where).free
    if free < needed:
        raise DataFolderError(
            Sentence(
                f"There is too little room for a backup at {where}: {free / 1e6:,.0f} MB are free, up to "
                f"{needed / 1e6:,.0f} MB are needed.",
                f"Für eine Sicherung ist bei {where} zu wenig Platz: {free / 1e6:.0f} MB sind frei, bis zu "
                f"{needed / 1e6:.0f} MB werden gebraucht.",
            )
        )


def _manifest(settings: Settings, copy: Path, *, with_key: bool, now: datetime) -> Manifest:
    with closing(sqlite3.connect(copy)) as database:
        fact = dict(database.execute("SELECT name, value FROM setting").fetchall())
        (schema,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        counts = _counts(database)
    envelope = _envelope(settings, fact.get(facts.BACKUP_CODE)) if with_key else None
    return Manifest(
        program=importlib.metadata.version("zapwerk"),
        schema=schema,
        installation=fact.get(facts.INSTALLATION, ""),
        made_at=now,
        counts=counts,
        key_fingerprint=fact.get(facts.KEY_FINGERPRINT, ""),
        key=envelope,
    )


def _envelope(settings: Settings, fact: str | None) -> codes.Envelope:
    """The keys, sealed. Raises `Refused` where that cannot be done."""
    if not fact:
        raise Refused(NO_CODE)
    given = settings.secret_key.get_secret_value() if settings.secret_key else None
    if not given and not (settings.data / KEY_FILE).exists():  # loading would make a new one
        raise Refused(OTHER_KEY)
    keys = load_keys(given, settings.data)
    try:
        sealing = codes.sealing(fact, Vault(keys))
    except VaultError as error:
        raise Refused(OTHER_KEY) from error
    assert sealing is not None
    return codes.enclose(sealing, keys)


def _counts(database: sqlite3.Connection) -> dict[str, int]:
    there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    counted = ((name, f"SELECT count(*) FROM {name}") for name in TABLES if name in there)  # noqa: S608 - our names
    return {name: database.execute(statement).fetchone()[0] for name, statement in counted}


def _must_be_as_said(copy: Path, manifest: Manifest) -> None:
    try:
        with closing(sqlite3.connect(copy)) as database:
            sound = database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            (schema,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
            same = schema == manifest.schema and _counts(database) == dict(manifest.counts)
    except (sqlite3.DatabaseError, TypeError) as error:
        raise Damaged(f"The database in the backup cannot be read: {error}.") from error
    if not sound or not same:
        raise Damaged("The database in the backup is not what it should be. Please take another backup.")


def _refs(copy: Path) -> set[str]:
    found: set[str] = set()
    with closing(sqlite3.connect(copy)) as database:
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table, column in _REFERRING:
            if table in there:
                rows = database.execute(
                    f"SELECT {column} FROM {table} WHERE instr({column}, CAST('sha256:' AS BLOB))"  # noqa: S608
                )
                found.update(match.decode() for (content,) in rows for match in _REF.findall(bytes(content)))
    return found


def _write(draft: Path, data: Path, database: Path, manifest: Manifest) -> None:
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        with zipfile.ZipFile(
            file, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION, strict_timestamps=False
        ) as packed:
            packed.writestr(MANIFEST, manifest.written())
            packed.write(database, DATABASE)
            for path, name in _files(data):
                _add(packed, path, name)
        file.flush()
        os.fsync(file.fileno())


def _add(packed: zipfile.ZipFile, path: Path, name: str) -> None:
    """A file that is deleted meanwhile is left out."""
    try:
        with path.open("rb") as content, packed.open(name, "w", force_zip64=True) as into:
            shutil.copyfileobj(content, into, archive.PIECE)
    except FileNotFoundError:
        return


def _files(data: Path) -> Iterator[tuple[Path, str]]:
    for name in FOLDERS:
        for path in sorted((data / name).rglob("*")):
            parts = path.relative_to(data).parts
            if path.is_file() and not path.is_symlink() and "__pycache__" not in parts and ".new" not in parts:
                yield path, "/".join(parts)


def _sync(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
