"""Zaps as files that people pass on: out without secrets, in as a draft whatever is still to be chosen. For pages.

`store.zapfiles` is stricter: the command line takes in only what could be switched on as it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel, JsonValue, SecretStr, ValidationError

from engine.editing.draft import Draft
from engine.editing.drafts import Drafts
from engine.errors import NotFound
from engine.sdk.fields import fields_with_secrets
from engine.store import connections, zaps
from engine.store.database import Database
from engine.store.states import ConnectionState
from engine.zaps import files, mapping
from engine.zaps.model import TRIGGER, ActionStep, TriggerUse, Zap


@dataclass(frozen=True)
class Exported:
    """A zap as a file. `left_out` are the fields whose secrets are not in it, as (step, field)."""

    name: str
    text: str
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Sharing:
    """Made by a page over what it needs of the runtime."""

    database: Database
    drafts: Drafts

    def export(self, zap_id: str) -> Exported:
        """The draft as a file; its connections are named in it. Raises `NotFound`."""
        with self.database.read() as session:
            stored = zaps.find(session, zap_id)
            names = {one.id: one.name for one in connections.every(session)}
        zap = stored.draft.with_connections(lambda id_: names.get(id_, id_))
        left_out = tuple(self._secrets(zap))
        return Exported(stored.name, files.dump(_without(zap, left_out)), tuple(_fields(left_out)))

    def bring_in(self, text: str, *, by: str = "") -> Draft:
        """A draft of what a file draws, under a name that is free. What is named there and not known here is left to
        be chosen. Raises `Problems` for what is no zap file, with line and column.
        """
        zap = files.load(text)
        with self.database.read() as session:
            known = {one.name.lower(): (one.id, one.app) for one in connections.every(session)}
        return self.drafts.create(by=by, template=_connected(zap, partial(_named, known)))

    def from_template(self, template: Zap, *, by: str = "") -> Draft:
        """A draft of a template. An account is chosen where an app has exactly one."""
        with self.database.read() as session:
            active = [one for one in connections.every(session) if one.state == ConnectionState.ACTIVE]
        by_app: dict[str, list[str]] = {}
        for one in active:
            by_app.setdefault(one.app, []).append(one.id)
        return self.drafts.create(by=by, template=_connected(template, partial(_only_one, by_app)))

    def _secrets(self, zap: Zap) -> Iterator["_Place"]:
        registry = self.drafts.registry()
        for key, user in _users(zap):
            try:
                form = registry.operation(user.use).form if user.is_chosen else None
            except NotFound:
                continue
            for name in sorted(fields_with_secrets(form)) if form else ():
                yield from ((key, name, entry) for entry in _secret_entries(form, name, user.with_.get(name)))


_Place = tuple[str, str, str | None]
"""The step, the field, and the entry of a mapping; None for the whole field."""


def _secret_entries(form: Any, name: str, value: JsonValue) -> Iterator[str | None]:
    if isinstance(value, Mapping) and "value" not in value:
        for key, one in value.items():
            if not mapping.has_template(one) and _is_secret(form, name, {key: one}):
                yield key
    elif value is not None and not mapping.has_template(value) and _is_secret(form, name, value):
        yield None


def _is_secret(form: type[BaseModel], name: str, value: JsonValue) -> bool:
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


def _without(zap: Zap, places: tuple[_Place, ...]) -> Zap:
    def kept(key: str, given: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        left = dict(given)
        for step, name, entry in places:
            value = left.get(name)
            if step != key:
                continue
            if entry is None:
                left.pop(name, None)
            elif isinstance(value, Mapping):
                left[name] = {one: what for one, what in value.items() if one != entry}
        return left

    def thinned(key: str, user: Any) -> Any:
        return user.model_copy(update={"with_": kept(key, user.with_)})

    steps = tuple(thinned(step.key, step) if isinstance(step, ActionStep) else step for step in zap.steps)
    return zap.model_copy(update={"trigger": thinned(TRIGGER, zap.trigger), "steps": steps})


def _fields(places: tuple[_Place, ...]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((step, name) for step, name, _ in places))


def _users(zap: Zap) -> Iterator[tuple[str, TriggerUse | ActionStep]]:
    yield TRIGGER, zap.trigger
    yield from ((step.key, step) for step in zap.steps if isinstance(step, ActionStep))


def _connected(zap: Zap, choose: Any) -> Zap:
    """The zap with the connections that `choose(app, name)` gives; None for none."""

    def chosen(user: Any) -> Any:
        return user.model_copy(update={"connection": choose(user.app, user.connection)})

    steps = tuple(chosen(step) if isinstance(step, ActionStep) else step for step in zap.steps)
    return zap.model_copy(update={"trigger": chosen(zap.trigger), "steps": steps})


def _named(known: Mapping[str, tuple[str, str]], app: str, name: str | None) -> str | None:
    found = known.get((name or "").lower())
    return found[0] if found and found[1] == app else None


def _only_one(by_app: Mapping[str, list[str]], app: str, _name: str | None) -> str | None:
    accounts = by_app.get(app, [])
    return accounts[0] if len(accounts) == 1 else None
