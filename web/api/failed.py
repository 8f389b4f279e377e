"""What failed for one reason, once that is mended: which runs, what each would do now, and replaying them all."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from engine.errors import Refused, Sentence
from engine.people.audit import Action
from engine.runs import failed
from engine.runs.control import MOST
from engine.runs.failed import Since
from web.api.doing import tell, tell_of
from web.api.rehearsals import RehearsalShown, shown
from web.api.routing import router as new_router
from web.api.run_schemas import ManyDone, outcome_shown
from web.api.schemas import Id, Language, Sent, Shown
from web.drafting.rehearsals import Wanted
from web.site import By, Here

router = new_router("/zaps/{zap_id}/failed", "Runs")

NOTHING_LEFT = Sentence(
    "No run failed with an earlier version of this zap, or all of them were replayed.",
    "Mit einer früheren Version dieses Zaps ist keine Ausführung fehlgeschlagen, oder alle wurden wiederholt.",
)
MOST_LOOKED_AT = 200

Step = Annotated[str, Query(max_length=100, description="The step where they failed; else where the newest one did.")]


class FailedShown(Shown):
    """The runs that failed at one step since the problem began, the oldest first. With none, the others are empty."""

    step: str
    began_at: datetime | None
    version: int | None = Field(description="The newest version, with which none of them was tried.")
    runs: list[str] = Field(description=f"At most {MOST:,}: as many as can be replayed at once.")
    count: int = Field(description="How many there are.")
    at_least: bool = Field(description="There may be more than were counted.")
    more: bool = Field(description="There are more than can be replayed at once: replay these, then ask again.")


class RunsSent(Sent):
    """Which of them; all when it is left out."""

    step: Annotated[str, Field(max_length=100)] = ""
    runs: list[Id] | None = Field(None, max_length=MOST)


class FailedReplayed(ManyDone):
    """What came of it, and how many wait for the next time: replay again to go on with them."""

    left: int
    left_at_least: bool = Field(description="There may be more than were counted.")


@router.get("")
def every(here: Here, zap_id: str, step: Step = "") -> FailedShown:
    """List the runs that failed for one reason before the newest version was published, and were not replayed."""
    since = failed.of(here.runtime.database, zap_id, step)
    if since is None:
        return FailedShown(step="", began_at=None, version=None, runs=[], count=0, at_least=False, more=False)
    return FailedShown(
        step=since.step,
        began_at=since.began,
        version=since.version,
        runs=list(since.runs),
        count=since.count,
        at_least=since.at_least,
        more=since.rest > 0,
    )


@router.post("/rehearsals", status_code=202)
async def rehearse(here: Here, by: By, language: Language, zap_id: str, sent: RunsSent) -> RehearsalShown:
    """Look what each would do with the newest version, from where it ended; ask for the rows as of any rehearsal.

    The oldest 200 of them at most: name others as `runs` to look at those.
    """
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    since = await run_in_threadpool(failed.of, here.runtime.database, draft.id, sent.step)
    chosen = _chosen(since, sent)[:MOST_LOOKED_AT]
    if since is None or not chosen:
        raise Refused(NOTHING_LEFT)
    wanted = Wanted(draft.id, since.version, len(chosen), live=True, runs=tuple(chosen))
    kept = here.rehearsals.begin(by.somebody.id, wanted, here.runtime.rehearsing, here.runtime.now())
    await run_in_threadpool(tell_of, here, by, Action.ZAP_REHEARSED, draft, records=len(chosen))
    return shown(kept, 0, language)


@router.post("/replay")
def replay(here: Here, by: By, language: Language, zap_id: str, sent: RunsSent) -> FailedReplayed:
    """Replay them with the newest version, the oldest first; 1,000 at once, so ask again as long as some are `left`.

    Steps that were done are not done again.
    """
    since = failed.of(here.runtime.database, zap_id, sent.step)
    outcome = here.runtime.control.replay_many(_chosen(since, sent), newest=True)
    here.engine.queue.ring()
    if since is not None and outcome.done:
        tell(here, by, Action.RUN_REPLAYED, since.zap_id, since.zap, runs=len(outcome.done))
    after = failed.of(here.runtime.database, zap_id, since.step) if since else None
    return FailedReplayed(
        **outcome_shown(outcome, language).model_dump(),
        left=after.count if after else 0,
        left_at_least=after.at_least if after else False,
    )


def _chosen(since: Since | None, sent: RunsSent) -> list[str]:
    if since is None:
        return []
    return [one for one in since.runs if sent.runs is None or one in sent.runs]
