"""One run as it is shown, and what may be done with it. Called by `pages.run`."""

from dataclasses import dataclass
from datetime import datetime

from engine.history.details import RunDetail
from engine.history.steps import DONE, StepDetail
from engine.registry import Registry
from engine.store.moments import NEVER, to_ms
from engine.store.runs import Run
from engine.store.states import FINISHED, RunState
from engine.store.stories import Sibling
from web import states
from web.history import remedies, rows, waiting
from web.history.remedies import Remedy
from web.history.steps import ReviewView, StepView, StepViews
from web.history.waiting import AheadView
from web.states import Look
from web.trees import shown
from web.visitors import Visitor
from web.vocabulary import Vocabulary

SHORTEST_REST_MS = 1_000


@dataclass(frozen=True)
class ReplayView:
    """Another run of the same event."""

    href: str
    look: Look
    created_at: datetime


@dataclass(frozen=True)
class RunView:
    """A run. `tone` colours its problem; `newest_version` is set where it is another than the run's own; `lasted_ms`
    is from begin to end, `rested_ms` what of that it rested, if that is worth saying; `can` are the
    codes of what may be done, `from_failed` whether a replay can go on where this one ended. Where the zap goes in
    order, `ahead` is what it waits for, and `behind` how many runs wait for it."""

    id: str
    state: RunState
    look: Look
    label: str
    zap: str
    zap_id: str
    deleted: bool
    version: int
    newest_version: int | None
    problem: str
    reason: str
    technical: str
    tone: str
    remedy: Remedy
    next_try_at: datetime | None
    received_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    waited_ms: int | None
    lasted_ms: int | None
    rested_ms: int | None
    trigger: StepView
    steps: tuple[StepView, ...]
    review: ReviewView | None
    review_step: StepView | None
    replays: tuple[ReplayView, ...]
    replay_of: ReplayView | None
    can: tuple[str, ...]
    ahead: AheadView | None
    behind: int
    from_failed: bool
    contents: str  # “” while its data are kept; else “deleted” (by age) or “erased” (by a person)

    @property
    def href(self) -> str:
        return f"/history/{self.id}"

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED


def view(detail: RunDetail, registry: Registry, visitor: Visitor) -> RunView:
    """The run in the visitor's language."""
    run, language = detail.run, visitor.language
    vocabulary = Vocabulary(registry, language)
    views = StepViews(detail, vocabulary, language)
    steps = tuple(views.step(number, step) for number, step in enumerate(detail.steps, 2))
    here = next((step for step in detail.steps if step.key == run.step), None)
    review = views.review(here) if here else None
    look = states.of_run(run.state, language)
    newest = detail.newest_version
    return RunView(
        id=run.id,
        state=run.state,
        look=look,
        label=rows.label_of(detail.label, run.contents, language),
        zap=detail.zap,
        zap_id=run.zap_id,
        deleted=detail.deleted,
        version=run.version,
        newest_version=newest if newest != run.version else None,
        problem=_problem(detail, vocabulary),
        reason=_reason(detail, here, vocabulary),
        technical=shown(here.technical) if here else "",
        tone=look.kind if look.kind in ("warn", "bad") else "",
        remedy=remedies.of(detail, language),
        next_try_at=_due(detail),
        received_at=detail.received_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        waited_ms=detail.times.waited_ms,
        lasted_ms=_lasted(run),
        rested_ms=_worth_saying(detail.times.rested_ms),
        trigger=views.trigger(),
        steps=steps,
        review=review,
        review_step=next((step for step in steps if step.key == run.step), None) if review else None,
        replays=tuple(_replay(one, language) for one in detail.replays),
        replay_of=_replay(detail.replay_of, language) if detail.replay_of else None,
        can=_can(detail),
        ahead=waiting.ahead(detail.ahead, language),
        behind=detail.behind,
        contents=run.contents,
        from_failed=run.state != RunState.SUCCEEDED and any(step.state == DONE for step in detail.steps),
    )


def _problem(detail: RunDetail, vocabulary: Vocabulary) -> str:
    """Said on top for what a person may have to do something about; the others are told at their step."""
    run = detail.run
    if run.state in (RunState.FILTERED, RunState.STOPPED, RunState.SUCCEEDED, RunState.CANCELLED):
        return ""
    app = next((step.use.partition(".")[0] for step in detail.steps if step.key == run.step), "")
    return shown(vocabulary.error(app, run.problem)) if run.problem else ""


def _reason(detail: RunDetail, here: StepDetail | None, vocabulary: Vocabulary) -> str:
    """Why it ended although nothing failed: as its step says, or as it was taken in, for what was skipped."""
    if detail.run.state not in (RunState.FILTERED, RunState.STOPPED):
        return ""
    said = here.reason if here and here.reason else detail.run.problem
    return shown(vocabulary.error(here.use.partition(".")[0] if here else "", said))


def _can(detail: RunDetail) -> tuple[str, ...]:
    """Releasing a run brings nothing while its account is disconnected."""
    can = rows.can(detail.run.state, detail.run.contents)
    return tuple(one for one in can if one != "release") if detail.disconnected else can


def _due(detail: RunDetail) -> datetime | None:
    """When it goes on by itself, where that is known."""
    run = detail.run
    waits = run.state in (RunState.RETRYING, RunState.WAITING, RunState.HELD)
    return run.due_at if waits and run.due_at.timestamp() * 1000 < NEVER else None


def _lasted(run: Run) -> int | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return max(to_ms(run.finished_at) - to_ms(run.started_at), 0)


def _worth_saying(rested_ms: int | None) -> int | None:
    return rested_ms if rested_ms is not None and rested_ms >= SHORTEST_REST_MS else None


def _replay(one: Sibling, language: str) -> ReplayView:
    return ReplayView(f"/history/{one.id}", states.of_run(one.state, language), one.created_at)
