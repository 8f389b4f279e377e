"""How zaps begin and travel: a blank one, one from a template, one from a file, and out as a file."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from engine.editing.draft import Draft
from engine.editing.sharing import Sharing
from engine.errors import Problems
from engine.people.audit import Action
from engine.zaps.files import MAX_FILE
from engine.zaps.model import TRIGGER
from web import guarded, ready_zaps
from web.bodies import form_of
from web.forms.fields import told
from web.languages import words
from web.ready_zaps import Ready
from web.rendering import PRIVATE, Page, go, page
from web.site import By, Here, Site
from web.visitors import Visitor

router = guarded.router()

MAX_SHOWN = 200_000  # characters of a file that is shown again to be mended


@dataclass(frozen=True)
class NewZapPage(Page):
    """What a zap can begin with."""

    template: ClassVar[str] = "zaps/new.html"
    nav: ClassVar[str] = "zaps"
    ready: tuple[Ready, ...]


@dataclass(frozen=True)
class ImportPage(Page):
    """A file, and what is wrong with it."""

    template: ClassVar[str] = "zaps/import.html"
    nav: ClassVar[str] = "zaps"
    text: str = ""
    problems: tuple[str, ...] = ()


@router.get("/zaps/new")
def choose(request: Request, by: By) -> HTMLResponse:
    """Shows what to begin with; nothing is made yet."""
    return page(request, NewZapPage(ready_zaps.every(by.language)))


@router.post("/zaps/new")
async def new(request: Request, here: Here, by: By) -> Response:
    """A new draft, blank or as a template has it, opened at its trigger."""
    form = await form_of(request, 10)
    draft = await run_in_threadpool(_made, here, by, str(form.get("template", "")))
    return RedirectResponse(f"/zaps/{draft.id}?step={TRIGGER}", 303, headers=PRIVATE)


@router.get("/zaps/import")
def import_form(request: Request) -> HTMLResponse:
    """Asks for a file."""
    return page(request, ImportPage())


@router.post("/zaps/import")
async def bring_in(request: Request, here: Here, by: By) -> Response:
    """A draft of what a file draws; what is missing in it is shown in the editor."""
    form = await form_of(request, 10)
    text, unreadable = await _sent(form)
    _ = words(by.language).gettext
    if unreadable:
        return page(request, ImportPage(problems=(_("This file is no text. Please choose a zap file (.yaml)."),)), 422)
    if not text.strip():
        return page(request, ImportPage(problems=(_("Please choose a file, or paste its text."),)), 422)
    try:
        draft = await run_in_threadpool(_brought_in, here, by, text)
    except Problems as error:
        found = tuple(_at_its_place(one.step, one.field, told(one, by.language)) for one in error.problems)
        return page(request, ImportPage(text if len(text) <= MAX_SHOWN else "", found), 422)
    said = _("“%(name)s” is here as a draft.") % {"name": draft.name}
    return go(request, f"/zaps/{draft.id}", said)


@router.get("/zaps/{zap_id}/export")
def export(here: Here, by: By, zap_id: str) -> Response:
    """The draft as a file, without secrets."""
    return as_file(here, by, zap_id)


def as_file(here: Site, by: Visitor, zap_id: str, *, accounts: bool = True) -> Response:
    """The draft, to be downloaded. Without `accounts`, none is named in it."""
    made = Sharing(here.runtime.database, here.runtime.editing.drafts).export(zap_id, accounts=accounts)
    here.runtime.people.audit.tell(
        Action.ZAP_EXPORTED, person=by.person, subject_id=zap_id, subject=made.name, address=by.address
    )
    said = words(by.language).gettext("Secrets are not in this file; fill them in again: %(places)s")
    places = ", ".join(f"{step}.{field}" for step, field in made.left_out)
    text = f"# {said % {'places': places}}\n{made.text}" if places else made.text
    headers = {"content-disposition": _attachment(made.name), "x-content-type-options": "nosniff", **PRIVATE}
    return Response(text, media_type="application/yaml; charset=utf-8", headers=headers)


def _made(here: Site, by: Visitor, template: str) -> Draft:
    language: Any = by.language
    drafts, person = here.runtime.editing.drafts, by.somebody.id
    if template:
        drawn = ready_zaps.zap(template, language=language, timezone=by.timezone)
        draft = Sharing(here.runtime.database, drafts).from_template(drawn, by=person)
    else:
        draft = drafts.create(by=person, language=language, timezone=by.timezone)
    here.runtime.people.audit.tell(
        Action.ZAP_CREATED, person=by.person, subject_id=draft.id, subject=draft.name, address=by.address
    )
    return draft


def _brought_in(here: Site, by: Visitor, text: str) -> Draft:
    draft = Sharing(here.runtime.database, here.runtime.editing.drafts).bring_in(text, by=by.somebody.id)
    here.runtime.people.audit.tell(
        Action.ZAP_IMPORTED, person=by.person, subject_id=draft.id, subject=draft.name, address=by.address
    )
    return draft


async def _sent(form: Any) -> tuple[str, bool]:
    """What was chosen or pasted, and whether it is no text. A file counts before pasted text."""
    upload = form.get("file")
    if isinstance(upload, UploadFile) and upload.filename:
        content = await upload.read(MAX_FILE * 4 + 1)  # characters take up to four bytes
        try:
            return content.decode("utf-8-sig"), False
        except UnicodeDecodeError:
            return "", True
    text = form.get("text", "")
    return (text if isinstance(text, str) else ""), False


def _at_its_place(step: str, field: str, sentence: str) -> str:
    place = " · ".join(part for part in (step, field) if part)
    return f"{place}: {sentence}" if place else sentence


def _attachment(name: str) -> str:
    """For saving under the zap's name: in ASCII for old programs, and as it is for all others."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:60] or "zap"
    tidy = "".join(sign for sign in name if sign.isprintable() and sign not in '/\\:*?"<>|').strip()[:120] or safe
    return f"attachment; filename=\"{safe}.yaml\"; filename*=UTF-8''{quote(tidy, safe='')}.yaml"
