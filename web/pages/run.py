"""One run: what happened in it, and what can be done about it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from engine.errors import NotFound, Refused, Sentence
from engine.people.audit import Action
from engine.sdk.errors import PermanentFailure
from engine.store.states import RunState
from web import amounts, guarded, mail_pages
from web.front import HEADERS
from web.history import many, values
from web.history.many import Doing, Plan
from web.history.runs import RunView, view
from web.languages import words
from web.pages.failed import Offer, offer
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = guarded.router()

WITH_FRAMES = {"content-security-policy": f"{HEADERS['content-security-policy']}; frame-src 'self'"}
LOCKED_IN = "default-src 'none'; frame-ancestors 'none'; sandbox"  # a stranger's file, should a browser show it
_MEDIA_TYPE = re.compile(r"[a-z]+/[A-Za-z0-9.+-]{1,80}")


@dataclass(frozen=True)
class RunPage(Page):
    """The run, and what replaying it would mean."""

    template: ClassVar[str] = "history/run.html"
    nav: ClassVar[str] = "history"
    run: RunView
    plan: Plan
    marker: str
    offer: Offer | None


@router.get("/history/{run_id}")
def run(request: Request, here: Here, by: By, run_id: str) -> HTMLResponse:
    """The run as it stands; the page asks for itself again while it moves."""
    marker = here.runtime.changes.marker()
    detail = here.runtime.details.of(run_id)
    shown = view(detail, here.runtime.registry(), by)
    plan = many.planned(here.runtime, Doing.REPLAY, [shown.id], Vocabulary(here.runtime.registry(), by.language))
    failed_here = shown.state == RunState.FAILED and shown.newest_version is not None and not shown.replays
    offered = offer(here, by, shown.zap_id, detail.run.step) if failed_here else None
    answer = page(request, RunPage(shown, plan, marker, offered))
    answer.headers.update(WITH_FRAMES)
    return answer


@router.get("/history/{run_id}/files/{ref}")
def file(here: Here, run_id: str, ref: str) -> Response:
    """A file that occurs in the run, to be kept; never shown within our pages."""
    found = values.file(here.runtime.control, run_id, ref)
    try:
        pieces = _first_asked(here.runtime.blobs.read(found))
    except PermanentFailure as gone:
        raise NotFound(Sentence(gone.sentence, f"Die Datei „{found.name}“ wird nicht mehr aufbewahrt.")) from gone
    kind = found.content_type if _MEDIA_TYPE.fullmatch(found.content_type) else "application/octet-stream"
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
        "content-security-policy": LOCKED_IN,
        "cache-control": "no-store",
    }
    size = here.runtime.blobs.size(found.ref)
    if size is not None:
        headers["content-length"] = str(size)
    return StreamingResponse(pieces, media_type=kind, headers=headers)


@router.get("/history/{run_id}/page")
def mail_page(here: Here, by: By, run_id: str, part: str = "", step: str = "", at: str = "") -> HTMLResponse:
    """A text of the run as the page of HTML that it is, without consequences; for a frame."""
    return mail_pages.answer(values.text(here.runtime.details.of(run_id), part, step, at), by.language)


@router.post("/history/{run_id}/replay")
def replay(
    request: Request,
    here: Here,
    by: By,
    run_id: str,
    whole: Annotated[bool, Form()] = False,
    newest: Annotated[bool, Form()] = False,
) -> Response:
    """Runs the event again, and leads to the new run."""
    new = here.runtime.control.replay(run_id, whole=whole, newest=newest)
    _did(here, by, Action.RUN_REPLAYED, run_id, new=new, whole=whole, newest=newest)
    return go(request, f"/history/{new}", words(by.language).gettext("This is the new run."))


@router.post("/history/{run_id}/release")
def release(request: Request, here: Here, by: By, run_id: str) -> Response:
    """Lets a held run go on."""
    if not here.runtime.control.release([run_id]):
        raise Refused(Sentence("This run is not on hold any more.", "Diese Ausführung wird nicht mehr zurückgehalten."))
    _did(here, by, Action.RUN_RELEASED, run_id)
    return go(request, f"/history/{run_id}", words(by.language).gettext("Released. It goes on now."))


@router.post("/history/{run_id}/cancel")
def cancel(request: Request, here: Here, by: By, run_id: str) -> Response:
    """Ends a run that waits or is held."""
    here.runtime.control.cancel(run_id)
    _did(here, by, Action.RUN_CANCELLED, run_id)
    return go(request, f"/history/{run_id}", words(by.language).gettext("Cancelled. It does not go on."))


@router.post("/history/{run_id}/pass")
def let_pass(request: Request, here: Here, by: By, run_id: str) -> Response:
    """Lets the later runs of a zap in order pass those that rest."""
    here.runtime.order.let_pass(here.runtime.details.of(run_id).run.zap_id)
    _did(here, by, Action.RUN_PASSED, run_id)
    return go(request, f"/history/{run_id}", words(by.language).gettext("The later runs go on."))


@router.post("/history/{run_id}/decide")
def decide(
    request: Request,
    here: Here,
    by: By,
    run_id: str,
    decision: Annotated[Literal["went_through", "again"], Form()],
    record: Annotated[str, Form()] = "",
) -> Response:
    """What a person says about a call whose outcome is unknown; `record` is the number of what it made."""
    made = _candidate(here, run_id, record) if decision == "went_through" and record else None
    here.runtime.control.decide(run_id, decision, by=by.name, record=made)
    _did(here, by, Action.RUN_DECIDED, run_id, decision=decision)
    _ = words(by.language).gettext
    told = _("Noted: it went through. The run goes on.") if decision == "went_through" else _("It is done again.")
    return go(request, f"/history/{run_id}", told)


def _candidate(here: Site, run_id: str, number: str) -> dict[str, Any]:
    """Raises `Refused` for one that was not offered."""
    detail = here.runtime.details.of(run_id)
    step = next((one for one in detail.steps if one.key == detail.run.step), None)
    offered = step.review.candidates if step and step.review else ()
    chosen = amounts.number(number)
    if chosen is None or chosen >= len(offered):
        raise Refused(
            Sentence(
                "What was chosen is not offered any more. Please look again.",
                "Was gewählt wurde, steht nicht mehr zur Wahl. Bitte sehen Sie noch einmal nach.",
            )
        )
    return dict(offered[chosen])


def _did(here: Site, by: Visitor, action: Action, run_id: str, **details: Any) -> None:
    """Writes down who did it, and lets the engine look at once."""
    here.engine.queue.ring()
    zap = here.runtime.control.show(run_id).zap
    here.runtime.people.audit.tell(
        action, person=by.person, subject_id=run_id, subject=zap, address=by.address, details=details
    )


def _first_asked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; raises at once what reading the first one raises."""
    first = next(pieces, b"")

    def rest() -> Iterator[bytes]:
        yield first
        yield from pieces

    return rest()
