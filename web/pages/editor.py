"""The zap editor: its page, its changes, and what its fields ask while a person types. Every change is saved at once.

Scripts send each change with the revision they saw. The answer is JSON: the new revision, and the parts of the page
that look different now.
"""

from typing import Any

from fastapi import Form, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from engine.editing.draft import Draft
from engine.editing.previews import PreviewState
from engine.errors import Conflict, NotFound, Problems, Refused
from engine.store import connections
from engine.zaps import drawing
from engine.zaps.model import TRIGGER
from engine.zaps.remarks import remark
from web import guarded
from web.bodies import form_of
from web.forms.fields import told
from web.languages import words
from web.pages import editor_changes, editor_panel, editor_view
from web.pages.editor_panel import Drawing, Panel, Used
from web.pages.editor_view import EditorPage, Known
from web.rendering import PRIVATE, page, render
from web.site import By, Here, Site
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = guarded.router()


@router.get("/zaps/{zap_id}")
def edit(request: Request, here: Here, by: By, zap_id: str, step: str = "") -> Response:
    """The editor; a viewer sees the same and can change nothing."""
    draft = here.runtime.editing.drafts.get(zap_id)
    return page(request, build(here, by, draft, step))


@router.post("/zaps/{zap_id}/draft/{change}")
async def change(request: Request, here: Here, by: By, zap_id: str, change: str) -> Response:
    """One change of the draft."""
    form = await form_of(request)
    sent = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return await run_in_threadpool(_changed, request, here, by, zap_id, change, sent)


@router.get("/zaps/{zap_id}/panel")
def panel(request: Request, here: Here, by: By, zap_id: str, step: str = "") -> JSONResponse:
    """One step, for the scripts of an open page."""
    draft = here.runtime.editing.drafts.get(zap_id)
    built = build(here, by, draft, step)
    answer = {
        "revision": draft.revision,
        "step": built.panel.key if built.panel else "",
        "title": draft.name,
        "head": render(request, built, "editor/head.html"),
        "flow": render(request, built, "editor/flow.html"),
        "panel": render(request, built, "editor/panel.html"),
    }
    return JSONResponse(answer, headers=PRIVATE)


@router.get("/zaps/{zap_id}/revision")
def revision(here: Here, zap_id: str) -> JSONResponse:
    """The newest revision, for a person who saves over somebody else's change."""
    return JSONResponse({"revision": here.runtime.editing.drafts.get(zap_id).revision}, headers=PRIVATE)


@router.post("/zaps/{zap_id}/preview")
def preview(here: Here, by: By, zap_id: str, step: str, field: str, template: str = Form("")) -> JSONResponse:
    """What a field would give with the samples."""
    draft = here.runtime.editing.drafts.get(zap_id)
    if len(template) > editor_changes.LONGEST_VALUE:
        said = remark("setting_too_long", most=editor_changes.LONGEST_VALUE).within(by.language)
        return JSONResponse({"text": "", "problem": said, "empty": False}, headers=PRIVATE)
    seen = here.runtime.editing.previews.of(draft, step, field, template, by.language)
    problem = " ".join(told(one, by.language) for one in seen.problems)
    waits = words(by.language).gettext("no sample yet; test the earlier steps") if seen.waits_for else ""
    answer = {"text": seen.text or waits, "problem": problem, "empty": seen.state is PreviewState.EMPTY}
    return JSONResponse(answer, headers=PRIVATE)


@router.get("/zaps/{zap_id}/choices")
async def choices(here: Here, by: By, zap_id: str, step: str, field: str, q: str = "") -> JSONResponse:
    """The choices of a field that only the service knows."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    try:
        found = await here.runtime.editing.choices.of(draft, step, field, q[:200])
    except (Refused, NotFound) as error:
        sentence = Vocabulary(here.runtime.registry(), by.language).error(
            getattr(draft.step(step), "app", ""), error.within(by.language)
        )
        return JSONResponse({"options": [], "problem": sentence}, headers=PRIVATE)
    return JSONResponse({"options": [{"value": one.value, "label": one.label} for one in found]}, headers=PRIVATE)


def build(here: Site, by: Visitor, draft: Draft, step: str, *, with_data: bool = True) -> EditorPage:
    """The page of a draft with one step chosen. `with_data`: also what the step may use of the ones before it, which of
    fifty steps takes as long as all the rest."""
    registry = here.runtime.registry()
    known = _known(here)
    chosen = _chosen(draft, step)
    cards = tuple(editor_view.cards_of(draft, registry, known, by.language, chosen))
    return EditorPage(
        zap_id=draft.id,
        revision=draft.revision,
        head=editor_view.head_of(draft, registry, known, by.language),
        cards=cards,
        panel=_panel(here, by, draft, chosen, cards, with_data) if chosen else None,
        may_edit=by.may_edit,
    )


def _chosen(draft: Draft, step: str) -> str:
    """The step that is asked for, if there is one; a draft without a trigger opens at it."""
    try:
        draft.step(step)
    except NotFound:
        return "" if draft.zap.trigger.is_chosen else TRIGGER
    return step


def _known(here: Site) -> Known:
    with here.runtime.database.read() as session:
        accounts = {one.id: (one.name, str(one.state)) for one in connections.every(session)}
    return Known(accounts, {one.id: one.name for one in here.runtime.people.accounts.every()})


def _panel(
    here: Site, by: Visitor, draft: Draft, key: str, cards: tuple[editor_view.Card, ...], with_data: bool
) -> Panel:
    naming = editor_view.naming_of(draft, here.runtime.registry(), by.language)
    card = next(one for one in cards if one.key == key)
    with here.runtime.database.read() as session:
        accounts = tuple(connections.every(session))
    later = {one.step for one in drawing.used_later(draft.zap, key)}
    used_by = tuple(Used(one, naming.step(one)) for one in sorted(later, key=naming.number))
    shown = Drawing(here.runtime, draft, key, by.language, accounts, with_data)
    return editor_panel.panel_of(shown, card.number, card.kind, naming.step(key), used_by)


def _changed(
    request: Request, here: Site, by: Visitor, zap_id: str, change: str, sent: list[tuple[str, str]]
) -> Response:
    given = dict(sent)
    try:
        draft, redraws = editor_changes.make(here.runtime, zap_id, change, sent, by.somebody.id)
    except Conflict as error:
        return JSONResponse(_conflict(here, by, error), 409, headers=PRIVATE)
    except Problems as error:
        said = {one.field: told(one, by.language) for one in error.problems}
        return JSONResponse({"problem": error.within(by.language), "fields": said}, 422, headers=PRIVATE)
    except (Refused, NotFound) as error:
        return JSONResponse({"problem": error.within(by.language)}, 422, headers=PRIVATE)
    built = build(here, by, draft, draft.focus or given.get("step", ""), with_data=redraws)
    answer: dict[str, Any] = {
        "revision": draft.revision,
        "step": built.panel.key if built.panel else "",
        "head": render(request, built, "editor/head.html"),
        "fields": _problems(built.panel),
        "title": draft.name,
    }
    if given.get("cards") != built.print_of_cards:
        answer["flow"] = render(request, built, "editor/flow.html")
    if redraws:
        answer["panel"] = render(request, built, "editor/panel.html")
    return JSONResponse(answer, headers=PRIVATE)


def _problems(panel: Panel | None) -> dict[str, str]:
    """What is wrong with each field of the panel, for scripts that leave the field itself alone."""
    found: dict[str, str] = {}

    def gather(fields: Any) -> None:
        for one in fields:
            found[one.name] = one.problem
            gather(one.fields)
            gather(one.rows)

    if panel:
        gather(panel.fields)
    return found


def _conflict(here: Site, by: Visitor, error: Conflict) -> dict[str, Any]:
    """Who saved meanwhile, and the revision to save over if the person wants that."""
    names = {one.id: one.name for one in here.runtime.people.accounts.every()}
    _ = words(by.language).gettext
    if error.by == by.somebody.id:
        return {"conflict": _("You changed this zap meanwhile, in another tab.")}
    return {"conflict": _("%(who)s changed this zap meanwhile.") % {"who": names.get(error.by, _("Somebody else"))}}
