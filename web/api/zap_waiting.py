"""Waiting for a call of a webhook, to draw a zap with what it brings: begun, asked for and ended.

What came is among the trigger's records.
"""

from pydantic import Field

from web.api.routing import router as new_router
from web.api.schemas import Moment, Shown
from web.site import Here, Site

router = new_router("/zaps/{zap_id}/wait", "Testing")


class WaitShown(Shown):
    """Until when calls are taken as samples. `refused` is why the last one was not taken."""

    waits: bool
    until: Moment
    refused: str = Field(description="Empty where none was refused.")
    refused_at: Moment


@router.get("")
def get(here: Here, zap_id: str) -> WaitShown:
    """Ask whether calls are waited for."""
    return _shown(here, zap_id)


@router.put("")
def begin(here: Here, zap_id: str) -> WaitShown:
    """Wait for calls for the next minutes. Nothing fires by them; read them with …/records."""
    here.runtime.awaiting.begin(here.runtime.editing.drafts.get(zap_id).id)
    return _shown(here, zap_id)


@router.delete("", status_code=204)
def end(here: Here, zap_id: str) -> None:
    """Wait no more. What came can still be chosen."""
    here.runtime.awaiting.end(here.runtime.editing.drafts.get(zap_id).id)


def _shown(here: Site, zap_id: str) -> WaitShown:
    wait = here.runtime.awaiting.of(here.runtime.editing.drafts.get(zap_id).id)
    if wait is None:
        return WaitShown(waits=False, until=None, refused="", refused_at=None)
    waits = wait.goes_on(here.runtime.now())
    return WaitShown(waits=waits, until=wait.until, refused=wait.refused, refused_at=wait.refused_at)
