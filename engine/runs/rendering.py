"""What a step is given, and what a filter says: from what was drawn and the outputs of the steps before. Pure.

Runs, tests and rehearsals ask here, so that what a rehearsal shows is what a run does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from engine.errors import Problem, Problems
from engine.sdk.connector import Action, Operation, Search
from engine.zaps import conditions, mapping, values
from engine.zaps.conditions import Verdict
from engine.zaps.locales import Locale
from engine.zaps.model import ActionStep, FilterStep

Scope = Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """Why a step cannot be done with this data: what a run fails with. `field` is the first input it is about."""

    sentence: str
    field: str
    problems: tuple[Problem, ...]


def given(step: ActionStep, operation: Operation[Any, Any], scope: Scope, locale: Locale) -> BaseModel | Refusal:
    """The step's form, filled in."""
    try:
        return values.read(operation.form, mapping.render(step.with_, scope, locale), locale)
    except (values.ValueProblems, mapping.MappingError) as error:
        return _refusal(error)


def given_so_far(
    step: ActionStep, operation: Operation[Any, Any], scope: Scope, locale: Locale, *, unknown: frozenset[str]
) -> dict[str, Any] | Refusal:
    """The form's fields as far as they can be told without those that are `unknown` yet."""
    known = {name: value for name, value in step.with_.items() if name not in unknown}
    try:
        return values.read_known(operation.form, mapping.render(known, scope, locale), locale, unknown=unknown)
    except (values.ValueProblems, mapping.MappingError) as error:
        return _refusal(error)


def verdict(step: FilterStep, scope: Scope, locale: Locale) -> Verdict | Refusal:
    """What the filter says."""
    try:
        return conditions.evaluate(step.filter, scope, locale)
    except mapping.MappingError as error:
        return _refusal(error)


def passed_on(action: Action[Any, Any], form: BaseModel) -> BaseModel:
    """What the action itself is given: the form without what is for the engine."""
    fields = {name: getattr(form, name) for name in action.given.model_fields}
    return action.given.model_construct(form.model_fields_set & set(fields), **fields)


def if_exists(form: BaseModel) -> str:
    """What the form says to do where there is one like it already: use, create or stop."""
    said: str = getattr(form, "if_exists", "create")
    return said


def nothing_found(search: Search[Any, Any]) -> str:
    """Why a run stops at a search."""
    return f"{search.title}: nothing was found."


def like_it_exists(action: Action[Any, Any]) -> str:
    """Why a run stops at an action."""
    return f"{action.title}: there is one like it already."


def _refusal(error: Problems) -> Refusal:
    said = "; ".join(problem.message for problem in error.problems)
    return Refusal(said, error.problems[0].field, error.problems)
