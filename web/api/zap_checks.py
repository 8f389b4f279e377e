"""The log of checks of one zap: how its trigger stands, what its last checks said, how many there were each hour."""

from datetime import datetime

from pydantic import Field

from engine.errors import NotFound
from engine.store import checks, watches
from engine.store.checks import Outcome
from engine.zaps.remarks import remark
from web.api import zap_views
from web.api.routing import router as new_router
from web.api.schemas import Language, Shown
from web.api.zap_schemas import Health
from web.site import Here
from web.trees import shown
from web.vocabulary import Vocabulary

router = new_router("/zaps/{zap_id}/checks", "Zaps")


class ChecksLine(Shown):
    """Checks in a row that went alike. `found` are the events that they brought."""

    outcome: Outcome
    problem: str = Field(description="Why they failed; empty where they did not.")
    since: datetime
    until: datetime
    checks: int
    found: int


class ChecksHour(Shown):
    """The checks of one hour of UTC, beginning `at`."""

    at: datetime
    checks: int
    failed: int
    found: int


class ChecksShown(Shown):
    """The last fifty lines and seven days of hours, the newest first. `health` is null before it was switched on."""

    health: Health | None
    lines: list[ChecksLine]
    hours: list[ChecksHour]


@router.get("")
def log(here: Here, language: Language, zap_id: str) -> ChecksShown:
    """Read how the trigger of a zap was checked."""
    with here.runtime.database.read() as session:
        found = here.runtime.outlines.some(session, [zap_id])
        if not found:
            raise NotFound(remark("unknown_zap", name=zap_id))
        watch = watches.get(session, zap_id)
        lines = checks.lines(session, zap_id, watch.tally) if watch else []
        hours = checks.hours(session, zap_id, watch.tally) if watch else []
    app = found[0].uses.trigger.partition(".")[0]
    vocabulary = Vocabulary(here.runtime.registry(), language)
    return ChecksShown(
        health=zap_views.health_of(watch, here.runtime.now()) if watch else None,
        lines=[_line(one, shown(vocabulary.error(app, one.problem)) if one.problem else "") for one in lines],
        hours=[ChecksHour.model_validate(one) for one in hours],
    )


def _line(one: checks.Line, problem: str) -> ChecksLine:
    return ChecksLine(
        outcome=one.outcome, problem=problem, since=one.since, until=one.until, checks=one.checks, found=one.found
    )
