"""The audit log: who did what, when and from where. Only owners see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response

from engine.store.audit import Entry
from web import amounts, audit_sentences
from web.audit_sentences import KINDS
from web.forms.typed import chosen
from web.languages import words
from web.pages import settings
from web.pages.settings import SettingsPage
from web.rendering import page
from web.site import By, Here

router = settings.router()

PATH = "/settings/audit"
LONGEST_ID = 15  # digits


@dataclass(frozen=True)
class AuditLine:
    """One thing that was done, as a sentence."""

    at: datetime
    sentence: str
    address: str


@dataclass(frozen=True)
class AuditPage(SettingsPage):
    """`older` is the address of those before, "" at the end; `newest` that of the beginning, "" where this is it."""

    template: ClassVar[str] = "settings/audit.html"
    tab: ClassVar[str] = "audit"
    lines: tuple[AuditLine, ...]
    people: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    person: str
    kind: str
    older: str
    newest: str


@router.get("/audit")
def audit(request: Request, here: Here, by: By, person: str = "", kind: str = "", before: str = "") -> Response:
    """Newest first."""
    people = tuple((one.id, one.name) for one in here.runtime.people.accounts.every())
    kind = chosen(kind, KINDS)
    from_id = amounts.number(before, LONGEST_ID)
    found = here.runtime.people.audit.page(before=from_id, person_id=person[:100], action=kind)
    filters = {name: value for name, value in (("person", person), ("kind", kind)) if value}
    _ = words(by.language).gettext
    shown = AuditPage(
        lines=tuple(_line(one, by.language) for one in found.entries),
        people=people,
        kinds=tuple((begin, _(name)) for begin, name in KINDS.items()),
        person=person,
        kind=kind,
        older=f"{PATH}?{urlencode({**filters, 'before': found.next})}" if found.next else "",
        newest=(f"{PATH}?{urlencode(filters)}" if filters else PATH) if from_id else "",
    )
    return page(request, shown)


def _line(entry: Entry, language: str) -> AuditLine:
    return AuditLine(entry.at, audit_sentences.said(entry, language), entry.address)
