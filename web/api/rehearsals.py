"""Rehearsals: the last records of a zap through its steps, with nothing created. Begun here, then asked for as it goes.

A person has one rehearsal of a zap at a time, in the pages or here; one that nobody asks for ends by itself.
"""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from engine.errors import Problem, Problems, ZapwerkError
from engine.people.audit import Action
from engine.rehearsal.rows import Row, Would, quotas
from engine.sdk.errors import ConnectorError
from engine.zaps.model import TRIGGER
from web.api import zap_views
from web.api.doing import tell_of
from web.api.routing import router as new_router
from web.api.schemas import Language, Moment, ProblemAt, Sent, Shown, Values
from web.drafting.rehearsals import LEFT_AFTER, Kept, Wanted
from web.languages import words
from web.site import By, Here

router = new_router("/zaps/{zap_id}/rehearsals", "Rehearsals")

MOST = 200
MOST_ROWS = 50  # in one answer


class RehearsalSent(Sent):
    """What to rehearse."""

    last: int = Field(50, ge=1, le=MOST, description="How many of the last records.")
    live: bool = Field(False, description="The live version, instead of the draft.")


class StepForeseen(Shown):
    """What one step would do. `given` is what would be sent, `later` names what other steps must give first."""

    step: str
    use: str
    outcome: Would
    sentence: str
    field: str
    problems: list[ProblemAt]
    given: Values
    later: dict[str, list[str]]
    record: Values | None
    if_exists: str
    ends: bool
    uses_quota: bool = Field(description="What it makes counts toward a quota of the plan, where that has one.")


class RowShown(Shown):
    """What the zap would do with one record. `same_as` is the number of an earlier row with the same calls."""

    number: int
    record_id: str
    label: str
    at: Moment
    warning: str
    outcome: Would
    same_as: int | None
    steps: list[StepForeseen]


class QuotaShown(Shown):
    """How many records would count toward the quota of the plan at one app, where the plan there has one."""

    app: str
    count: int
    exact: bool = Field(description="false where it may be fewer: of rows alike, or that could not be checked.")


class RehearsalShown(Shown):
    """How far a rehearsal is. Ask with the number of the last row until it has `ended` and no rows come."""

    id: str
    begun_at: datetime
    ended: bool
    stopped: bool
    version: int | None = Field(description="The live version that is rehearsed; null for a draft.")
    records: int | None = Field(description="null until they were read.")
    rows: list[RowShown]
    more: bool = Field(description="There are rows behind these already.")
    quotas: list[QuotaShown] = Field(description="What would count, of all rows that are known by now.")
    problem: str = Field(description="Why it could not be made; mostly empty.")
    problems: list[ProblemAt] = Field(description="What is to be mended first.")


@router.post("", status_code=202)
async def begin(here: Here, by: By, language: Language, zap_id: str, sent: RehearsalSent) -> RehearsalShown:
    """Begin a rehearsal, in place of your last one of this zap."""
    draft = await run_in_threadpool(here.runtime.editing.drafts.get, zap_id)
    wanted = Wanted(draft.id, draft.revision, sent.last, sent.live)
    kept = here.rehearsals.begin(by.somebody.id, wanted, here.runtime.rehearsing, here.runtime.now())
    await run_in_threadpool(tell_of, here, by, Action.ZAP_REHEARSED, draft, records=sent.last)
    return shown(kept, 0, language)


@router.get("/{rehearsal_id}", description=f"Ask at least every {LEFT_AFTER:g} seconds; else it is stopped.")
async def get(
    here: Here,
    by: By,
    language: Language,
    zap_id: str,
    rehearsal_id: str,
    after: Annotated[int, Query(ge=0, le=1_000, description="Only rows with a greater number.")] = 0,
) -> RehearsalShown:
    """Get the rows that are known by now."""
    kept = here.rehearsals.of(by.somebody.id, zap_id, rehearsal_id)
    kept.seen()
    return shown(kept, after, language)


@router.post("/{rehearsal_id}/stop")
async def stop(here: Here, by: By, language: Language, zap_id: str, rehearsal_id: str) -> RehearsalShown:
    """Stop a rehearsal. The rows that are known stay."""
    kept = here.rehearsals.of(by.somebody.id, zap_id, rehearsal_id)
    kept.stop()
    return shown(kept, 0, language)


def shown(kept: Kept, after: int, language: str) -> RehearsalShown:
    """How far it is, with the rows behind this one."""
    ended, every = kept.ended, tuple(kept.rows)  # in this order: what ended has all its rows
    rows = every[after:]
    problem, problems = _failure(kept.failure, language)
    return RehearsalShown(
        id=kept.id,
        begun_at=kept.begun_at,
        ended=ended,
        stopped=kept.stopped,
        version=kept.chosen.version if kept.chosen else None,
        records=kept.records,
        rows=[_row(one, language) for one in rows[:MOST_ROWS]],
        more=len(rows) > MOST_ROWS,
        quotas=[QuotaShown(app=one.app, count=one.count, exact=one.exact) for one in quotas(every)],
        problem=problem,
        problems=problems,
    )


def _row(row: Row, language: str) -> RowShown:
    steps = [
        StepForeseen(
            step=one.step,
            use=one.use,
            outcome=one.outcome,
            sentence=one.sentence,
            field=one.field,
            problems=zap_views.problems(one.problems, language),
            given=one.given,
            later={name: list(steps) for name, steps in one.later.items()},
            record=one.record,
            if_exists=one.if_exists,
            ends=one.ends,
            uses_quota=one.uses_quota,
        )
        for one in row.steps
    ]
    return RowShown(
        number=row.number,
        record_id=row.record_id,
        label=row.label,
        at=row.at,
        warning=row.warning,
        outcome=row.outcome,
        same_as=row.same_as,
        steps=steps,
    )


def _failure(error: Exception | None, language: str) -> tuple[str, list[ProblemAt]]:
    """Why it could not be made, and what to mend."""
    match error:
        case None:
            return "", []
        case Problems():
            return error.within(language), zap_views.problems(error.problems, language)
        case ConnectorError():
            return error.sentence, zap_views.problems([Problem(error.sentence, TRIGGER)], language)
        case ZapwerkError():
            return error.within(language), []
        case _:
            told = "This is a fault of Zapwerk, not of yours. What happened is in the log. Your zaps go on running."
            return words(language).gettext(told), []
