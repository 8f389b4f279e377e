"""Secrets that a person typed into a step: sealed before it is saved, opened only where the step is done. Pure.

A sealed secret is a text of a form of its own at the place where it was typed, so that drafts, versions, copies and
what can be undone hold nothing else. A template is no secret: it only says where one comes from. `connections.typed`
has the keys; whoever shows a zap asks here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, JsonValue, SecretStr, ValidationError

from engine.errors import NotFound
from engine.registry import Registry
from engine.sdk.fields import Kind, Shape, fields_of, fields_with_secrets, shape_of
from engine.zaps import mapping
from engine.zaps.model import TRIGGER, ActionStep, TriggerUse, Zap

BLOT = "••••••"
MAX_DEPTH = 10  # of models within models
_MARK = "sealed:"
SEALED = re.compile(_MARK + r"(gAAAA[A-Za-z0-9_-]{60,}={0,2})")
"""As it stands in what is stored; the group is what the vault gave."""

Seal = Callable[[JsonValue], str]
Open = Callable[[str], str | None]
"""What was typed, as text; None for what this installation's keys do not open."""

UserT = TypeVar("UserT", bound=TriggerUse | ActionStep)
Place = tuple[str, tuple[str | int, ...]]
"""The step, and where in its inputs a sealed secret stands."""


def is_sealed(value: Any) -> bool:
    """Whether this is a sealed secret."""
    return isinstance(value, str) and value.startswith(_MARK) and SEALED.fullmatch(value) is not None


def holds_sealed(value: Any) -> bool:
    """Whether there is a sealed secret anywhere in a value."""
    return next(_places(value, ()), None) is not None


def sealed(zap: Zap, registry: Registry, seal: Seal) -> Zap:
    """The zap with every secret sealed that was typed into it. What an app that is not known takes stays as it is."""

    def hidden(user: UserT) -> UserT:
        form = _form(user, registry)
        if form is None or not fields_with_secrets(form):
            return user
        given = _Sealing(seal).fields(form, user.with_, 0)
        return user if given == user.with_ else _with(user, given)

    return _each(zap, lambda _key, user: hidden(user))


def opened(user: UserT, open_one: Open) -> UserT:
    """The step with its secrets as `SecretStr`, to be done now. What cannot be opened stays sealed, and is refused."""

    def plain(token: str) -> Any:
        found = open_one(token)
        return token if found is None else SecretStr(found)

    return _with(user, _changed(user.with_, plain)) if holds_sealed(user.with_) else user


def stood_in(given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with something in the place of each sealed secret that a form takes, for checks and previews."""
    found: dict[str, Any] = _changed(given, lambda _: SecretStr(BLOT))
    return found


def blotted(given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as they may be seen."""
    found: dict[str, Any] = _changed(given, lambda _: BLOT)
    return found


def places(zap: Zap) -> list[Place]:
    """Where sealed secrets stand."""
    return [(key, place) for key, user in users(zap) for place in _places(user.with_, ())]


def without(zap: Zap) -> Zap:
    """The zap without its sealed secrets: to be passed on."""
    return _each(zap, lambda _key, user: user.model_copy(update={"with_": _left(user.with_)}))


def users(zap: Zap) -> Iterator[tuple[str, TriggerUse | ActionStep]]:
    """The trigger and the steps that use an app, by key."""
    yield TRIGGER, zap.trigger
    yield from ((step.key, step) for step in zap.steps if isinstance(step, ActionStep))


class _Sealing:
    """Goes through the inputs of one step, by what their fields are."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def fields(self, model: type[BaseModel], given: Mapping[str, Any], depth: int) -> dict[str, Any]:
        shapes = {name: (name, shape) for name, _, shape in fields_of(model)}
        shapes |= {info.alias: shapes[name] for name, info in model.model_fields.items() if info.alias}
        secret = fields_with_secrets(model)
        found = dict(given)
        for key, value in given.items():
            name, shape = shapes.get(key, ("", None))
            if shape is not None and name in secret:
                found[key] = self._value(model, name, shape, value, depth)
        return found

    def _value(self, model: type[BaseModel], name: str, shape: Shape, value: Any, depth: int) -> Any:
        if value in (None, "") or is_sealed(value) or (isinstance(value, str) and mapping.has_template(value)):
            return value
        if shape.kind is Kind.SECRET:
            return value if mapping.has_template(value) else self._seal(value)
        value = _parsed(value)
        if shape.kind is Kind.MODEL and isinstance(value, Mapping) and depth < MAX_DEPTH:
            return self.fields(shape.python_type, value, depth + 1)
        if shape.kind is Kind.LIST and isinstance(value, list):
            return [self._value(model, name, shape.element, one, depth) for one in value]
        if shape.kind is Kind.MAPPING and isinstance(value, Mapping):
            return {key: self._entry(model, name, shape, key, one, depth) for key, one in value.items()}
        return self._seal(value) if _is_secret(model, name, value) else value

    def _entry(self, model: type[BaseModel], name: str, shape: Shape, key: str, value: Any, depth: int) -> Any:
        arguments = get_args(shape.python_type)
        inner = shape_of(arguments[1]) if len(arguments) == 2 else None
        if inner is not None and inner.kind in (Kind.SECRET, Kind.MODEL, Kind.LIST):
            return self._value(model, name, inner, value, depth)
        if value in (None, "") or is_sealed(value) or mapping.has_template(value):
            return value
        return self._seal(value) if _is_secret(model, name, {key: value}) else value


def _form(user: TriggerUse | ActionStep, registry: Registry) -> type[BaseModel] | None:
    try:
        return registry.operation(user.use).form if user.is_chosen else None
    except NotFound:
        return None


def _parsed(value: Any) -> Any:
    """A group or a list may be typed as JSON."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _is_secret(form: type[BaseModel], name: str, value: Any) -> bool:
    """Whether the form takes it as a secret; what it cannot take might be one."""
    try:
        read = form.__pydantic_validator__.validate_assignment(form.model_construct(), name, value)
    except ValidationError:
        return True
    return _holds_a_secret(getattr(read, name))


def _holds_a_secret(value: Any) -> bool:
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    return isinstance(value, SecretStr) or (isinstance(value, list | tuple) and any(map(_holds_a_secret, value)))


def _each(zap: Zap, change: Callable[[str, Any], Any]) -> Zap:
    steps = tuple(change(step.key, step) if isinstance(step, ActionStep) else step for step in zap.steps)
    return zap.model_copy(update={"trigger": change(TRIGGER, zap.trigger), "steps": steps})


def _with(user: UserT, given: dict[str, Any]) -> UserT:
    copy: Any = user.model_copy(update={"with_": given})
    found: UserT = copy
    return found


def _changed(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: _changed(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, change) for one in value]
    return change(value) if is_sealed(value) else value


def _left(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _left(one) for key, one in value.items() if not is_sealed(one)}
    return [_left(one) for one in value if not is_sealed(one)] if isinstance(value, list) else value


def _places(value: Any, above: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _places(one, (*above, key))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _places(one, (*above, at))
    elif is_sealed(value):
        yield above
