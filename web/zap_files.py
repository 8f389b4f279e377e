"""Zap files at the command line: read from disk, brought in, taken out. Called by `cli_zaps` and the demo."""

import sys
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Refused, ZapwerkError
from engine.runtime import Runtime
from engine.store import zapfiles, zaps
from engine.store.database import Database
from engine.zaps.files import MAX_FILE

MAX_BYTES = 4 * MAX_FILE  # a character takes up to four


@dataclass(frozen=True)
class Imported:
    """What importing gave."""

    id: str
    name: str
    enabled: bool
    version: int | None = None


def read(path: Path) -> str:
    """The text of a file, or of standard input for “-”. Raises `Refused`, `OSError`."""
    if str(path) == "-":
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Refused(f"{path} is too large for a zap file.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not a text file in UTF-8 (byte {error.start + 1} cannot be read).") from error


async def imported(runtime: Runtime, text: str, *, enable: bool) -> Imported:
    """Raises `Problems` with all of them, and then nothing is stored. It stays imported if it cannot be enabled."""
    with runtime.database.write() as session:
        stored = zapfiles.bring_in(
            session, text, runtime.registry(), now=runtime.now(), sealed=runtime.connections.typed.sealed
        )
    if not enable:
        return Imported(stored.id, stored.name, enabled=False)
    try:
        switched = await runtime.switching.on(stored.id)
    except ZapwerkError as error:
        raise Refused(
            f"“{stored.name}” was imported, but not switched on: {error}\n"
            f"When that is repaired: zapwerk zaps enable {stored.id}"
        ) from error
    return Imported(stored.id, stored.name, enabled=True, version=switched.version)


def exported(database: Database, name_or_id: str) -> str:
    """The draft as a file. Raises `NotFound`."""
    with database.read() as session:
        return zapfiles.take_out(session, zaps.find(session, name_or_id))
