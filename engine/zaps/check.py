"""All that is wrong with a zap, at once, by step and field. Importing, publishing and the editor ask `problems`.

A reference must name the trigger or an earlier step, and at its first level a field that the step's output model
declares, or that a record which really came had: further fields that a service sends are kept in records. Deeper levels
are followed as far as the models say what is there.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, JsonValue

from engine.errors import Problem, Sentence
from engine.registry import AnyOperation, Registry, kind_of
from engine.sdk.connector import Action, Connector, Scheduled, Search, Trigger, Webhook
from engine.sdk.errors import InvalidInput
from engine.sdk.fields import Kind, Shape, fields_of, shape_of
from engine.zaps import conditions, lookups, mapping, sealing, values
from engine.zaps.locales import Locale
from engine.zaps.model import MAX_STEPS, TRIGGER, ActionStep, FilterStep, TriggerUse, Zap
from engine.zaps.remarks import meant, remark

NEEDS_RECONNECTING = "needs_reconnecting"
REMOVED = "removed"

Path = Sequence[str | int]


@dataclass(frozen=True)
class ConnectionFacts:
    """What a check must know of a connection: its name, the key of its app, and its state (“active”, …)."""

    name: str
    app: str
    state: str = "active"


def problems(
    zap: Zap,
    registry: Registry,
    connections: Mapping[str, ConnectionFacts],
    samples: Mapping[str, Any] = MappingProxyType({}),
) -> list[Problem]:
    """Everything to fix before the zap can run. `connections` are keyed by what the zap's `connection` may say.

    `samples` are records that the trigger and steps really gave: a field of theirs may be used although the app does
    not declare it.
    """
    return [*_Check(zap, registry, connections, samples).all()]


class _Check:
    """One pass over a zap; `_outputs` grows with the steps that later ones may refer to."""

    def __init__(
        self,
        zap: Zap,
        registry: Registry,
        connections: Mapping[str, ConnectionFacts],
        samples: Mapping[str, Any],
    ) -> None:
        self._zap = zap
        self._registry = registry
        self._connections = connections
        self._samples = samples
        self._steps = {step.key: step for step in zap.steps}
        self._outputs: dict[str, type[BaseModel] | None] = {}

    def all(self) -> Iterator[Problem]:
        if len(self._zap.steps) > MAX_STEPS:
            yield Problem(remark("too_many_steps", most=MAX_STEPS, count=len(self._zap.steps)))
        yield from self._at(TRIGGER, self._trigger(self._zap.trigger))
        if not self._zap.steps:
            yield Problem(remark("no_steps"), field="steps")
        for step in self._zap.steps:
            found = self._filter(step) if isinstance(step, FilterStep) else self._action(step)
            yield from self._at(step.key, found)

    @staticmethod
    def _at(step: str, found: Iterator[Problem]) -> Iterator[Problem]:
        yield from (replace(problem, step=step) for problem in found)

    def _trigger(self, trigger: TriggerUse) -> Iterator[Problem]:
        operation, found = self._operation(trigger, (Trigger, Webhook, Scheduled), _STARTS)
        yield from found
        self._outputs[TRIGGER] = operation.returns if operation else None
        yield from self._connection(trigger)
        for name, value in trigger.with_.items():
            if mapping.has_template(value):
                yield Problem(remark("fixed_inputs"), field=name)
        if operation:
            drawn = json.dumps(trigger.with_, ensure_ascii=False)
            wrong = _input_problems(operation.form, drawn, self._zap.locale)
            yield from wrong or _schedule_problems(operation, trigger.with_, self._zap.locale)

    def _action(self, step: ActionStep) -> Iterator[Problem]:
        operation, found = self._operation(step, (Action, Search), _STEPS)
        yield from found
        yield from self._connection(step)
        drawn = json.dumps(step.with_, ensure_ascii=False)
        yield from _syntax_problems(drawn)
        yield from self._references(step.key, drawn)
        if operation:
            yield from _input_problems(operation.form, drawn, self._zap.locale)
        self._outputs[step.key] = operation.returns if operation else None

    def _filter(self, step: FilterStep) -> Iterator[Problem]:
        for problem in self._filter_problems(step):
            yield replace(problem, field=f"filter.{problem.field}".rstrip("."))

    def _filter_problems(self, step: FilterStep) -> Iterator[Problem]:
        yield from conditions.problems(step.filter)
        drawn = json.dumps(dict(conditions.templates(step.filter)), ensure_ascii=False)
        yield from _syntax_problems(drawn)
        yield from self._references(step.key, drawn)

    def _operation(
        self, user: TriggerUse | ActionStep, kinds: tuple[type[AnyOperation], ...], say: "_Wording"
    ) -> tuple[AnyOperation | None, list[Problem]]:
        """What is used, or why that is not known."""
        found = self._found(user, say)
        if isinstance(found, Sentence):
            return None, [Problem(found, field="use")]
        if not isinstance(found, kinds):
            kind = remark(kind_of(found).replace(" ", "_"))
            return None, [Problem(remark(say.another_kind, use=user.use, kind=kind), field="use")]
        return found, []

    def _found(self, user: TriggerUse | ActionStep, say: "_Wording") -> AnyOperation | Sentence:
        if not user.app:
            return remark(say.no_app)
        connector = self._registry.connectors.get(user.app)
        if connector is None:
            return self._unknown_app(user.app)
        if not user.is_chosen:
            return remark(say.no_event)
        known = {operation.use: operation for operation in connector.operations}
        if user.use in known:
            return known[user.use]
        return remark("unknown_event", app=connector.title, use=user.use, meant=meant(user.use, known))

    def _unknown_app(self, app: str) -> Sentence:
        broken = next((one for one in self._registry.broken if one.name == app), None)
        if broken is not None:
            return remark("broken_app", app=app, where=broken.where, reason=broken.reason)
        hint = meant(app, self._registry.connectors)
        return remark("unknown_app", app=app, meant=hint) if hint else remark("no_such_app_installed", app=app)

    def _connection(self, user: TriggerUse | ActionStep) -> Iterator[Problem]:
        connector = self._registry.connectors.get(user.app)
        if connector is None or not user.is_chosen:
            return
        said = self._connection_problem(user.connection or "", connector)
        if said is not None:
            yield Problem(said, field="connection")

    def _connection_problem(self, name: str, connector: Connector) -> Sentence | None:
        if not name:
            return remark("no_connection", app=connector.title) if connector.needs_connection else None
        facts = self._connections.get(name)
        if facts is not None and facts.state == REMOVED:
            return remark("disconnected", name=facts.name)
        if facts is None:
            known = [one for one, facts in self._connections.items() if facts.app == connector.key]
            return remark("unknown_connection", name=name, meant=meant(name, known))
        if facts.app != connector.key:
            return remark("other_apps_connection", name=facts.name, app=connector.title)
        return remark("signed_out", name=facts.name) if facts.state == NEEDS_RECONNECTING else None

    def _references(self, step: str, drawn: str) -> Iterator[Problem]:
        for reference in _references(drawn):
            message = self._reference_problem(step, reference.path)
            if message:
                yield Problem(message, field=reference.field, position=reference.position)

    def _reference_problem(self, step: str, path: Path) -> Sentence | None:
        if not path or not isinstance(path[0], str):
            return None
        root = path[0]
        if root not in self._outputs:
            return self._unknown_root(step, root)
        model = self._outputs[root]
        said = None if model is None or len(path) == 1 else _missing(model, tuple(path[1:]), root)
        was_seen = said is not None and lookups.follow(self._samples.get(root), path[1:]) is not None
        return None if was_seen else said

    def _unknown_root(self, step: str, root: str) -> Sentence:
        if root == step:
            return remark("this_step_itself", name=root)
        if isinstance(self._steps.get(root), FilterStep):
            return remark("filter_has_no_values", name=root)
        if root in self._steps:
            return remark("comes_later", name=root)
        return remark("unknown_step", name=root, meant=meant(root, self._outputs))


@dataclass(frozen=True)
class _Wording:
    """The remarks about what a trigger or step uses, by what it is."""

    no_app: str
    no_event: str
    another_kind: str


_STARTS = _Wording("no_trigger_app", "no_trigger_event", "starts_no_zap")
_STEPS = _Wording("no_app", "no_event", "is_no_step")


@lru_cache(maxsize=4096)
def _missing(model: type[BaseModel], path: tuple[str | int, ...], owner: str) -> Sentence | None:
    """What is wrong with a path below a model; None if it leads somewhere, or where nobody can say."""
    names = _names_in_data(model)
    head = str(path[0])
    if head == "size":
        return None
    found = lookups.matching_key(names, head)
    if found is None:
        return remark("has_no", owner=owner, name=head, meant=meant(head, names))
    return _missing_below(names[found], path[1:], f"{owner}.{found}")


@lru_cache(maxsize=1024)
def _names_in_data(model: type[BaseModel]) -> dict[str, Shape]:
    """What the fields are called in the records that are kept: by their aliases."""
    return {info.serialization_alias or info.alias or name: shape for name, info, shape in fields_of(model)}


def _missing_below(shape: Shape, path: tuple[str | int, ...], owner: str) -> Sentence | None:
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
    return None if path[0] == "size" else remark("nothing_below", owner=owner, name=str(path[0]))


def _missing_in_list(shape: Shape, path: tuple[str | int, ...], owner: str) -> Sentence | None:
    if path[0] == "size":
        return None
    if isinstance(path[0], int) or path[0] in lookups.PROPERTIES:
        return _missing_below(_element(shape), path[1:], f"{owner}[{path[0]}]")
    return remark("is_a_list", owner=owner, example=f"{owner}[0].{path[0]}")


def _element(shape: Shape) -> Shape:
    return shape.element if shape.kind is Kind.LIST else shape_of(Any)


# A change touches one step of many, and every change is followed by a check: what was found in the others is kept, by
# what was drawn there, as JSON.


@lru_cache(maxsize=2048)
def _syntax_problems(drawn: str) -> tuple[Problem, ...]:
    return tuple(mapping.syntax_problems(json.loads(drawn)))


@lru_cache(maxsize=2048)
def _references(drawn: str) -> tuple[mapping.Reference, ...]:
    return tuple(mapping.references(json.loads(drawn)))


@lru_cache(maxsize=2048)
def _input_problems(form: type[BaseModel], drawn: str, locale: Locale) -> tuple[Problem, ...]:
    """Unknown fields, missing ones, and literal values that cannot be read."""
    given: dict[str, JsonValue] = json.loads(drawn)
    hidden = [name for name, value in given.items() if sealing.is_sealed(value)]
    names = {name for name, info in form.model_fields.items()}
    aliases = {info.alias for info in form.model_fields.values() if info.alias}
    unknown = [] if form.model_config.get("extra") == "allow" else [*(given.keys() - names - aliases)]
    found = [Problem(remark("unknown_field", name=name, meant=meant(name, names)), field=name) for name in unknown]
    templated = [name for name, value in given.items() if mapping.has_template(value)]
    return (*found, *values.problems(form, sealing.stood_in(given), locale, unknown=[*templated, *hidden]))


def _schedule_problems(operation: AnyOperation, given: Mapping[str, JsonValue], locale: Locale) -> Iterator[Problem]:
    """What a scheduled trigger itself finds wrong with inputs that are each good."""
    if not isinstance(operation, Scheduled) or any(mapping.has_template(value) for value in given.values()):
        return
    try:
        operation(values.read(operation.given, sealing.stood_in(given), locale))
    except InvalidInput as error:
        yield Problem(error.sentence, field=error.field or "")
    except ValueError as error:
        yield Problem(str(error))
    except Exception as error:  # noqa: BLE001 (whatever the connector does is its fault, and shown)
        said = f"{type(error).__name__}: {error}"
        yield Problem(remark("faulty_connector", app=operation.connector, said=said))
