"""Changes of a zap as it is drawn, each from one frozen zap to the next. Pure; called by `engine.editing.drafts`.

Steps are called by their keys, the trigger by “trigger”. What is drawn may be incomplete or wrong: `check` tells.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from engine.errors import NotFound, Refused
from engine.zaps import conditions, keys, mapping, paths
from engine.zaps.conditions import Group
from engine.zaps.model import MAX_STEPS, TRIGGER, ActionStep, FilterStep, Step, TriggerUse, Zap
from engine.zaps.paths import Place, path_of, value_at
from engine.zaps.remarks import remark

__all__ = ["Use", "path_of", "step_of", "used_later", "value_at"]

ALL_HOLD = Group(all=())


@dataclass(frozen=True)
class Use:
    """A place that uses what a step gives: the field of `step` at which something of the step `of` stands."""

    step: str
    field: str
    of: str


def blank(name: str, *, language: Literal["en", "de"] = "en", timezone: str = "UTC", country: str | None = None) -> Zap:
    """A new zap: nothing is chosen yet, and there is one step to begin with."""
    start = TriggerUse(use="")
    first = ActionStep(key="step1", use="")
    return Zap(name=name, language=language, timezone=timezone, country=country, trigger=start, steps=(first,))


def step_of(zap: Zap, key: str) -> TriggerUse | Step:
    """The trigger or a step. Raises `NotFound`."""
    return zap.trigger if key == TRIGGER else zap.steps[index_of(zap, key)]


def index_of(zap: Zap, key: str) -> int:
    """Where a step stands, from 0. Raises `NotFound`."""
    for index, step in enumerate(zap.steps):
        if step.key == key:
            return index
    raise NotFound(remark("step_gone", name=key))


def using(zap: Zap, key: str) -> TriggerUse | ActionStep:
    """The trigger, or a step that uses an app. Raises `NotFound`, and `Refused` for a filter."""
    found = step_of(zap, key)
    if isinstance(found, FilterStep):
        raise Refused(remark("filter_uses_no_app", name=key))
    return found


def earlier(zap: Zap, key: str) -> tuple[Step, ...]:
    """The steps that come before one; all of them for “”."""
    if key == TRIGGER:
        return ()
    return zap.steps if not key else zap.steps[: index_of(zap, key)]


def with_step(zap: Zap, key: str, changed: TriggerUse | Step) -> Zap:
    """With the trigger or a step replaced."""
    if key == TRIGGER:
        return zap.model_copy(update={"trigger": changed})
    index = index_of(zap, key)
    return _with_steps(zap, (*zap.steps[:index], changed, *zap.steps[index + 1 :]))  # type: ignore[arg-type]


def with_app(zap: Zap, key: str, app: str) -> Zap:
    """With an app chosen. What was filled in for another app goes; for the same one nothing changes."""
    user = using(zap, key)
    if app == user.app:
        return zap
    return with_step(zap, key, user.model_copy(update={"use": app, "connection": None, "with_": {}}))


def with_event(zap: Zap, key: str, use: str, fields: Collection[str]) -> tuple[Zap, str]:
    """With what happens chosen, and the step's key from now on.

    Values of the fields that the new event has as well stay, also the connection if it is of the same app. The step is
    called after the event, unless something refers to it already.
    """
    user = using(zap, key)
    same_app = user.app == use.partition(".")[0]
    kept = {name: value for name, value in user.with_.items() if name in fields and same_app}
    changes = {"use": use, "with_": kept, "connection": user.connection if same_app else None}
    drawn = with_step(zap, key, user.model_copy(update=changes))
    if key == TRIGGER or use == user.use or used_later(zap, key):
        return drawn, key
    return with_key(drawn, key, keys.named_after(use, {one.key for one in zap.steps if one.key != key}))


def with_key(zap: Zap, key: str, another: str) -> tuple[Zap, str]:
    """With a step called otherwise: only where nothing refers to it."""
    step = step_of(zap, key)
    return with_step(zap, key, step.model_copy(update={"key": another})), another


def with_connection(zap: Zap, key: str, connection: str | None) -> Zap:
    """With an account chosen, or none."""
    return with_step(zap, key, using(zap, key).model_copy(update={"connection": connection or None}))


def with_value(zap: Zap, key: str, place: Place, value: Any) -> Zap:
    """With another value in a field, or none."""
    user = using(zap, key)
    return with_step(zap, key, user.model_copy(update={"with_": paths.with_value(user.with_, place, value)}))


def with_words(zap: Zap, key: str, **words: str) -> Zap:
    """With a step's `title` or `note`."""
    tidy = {name: " ".join(text.split()) if name == "title" else text.strip() for name, text in words.items()}
    return with_step(zap, key, step_of(zap, key).model_copy(update=tidy))


def with_filter(zap: Zap, key: str, group: Group) -> Zap:
    """With other conditions."""
    step = step_of(zap, key)
    if not isinstance(step, FilterStep):
        raise Refused(remark("not_a_filter", name=key))
    return with_step(zap, key, step.model_copy(update={"filter": group}))


def with_if_empty(zap: Zap, key: str, if_empty: Literal["stop", "go_on"]) -> Zap:
    """With what happens when a search finds nothing."""
    user = using(zap, key)
    if isinstance(user, TriggerUse):
        raise Refused(remark("not_a_search"))
    return with_step(zap, key, user.model_copy(update={"if_empty": if_empty}))


def with_step_added(zap: Zap, after: str, kind: Literal["action", "filter"]) -> tuple[Zap, str]:
    """With a new step behind another one (or the trigger), and its key."""
    taken = {step.key for step in zap.steps}
    if kind == "filter":
        step: Step = FilterStep(key=keys.free("filter", taken), filter=ALL_HOLD)
    else:
        step = ActionStep(key=keys.numbered("step", taken), use="")
    return _inserted(zap, 0 if after == TRIGGER else index_of(zap, after) + 1, step)


def with_step_duplicated(zap: Zap, key: str) -> tuple[Zap, str]:
    """With the same step once more behind it, and the key of that."""
    index = index_of(zap, key)
    copy = zap.steps[index].model_copy(update={"key": keys.free(key, {step.key for step in zap.steps})})
    return _inserted(zap, index + 1, copy)


def with_step_moved(zap: Zap, key: str, index: int) -> Zap:
    """With a step at another position, counted from 0 as the steps stand afterwards."""
    step = zap.steps[index_of(zap, key)]
    others = [one for one in zap.steps if one.key != key]
    others.insert(min(max(index, 0), len(others)), step)
    return _with_steps(zap, tuple(others))


def without_step(zap: Zap, key: str) -> Zap:
    """Without a step."""
    if key == TRIGGER:
        raise Refused(remark("needs_its_trigger"))
    index = index_of(zap, key)
    return _with_steps(zap, zap.steps[:index] + zap.steps[index + 1 :])


def used_later(zap: Zap, key: str) -> list[Use]:
    """Where later steps use what a step gives: for the warning before it is deleted."""
    later = zap.steps if key == TRIGGER else zap.steps[index_of(zap, key) + 1 :]
    return [use for step in later for use in _uses(step) if use.of == key]


def broken_by_moving(zap: Zap, key: str, index: int) -> list[Use]:
    """What would stand before the step it uses if a step were moved: for the warning."""
    before, after = _too_early(zap), _too_early(with_step_moved(zap, key, index))
    return [use for use in after if use not in before]


def _too_early(zap: Zap) -> list[Use]:
    position = {step.key: number for number, step in enumerate(zap.steps)}
    uses = [(number, use) for number, step in enumerate(zap.steps) for use in _uses(step)]
    return [use for number, use in uses if position.get(use.of, -1) >= number]


def _uses(step: Step) -> Iterator[Use]:
    for field, value in templates_of(step):
        for reference in mapping.references(value):
            if reference.path:
                place = ".".join(part for part in (field, reference.field) if part)
                yield Use(step.key, place, str(reference.path[0]))


def templates_of(step: TriggerUse | Step) -> Iterator[tuple[str, Any]]:
    """What is filled in at a step, by field: templates and values."""
    if isinstance(step, FilterStep):
        yield from ((f"filter.{place}", value) for place, value in conditions.templates(step.filter))
    else:
        yield from step.with_.items()


def _inserted(zap: Zap, index: int, step: Step) -> tuple[Zap, str]:
    if len(zap.steps) >= MAX_STEPS:
        raise Refused(remark("no_more_steps", most=MAX_STEPS))
    return _with_steps(zap, (*zap.steps[:index], step, *zap.steps[index:])), step.key


def _with_steps(zap: Zap, steps: tuple[Step, ...]) -> Zap:
    return zap.model_copy(update={"steps": steps})
