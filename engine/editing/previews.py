"""What a field would be given: a template filled in from the samples, and read by the field's kind as a run would.

Asked at every keystroke, so nothing is stored and no app is asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import JsonValue

from engine.editing.draft import Draft
from engine.editing.readable import BLOT, readable
from engine.editing.words import Words
from engine.errors import Problem
from engine.registry import AnyOperation, Registry
from engine.sdk.fields import fields_with_secrets
from engine.zaps import drawing, mapping, paths, sealing, values
from engine.zaps.mapping import MappingError
from engine.zaps.model import TRIGGER, FilterStep, Step, TriggerUse
from engine.zaps.paths import Place
from engine.zaps.plain import is_blank


class PreviewState(StrEnum):
    """How a preview is to be taken."""

    SHOWN = "shown"
    EMPTY = "empty"  # the sample has nothing there
    NO_SAMPLE = "no_sample"  # a step that is used has no sample yet
    PROBLEM = "problem"


@dataclass(frozen=True)
class Preview:
    """`waits_for` are the steps without a sample; `made_up` says that a sample was used that no app gave."""

    text: str
    state: PreviewState
    problems: tuple[Problem, ...] = ()
    waits_for: tuple[str, ...] = ()
    made_up: bool = False


@dataclass(frozen=True)
class Previews:
    """Makes them."""

    registry: Callable[[], Registry]

    def of(self, draft: Draft, step: str, place: Place, template: JsonValue, language: str = "en") -> Preview:
        """What a field of a step would be given if this stood in it. Raises `NotFound`."""
        drawn, scope = draft.step(step), draft.scope(before=step)
        wrong = mapping.syntax_problems(template)
        if wrong:
            return Preview("", PreviewState.PROBLEM, _placed(wrong, step, place))
        used = _used(template)
        waits_for = tuple(key for key in used if key not in scope and _may_give(draft, step, key))
        if waits_for:
            return Preview("", PreviewState.NO_SAMPLE, waits_for=waits_for)
        made_up = any(not sample.real for key in used if (sample := draft.samples.get(key)) is not None)
        operation = None if isinstance(drawn, FilterStep) else self._operation(drawn, language)
        seen = _Seen(step, place, language, made_up)
        if operation is None or isinstance(drawn, FilterStep):
            return seen.plainly(template, scope, draft)
        return seen.typed(drawn.with_, operation, template, scope, draft)

    def _operation(self, drawn: TriggerUse | Step, language: str) -> AnyOperation | None:
        return None if isinstance(drawn, FilterStep) else Words(self.registry(), language).operation_of(drawn)


@dataclass(frozen=True)
class _Seen:
    """One field that is looked at."""

    step: str
    place: Place
    language: str
    made_up: bool

    def plainly(self, template: Any, scope: Mapping[str, Any], draft: Draft) -> Preview:
        """Without a kind: as it stands in the sample."""
        try:
            return self._shown(mapping.render(template, scope, draft.zap.locale), ())
        except MappingError as error:
            return Preview("", PreviewState.PROBLEM, _placed(error.problems, self.step, self.place))

    def typed(
        self, given: Mapping[str, Any], operation: AnyOperation, template: Any, scope: Mapping[str, Any], draft: Draft
    ) -> Preview:
        """Read by the field's kind. What is wrong with its neighbours is not told here."""
        name = str(paths.path_of(self.place)[0])
        if name not in operation.form.model_fields:
            return self.plainly(template, scope, draft)
        if name in fields_with_secrets(operation.form) and not mapping.has_template(template):
            return Preview(BLOT if template else "", PreviewState.SHOWN if template else PreviewState.EMPTY)
        raw = paths.with_value(sealing.stood_in(given), self.place, template).get(name)
        try:
            rendered = mapping.render(raw, scope, draft.zap.locale)
        except MappingError as error:
            return self._without_neighbours(error.problems, name) or self.plainly(template, scope, draft)
        return self._read(operation, name, rendered, draft)

    def _read(self, operation: AnyOperation, name: str, rendered: Any, draft: Draft) -> Preview:
        others = frozenset(operation.form.model_fields) - {name}
        bare = paths.value_at({name: rendered}, self.place)
        try:
            read = values.read_known(operation.form, {name: rendered}, draft.zap.locale, unknown=others)
        except values.ValueProblems as error:
            refused = tuple(one for one in error.problems if _is_at(one.field, paths.text_of(self.place)))
            return self._shown(bare, _placed(refused, self.step, ""))
        return self._shown(paths.value_at(read, self.place), ())

    def _without_neighbours(self, problems: tuple[Problem, ...], name: str) -> Preview | None:
        mine = [one for one in problems if _is_at(f"{name}.{one.field}".rstrip("."), paths.text_of(self.place))]
        return Preview("", PreviewState.PROBLEM, _placed(mine, self.step, self.place)) if mine else None

    def _shown(self, value: Any, problems: tuple[Problem, ...]) -> Preview:
        text = readable(value, self.language)
        if is_blank(value):
            return Preview("", PreviewState.EMPTY, problems, made_up=self.made_up)
        state = PreviewState.PROBLEM if problems else PreviewState.SHOWN
        return Preview(text, state, problems, made_up=self.made_up)


def _used(template: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one.path[0]) for one in mapping.references(template) if one.path))


def references_of(drawn: TriggerUse | Step) -> tuple[str, ...]:
    """The steps whose data a step uses."""
    return _used([value for _, value in drawing.templates_of(drawn)])


def _may_give(draft: Draft, step: str, key: str) -> bool:
    """Whether a sample of this step could be had."""
    if step == TRIGGER:
        return False
    earlier = {one.key for one in drawing.earlier(draft.zap, step) if not isinstance(one, FilterStep)}
    return key == TRIGGER or key in earlier


def _is_at(field: str, place: str) -> bool:
    return field == place or field.startswith(f"{place}.")


def _placed(problems: Any, step: str, place: Place) -> tuple[Problem, ...]:
    """As problems of the whole zap are told: with step and field."""
    return tuple(replace(one, step=step, field=paths.text_of(place) if place else one.field) for one in problems)
