"""Pausing: everything by one switch, or one zap; and letting it go on."""

from datetime import datetime

from pydantic import Field

from engine.people.audit import Action
from engine.store import zaps
from engine.store.states import ZapState
from web.api.doing import tell
from web.api.routing import router as new_router
from web.api.schemas import Language, Shown
from web.site import By, Here, Site
from web.visitors import Visitor

router = new_router("", "Pausing")


class PausingShown(Shown):
    """Whether everything is paused: triggers are checked and calls are taken, but no run begins."""

    paused: bool
    since: datetime | None
    by: str = Field(description="The id of who paused it; empty where nobody is known.")


class ZapPausing(Shown):
    """Whether one zap is paused: what arrives for it is kept on hold."""

    zap_id: str
    paused: bool
    reason: str = Field(description="Why; empty while it is not paused.")
    failed: int = Field(description="Of the runs of the last seven days that auto-pause counts, those that failed.")
    well: int = Field(description="The others, counted only as far as it matters for pausing.")


class ZapResumed(ZapPausing):
    """What became of it."""

    released: int = Field(description="Runs that were on hold and go on now.")


@router.get("/pausing")
def pausing(here: Here) -> PausingShown:
    """Ask whether everything is paused."""
    return _everything(here)


@router.put("/pausing")
def pause(here: Here, by: By) -> PausingShown:
    """Pause everything. Runs that are under way end; no other begins."""
    here.runtime.pausing.pause_all(by=by.somebody.id)
    tell(here, by, Action.ALL_PAUSED)
    return _everything(here)


@router.delete("/pausing", status_code=204)
def resume(here: Here, by: By) -> None:
    """Let everything go on, the oldest first. Zaps that are paused by themselves stay paused."""
    here.runtime.pausing.resume_all()
    here.engine.queue.ring()
    tell(here, by, Action.ALL_RESUMED)


@router.get("/zaps/{zap_id}/pausing")
def zap_pausing(here: Here, language: Language, zap_id: str) -> ZapPausing:
    """Ask whether a zap is paused, and why."""
    return ZapPausing.model_validate(_one(here, zap_id, language))


@router.put("/zaps/{zap_id}/pausing")
def pause_zap(here: Here, by: By, language: Language, zap_id: str) -> ZapPausing:
    """Pause a zap that is on. What arrives meanwhile is kept on hold; a zap that is not on stays as it is."""
    if here.runtime.pausing.pause(zap_id):
        _tell(here, by, Action.ZAP_PAUSED, zap_id)
    return ZapPausing.model_validate(_one(here, zap_id, language))


@router.post("/zaps/{zap_id}/resume")
def resume_zap(here: Here, by: By, language: Language, zap_id: str) -> ZapResumed:
    """Let a paused zap go on, and with it the runs that it kept on hold."""
    released = here.runtime.pausing.resume(zap_id)
    here.engine.queue.ring()
    _tell(here, by, Action.ZAP_SWITCHED_ON, zap_id)
    return ZapResumed.model_validate({**_one(here, zap_id, language), "released": released})


def _everything(here: Site) -> PausingShown:
    found = here.runtime.pausing.all_paused()
    return PausingShown(paused=found is not None, since=found and found.since, by=found.by if found else "")


def _one(here: Site, zap_id: str, language: str) -> dict[str, object]:
    pausing = here.runtime.pausing
    with here.runtime.database.read() as session:
        stored = zaps.find(session, zap_id)
    paused, counted = stored.state == ZapState.PAUSED, pausing.failures(stored.id)
    reason = pausing.reasons([stored.id])[stored.id].within(language) if paused else ""
    return {
        "zap_id": stored.id,
        "paused": paused,
        "reason": reason,
        "failed": counted.failed,
        "well": counted.well,
    }


def _tell(here: Site, by: Visitor, action: Action, zap_id: str) -> None:
    with here.runtime.database.read() as session:
        stored = zaps.find(session, zap_id)
    tell(here, by, action, stored.id, stored.name)
