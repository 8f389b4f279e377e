"""Where this installation lives: a copy of a data folder must not start unnoticed beside its original.

A small file in the data folder is remembered in the database by what a copy cannot take along: the moment the file was
made on its disk, and its number on that disk. Renaming or moving the folder on the same disk keeps both, and so does
another container with the same volume; copying it does not. docs/decisions/0017-backups-and-copies.md says why these.

Called by the engine before it starts, by the page and by `zapwerk adopt`.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import update
from sqlmodel import Session

from engine.errors import Sentence
from engine.settings import Settings
from engine.store import facts, ids, notices, watches, zaps
from engine.store.database import Database
from engine.store.moments import to_ms
from engine.store.states import FINISHED, RunState, ZapState
from engine.store.tables import RunRow

MARK = ".zapwerk-is-here"
SAID = "Zapwerk knows this data folder again by this file. Please leave it alone, and do not copy it.\n"
NOTICE = "copied"
CONTAINERS = ("/.dockerenv", "/run/.containerenv")
"""Files that say that this is a container, whose machine id is its image's and changes with it."""

MOVED = Sentence(
    "This data folder was copied or moved: Zapwerk ran in {path} last. So that nothing is done twice, everything is "
    "paused until you say which one this is, on any of its pages, or with: zapwerk adopt",
    "Dieser Datenordner wurde kopiert oder verschoben: Zapwerk lief zuletzt in {path}. Damit nichts doppelt geschieht, "
    "ist alles pausiert, bis Sie sagen, welcher es ist: auf jeder seiner Seiten oder mit: zapwerk adopt",
)

_RUN = RunRow.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Seen:
    """How the mark looks from here. `machine` is “” where nothing stable names the machine."""

    number: int  # the file's, on its disk
    disk: int  # the disk's, as far as the system names it
    made_ns: int  # when the file came to this disk: no copying program can set it
    machine: str
    path: str

    def is_where(self, other: "Seen") -> bool:
        """Whether both are the same file in the same place."""
        if self.machine and other.machine and self.machine != other.machine:
            return False
        return self.made_ns == other.made_ns or (self.number, self.disk) == (other.number, other.disk)


@dataclass(frozen=True)
class Place:
    """The place of one installation. On PostgreSQL the database is elsewhere, and this says nothing."""

    settings: Settings
    database: Database
    now: Callable[[], datetime]

    def look(self) -> Sentence | None:
        """Why everything must be paused; None where this is the place. The first look remembers it.

        Raises `OSError` where the folder cannot be written.
        """
        if not self.database.is_sqlite:
            return None
        with self.database.read() as session:
            fact = facts.get(session, facts.PLACE)
        if fact is None:
            self.take()
            return None
        known, here = Seen(**json.loads(fact)), self._seen()
        if here is not None and here.is_where(known):
            return None
        return Sentence(MOVED.format(path=known.path), MOVED.german.format(path=known.path))

    def take(self) -> None:
        """This is the one: the place is remembered from now on."""
        with self.database.write() as session:
            self._take(session)

    def tell(self, said: Sentence) -> None:
        """As a notice, for those who do not look at the pages."""
        with self.database.write() as session:
            notices.tell(session.connection(), NOTICE, said, now=self.now())

    def part(self) -> int:
        """This is a copy: it becomes an installation of its own, with all zaps off; how many were switched off.

        What had not ended is cancelled: the original goes on with it. The new id is part of every idempotency key.
        """
        with self.database.write() as session:
            on = [zap for zap in zaps.every(session) if zap.state in (ZapState.ON, ZapState.PAUSED)]
            for zap in on:
                zaps.set_state(session, zap.id, ZapState.OFF, now=self.now())
                watches.stop(session, zap.id)
            going_on = update(RunRow).where(_RUN.state.not_in(list(FINISHED)))
            ended = {"state": RunState.CANCELLED, "hold": "", "finished_at": to_ms(self.now()), "epoch": _RUN.epoch + 1}
            session.execute(going_on.values(**ended))
            facts.put(session, facts.INSTALLATION, ids.new())
            self._take(session)
        return len(on)

    def _take(self, session: Session) -> None:
        mark = self.settings.data / MARK
        mark.unlink(missing_ok=True)
        mark.write_text(SAID)
        mark.chmod(0o600)
        here = self._seen()
        assert here is not None
        facts.put(session, facts.PLACE, json.dumps(asdict(here)))
        notices.settle(session.connection(), NOTICE, now=self.now())

    def _seen(self) -> Seen | None:
        """None where the mark is missing: the database was copied without it."""
        try:
            found = (self.settings.data / MARK).stat()
        except FileNotFoundError:
            return None
        disk = os.statvfs(self.settings.data).f_fsid
        return Seen(found.st_ino, disk, found.st_ctime_ns, machine(), str(self.settings.data.resolve()))


def machine(known_by: Path = Path("/etc/machine-id")) -> str:
    """The machine's own id, made at its installation; “” in a container, and where there is none."""
    if any(Path(name).exists() for name in CONTAINERS):
        return ""
    try:
        return known_by.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
