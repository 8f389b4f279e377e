"""The files of events and runs: content by its SHA-256 in DATA/blobs, everything else about them in a `File`.

`Blobs` is the store and what blocking connectors see as `ctx.files`; `AsyncBlobs` is the same for async ones. A file
is there completely or not at all: it is written aside, synced, and renamed. The same content is kept once.
"""

import asyncio
import hashlib
import mimetypes
import os
import re
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from engine.sdk.errors import PermanentFailure
from engine.sdk.records import File

MAX_BYTES = 30 * 1024 * 1024  # one file
PIECE = 256 * 1024  # bytes read or written at once
MAX_NAME = 200  # characters
# A new file is in no row yet while its event is being taken in; a sweep must not take it away meanwhile.
SWEPT_AFTER = 24 * 3600  # seconds

_REF = re.compile(r"sha256:([0-9a-f]{64})")
_DRAFTS = ".new"


class Blobs:
    """Content-addressed files below `folder`. Safe to use from many threads and processes."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._moving = threading.Lock()

    def save(self, name: str, content: Iterator[bytes] | bytes, content_type: str = "") -> File:
        """Keep `content`. Raises `PermanentFailure` when it is larger than `max_bytes`."""
        with self.draft(name) as draft:
            for piece in (content,) if isinstance(content, bytes | bytearray | memoryview) else content:
                draft.write(piece)
            return draft.keep(content_type)

    def read(self, file: File) -> Iterator[bytes]:
        """The content in pieces. Raises `PermanentFailure` when it is no longer kept."""
        with self.opened(file) as source:
            while piece := source.read(PIECE):
                yield piece

    def opened(self, file: File) -> IO[bytes]:
        """The content as an open file; close it."""
        try:
            return self._path(file.ref).open("rb")
        except FileNotFoundError as error:
            raise PermanentFailure(f"The file “{file.name}” is no longer kept.") from error

    def size(self, ref: str) -> int | None:
        """In bytes; None when it is not kept."""
        try:
            return self._path(ref).stat().st_size
        except FileNotFoundError:
            return None

    def delete(self, ref: str) -> bool:
        """Remove it; False when there was nothing."""
        try:
            self._path(ref).unlink()
        except FileNotFoundError:
            return False
        return True

    def refs(self) -> Iterator[str]:
        """Of all that is kept."""
        for path in self.folder.glob("??/??/*"):
            yield f"sha256:{path.name}"

    def sweep(self, known: Collection[str], *, older_than: float = SWEPT_AFTER) -> int:
        """Delete what is not in `known` and was last saved more than `older_than` seconds ago. How many went."""
        before = time.time() - older_than
        for draft in self.folder.glob(f"{_DRAFTS}/*"):
            self._drop_if_older(draft, before)
        unknown = [ref for ref in self.refs() if ref not in known]
        return sum(self._drop_if_older(self._path(ref), before) for ref in unknown)

    def draft(self, name: str) -> "Draft":
        """A new file, written piece by piece; nothing stays of it unless `keep` is called."""
        drafts = self.folder / _DRAFTS
        drafts.mkdir(parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=drafts)
        return Draft(self, clean_name(name), Path(path), os.fdopen(handle, "wb"))

    def settle(self, draft: Path, digest: str) -> None:
        """Put a finished draft in its place."""
        target = self._path(f"sha256:{digest}")
        new = not target.parent.exists()
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._moving:
            draft.replace(target)
        # A renamed file may vanish in a power cut until its folder is synced, and so may a new folder.
        for folder in (target.parent, *((target.parent.parent, self.folder) if new else ())):
            _sync(folder)

    def _drop_if_older(self, path: Path, before: float) -> bool:
        with self._moving:
            try:
                if path.stat().st_mtime >= before:
                    return False
                path.unlink()
            except FileNotFoundError:
                return False
            return True

    def _path(self, ref: str) -> Path:
        match = _REF.fullmatch(ref)
        if match is None:
            raise PermanentFailure("This is not the address of a kept file.")
        digest = match[1]
        return self.folder / digest[:2] / digest[2:4] / digest


class Unkept(Blobs):
    """Describes files and forgets them: for records that are only looked at. What is kept already can be read."""

    def settle(self, draft: Path, digest: str) -> None:
        """Nothing stays of it."""
        draft.unlink()


@dataclass
class Draft:
    """A file that is being written."""

    blobs: Blobs
    name: str
    path: Path
    file: IO[bytes]

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.drop()

    def write(self, piece: bytes) -> None:
        """Append. Raises `PermanentFailure` when the file grows too large."""
        self.size += len(piece)
        if self.size > self.blobs.max_bytes:
            limit = self.blobs.max_bytes // (1024 * 1024)
            raise PermanentFailure(f"The file “{self.name}” is larger than {limit} MB and cannot be kept.")
        self._digest.update(piece)
        self.file.write(piece)

    def keep(self, content_type: str = "") -> File:
        """Finish: the content is on the disk when this returns."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        digest = self._digest.hexdigest()
        self.blobs.settle(self.path, digest)
        kind = content_type or mimetypes.guess_type(self.name)[0] or "application/octet-stream"
        return File(ref=f"sha256:{digest}", name=self.name, content_type=kind, size=self.size)

    def drop(self) -> None:
        """Leave nothing behind, unless it was kept."""
        self.file.close()
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class AsyncBlobs:
    """`Blobs` for async connector functions; the disk is used in threads."""

    blobs: Blobs

    async def save(self, name: str, content: AsyncIterator[bytes] | bytes, content_type: str = "") -> File:
        """As `Blobs.save`."""
        if isinstance(content, bytes | bytearray | memoryview):
            return await asyncio.to_thread(self.blobs.save, name, bytes(content), content_type)
        draft = await asyncio.to_thread(self.blobs.draft, name)
        try:
            async for piece in _gathered(content):
                await asyncio.to_thread(draft.write, piece)
            return await asyncio.to_thread(draft.keep, content_type)
        finally:
            draft.drop()

    async def read(self, file: File) -> AsyncIterator[bytes]:
        """As `Blobs.read`."""
        source = await asyncio.to_thread(self.blobs.opened, file)
        try:
            while piece := await asyncio.to_thread(source.read, PIECE):
                yield piece
        finally:
            source.close()


def clean_name(name: str) -> str:
    """A file's name without folders, control characters and what cannot be written down; never empty."""
    last = name.encode("utf-8", "replace").decode().replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable()).strip(" .")[:MAX_NAME] or "file"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of at least PIECE, so that small ones do not cost a thread switch each."""
    held = bytearray()
    async for piece in pieces:
        held += piece
        if len(held) >= PIECE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
