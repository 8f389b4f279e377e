"""Backups, for owners: how they stand, when they are made by themselves, making and fetching one, the recovery code."""

from datetime import datetime
from typing import Annotated

from fastapi import Response
from fastapi.responses import FileResponse
from pydantic import Field

from engine.backup.nightly import MOST_KEPT, File, Plan
from engine.errors import Problem, Problems, Sentence
from engine.people.audit import Action
from web import zones
from web.api.doing import tell
from web.api.routing import router as new_router
from web.api.schemas import Language, Moment, Name, Sent, Shown
from web.rendering import PRIVATE
from web.site import By, Here, Site

router = new_router("/backups", "Backups")

ZIP = "application/zip"
NO_ZONE = Sentence(
    "There is no such time zone; write it like Europe/Berlin.",
    "Diese Zeitzone gibt es nicht; bitte wie Europe/Berlin schreiben.",
)


class PlanShown(Shown):
    """When backups are made by themselves: every night at this hour, and the newest `kept` stay."""

    on: bool
    hour: int
    timezone: str
    kept: int


class PlanChange(Sent):
    """What is to change; what is left out stays."""

    on: bool | None = None
    hour: Annotated[int, Field(ge=0, le=23)] | None = None
    timezone: Name | None = Field(None, examples=["Europe/Berlin"])
    kept: Annotated[int, Field(ge=1, le=MOST_KEPT)] | None = None


class BackupShown(Shown):
    """A backup in the folder. `with_key` is null for one that cannot be read any more."""

    name: str = Field(examples=["zapwerk-20260102T030000Z.zip"])
    made_at: datetime
    size: int
    with_key: bool | None


class AttemptShown(Shown):
    """A backup that was asked for. `ended_at` is null while it is being made."""

    began_at: datetime
    ended_at: Moment
    problem: str


class BackupsShown(Shown):
    """How backups stand, the newest first. `usable` is false on PostgreSQL, whose own tools make them; `code_since` is
    null while there is no recovery code, and backups are then made without the key."""

    usable: bool
    folder: str
    plan: PlanShown
    next_at: Moment
    problem: str
    code_since: Moment
    asked_for: AttemptShown | None = Field(description="The last one that was asked for since the engine started.")
    items: list[BackupShown]


class NewBackup(Sent):
    """With the key it holds all that is needed to restore; it is sealed with the recovery code then."""

    with_key: bool = True


class CodeShown(Shown):
    """The recovery code. It is not shown again."""

    code: str


@router.get("")
def every(here: Here, language: Language) -> BackupsShown:
    """Ask how the backups stand, and list them."""
    found, latest = here.runtime.backups.standing(), here.runtime.backups.on_request.latest
    asked = None
    if latest is not None:
        problem = latest.problem.within(language) if latest.problem else ""
        asked = AttemptShown(began_at=latest.began, ended_at=latest.ended, problem=problem)
    return BackupsShown(
        usable=found.usable,
        folder=str(found.folder),
        plan=PlanShown.model_validate(found.plan),
        next_at=found.next_at,
        problem=found.problem.within(language) if found.problem else "",
        code_since=found.code_since,
        asked_for=asked,
        items=[_backup(here, one) for one in found.files],
    )


@router.post("", status_code=202)
def make(here: Here, by: By, language: Language, sent: NewBackup) -> BackupsShown:
    """Make a backup now, in the background; one that is being made already is enough. `asked_for` says how it goes."""
    backups = here.runtime.backups
    with_key = sent.with_key and backups.has_code()
    if backups.on_request.begin(with_key=with_key):
        tell(here, by, Action.BACKUP_MADE, sealed=with_key)
    return every(here, language)


@router.patch("/plan")
def change(here: Here, by: By, sent: PlanChange) -> PlanShown:
    """Change when backups are made by themselves."""
    if sent.timezone is not None and not zones.known(sent.timezone):
        raise Problems([Problem(NO_ZONE, field="timezone")])
    plan: Plan = here.runtime.backups.plan().model_copy(update=sent.model_dump(exclude_none=True))
    here.runtime.backups.change(plan)
    shown = PlanShown.model_validate(plan)
    tell(here, by, Action.SETTINGS_CHANGED, backups=dict(shown))
    return shown


@router.post("/code", status_code=201)
def code(here: Here, by: By) -> CodeShown:
    """Make a new recovery code. Backups that are there already keep the one they were made with."""
    made = here.runtime.backups.new_code()
    tell(here, by, Action.BACKUP_CODE_MADE)
    return CodeShown(code=made)


@router.get(
    "/{name}",
    response_class=FileResponse,
    responses={200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}},
)
def file(here: Here, by: By, name: str) -> Response:
    """Fetch a backup."""
    found = here.runtime.backups.file(name)
    tell(here, by, Action.BACKUP_DOWNLOADED, subject=name)
    return FileResponse(found, media_type=ZIP, filename=name, headers=PRIVATE)


def _backup(here: Site, one: File) -> BackupShown:
    manifest = here.runtime.backups.manifest(one.name)
    with_key = None if manifest is None else manifest.key is not None
    return BackupShown(name=one.name, made_at=one.made_at, size=one.size, with_key=with_key)
