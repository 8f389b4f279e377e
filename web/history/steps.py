"""The steps of a run as they are shown: sentences, states, trees. Called by the view of the run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from engine.editing.titles import Titles, untitled
from engine.history.cutting import Shown
from engine.history.details import RunDetail
from engine.history.steps import DONE, NEXT, NOT_REACHED, StepDetail, Try
from engine.store.states import RunState
from engine.zaps.labels import label_of
from engine.zaps.model import TRIGGER, ActionStep
from web import states, trees
from web.languages import words
from web.states import Look
from web.trees import Links, Tree, shown
from web.vocabulary import Vocabulary

INPUT, OUTPUT, RECORD, SENT = "input", "output", "record", "sent"


@dataclass(frozen=True)
class TryView:
    """One call of a step."""

    number: int
    started_at: datetime
    lasted_ms: float | None
    problem: str


@dataclass(frozen=True)
class Candidate:
    """Something at the app that looks like what was sent; `number` is how it is chosen."""

    number: int
    label: str
    tree: Tree


@dataclass(frozen=True)
class ReviewView:
    """What a person should look at before they decide."""

    why: str
    sent: Tree | None
    sent_at: datetime | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class DecidedView:
    """What a person said."""

    sentence: str
    at: datetime


@dataclass(frozen=True)
class StepView:
    """One step, or the trigger. `number` counts from 1, the trigger included; what never began was not `reached`."""

    key: str
    number: int
    app: str
    app_title: str
    sentence: str
    note: str
    connection: str
    look: Look
    reached: bool
    is_open: bool
    input: Tree | None
    output: Tree | None
    reason: str
    remark: str
    started_at: datetime | None
    ran_ms: int | None
    tries: tuple[TryView, ...]
    notes: tuple[tuple[str, Tree], ...]
    decided: tuple[DecidedView, ...]

    @property
    def is_filter(self) -> bool:
        return not self.app

    @property
    def opens(self) -> bool:
        """Whether there is anything to look into."""
        return any((self.input, self.output, self.reason, self.tries, self.note, self.decided))


class StepViews:
    """Draws the steps of one run in one language."""

    def __init__(self, detail: RunDetail, vocabulary: Vocabulary, language: str) -> None:
        self._detail = detail
        self._vocabulary = vocabulary
        self._language = language
        self._: Callable[[str], str] = words(language).gettext
        self._drawn = {step.key: step for step in detail.drawn.steps} if detail.drawn else {}

    def trigger(self) -> StepView:
        """The record that started it all."""
        detail, use = self._detail, self._detail.trigger_use
        given = detail.drawn.trigger.with_ if detail.drawn else {}
        title = detail.drawn.trigger.title if detail.drawn else ""
        return StepView(
            key=TRIGGER,
            number=1,
            app=use.partition(".")[0],
            app_title=self._vocabulary.app(use.partition(".")[0]),
            sentence=title or _capital(self._vocabulary.sentence(use, given)),
            note=detail.drawn.trigger.note if detail.drawn else "",
            connection=detail.trigger_connection,
            look=Look("good", "circle-check", self._("Received")),
            reached=True,
            is_open=False,
            input=None,
            output=self.tree(detail.record, RECORD, TRIGGER, self._vocabulary.record(use), mapped=True),
            reason="",
            remark="",
            started_at=detail.received_at,
            ran_ms=None,
            tries=(),
            notes=(),
            decided=(),
        )

    def step(self, number: int, step: StepDetail) -> StepView:
        error = partial(self._vocabulary.error, step.use.partition(".")[0])
        look = self._look(step)
        return StepView(
            key=step.key,
            number=number,
            app=step.use.partition(".")[0],
            app_title=self._vocabulary.app(step.use.partition(".")[0]) if step.use else "",
            sentence=self._sentence(step),
            note=step.note,
            connection=step.connection,
            look=look,
            reached=step.state != NOT_REACHED,
            is_open=look.kind in ("bad", "warn") and step.state != DONE,
            input=self.tree(step.input, INPUT, step.key, self._vocabulary.given(step.use)),
            output=self._output(step),
            reason=shown(error(step.reason)),
            remark=self._remark(step),
            started_at=step.started_at,
            ran_ms=step.ran_ms,
            tries=self._tries(step, error),
            notes=tuple(self._notes(step)),
            decided=tuple(self._decided(one.went_through, one.by, one.at) for one in step.decided),
        )

    def review(self, step: StepDetail) -> ReviewView | None:
        """What is to be decided at this step; None when nothing is."""
        if step.review is None or step.state != RunState.NEEDS_REVIEW:
            return None
        return ReviewView(
            why=shown(self._vocabulary.error(step.use.partition(".")[0], step.review.why)),
            sent=self.tree(step.review.sent, SENT, step.key, self._vocabulary.given(step.use)),
            sent_at=step.review.sent_at,
            candidates=tuple(self._candidate(step, place, one) for place, one in enumerate(step.review.candidates)),
        )

    def _output(self, step: StepDetail) -> Tree | None:
        if step.kind == "filter":
            return None
        return self.tree(step.output, OUTPUT, step.key, self._vocabulary.record(step.use), mapped=True)

    def tree(
        self, value: Shown | None, part: str, key: str, titles: Titles = untitled, *, mapped: bool = False
    ) -> Tree | None:
        if value is None:
            return None
        run = self._detail.run.id
        links = Links(
            file=lambda ref: f"/history/{run}/files/{ref}",
            page=lambda pointer: f"/history/{run}/page?step={key}&part={part}&at={trees.query(pointer)}",
        )
        path = key if mapped else ""
        return trees.tree(
            value.value, f"{part}-{key}", path=path, titles=titles, links=links, cut=value.cut, size=value.size
        )

    def _candidate(self, step: StepDetail, place: int, record: Any) -> Candidate:
        own_id = str(record.get("id", place + 1)) if isinstance(record, Mapping) else str(place + 1)
        grown = trees.tree(record, f"candidate-{step.key}-{place}", titles=self._vocabulary.record(step.use))
        return Candidate(place, shown(label_of(record, own_id)), grown)

    def _tries(self, step: StepDetail, error: Callable[[str], str]) -> tuple[TryView, ...]:
        """None where there was one, and what came of it is said already."""
        said = len(step.tries) == 1 and step.tries[0].problem in ("", self._detail.run.problem)
        return () if said else tuple(_try(place, one, error) for place, one in enumerate(step.tries, 1))

    def _notes(self, step: StepDetail) -> list[tuple[str, Tree]]:
        grown = (
            (name, self.tree(value, f"note-{place}", step.key)) for place, (name, value) in enumerate(step.checkpoints)
        )
        return [(shown(name), tree) for name, tree in grown if tree is not None]

    def _sentence(self, step: StepDetail) -> str:
        if step.title:
            return step.title
        if step.kind == "filter":
            return self._("Go on only if it passes the filter")
        drawn = self._drawn.get(step.key)
        given = step.input.value if step.input and isinstance(step.input.value, Mapping) else None
        if given is None and isinstance(drawn, ActionStep):
            given = {name: value for name, value in drawn.with_.items() if "{{" not in str(value)}
        words_of = self._vocabulary.operation(step.use)
        if given is None or not words_of.sentence or not step.use:
            return words_of.title or step.key
        return shown(_capital(self._vocabulary.sentence(step.use, given)))

    def _look(self, step: StepDetail) -> Look:
        if step.state == DONE:
            return Look("good", "circle-check", self._("Passed") if step.kind == "filter" else self._("Done"))
        if step.state == NEXT:
            return Look("", "clock", self._("Up next"))
        if step.state == NOT_REACHED:
            return Look("", "circle", self._("Not reached"))
        return states.of_run(RunState(step.state), self._language)

    def _remark(self, step: StepDetail) -> str:
        if step.copied:
            return self._("Taken over from the run that this one replays; it was not done again.")
        if step.existing:
            return self._("It was there already, so none was created.")
        return ""

    def _decided(self, went_through: bool, by: str, at: datetime) -> DecidedView:
        said = self._("%(who)s said that it went through.") if went_through else self._("%(who)s had it done again.")
        return DecidedView(said % {"who": shown(by) or self._("Somebody")}, at)


def _try(number: int, one: Try, error: Callable[[str], str]) -> TryView:
    ended = one.ended_at
    lasted = None if ended is None else max((ended - one.started_at).total_seconds() * 1000, 0)
    return TryView(number, one.started_at, lasted, shown(error(one.problem)) if one.problem else "")


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
