"""How long things are kept: in the house and for single zaps; how much there is; and cleaning up at once."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import Field

from engine.keeping import sizes
from engine.keeping.policy import Policy
from engine.people.audit import Action
from engine.store.policies import OfZap
from web.api.doing import tell, tell_of
from web.api.routing import router as new_router
from web.api.schemas import Moment, Sent, Shown
from web.site import By, Here

router = new_router("", "Keeping")

MOST = 2**31 - 1


def _count(said: str) -> Any:
    return Field(None, ge=1, le=MOST, description=said)


class PolicyShown(Shown):
    """For how many days runs keep their data (`contents_days`), runs stay at all and how many of them, names of
    deliveries stay, and the audit log."""

    contents_days: int
    runs_days: int
    runs_most: int
    deliveries_days: int
    audit_days: int


class PolicyChange(Sent):
    """What is to change; what is left out stays."""

    contents_days: int | None = _count("Days that runs keep their data.")
    runs_days: int | None = _count("Days that runs stay, at least as many as their data.")
    runs_most: int | None = _count("How many runs of one zap stay at most.")
    deliveries_days: int | None = _count("Days that a delivery which is sent twice is known.")
    audit_days: int | None = _count("Days that the audit log stays.")


class ZapPolicy(Shown):
    """What a zap keeps otherwise than the house; null is as the house says."""

    contents_days: int | None
    runs_days: int | None
    runs_most: int | None


class ZapPolicySent(Sent):
    """The whole of it: what is null or left out is as the house says."""

    contents_days: int | None = _count("Days that its runs keep their data.")
    runs_days: int | None = _count("Days that its runs stay.")
    runs_most: int | None = _count("How many of its runs stay at most.")


class RoundDone(Shown):
    """What the last cleaning up did, in counts."""

    at: datetime
    contents: int
    runs: int
    deliveries: int
    audit: int
    files: int
    bytes: int


class SizesShown(Shown):
    """How much there is, in bytes and counts by table. `contents_next` and `runs_next` go within a day."""

    database: int
    free: int
    log: int
    files: int
    file_bytes: int
    rows: dict[str, int]
    with_contents: int
    oldest_run: Moment
    oldest_contents: Moment
    contents_next: int
    runs_next: int
    last: RoundDone | None


class Begun(Shown):
    """It goes on in the background; `last` of the sizes says what came of it."""

    begun: bool = True


@router.get("/keeping")
def get(here: Here) -> PolicyShown:
    """Ask how long the house keeps things."""
    return PolicyShown.model_validate(here.runtime.policies.house())


@router.patch("/keeping")
def change(here: Here, by: By, sent: PolicyChange) -> PolicyShown:
    """Change how long the house keeps things. What is older goes from now on, in the background."""
    changed = sent.model_dump(exclude_none=True)
    wanted = Policy(**{**asdict(here.runtime.policies.house()), **changed})
    here.runtime.policies.set_house(wanted)
    here.engine.keeping.soon()
    tell(here, by, Action.SETTINGS_CHANGED, kept=asdict(wanted))
    return PolicyShown.model_validate(wanted)


@router.get("/keeping/sizes")
def measured(here: Here) -> SizesShown:
    """Ask how much there is, and what goes next. It takes a moment to count."""
    runtime = here.runtime
    found = sizes.measure(runtime.database, runtime.blobs, runtime.settings.data, runtime.now)
    last = {"at": found.last.at, **asdict(found.last.done)} if found.last else None
    return SizesShown.model_validate({**vars(found), "last": last})


@router.post("/keeping/now", status_code=202)
def clean_up(here: Here) -> Begun:
    """Clean up now instead of within the hour, thoroughly."""
    here.engine.keeping.soon(thorough=True)
    return Begun()


@router.get("/zaps/{zap_id}/keeping")
def of_zap(here: Here, zap_id: str) -> ZapPolicy:
    """Ask how long the runs of a zap are kept, where that differs from the house."""
    return ZapPolicy.model_validate(here.runtime.policies.of_zap(zap_id))


@router.put("/zaps/{zap_id}/keeping")
def set_zap(here: Here, by: By, zap_id: str, sent: ZapPolicySent) -> ZapPolicy:
    """Say how long the runs of a zap are kept. It counts at once, without publishing."""
    draft = here.runtime.editing.drafts.get(zap_id)
    wanted = OfZap(**sent.model_dump())
    here.runtime.policies.set_zap(draft.id, wanted)
    here.engine.keeping.soon()
    tell_of(here, by, Action.ZAP_EDITED, draft, kept=asdict(wanted))
    return ZapPolicy.model_validate(wanted)
