"""Finds what is kept about a person, shows it, asks, and erases it. Owners only.

What is typed here goes with the form, never in an address, so that it stands in no log; and the audit log says that
something was erased, not about whom.
"""

from dataclasses import asdict, dataclass
from typing import Annotated, ClassVar

from fastapi import Form, Request
from fastapi.responses import Response

from engine.errors import Refused
from engine.keeping.persons import Erased, Kept
from engine.people.audit import Action
from web.forms.typed import Typed, must_be_readable, refused
from web.history import zaps
from web.history.rows import RowView, views
from web.languages import words
from web.pages import settings
from web.pages.settings import SettingsPage
from web.rendering import go, page
from web.site import By, Here, Site
from web.visitors import Visitor

router = settings.router()

PATH = "/settings/erase"
MOST_SHOWN = 100
PLACES = {"connection": "/connections/{id}", "person": "/settings/people"}
"""Where what is called so can be changed."""


@dataclass(frozen=True)
class SampleLine:
    """A draft whose sample names the person."""

    zap_id: str
    zap: str
    step: str


@dataclass(frozen=True)
class TypedLine:
    """A zap in whose own text somebody typed it."""

    zap_id: str
    zap: str
    in_draft: bool
    versions: tuple[int, ...]
    deleted: bool


@dataclass(frozen=True)
class NamedLine:
    """An account in use that is called so, and where it can be changed."""

    href: str
    name: str
    kind: str


@dataclass(frozen=True)
class FoundView:
    """What is kept. `ended` and `going_on` are the newest runs of each, at most `MOST_SHOWN`. `erasable`: anything of
    it is more than what is not erased in any case."""

    text: str
    runs: int
    waiting: int
    ended: tuple[RowView, ...]
    going_on: tuple[RowView, ...]
    samples: tuple[SampleLine, ...]
    notices: int
    files: int
    dispatches: int
    troubles: int
    audit: int
    bygone: int
    undoable: int
    typed: tuple[TypedLine, ...]
    named: tuple[NamedLine, ...]
    ids: int
    erasable: bool


@dataclass(frozen=True)
class ErasePage(SettingsPage):
    """`found` is None before something was asked; `nothing` says that nothing is kept."""

    template: ClassVar[str] = "settings/erase.html"
    tab: ClassVar[str] = "storage"
    form: Typed
    found: FoundView | None
    nothing: bool


@router.get("/erase")
def ask(request: Request) -> Response:
    """The empty form."""
    return page(request, ErasePage(Typed(), None, nothing=False))


@router.post("/erase/find")
def find(request: Request, here: Here, by: By, text: Annotated[str, Form()] = "") -> Response:
    """Shows what is kept about them."""
    try:
        must_be_readable({"text": text}, by.language)
        kept = here.runtime.persons.find(text)
    except Refused as error:
        return page(request, ErasePage(_refused(error, by, text), None, nothing=False), 422)
    return page(request, ErasePage(Typed({"text": kept.text}), _view(here, by, kept), kept.is_nothing))


@router.post("/erase")
def erase(
    request: Request,
    here: Here,
    by: By,
    text: Annotated[str, Form()] = "",
    cancel: Annotated[bool, Form()] = False,
) -> Response:
    """Erases what is found now."""
    try:
        must_be_readable({"text": text}, by.language)
        done = here.runtime.persons.erase(text, cancel=cancel)
    except Refused as error:
        return page(request, ErasePage(_refused(error, by, text), None, nothing=False), 422)
    here.engine.keeping.soon(thorough=True)
    here.runtime.people.audit.tell(Action.RUN_ERASED, person=by.person, address=by.address, details=asdict(done))
    return go(request, PATH, _told(done, by))


def _told(done: Erased, by: Visitor) -> str:
    said = words(by.language)
    runs = said.ngettext("The data of %(count)d run were erased.", "The data of %(count)d runs were erased.", done.runs)
    left = said.ngettext(
        "%(count)d run goes on and keeps its data. Erase again when it has ended.",
        "%(count)d runs go on and keep their data. Erase again when they have ended.",
        done.left,
    )
    typed = said.ngettext(
        "%(count)d zap has it in its own text, where you can change it.",
        "%(count)d zaps have it in their own text, where you can change it.",
        done.typed,
    )
    named = said.ngettext(
        "%(count)d account in use is called so, and stays.",
        "%(count)d accounts in use are called so, and stay.",
        done.named,
    )
    sentences = [runs % {"count": done.runs}]
    for sentence, count in ((left, done.left), (typed, done.typed), (named, done.named)):
        sentences += [sentence % {"count": count}] if count else []
    return " ".join(sentences)


def _refused(error: Refused, by: Visitor, text: str) -> Typed:
    told = refused(error, by.language, {"text": text[:500]})
    return Typed(told.texts, {"text": told.problem("text") or " ".join(told.above)})


def _view(here: Site, by: Visitor, kept: Kept) -> FoundView:
    open_ids = {row.id for row in kept.going_on}
    ended = [row for row in kept.runs if row.id not in open_ids]
    return FoundView(
        text=kept.text,
        runs=len(kept.runs),
        waiting=len(kept.going_on),
        ended=views(here.runtime, by.language, ended[:MOST_SHOWN]),
        going_on=views(here.runtime, by.language, kept.going_on[:MOST_SHOWN]),
        samples=tuple(SampleLine(one.zap_id, zaps.name_of(here.runtime, one.zap_id), one.step) for one in kept.samples),
        notices=kept.notices,
        files=kept.files,
        dispatches=kept.dispatches,
        troubles=kept.troubles,
        audit=kept.audit,
        bygone=kept.bygone,
        undoable=kept.undoable,
        typed=tuple(
            TypedLine(one.zap_id, zaps.name_of(here.runtime, one.zap_id), one.in_draft, one.versions, one.deleted)
            for one in kept.typed
        ),
        named=tuple(NamedLine(PLACES[one.kind].format(id=one.id), one.name, one.kind) for one in kept.named),
        ids=kept.ids,
        erasable=kept.can_be_erased,
    )
