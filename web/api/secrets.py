"""Secrets that were typed into steps: blotted out in what the API gives, and kept where a blot comes back. Pure.

As in the history and the exports, a template is no secret: it only says where one comes from.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.editing.readable import BLOT
from engine.errors import NotFound
from engine.registry import Registry
from engine.sdk.fields import fields_with_secrets
from engine.zaps import mapping, sealing
from engine.zaps.model import TRIGGER, ActionStep, Step, TriggerUse, Zap

User = TriggerUse | ActionStep


def blotted(zap: Zap, registry: Registry) -> Zap:
    """The zap as it may be seen."""

    def seen(_key: str, user: User) -> User:
        secret = _secret_fields(user, registry)
        given = {name: _blot(value) if name in secret else value for name, value in user.with_.items()}
        return user.model_copy(update={"with_": sealing.blotted(given)})

    return _each(zap, seen)


def restored(zap: Zap, stored: Zap | None, registry: Registry) -> Zap:
    """The zap as it is to be kept: a blot stands for what is stored at its place, while the step does the same."""
    steps = [step for step in stored.steps if isinstance(step, ActionStep)] if stored else []
    before: dict[str, User] = {step.key: step for step in steps}
    if stored:
        before[TRIGGER] = stored.trigger

    def whole(key: str, user: User) -> User:
        old = before.get(key)
        kept = old.with_ if old is not None and old.use == user.use else {}
        secret = _secret_fields(user, registry)
        filled = {name: _unblot(one, kept.get(name)) if name in secret else one for name, one in user.with_.items()}
        return user.model_copy(update={"with_": {name: one for name, one in filled.items() if one is not None}})

    return _each(zap, whole)


def _each(zap: Zap, change: Callable[[str, User], User]) -> Zap:
    def step_of(step: Step) -> Any:
        return change(step.key, step) if isinstance(step, ActionStep) else step

    steps = tuple(step_of(step) for step in zap.steps)
    return zap.model_copy(update={"trigger": change(TRIGGER, zap.trigger), "steps": steps})


def _secret_fields(user: User, registry: Registry) -> frozenset[str]:
    try:
        return fields_with_secrets(registry.operation(user.use).form)
    except NotFound:
        return frozenset()


def _blot(value: Any) -> Any:
    """Of a mapping or a list each entry by itself, so that the names of headers can still be read."""
    if isinstance(value, Mapping):
        return {name: _blot(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_blot(one) for one in value]
    return value if value in (None, "") or mapping.has_template(value) else BLOT


def _unblot(value: Any, before: Any) -> Any:
    if value == BLOT:
        return before
    if isinstance(value, Mapping) and isinstance(before, Mapping):
        return {name: _unblot(one, before.get(name)) for name, one in value.items()}
    if isinstance(value, list) and isinstance(before, list):
        return [_unblot(one, before[at] if at < len(before) else None) for at, one in enumerate(value)]
    return value
