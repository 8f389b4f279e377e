"""The steps of a run as drawn, each with what the journal says of it. Pure; called by details."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from engine.history.cutting import Shown, shown_value
from engine.store.encoding import decode
from engine.store.runs import Run
from engine.store.states import Entry, RunState
from engine.store.stories import Entered
from engine.zaps.model import ActionStep, Step, Zap

DONE, RUNNING, NEXT, NOT_REACHED = "done", "running", "next", "not_reached"


@dataclass(frozen=True)
class Try:
    """One call: when it began and, where it is known, when and how it ended (“” for well)."""

    started_at: datetime
    ended_at: datetime | None
    problem: str = ""


@dataclass(frozen=True)
class Review:
    """What a person should look at: what was sent, when, and what looks like it at the app."""

    why: str
    sent: Shown | None
    sent_at: datetime | None
    candidates: tuple[Any, ...]


@dataclass(frozen=True)
class Decided:
    """What a person said."""

    went_through: bool
    by: str
    at: datetime


@dataclass(frozen=True)
class StepDetail:
    """One step. `kind` is “use” or “filter”, `title` what a person called it.

    `state`: “done”, “running”, “next” (the run goes on here when its turn comes), “not_reached”, or how the run ended
    or rests here, as its own state says it. `copied`: done by the run that this one replays; `existing`: the record was
    there already. `problem` and `field` are set where the run ended or rests; `technical` is for those who read logs.
    """

    key: str
    kind: str
    use: str
    connection_id: str | None
    connection: str
    title: str
    note: str
    state: str
    input: Shown | None
    output: Shown | None
    reason: str
    problem: str
    field: str
    technical: str
    started_at: datetime | None
    finished_at: datetime | None
    ran_ms: int | None
    tries: tuple[Try, ...]
    checkpoints: tuple[tuple[str, Shown], ...]
    review: Review | None
    decided: tuple[Decided, ...]
    copied: bool
    existing: bool


def steps_of(
    run: Run, drawn: Zap | None, lines: Sequence[Entered], names: Mapping[str, str], ran: Mapping[str, int]
) -> tuple[StepDetail, ...]:
    """In the order in which they are drawn; those of the journal where that is not known. `names` are those of
    connections, by id; `ran` is how long each step was worked at, in milliseconds."""
    told = _told(lines)
    steps = {step.key: step for step in drawn.steps} if drawn else dict.fromkeys(told)
    states = _states(run, list(steps), told)
    return tuple(
        _detail(run, key, step, told.get(key, _Told()), states[key], names, ran.get(key)) for key, step in steps.items()
    )


@dataclass(frozen=True)
class _Told:
    """What the journal says of a step, line by line."""

    input: Shown | None = None
    output: Shown | None = None
    done: bool = False
    reason: str = ""
    technical: str = ""
    finished_at: datetime | None = None
    tries: tuple[Try, ...] = ()
    checkpoints: Mapping[str, Shown] = field(default_factory=dict)
    review: Review | None = None
    decided: tuple[Decided, ...] = ()
    copied: bool = False
    existing: bool = False


def _told(lines: Iterable[Entered]) -> dict[str, _Told]:
    told: dict[str, _Told] = {}
    for line in lines:
        if line.entry == Entry.TAKEN_UP:
            continue
        told[line.path] = _after(told.get(line.path, _Told()), line)
    return told


def _after(told: _Told, line: Entered) -> _Told:
    data = decode(line.data) if line.data is not None else {}
    match line.entry:
        case Entry.STARTED:
            return replace(told, input=_part(line, data, "input"), tries=(*told.tries, Try(line.at, None)))
        case Entry.FINISHED:
            return _finished(told, line, data)
        case Entry.NOT_DONE:
            return _ended(told, line, data.get("problem", ""))
        case Entry.FAILED:
            return replace(_ended(told, line, data.get("problem", "")), technical=data.get("error", ""))
        case Entry.CHECKPOINT:
            return replace(told, checkpoints={**told.checkpoints, data.get("key", ""): _part(line, data, "value")})
        case Entry.REVIEW:
            return replace(_ended(told, line, data.get("why", "")), review=_review(line, data))
        case Entry.DECIDED:
            return _decided(told, line, data)
        case Entry.FILTERED:
            return replace(told, reason=data.get("reason", ""), finished_at=line.at)
        case Entry.TAKEN_UP:
            return told


def _finished(told: _Told, line: Entered, data: Mapping[str, Any]) -> _Told:
    ended = _ended(told, line, "")
    return replace(
        ended,
        input=_part(line, data, "input") if "input" in data else told.input,
        output=_part(line, data, "output"),
        done=True,
        reason=data.get("reason", ""),
        finished_at=line.at,
        copied=bool(data.get("copied")),
        existing=bool(data.get("existing")),
    )


def _decided(told: _Told, line: Entered, data: Mapping[str, Any]) -> _Told:
    went_through = bool(data.get("went_through"))
    said = replace(told, decided=(*told.decided, Decided(went_through, data.get("by", ""), line.at)))
    if not went_through:
        return said
    return replace(said, output=_part(line, data, "output"), done=True, finished_at=line.at)


def _ended(told: _Told, line: Entered, problem: str) -> _Told:
    """The call that is open, if any, has come to its end."""
    if not told.tries or told.tries[-1].ended_at is not None:
        return told
    return replace(told, tries=(*told.tries[:-1], replace(told.tries[-1], ended_at=line.at, problem=problem)))


def _review(line: Entered, data: Mapping[str, Any]) -> Review:
    sent_at = data.get("at")
    return Review(
        why=data.get("why", ""),
        sent=_part(line, data, "sent") if data.get("sent") is not None else None,
        sent_at=datetime.fromisoformat(sent_at) if isinstance(sent_at, str) else None,
        candidates=tuple(data.get("candidates", ())),
    )


def _part(line: Entered, data: Mapping[str, Any], name: str) -> Shown:
    """One value of a line; the size is that of the line, which holds hardly more."""
    return Shown(None, cut=True, size=line.size) if line.data is None else shown_value(data.get(name), line.size)


def _states(run: Run, keys: Sequence[str], told: Mapping[str, _Told]) -> dict[str, str]:
    """What became of each step."""
    states = {key: DONE if key in told and told[key].done else NOT_REACHED for key in keys}
    open_ones = [key for key in keys if states[key] == NOT_REACHED]
    first = open_ones[0] if open_ones else None
    match run.state:
        case RunState.SUCCEEDED:
            here = None
        case RunState.RUNNING | RunState.QUEUED:
            here = first
        case _:
            here = run.step if run.step in open_ones else first
    if here is not None:
        states[here] = {RunState.RUNNING: RUNNING, RunState.QUEUED: NEXT}.get(run.state, str(run.state))
    return states


def _detail(
    run: Run,
    key: str,
    step: Step | None,
    told: _Told,
    state: str,
    names: Mapping[str, str],
    ran_ms: int | None,
) -> StepDetail:
    used = step if isinstance(step, ActionStep) else None
    started = told.tries[0].started_at if told.tries else None
    rests_here = state not in (DONE, RUNNING, NEXT, NOT_REACHED)
    return StepDetail(
        key=key,
        kind="use" if used or step is None else "filter",
        use=used.use if used else "",
        connection_id=used.connection if used else None,
        connection=names.get((used.connection if used else None) or "", ""),
        title=step.title if step else "",
        note=step.note if step else "",
        state=state,
        input=told.input,
        output=told.output,
        reason=told.reason,
        problem=run.problem if rests_here else "",
        field=run.field if rests_here else "",
        technical=told.technical,
        started_at=started,
        finished_at=told.finished_at,
        ran_ms=None if told.copied else ran_ms,
        tries=told.tries,
        checkpoints=tuple(told.checkpoints.items()),
        review=told.review,
        decided=told.decided,
        copied=told.copied,
        existing=told.existing,
    )
