"""The file of a backup: a ZIP with a manifest, the database, files, connectors and packages. Written by `making`, read
by `making` (to verify) and `restoring`.

Whoever restores may have been given the file by a stranger, so nothing in it is believed: only regular files under
names that a backup has, no more bytes than declared, no more than there is room for.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from engine.backup.codes import Envelope
from engine.errors import Refused, Sentence

FORMAT = 1
MANIFEST = "backup.json"
DATABASE = "zapwerk.db"
FOLDERS = ("blobs", "connectors", "packages")
PIECE = 1 << 20  # bytes read at once
LARGEST_MANIFEST = 100_000  # bytes
LONGEST_NAME = 500  # characters

_BLOB = re.compile(r"blobs/([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{64})")
_LINK = 0o120000
_KIND = 0o170000

NO_BACKUP = Sentence("This file is no backup of Zapwerk.", "Diese Datei ist keine Sicherung von Zapwerk.")


class Damaged(Refused):
    """The file is no backup, or not all of it is there."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says about itself. `counts` are the rows by table; `key` is None for a backup without the key.

    `key_fingerprint` tells which key its credentials are sealed with.
    """

    program: str
    schema: str
    installation: str
    made_at: datetime
    counts: Mapping[str, int]
    key_fingerprint: str = ""
    key: Envelope | None = None
    format: int = FORMAT

    def written(self) -> bytes:
        told = {
            "zapwerk_backup": self.format,
            "program": self.program,
            "schema": self.schema,
            "installation": self.installation,
            "made_at": self.made_at.isoformat(),
            "counts": dict(self.counts),
            "key_fingerprint": self.key_fingerprint,
            "key": self.key.shown() if self.key else None,
        }
        return json.dumps(told, indent=2).encode()


@dataclass(frozen=True)
class Opened:
    """A backup that is open for reading. `names` are what is in it besides the manifest."""

    manifest: Manifest
    zip: zipfile.ZipFile = field(repr=False)
    sizes: Mapping[str, int]

    @property
    def size(self) -> int:
        """Bytes when it is unpacked."""
        return sum(self.sizes.values())

    def copy(self, name: str, target: Path) -> None:
        """Unpacks one file, checked. Raises `Damaged`."""
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.open("xb") as file:
            target.chmod(0o600)
            self._pour(name, file)

    def check(self, name: str) -> None:
        """Reads one file to its end. Raises `Damaged`."""
        self._pour(name, None)

    def _pour(self, name: str, into: IO[bytes] | None) -> None:
        digest, left = hashlib.sha256(), self.sizes[name]
        try:
            with self.zip.open(name) as content:
                while piece := content.read(PIECE):
                    left -= len(piece)
                    digest.update(piece)
                    if left < 0:
                        raise Damaged(_damaged(name))
                    if into:
                        into.write(piece)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise Damaged(_damaged(name)) from error
        except OSError as error:
            if into is None:
                raise Damaged(_damaged(name)) from error
            raise
        blob = _BLOB.fullmatch(name)
        if left or (blob and blob[3] != digest.hexdigest()):
            raise Damaged(_damaged(name))


@contextmanager
def opened(file: Path) -> Iterator[Opened]:
    """A backup, its names and manifest checked. Raises `Damaged`."""
    try:
        packed = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise Damaged(_damaged(file.name)) from error
    with packed:
        sizes = _sizes(packed.infolist())
        manifest = _manifest(packed, sizes)
        if DATABASE not in sizes:
            raise Damaged(NO_BACKUP)
        yield Opened(manifest, packed, {name: size for name, size in sizes.items() if name != MANIFEST})


def blob_name(ref: str) -> str:
    """Where a file's content lies in a backup and in the data folder."""
    digest = ref.removeprefix("sha256:")
    return f"blobs/{digest[:2]}/{digest[2:4]}/{digest}"


def _sizes(entries: list[zipfile.ZipInfo]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for entry in entries:
        if not _is_welcome(entry) or entry.filename in sizes:
            raise Damaged(
                Sentence(
                    f"There is something in this file that no backup has (“{entry.filename[:80]}”), so nothing of it "
                    "was unpacked.",
                    f"In dieser Datei liegt etwas, das keine Sicherung enthält („{entry.filename[:80]}“). Es wurde "
                    "nichts davon ausgepackt.",
                )
            )
        sizes[entry.filename] = entry.file_size
    return sizes


def _is_welcome(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename
    if (entry.external_attr >> 16) & _KIND == _LINK or entry.is_dir() or entry.flag_bits & 1:
        return False
    return name in (MANIFEST, DATABASE) or _BLOB.fullmatch(name) is not None or _is_below(name)


def _is_below(name: str) -> bool:
    """Whether a name leads to a file below one of the folders, and nowhere else on any system."""
    first, _, rest = name.partition("/")
    parts = rest.split("/")
    ours = first in FOLDERS and first != "blobs" and len(name) <= LONGEST_NAME
    return ours and name.isprintable() and "\\" not in name and all(part not in ("", ".", "..") for part in parts)


def _manifest(packed: zipfile.ZipFile, sizes: Mapping[str, int]) -> Manifest:
    if not 0 < sizes.get(MANIFEST, 0) <= LARGEST_MANIFEST:
        raise Damaged(NO_BACKUP)
    try:
        told = json.loads(packed.read(MANIFEST))
        must_be_known(int(told["zapwerk_backup"]), str(told["program"]))
        return _told(told)
    except (KeyError, TypeError, ValueError, RecursionError, zipfile.BadZipFile, NotImplementedError) as error:
        raise Damaged(NO_BACKUP) from error


def _told(told: dict[str, Any]) -> Manifest:
    return Manifest(
        program=str(told["program"]),
        schema=str(told["schema"]),
        installation=str(told["installation"]),
        made_at=datetime.fromisoformat(told["made_at"]),
        counts={str(name): int(count) for name, count in told["counts"].items()},
        key_fingerprint=str(told["key_fingerprint"]),
        key=Envelope.of(told["key"]) if told["key"] else None,
    )


def must_be_known(format_: int, program: str) -> None:
    """Raises `Refused` for a file of a format that only a newer version writes."""
    if format_ > FORMAT:
        raise Refused(newer(program))


def newer(program: str) -> Sentence:
    """Why a file from a newer version is left alone."""
    return Sentence(
        f"This backup was made by a newer version of Zapwerk ({program[:40]}). Install that version or a newer one; "
        "nothing was changed.",
        f"Diese Sicherung stammt von einer neueren Version von Zapwerk ({program[:40]}). Bitte installieren Sie diese "
        "oder eine neuere Version; es wurde nichts geändert.",
    )


def _damaged(name: str) -> Sentence:
    name = PurePosixPath(name).name[:80]
    return Sentence(
        f"The backup is damaged or not complete (at “{name}”). Please take another one.",
        f"Die Sicherung ist beschädigt oder unvollständig (bei „{name}“). Bitte nehmen Sie eine andere.",
    )
