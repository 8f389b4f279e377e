"""Versions of a zap: the list, what differs between two, and the way back into the draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Form, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from engine.editing.draft import Draft
from engine.editing.versions import VersionLine
from engine.errors import NotFound, Sentence
from engine.people.audit import Action
from engine.store import zaps
from engine.zaps.model import Zap
from web import amounts, guarded
from web.drafting.differences import Comparing, StepChange
from web.drafting.mapped import Titles
from web.drafting.naming import Naming
from web.languages import words
from web.pages.publishing import accounts_of
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.visitors import Visitor

router = guarded.router()

HIGHEST = 999_999_999  # number of a version, as far as databases count
SHOWN = 20  # versions; what changed in each is worked out for the page


@dataclass(frozen=True)
class VersionRow:
    """One version, or the draft: `changes` says in words what is new in it."""

    number: int
    at: datetime
    by: str
    live: bool
    changes: str


@dataclass(frozen=True)
class VersionsPage(Page):
    """`draft` is None where it is the same as what is live. `more` says that there are older ones."""

    template: ClassVar[str] = "versions/list.html"
    nav: ClassVar[str] = "zaps"
    zap_id: str
    name: str
    revision: int
    live: int | None
    versions: tuple[VersionRow, ...]
    draft: VersionRow | None
    more: bool
    may_edit: bool


@dataclass(frozen=True)
class ComparePage(Page):
    """From version `a` to version `b`; to the draft for None."""

    template: ClassVar[str] = "versions/compare.html"
    nav: ClassVar[str] = "zaps"
    zap_id: str
    name: str
    a: int
    b: int | None
    changes: tuple[StepChange, ...]
    may_edit: bool


@router.get("/zaps/{zap_id}/versions")
def versions(request: Request, here: Here, by: By, zap_id: str) -> HTMLResponse:
    """All versions, the newest first."""
    draft = here.runtime.editing.drafts.get(zap_id)
    made = here.runtime.editing.versions.list(draft.id)
    people = {one.id: one.name for one in here.runtime.people.accounts.every()}
    shown = VersionsPage(
        zap_id=draft.id,
        name=draft.name,
        revision=draft.revision,
        live=draft.published,
        versions=tuple(_rows(here, by, draft, made, people)),
        draft=_of_draft(here, by, draft, people),
        more=len(made) > SHOWN,
        may_edit=by.may_edit,
    )
    return page(request, shown)


@router.get("/zaps/{zap_id}/versions/compare")
def compare(
    request: Request, here: Here, by: By, zap_id: str, a: Annotated[int, Query(le=HIGHEST)], b: str = "draft"
) -> HTMLResponse:
    """What became of one version by another; the lower number comes first."""
    draft = here.runtime.editing.drafts.get(zap_id)
    to = None if b == "draft" else amounts.number(b) or 0
    if to is not None and a > to:
        a, to = to, a
    changes = _changes(here, by, draft, a, to)
    return page(request, ComparePage(draft.id, draft.name, a, to, changes, by.may_edit))


@router.post("/zaps/{zap_id}/versions/{number}/restore")
def restore(
    request: Request,
    here: Here,
    by: By,
    zap_id: str,
    number: Annotated[int, Path(le=HIGHEST)],
    revision: Annotated[int, Form()],
) -> Response:
    """Puts an old version into the draft."""
    draft = here.runtime.editing.versions.restore(zap_id, number, revision=revision, by=by.somebody.id)
    _tell(here, by, draft, number)
    _ = words(by.language).gettext
    return go(
        request, f"/zaps/{draft.id}", _("Version %(n)d is in the draft now. “Undo” takes it back.") % {"n": number}
    )


@router.post("/zaps/{zap_id}/versions/discard")
def discard(request: Request, here: Here, by: By, zap_id: str, revision: Annotated[int, Form()]) -> Response:
    """Takes the draft back to what is live."""
    draft = here.runtime.editing.versions.discard(zap_id, revision=revision, by=by.somebody.id)
    _tell(here, by, draft, draft.published)
    _ = words(by.language).gettext
    return go(request, f"/zaps/{draft.id}", _("The draft was discarded. “Undo” brings it back."))


def _tell(here: Site, by: Visitor, draft: Draft, number: int | None) -> None:
    here.runtime.people.audit.tell(
        Action.ZAP_EDITED,
        person=by.person,
        subject_id=draft.id,
        subject=draft.name,
        address=by.address,
        details={"version": number},
    )


def _rows(
    here: Site, by: Visitor, draft: Draft, made: Sequence[VersionLine], people: dict[str, str]
) -> list[VersionRow]:
    _ = words(by.language).gettext
    rows = []
    for at, one in enumerate(made[:SHOWN]):
        before = made[at + 1].number if at + 1 < len(made) else None
        changes = _("the first one") if before is None else _in_short(here, by, draft, before, one.number)
        rows.append(VersionRow(one.number, one.at, people.get(one.by, ""), one.live, changes))
    return rows


def _of_draft(here: Site, by: Visitor, draft: Draft, people: dict[str, str]) -> VersionRow | None:
    if draft.published is None or not draft.differs:
        return None
    changes = _in_short(here, by, draft, draft.published, None)
    return VersionRow(0, draft.changed_at, people.get(draft.changed_by, ""), live=False, changes=changes)


def _in_short(here: Site, by: Visitor, draft: Draft, a: int, b: int | None) -> str:
    found = here.runtime.editing.versions.compare(draft.id, a, b)
    said = _comparing(here, by, draft, a, b).in_short(found)
    return said or words(by.language).gettext("published again without a change")


def _changes(here: Site, by: Visitor, draft: Draft, a: int, b: int | None) -> tuple[StepChange, ...]:
    found = here.runtime.editing.versions.compare(draft.id, a, b)
    return _comparing(here, by, draft, a, b).changes(found)


def _comparing(here: Site, by: Visitor, draft: Draft, a: int, b: int | None) -> Comparing:
    """Steps are called as the later state calls them, and those that are gone as the earlier one did."""
    older, newer = _state(here, draft, a), draft.zap if b is None else _state(here, draft, b)
    titles = Titles.of(here.runtime.editing.data.of(draft, "", by.language))
    naming = Naming(newer, here.runtime.registry(), by.language, kept=older)
    return Comparing(naming, titles, accounts_of(here))


def _state(here: Site, draft: Draft, number: int) -> Zap:
    with here.runtime.database.read() as session:
        if number < 1:
            raise NotFound(Sentence("There is no such version.", "Diese Version gibt es nicht."))
        return zaps.version(session, draft.id, number)
