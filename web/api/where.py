"""“Where is this?”: what became of a record, also when there is no run."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from engine.keeping.whereabouts import LONGEST, SHORTEST, Kind, Whereabout
from engine.triggers.at_the_app import Looked, Place, Present
from web.api.routing import router as new_router
from web.api.run_schemas import RunLine
from web.api.schemas import Shown
from web.site import Here

router = new_router("/where", "Runs")


Searched = Annotated[list[str], Field(description="The words that were looked for, beside the whole text as an id.")]
Cut = Annotated[bool, Field(description="You sent more than a search takes: what is in `words` was looked for.")]


class WhereaboutShown(Shown):
    """One thing that was found. `kind`: it has a `run`; or it was there `before` the zap was switched on; or its run is
    `forgotten`, since it is older than what is kept."""

    kind: Kind
    zap_id: str
    zap: str
    at: datetime
    run: RunLine | None


class WatchedShown(Shown):
    """A zap that looks for records, and since when: of what was there before only ids are remembered."""

    zap_id: str
    zap: str
    since: datetime | None
    is_on: bool
    last_success_at: datetime | None


class AnswerShown(Shown):
    """What was found, the newest first, and what the answer cannot know: `without_contents` runs have lost their data
    and are found by ids only; runs created before `searched_from` are not searched yet, nor are `behind` newer ones."""

    words: Searched
    cut: Cut
    partly: list[str] = Field(
        description="Words of the search that so many words begin with that only the shortest of these were looked for."
    )
    found: list[WhereaboutShown]
    more: bool = Field(description="There are further runs; /api/v1/runs?q= has them all.")
    without_contents: int
    searched_from: datetime | None
    behind: int = Field(description="Counted up to a thousand.")
    watched: list[WatchedShown]


class PresentShown(Shown):
    """A record that an app has. `place`: it came in (`run`), and its run may be deleted since (`forgotten`); it was
    there `before` the zap was switched on; the trigger's settings leave it out (`left_out`), each of the inputs in
    `because` by itself; the `next` check takes it in; or the zap is `off`."""

    place: Place
    zap_id: str
    zap: str
    record_id: str
    label: str
    at: datetime | None
    because: list[str]
    run_id: str | None


class LookedShown(Shown):
    """A zap whose app was looked at: at how many records, back to when, or why it could not be."""

    zap_id: str
    zap: str
    records: int
    back_to: datetime | None
    more: bool = Field(description="More of these records are such as were asked for than `found` has.")
    problem: str


class ThereShown(Shown):
    """What the apps have of it now."""

    words: Searched
    cut: Cut
    found: list[PresentShown]
    looked: list[LookedShown]
    more: bool = Field(description="There are more zaps than one look has time for.")


Asked = Annotated[
    str,
    Query(min_length=SHORTEST, max_length=LONGEST, description="Words of it, or its id.", examples=["ada@example.com"]),
]


@router.get("")
def where(here: Here, q: Asked) -> AnswerShown:
    """Ask what became of a record."""
    answer = here.runtime.whereabouts.ask(q)
    return AnswerShown(
        words=list(answer.wanted.words),
        cut=answer.wanted.is_cut,
        partly=list(answer.partly),
        found=[_found(one) for one in answer.found],
        more=answer.more,
        without_contents=answer.without_contents,
        searched_from=answer.searched_from,
        behind=answer.behind,
        watched=[WatchedShown.model_validate(one) for one in answer.watched],
    )


@router.get("/look")
async def look(here: Here, q: Asked) -> ThereShown:
    """Look at the apps now: for what was there before, or is left out by a trigger's settings. Nothing fires."""
    there = await here.runtime.at_the_app.ask(q)
    found, looked = [_present(one) for one in there.found], [_looked(one) for one in there.looked]
    searched = list(there.wanted.words)
    return ThereShown(words=searched, cut=there.wanted.is_cut, found=found, looked=looked, more=there.more)


def _present(one: Present) -> PresentShown:
    return PresentShown(
        place=one.place,
        zap_id=one.zap_id,
        zap=one.zap,
        record_id=one.record_id,
        label=one.label,
        at=one.at,
        because=list(one.because),
        run_id=one.run.id if one.run else None,
    )


def _looked(one: Looked) -> LookedShown:
    problem = str(one.problem) if one.problem else ""
    return LookedShown(
        zap_id=one.zap_id,
        zap=one.zap,
        records=one.records,
        back_to=one.back_to,
        more=one.more,
        problem=problem,
    )


def _found(one: Whereabout) -> WhereaboutShown:
    run = RunLine.model_validate(one.run) if one.run else None
    return WhereaboutShown(kind=one.kind, zap_id=one.zap_id, zap=one.zap, at=one.at, run=run)
