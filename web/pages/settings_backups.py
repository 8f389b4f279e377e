"""Backups: how the last one went, making and fetching them, the nightly ones, the recovery code. For owners."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import FileResponse, Response
from starlette.concurrency import run_in_threadpool

from engine.backup.nightly import MOST_KEPT, Plan, Standing
from engine.errors import Problem, Problems
from engine.people.audit import Action
from web import amounts, zones
from web.bodies import form_of
from web.forms.typed import Typed, refused
from web.languages import words
from web.pages import settings
from web.pages.settings import SettingsPage
from web.rendering import PRIVATE, go, page, told
from web.site import By, Here, Site
from web.visitors import Visitor
from web.zones import Zone

router = settings.router()

PATH = "/settings/backups"
HOURS = range(24)
LATE = timedelta(hours=36)  # after which a nightly backup should be there
Field = Annotated[str, Form()]


@dataclass(frozen=True)
class BackupLine:
    """One backup in the folder."""

    name: str
    made_at: datetime
    size: str


@dataclass(frozen=True)
class Last:
    """The newest backup. `with_key` and the numbers are None where it cannot be read any more."""

    line: BackupLine
    with_key: bool | None
    zaps: int | None
    runs: int | None
    is_old: bool


@dataclass(frozen=True)
class Doing:
    """The backup that somebody asked for: under way, made, or why not."""

    under_way: bool
    made_at: datetime | None
    problem: str


@dataclass(frozen=True)
class BackupsPage(SettingsPage):
    """`usable` is False on PostgreSQL, where its own tools make them. `code_since` is None while there is no code."""

    template: ClassVar[str] = "settings/backups.html"
    tab: ClassVar[str] = "backups"
    usable: bool
    folder: str
    last: Last | None
    files: tuple[BackupLine, ...]
    next_at: datetime | None
    problem: str
    doing: Doing | None
    code_since: datetime | None
    restored: bool
    on: bool
    hours: tuple[tuple[str, str], ...]
    zones: tuple[Zone, ...]
    plan: Typed


@dataclass(frozen=True)
class CodePage(SettingsPage):
    """The recovery code, shown this once. `file` is the same as an address to download."""

    template: ClassVar[str] = "settings/backup_code.html"
    tab: ClassVar[str] = "backups"
    code: str


@router.get("/backups")
def backups(request: Request, here: Here, by: By) -> Response:
    """Shows how they stand."""
    return page(request, _page(here, by))


@router.get("/backups/standing")
def standing(request: Request, here: Here, by: By) -> Response:
    """The part that changes while a backup is made; asked for again and again until it is there."""
    shown = _page(here, by)
    response = page(request, _Standing(**vars(shown)))
    if shown.doing is None or shown.doing.under_way:
        return response
    _ = words(by.language).gettext
    done = _("The backup could not be made.") if shown.doing.problem else _("The backup is made and was read again.")
    return told(response, done)


@router.post("/backups")
async def change(request: Request, here: Here, by: By) -> Response:
    """Saves when the nightly ones are made, and how many are kept."""
    form = await form_of(request, 20)
    sent = {name: str(form.get(name, "")).strip() for name in ("on", "hour", "timezone", "kept")}
    return await run_in_threadpool(_change, request, here, by, sent)


@router.post("/backups/now")
def now(request: Request, here: Here, by: By, without_key: Field = "") -> Response:
    """Makes one, in the background."""
    with_key = not without_key and here.runtime.backups.has_code()
    if here.runtime.backups.on_request.begin(with_key=with_key):
        details = {"sealed": with_key}
        here.runtime.people.audit.tell(Action.BACKUP_MADE, person=by.person, address=by.address, details=details)
    return go(request, PATH)


@router.post("/backups/code")
def code(request: Request, here: Here, by: By) -> Response:
    """A new recovery code; it is in this answer and nowhere else."""
    made = here.runtime.backups.new_code()
    here.runtime.people.audit.tell(Action.BACKUP_CODE_MADE, person=by.person, address=by.address)
    return page(request, CodePage(made))


@router.get("/backups/files/{name}")
def download(here: Here, by: By, name: str) -> Response:
    """Hands a backup out. Raises `NotFound`."""
    file = here.runtime.backups.file(name)
    here.runtime.people.audit.tell(Action.BACKUP_DOWNLOADED, person=by.person, subject=name, address=by.address)
    return FileResponse(file, media_type="application/zip", filename=name, headers=PRIVATE)


@dataclass(frozen=True)
class _Standing(BackupsPage):
    template: ClassVar[str] = "settings/backups_standing.html"


def _change(request: Request, here: Site, by: Visitor, sent: Mapping[str, str]) -> Response:
    backups = here.runtime.backups
    try:
        plan = _plan(backups.plan(), sent, by.language)
    except Problems as error:
        return page(request, replace(_page(here, by), plan=refused(error, by.language, sent), on=bool(sent["on"])), 422)
    backups.change(plan)
    details = {"backups": plan.model_dump(mode="json", include={"on", "hour", "timezone", "kept"})}
    here.runtime.people.audit.tell(Action.SETTINGS_CHANGED, person=by.person, address=by.address, details=details)
    return go(request, PATH, words(by.language).gettext("Saved."))


def _plan(before: Plan, sent: Mapping[str, str], language: str) -> Plan:
    """What was typed. Raises `Problems` by field."""
    _ = words(language).gettext
    problems = []
    if sent["hour"] not in map(str, HOURS):
        problems.append(Problem(_("Please choose an hour."), field="hour"))
    if not zones.known(sent["timezone"]):
        problems.append(Problem(_("There is no such time zone. Please choose one of the list."), field="timezone"))
    kept = amounts.number(sent["kept"])
    if kept is None or not 1 <= kept <= MOST_KEPT:
        said = _("Please enter a whole number from 1 to %(most)s.") % {"most": MOST_KEPT}
        problems.append(Problem(said, field="kept"))
    if problems:
        raise Problems(problems)
    wanted = {"on": bool(sent["on"]), "hour": int(sent["hour"]), "timezone": sent["timezone"], "kept": kept}
    return before.model_copy(update=wanted)


def _page(here: Site, by: Visitor) -> BackupsPage:
    found = here.runtime.backups.standing()
    lines = tuple(BackupLine(one.name, one.made_at, amounts.of_bytes(one.size, by.language)) for one in found.files)
    plan = found.plan
    texts = {"hour": str(plan.hour), "timezone": plan.timezone, "kept": str(plan.kept)}
    return BackupsPage(
        usable=found.usable,
        folder=str(found.folder),
        last=_last(here, found, lines[0]) if lines else None,
        files=lines,
        next_at=found.next_at,
        problem=found.problem.within(by.language) if found.problem else "",
        doing=_doing(here, by.language),
        code_since=found.code_since,
        restored=here.runtime.restored.is_restored(),
        on=plan.on,
        hours=tuple((str(hour), f"{hour:02}:00") for hour in HOURS),
        zones=zones.every(by.language),
        plan=Typed(texts),
    )


def _last(here: Site, found: Standing, line: BackupLine) -> Last:
    manifest = here.runtime.backups.manifest(line.name)
    is_old = found.plan.on and datetime.now(UTC) - line.made_at > LATE
    if manifest is None:
        return Last(line, None, None, None, is_old)
    return Last(line, manifest.key is not None, manifest.counts.get("zap"), manifest.counts.get("run"), is_old)


def _doing(here: Site, language: str) -> Doing | None:
    latest = here.runtime.backups.on_request.latest
    if latest is None:
        return None
    problem = latest.problem.within(language) if latest.problem else ""
    return Doing(latest.ended is None, latest.made.made_at if latest.made else None, problem)
