"""Pausing: everything by one switch, one zap from its settings, and the page that lets a paused zap go on."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import Request
from fastapi.responses import Response

from engine.people.audit import Action
from engine.store import zaps
from engine.store.states import ZapState
from web import guarded
from web.languages import words
from web.rendering import Page, go, page
from web.site import By, Here
from web.trees import shown

router = guarded.router()


@dataclass(frozen=True)
class PausingPage(Page):
    """The one switch for everything. `since` is None while it is not paused."""

    template: ClassVar[str] = "zaps/pausing.html"
    nav: ClassVar[str] = "settings"
    since: datetime | None
    may_edit: bool


@dataclass(frozen=True)
class PausedZapPage(Page):
    """A zap that is paused, and why. `failed` of its runs of the last week failed."""

    template: ClassVar[str] = "zaps/paused.html"
    nav: ClassVar[str] = "zaps"
    zap_id: str
    name: str
    why: str
    failed: int
    may_edit: bool


@router.get("/pausing")
def pausing(request: Request, here: Here, by: By) -> Response:
    """Says whether everything is paused."""
    paused = here.runtime.pausing.all_paused()
    return page(request, PausingPage(paused.since if paused else None, by.may_edit))


@router.post("/pausing")
def pause(request: Request, here: Here, by: By) -> Response:
    """No run begins from now on; what arrives waits."""
    here.runtime.pausing.pause_all(by=by.somebody.id)
    here.runtime.people.audit.tell(Action.ALL_PAUSED, person=by.person, address=by.address)
    return go(request, "/pausing")


@router.post("/pausing/end")
def resume(request: Request, here: Here, by: By) -> Response:
    """What waited goes on, the oldest first."""
    here.runtime.pausing.resume_all()
    here.runtime.people.audit.tell(Action.ALL_RESUMED, person=by.person, address=by.address)
    return go(request, "/pausing", words(by.language).gettext("Everything goes on."))


@router.get("/zaps/{zap_id}/paused")
def paused_zap(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Says why a zap is paused; one that is not leads to the zap itself."""
    with here.runtime.database.read() as session:
        stored = zaps.find(session, zap_id)
    if stored.state != ZapState.PAUSED:
        return go(request, f"/zaps/{stored.id}")
    pausing = here.runtime.pausing
    why = pausing.reasons([stored.id])[stored.id].within(by.language)
    failed = pausing.failures(stored.id).failed
    return page(request, PausedZapPage(stored.id, shown(stored.name), shown(why), failed, by.may_edit))


@router.post("/zaps/{zap_id}/pause")
def pause_zap(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Keeps what arrives for a zap on hold from now on."""
    with here.runtime.database.read() as session:
        stored = zaps.find(session, zap_id)
    if here.runtime.pausing.pause(stored.id):
        here.runtime.people.audit.tell(
            Action.ZAP_PAUSED, person=by.person, subject_id=stored.id, subject=stored.name, address=by.address
        )
    return go(request, f"/zaps/{stored.id}/paused")


@router.post("/zaps/{zap_id}/resume")
def resume_zap(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Lets a paused zap go on, and with it the runs it kept on hold."""
    with here.runtime.database.read() as session:
        stored = zaps.find(session, zap_id)
    here.runtime.pausing.resume(stored.id)
    here.runtime.people.audit.tell(
        Action.ZAP_SWITCHED_ON, person=by.person, subject_id=stored.id, subject=stored.name, address=by.address
    )
    return go(request, "/zaps", words(by.language).gettext("The zap goes on."))
