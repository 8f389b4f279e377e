"""Runs: the history by any filter, one of them with its steps, and what people do about them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from engine.errors import NotFound, Problem, Problems, Refused, Sentence
from engine.history.details import RunDetail
from engine.history.finding import Filter
from engine.people.audit import Action
from engine.runs.control import MOST, NOT_HELD
from engine.sdk.errors import PermanentFailure
from engine.store.moments import NEVER, to_ms
from engine.store.states import FINISHED, RunState
from web.api.doing import tell
from web.api.paging import After, Limit
from web.api.routing import router as new_router
from web.api.run_schemas import (
    DecisionSent,
    ManyDone,
    ManySent,
    ReplaySent,
    RunAhead,
    RunLine,
    RunPage,
    RunsChosen,
    RunShown,
    StepShown,
    Value,
    outcome_shown,
)
from web.api.schemas import Language, url_of
from web.history import values
from web.site import By, Here, Site
from web.visitors import Visitor

router = new_router("/runs", "Runs")

FIRST_YEAR, LAST_YEAR = 2000, 2999
DID = {"replay": Action.RUN_REPLAYED, "release": Action.RUN_RELEASED, "drop": Action.RUN_CANCELLED}
NOTHING_CHOSEN = Sentence(
    "Say which runs: as `runs`, or by a `filter`.",
    "Geben Sie an, welche Ausführungen gemeint sind: als `runs`, oder durch einen `filter`.",
)
NO_MOMENT = Sentence("This must be a moment from 2000 to 2999.", "Dies muss ein Zeitpunkt von 2000 bis 2999 sein.")
NOT_OFFERED = Sentence("There is no such candidate.", "Diesen Kandidaten gibt es nicht.")
LOCKED_IN = "default-src 'none'; frame-ancestors 'none'; sandbox"  # a stranger's file, should a browser show it


@router.get("")
def every(
    request: Request,
    here: Here,
    zap: Annotated[list[str] | None, Query(max_length=100, description="Ids of zaps; also deleted ones.")] = None,
    state: Annotated[list[RunState] | None, Query(max_length=20)] = None,
    since: Annotated[datetime | None, Query(description="Created then or later; UTC unless it says otherwise.")] = None,
    until: Annotated[datetime | None, Query(description="Created before.")] = None,
    q: Annotated[str, Query(max_length=200, description="Words of the record, of what steps got or gave.")] = "",
    replay_of: Annotated[str | None, Query(max_length=100)] = None,
    hold: Annotated[str | None, Query(max_length=200, description="flood, quota, off, “connection:ID” …")] = None,
    folder: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    after: After = "",
) -> RunPage:
    """List runs by any filter, the newest first."""
    wanted = Filter(
        zap_ids=tuple(zap or ()),
        states=tuple(state or ()),
        since=_moment(since, "since"),
        until=_moment(until, "until"),
        text=q,
        replay_of=replay_of,
        hold=hold,
        folder=folder,
    )
    page = here.runtime.history.page(wanted, after or None, limit)
    return RunPage(
        items=[RunLine.model_validate(row) for row in page.rows],
        next=url_of(request, after=page.next) if page.next else None,
        total=page.total.count,
        more_than_total=page.total.more,
        searched_from=page.searched_from,
        partly=list(page.partly),
    )


@router.post("/many")
def many(here: Here, by: By, language: Language, sent: ManySent) -> ManyDone:
    """Replay, release or drop many runs at once. One that is refused keeps none of the others."""
    chosen = _chosen(here, sent)
    control = here.runtime.control
    if sent.do == "replay":
        outcome = control.replay_many(chosen, whole=sent.whole, newest=sent.newest)
    else:
        outcome = control.release_many(chosen) if sent.do == "release" else control.cancel_many(chosen)
    here.engine.queue.ring()
    if outcome.done:
        tell(here, by, DID[sent.do], runs=len(outcome.done))
    return outcome_shown(outcome, language)


@router.get("/{run_id}")
def one(here: Here, run_id: str) -> RunShown:
    """Get a run with its steps."""
    return _shown(here.runtime.details.of(run_id))


@router.get(
    "/{run_id}/files/{ref}",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
def file(here: Here, run_id: str, ref: str) -> Response:
    """Get a file that occurs in a run."""
    found = values.file(here.runtime.control, run_id, ref)
    try:
        pieces = here.runtime.blobs.read(found)
        first = next(pieces, b"")
    except PermanentFailure as gone:
        raise NotFound(gone.sentence) from gone
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
        "content-security-policy": LOCKED_IN,
    }
    return StreamingResponse(_joined(first, pieces), media_type="application/octet-stream", headers=headers)


@router.post("/{run_id}/replay", status_code=201)
def replay(here: Here, by: By, run_id: str, sent: ReplaySent) -> RunShown:
    """Run the event again, as a new run."""
    new = here.runtime.control.replay(run_id, whole=sent.whole, newest=sent.newest)
    return _did(here, by, Action.RUN_REPLAYED, new, replay_of=run_id, whole=sent.whole, newest=sent.newest)


@router.post("/{run_id}/release")
def release(here: Here, by: By, run_id: str) -> RunShown:
    """Let a held run go on."""
    here.runtime.details.of(run_id)
    if not here.runtime.control.release([run_id]):
        raise Refused(NOT_HELD)
    return _did(here, by, Action.RUN_RELEASED, run_id)


@router.post("/{run_id}/cancel")
def cancel(here: Here, by: By, run_id: str) -> RunShown:
    """End a run that waits; this drops one that is held."""
    here.runtime.control.cancel(run_id)
    return _did(here, by, Action.RUN_CANCELLED, run_id)


@router.post("/{run_id}/pass")
def let_pass(here: Here, by: By, run_id: str) -> RunShown:
    """Let the later runs of a zap that goes in order pass those that rest: held, tried again later, to be checked."""
    here.runtime.order.let_pass(here.runtime.details.of(run_id).run.zap_id)
    return _did(here, by, Action.RUN_PASSED, run_id)


@router.post("/{run_id}/decide")
def decide(here: Here, by: By, run_id: str, sent: DecisionSent) -> RunShown:
    """Say what became of a call whose outcome is unknown: it went through, or do it again."""
    record = _candidate(here, run_id, sent)
    here.runtime.control.decide(run_id, sent.decision, by=by.name, record=record)
    return _did(here, by, Action.RUN_DECIDED, run_id, decision=sent.decision)


def _did(here: Site, by: Visitor, action: Action, run_id: str, **details: Any) -> RunShown:
    here.engine.queue.ring()
    detail = here.runtime.details.of(run_id)
    tell(here, by, action, run_id, detail.zap, **details)
    return _shown(detail)


def _chosen(here: Site, sent: ManySent) -> Sequence[str]:
    if sent.runs or sent.filter is None:
        if not sent.runs:
            raise Problems([Problem(NOTHING_CHOSEN, field="runs")])
        return sent.runs
    return here.runtime.history.ids(_filter(sent.filter), MOST)


def _filter(sent: RunsChosen) -> Filter:
    return Filter(
        zap_ids=tuple(sent.zap),
        states=tuple(sent.state),
        since=_moment(sent.since, "filter.since"),
        until=_moment(sent.until, "filter.until"),
        text=sent.q,
        hold=sent.hold,
        folder=sent.folder,
    )


def _moment(given: datetime | None, field: str) -> datetime | None:
    """In UTC. Raises `Problems` for the far ends of the calendar, where counting overflows."""
    if given is None:
        return None
    if not FIRST_YEAR <= given.year <= LAST_YEAR:
        raise Problems([Problem(NO_MOMENT, field=field)])
    return given.replace(tzinfo=given.tzinfo or UTC).astimezone(UTC)


def _candidate(here: Site, run_id: str, sent: DecisionSent) -> dict[str, Any] | None:
    """Raises `Problems` for one that was not offered."""
    detail = here.runtime.details.of(run_id)
    if sent.candidate is None or sent.decision != "went_through":
        return None
    step = next((one for one in detail.steps if one.key == detail.run.step), None)
    offered = step.review.candidates if step and step.review else ()
    if sent.candidate >= len(offered):
        raise Problems([Problem(NOT_OFFERED, field="candidate")])
    return dict(offered[sent.candidate])


def _shown(detail: RunDetail) -> RunShown:
    run = detail.run
    waits = run.state not in FINISHED and to_ms(run.due_at) < NEVER
    return RunShown(
        id=run.id,
        zap_id=run.zap_id,
        zap=detail.zap,
        version=run.version,
        newest_version=detail.newest_version,
        state=run.state,
        hold=run.hold,
        attempt=run.attempt,
        step=run.step,
        problem=run.problem,
        field=run.field,
        label=detail.label,
        record_id=detail.record_id,
        record=Value.model_validate(detail.record),
        received_at=detail.received_at,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        due_at=run.due_at if waits else None,
        waited_ms=detail.times.waited_ms,
        ran_ms=detail.times.ran_ms,
        rested_ms=detail.times.rested_ms,
        replay_of=run.replay_of,
        replays=[one.id for one in detail.replays],
        waits_for=RunAhead.model_validate(detail.ahead) if detail.ahead else None,
        behind=detail.behind,
        steps=[StepShown.model_validate(step) for step in detail.steps],
    )


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
