"""All that is wrong with a zap, at once, by step and field. Importing, publishing and the editor ask `problems`.

A reference must name the trigger or an earlier step, and at its first level a field that the step's output model
declares: further fields that a service sends (records keep them) are reached below mapping and JSON fields only, or by
declaring them. Deeper levels are followed as far as the models say what is there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, JsonValue

from engine.errors import NotFound, Problem
from engine.registry import AnyOperation, Registry, kind_of
from engine.sdk.connector import Action, Scheduled, Search, Trigger, Webhook
from engine.sdk.errors import InvalidInput
from engine.sdk.fields import Kind, Shape, fields_of, shape_of
from engine.spelling import did_you_mean
from engine.zaps import conditions, lookups, mapping, values
from engine.zaps.locales import Locale
from engine.zaps.model import MAX_STEPS, TRIGGER, ActionStep, FilterStep, TriggerUse, Zap

NEEDS_RECONNECTING = "needs_reconnecting"

Path = Sequence[str | int]


@dataclass(frozen=True)
class ConnectionFacts:
    """What a check must know of a connection: its name, the key of its app, and its state (“active”, …)."""

    name: str
    app: str
    state: str = "active"


def problems(zap: Zap, registry: Registry, connections: Mapping[str, ConnectionFacts]) -> list[Problem]:
    """Everything to fix before the zap can run. `connections` are keyed by what the zap's `connection` may say."""
    return [*_Check(zap, registry, connections).all()]


class _Check:
    """One pass over a zap; `_outputs` grows with the steps that later ones may refer to."""

    def __init__(self, zap: Zap, registry: Registry, connections: Mapping[str, ConnectionFacts]) -> None:
        self._zap = zap
        self._registry = registry
        self._connections = connections
        self._outputs: dict[str, type[BaseModel] | None] = {}

    def all(self) -> Iterator[Problem]:
        if len(self._zap.steps) > MAX_STEPS:
            yield Problem(f"A zap has at most {MAX_STEPS} steps; this one has {len(self._zap.steps)}.")
        yield from self._at(TRIGGER, self._trigger(self._zap.trigger))
        for step in self._zap.steps:
            found = self._filter(step) if isinstance(step, FilterStep) else self._action(step)
            yield from self._at(step.key, found)

    @staticmethod
    def _at(step: str, found: Iterator[Problem]) -> Iterator[Problem]:
        yield from (replace(problem, step=step) for problem in found)

    def _trigger(self, trigger: TriggerUse) -> Iterator[Problem]:
        operation, found = self._operation(trigger.use, (Trigger, Webhook, Scheduled), "starts a zap")
        yield from found
        self._outputs[TRIGGER] = operation.returns if operation else None
        yield from self._connection(trigger)
        for name, value in trigger.with_.items():
            if mapping.has_template(value):
                yield Problem("A trigger’s inputs are fixed; {{ … }} cannot be used here.", field=name)
        if operation:
            wrong = [*_input_problems(operation, trigger.with_, self._zap.locale)]
            yield from wrong or _schedule_problems(operation, trigger.with_, self._zap.locale)

    def _action(self, step: ActionStep) -> Iterator[Problem]:
        operation, found = self._operation(step.use, (Action, Search), "is a step")
        yield from found
        yield from self._connection(step)
        yield from mapping.syntax_problems(step.with_)
        yield from self._references(step.key, step.with_)
        if operation:
            yield from _input_problems(operation, step.with_, self._zap.locale)
        self._outputs[step.key] = operation.returns if operation else None

    def _filter(self, step: FilterStep) -> Iterator[Problem]:
        for problem in self._filter_problems(step):
            yield replace(problem, field=f"filter.{problem.field}".rstrip("."))

    def _filter_problems(self, step: FilterStep) -> Iterator[Problem]:
        yield from conditions.problems(step.filter)
        templates = dict(conditions.templates(step.filter))
        yield from mapping.syntax_problems(templates)
        yield from self._references(step.key, templates)

    def _operation(
        self, use: str, kinds: tuple[type[AnyOperation], ...], what: str
    ) -> tuple[AnyOperation | None, list[Problem]]:
        try:
            operation = self._registry.operation(use)
        except NotFound as error:
            return None, [Problem(str(error), field="use")]
        if not isinstance(operation, kinds):
            return None, [Problem(f"“{use}” is {kind_of(operation)}; nothing of that kind {what}.", field="use")]
        return operation, []

    def _connection(self, user: TriggerUse | ActionStep) -> Iterator[Problem]:
        app = user.use.partition(".")[0]
        connector = self._registry.connectors.get(app)
        if connector is None:
            return
        if not user.connection:
            if connector.needs_connection:
                yield Problem(f"Please choose a connection to {connector.title}.", field="connection")
            return
        facts = self._connections.get(user.connection)
        if facts is None:
            known = [name for name, one in self._connections.items() if one.app == app]
            hint = did_you_mean(user.connection, known)
            yield Problem(f"There is no connection “{user.connection}”.{hint}", field="connection")
        elif facts.app != app:
            yield Problem(
                f"“{facts.name}” is a connection to another app, not to {connector.title}.", field="connection"
            )
        elif facts.state == NEEDS_RECONNECTING:
            yield Problem(f"“{facts.name}” is no longer signed in; please reconnect it.", field="connection")

    def _references(self, step: str, given: Mapping[str, JsonValue]) -> Iterator[Problem]:
        for reference in mapping.references(given):
            message = self._reference_problem(step, reference.path)
            if message:
                yield Problem(message, field=reference.field, position=reference.position)

    def _reference_problem(self, step: str, path: Path) -> str | None:
        if not path or not isinstance(path[0], str):
            return None
        root = path[0]
        if root not in self._outputs:
            return self._unknown_root(step, root)
        model = self._outputs[root]
        return _missing(model, path[1:], root) if model is not None and len(path) > 1 else None

    def _unknown_root(self, step: str, root: str) -> str:
        steps = {one.key: one for one in self._zap.steps}
        if root == step:
            return f"“{root}” is this step itself; only earlier steps can be used."
        if isinstance(steps.get(root), FilterStep):
            return f"“{root}” is a filter, which has no values to use."
        if root in steps:
            return f"“{root}” comes later; only earlier steps can be used."
        return f"There is no step “{root}”.{did_you_mean(root, self._outputs)}"


def _missing(model: type[BaseModel], path: Path, owner: str) -> str | None:
    """What is wrong with a path below a model; None if it leads somewhere, or where nobody can say."""
    names = {name: shape for name, _, shape in fields_of(model)}
    head = str(path[0])
    if head == "size":
        return None
    found = lookups.matching_key(names, head)
    if found is None:
        return f"“{owner}” has no “{head}”.{did_you_mean(head, names)}"
    return _missing_below(names[found], path[1:], f"{owner}.{found}")


def _missing_below(shape: Shape, path: Path, owner: str) -> str | None:
    if not path:
        return None
    if shape.kind is Kind.MODEL:
        open_ended = shape.python_type.model_config.get("extra") == "allow"
        return None if open_ended else _missing(shape.python_type, path, owner)
    if shape.kind is Kind.FILE:
        return _missing(shape.python_type, path, owner)
    if shape.kind is Kind.LIST:
        return _missing_in_list(shape, path, owner)
    if shape.kind in (Kind.MAPPING, Kind.JSON):
        return None
    return None if path[0] == "size" else f"“{owner}” has nothing below it, so no “{path[0]}”."


def _missing_in_list(shape: Shape, path: Path, owner: str) -> str | None:
    if path[0] == "size":
        return None
    if isinstance(path[0], int) or path[0] in lookups.PROPERTIES:
        return _missing_below(_element(shape), path[1:], f"{owner}[{path[0]}]")
    return f"“{owner}” is a list; choose one of it first, like {owner}[0].{path[0]}."


def _element(shape: Shape) -> Shape:
    return shape.element if shape.kind is Kind.LIST else shape_of(Any)


def _input_problems(operation: AnyOperation, given: Mapping[str, JsonValue], locale: Locale) -> Iterator[Problem]:
    """Unknown fields, missing ones, and literal values that cannot be read."""
    form = operation.form
    names = {name for name, info in form.model_fields.items()}
    aliases = {info.alias for info in form.model_fields.values() if info.alias}
    if form.model_config.get("extra") != "allow":
        for name in given.keys() - names - aliases:
            yield Problem(f"There is no field “{name}”.{did_you_mean(name, names)}", field=name)
    templated = [name for name, value in given.items() if mapping.has_template(value)]
    yield from values.problems(form, given, locale, unknown=templated)


def _schedule_problems(operation: AnyOperation, given: Mapping[str, JsonValue], locale: Locale) -> Iterator[Problem]:
    """What a scheduled trigger itself finds wrong with inputs that are each good."""
    if not isinstance(operation, Scheduled) or any(mapping.has_template(value) for value in given.values()):
        return
    try:
        operation(values.read(operation.given, given, locale))
    except InvalidInput as error:
        yield Problem(error.sentence, field=error.field or "")
    except ValueError as error:
        yield Problem(str(error))
    except Exception as error:  # noqa: BLE001 (whatever the connector does is its fault, and shown)
        yield Problem(f"The connector “{operation.connector}” is faulty ({type(error).__name__}: {error}).")
