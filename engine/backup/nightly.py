"""The backup of every night, into DATA/backups: when, how many are kept, and what came of the last one. Called by the
engine's clock, by the page and the command line.

The newest backup file says when the last one was made, so a restart neither skips a night nor makes one twice.
"""

import asyncio
import json
import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from sqlmodel import Session

from engine.backup import archive, codes, making
from engine.backup.archive import Manifest
from engine.backup.making import Made
from engine.backup.on_request import OnRequest
from engine.connections.vault import Vault
from engine.errors import DataFolderError, NotFound, Sentence, ZapwerkError
from engine.settings import Settings
from engine.store import facts, notices
from engine.store.database import Database

FOLDER = "backups"
NOTICE = "backup"
LOOKS_EVERY = 30.0  # seconds
TRIES_AGAIN_AFTER = timedelta(hours=1)
MOST_KEPT = 365

FAILED = Sentence(
    "The nightly backup could not be made: {reason}", "Die nächtliche Sicherung ist nicht gelungen: {reason}"
)
GONE = Sentence("There is no such backup any more.", "Diese Sicherung gibt es nicht mehr.")

_NAMED = re.compile(r"zapwerk-(\d{8}T\d{6})Z\.zip")
_WRITTEN = "%Y%m%dT%H%M%S"

log = logging.getLogger(__name__)


class Plan(BaseModel):
    """When backups are made: every night at `hour` of the zone, and the newest `kept` stay.

    `since` is from when on they are: there is no backup due from before.
    """

    on: bool = True
    hour: int = Field(3, ge=0, le=23)
    timezone: str = "UTC"
    kept: int = Field(7, ge=1, le=MOST_KEPT)
    since: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True)
class File:
    """One backup in the folder."""

    name: str
    made_at: datetime
    size: int


@dataclass(frozen=True)
class Standing:
    """How the backups of this installation stand. `code_since` is None while there is no recovery code.

    `usable` says whether backups are made by us at all: not on PostgreSQL.
    """

    plan: Plan
    usable: bool
    folder: Path
    files: tuple[File, ...]
    code_since: datetime | None
    next_at: datetime | None
    problem: Sentence | None


@dataclass
class Backups:
    """The backups of one installation."""

    settings: Settings
    database: Database
    vault: Vault
    now: Callable[[], datetime]
    _failed_at: datetime | None = field(default=None)

    @property
    def folder(self) -> Path:
        return self.settings.data / FOLDER

    def standing(self) -> Standing:
        with self.database.read() as session:
            plan, since = _plan(session), codes.made_at(session)
            told = next((one for one in notices.still_open(session) if one.matter == NOTICE), None)
        usable, files = self.database.is_sqlite, tuple(_files(self.folder))
        due = due_at(plan, _last(plan, files, self.now()), self.now()) if usable and plan.on else None
        problem = Sentence(told.sentence, told.german or told.sentence) if told else None
        return Standing(plan, usable, self.folder, files, since, due, problem)

    def plan(self) -> Plan:
        with self.database.read() as session:
            return _plan(session)

    def change(self, plan: Plan) -> None:
        with self.database.write() as session:
            facts.put(session, facts.BACKUPS, plan.model_dump_json())
            if not plan.on:
                notices.settle(session.connection(), NOTICE, now=self.now())

    def new_code(self) -> str:
        """A new recovery code, shown this once; backups made before keep theirs."""
        with self.database.write() as session:
            return codes.set_up(session, self.vault, now=self.now())

    def has_code(self) -> bool:
        with self.database.read() as session:
            return codes.made_at(session) is not None

    def make(self, target: Path | None = None, *, with_key: bool) -> Made:
        """One backup now, into the folder unless somewhere else. Raises as `making.make`."""
        now = self.now()
        made = making.make(self.settings, target or place_for(self.settings, now), with_key=with_key, now=now)
        if target is None:
            with self.database.write() as session:
                notices.settle(session.connection(), NOTICE, now=now)
        return made

    def file(self, name: str) -> Path:
        """Raises `NotFound` for a name that is none of the folder's backups."""
        if _NAMED.fullmatch(name) and (self.folder / name).is_file():
            return self.folder / name
        raise NotFound(GONE)

    def manifest(self, name: str) -> Manifest | None:
        """What a backup in the folder says about itself; None for one that is gone or cannot be read any more."""
        try:
            with archive.opened(self.file(name)) as found:
                return found.manifest
        except (ZapwerkError, OSError):
            return None

    @cached_property
    def on_request(self) -> OnRequest:
        """The backups that people ask for on the page."""
        return OnRequest(lambda with_key: self.make(with_key=with_key), self.now)

    async def tick(self) -> None:
        """Makes the backup that is due, in a thread: the engine goes on meanwhile."""
        if self.database.is_sqlite:
            await asyncio.to_thread(self.look)

    def look(self) -> Made | None:
        """As `tick`, blocking; None where none is due, or it failed, which is a notice then."""
        plan, now = self.plan(), self.now()
        if plan.since is None:
            plan = plan.model_copy(update={"since": now})
            self.change(plan)
        due = due_at(plan, _last(plan, _files(self.folder), now), now)
        lately = self._failed_at is not None and timedelta(0) <= now - self._failed_at < TRIES_AGAIN_AFTER
        if not plan.on or due > now or lately:
            return None
        try:
            made = self.make(with_key=self.has_code())
        except (ZapwerkError, OSError) as error:
            self._failed_at = now
            self._tell(error)
            return None
        self._failed_at = None
        self._made(plan, made)
        return made

    def _made(self, plan: Plan, made: Made) -> None:
        for old in _files(self.folder)[plan.kept :]:
            (self.folder / old.name).unlink(missing_ok=True)
        log.info("backup made: %s (%d files, %d bytes)", made.file.name, made.files, made.size)

    def _tell(self, error: ZapwerkError | OSError) -> None:
        reason = making.reason_of(error)
        log.error("the nightly backup could not be made: %s", reason)
        said = Sentence(FAILED.format(reason=reason), FAILED.german.format(reason=reason.german))
        with self.database.write() as session:
            notices.tell(session.connection(), NOTICE, said, now=self.now())


def place_for(settings: Settings, now: datetime) -> Path:
    """Where a backup of this moment goes; its folder is there. Raises `DataFolderError`."""
    if not settings.data.is_dir():
        raise DataFolderError(f"There is nothing to back up in {settings.data}.")
    place = settings.data / FOLDER
    try:
        place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise DataFolderError(
            Sentence(
                f"The folder {place} for backups cannot be written: {error.strerror}.",
                f"Der Ordner {place} für Sicherungen ist nicht beschreibbar: {error.strerror}.",
            )
        ) from error
    return place / f"zapwerk-{now.astimezone(UTC):{_WRITTEN}}Z.zip"


def due_at(plan: Plan, last: datetime, now: datetime) -> datetime:
    """When the next backup is due: at the hour, once a day. Pure.

    A machine that is off at night makes up for it when it is on again.
    """
    local = now.astimezone(plan.zone)
    today = local.replace(hour=plan.hour, minute=0, second=0, microsecond=0)
    latest = today if today <= local else today - timedelta(days=1)
    return (latest if last < latest else latest + timedelta(days=1)).astimezone(UTC)


def _last(plan: Plan, files: Sequence[File], now: datetime) -> datetime:
    """When the last backup was made, or from when on they are. One from the future does not count."""
    made = [one.made_at for one in files if one.made_at <= now]
    return max([*made[:1], plan.since or now])


def _plan(session: Session) -> Plan:
    fact = facts.get(session, facts.BACKUPS)
    return Plan.model_validate(json.loads(fact)) if fact else Plan()


def _files(folder: Path) -> list[File]:
    """The backups in the folder, the newest first."""
    found = []
    for path in folder.glob("zapwerk-*.zip"):
        match = _NAMED.fullmatch(path.name)
        if match:
            made_at = datetime.strptime(match[1], _WRITTEN).replace(tzinfo=UTC)
            found.append(File(path.name, made_at, os.stat(path).st_size))
    return sorted(found, key=lambda one: one.made_at, reverse=True)
