"""Published versions: the list, what differs between two, and the way back into the draft."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, Unpack

from engine.editing.draft import Draft
from engine.editing.drafts import Drafts, Seen
from engine.editing.readable import BLOT
from engine.editing.settings import NAMES
from engine.errors import NotFound, Refused
from engine.registry import Registry
from engine.sdk.fields import fields_with_secrets
from engine.store import zaps
from engine.store.database import Database
from engine.zaps import mapping, sealing
from engine.zaps.model import TRIGGER, FilterStep, Step, TriggerUse, Zap
from engine.zaps.remarks import remark


class Changed(StrEnum):
    """What became of a step or a field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True)
class Difference:
    """One thing that differs. `field` is “” where it is about the whole step, `step` “” where about the zap itself.

    `before` and `after` are values as they are drawn, secrets blotted out; None for nothing.
    """

    step: str
    field: str
    kind: Changed
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class VersionLine:
    """One version: `changes` counts what differs from the one before, None for the first."""

    number: int
    at: datetime
    by: str
    live: bool
    changes: int | None


@dataclass(frozen=True)
class Versions:
    """Shows them, and goes back to them."""

    database: Database
    registry: Callable[[], Registry]
    drafts: Drafts

    def list(self, zap_id: str) -> tuple[VersionLine, ...]:
        """All versions, the newest first."""
        with self.database.read() as session:
            stored = zaps.find(session, zap_id)
            made = zaps.published(session, stored.id)
        counts = [len(self._between(older.zap, newer.zap)) for newer, older in pairwise(made)]
        return tuple(
            VersionLine(one.number, one.created_at, one.created_by, one.number == stored.published, changes)
            for one, changes in zip(made, [*counts, None], strict=False)
        )

    def compare(self, zap_id: str, a: int, b: int | None = None) -> tuple[Difference, ...]:
        """What must be done to get from version `a` to `b`, or to the draft for None. Raises `NotFound`."""
        with self.database.read() as session:
            stored = zaps.find(session, zap_id)
            before = zaps.version(session, stored.id, a)
            after = stored.draft if b is None else zaps.version(session, stored.id, b)
        return self._between(before, after)

    def restore(self, zap_id: str, number: int, **seen: Unpack[Seen]) -> Draft:
        """Puts an old version into the draft, as one change that can be undone. What is live stays live."""
        with self.database.read() as session:
            stored = zaps.find(session, zap_id)
            old = zaps.version(session, stored.id, number)
        return self.drafts.replace(stored.id, old, **seen)

    def discard(self, zap_id: str, **seen: Unpack[Seen]) -> Draft:
        """Takes the draft back to what is live, as one change that can be undone, with its name."""
        with self.database.read() as session:
            stored = zaps.find(session, zap_id)
            live = zaps.live(session, stored.id)
        if live is None:
            raise Refused(remark("never_published", name=stored.name))
        return self.drafts.change(stored.id, lambda _: live, **seen)

    def _between(self, before: Zap, after: Zap) -> tuple[Difference, ...]:
        return tuple(_differences(before, after, self._secrets))

    def _secrets(self, use: str) -> frozenset[str]:
        try:
            return fields_with_secrets(self.registry().operation(use).form)
        except NotFound:
            return frozenset()


Secrets = Callable[[str], frozenset[str]]
"""The inputs of an operation that hold secrets."""


def _differences(before: Zap, after: Zap, secrets: Secrets) -> Iterator[Difference]:
    for name in NAMES:
        yield from _field("", name, getattr(before, name), getattr(after, name))
    yield from _step(TRIGGER, _flat(before.trigger, secrets), _flat(after.trigger, secrets))
    old, new = {step.key: step for step in before.steps}, {step.key: step for step in after.steps}
    yield from (Difference(key, "", Changed.REMOVED, before=old[key].title) for key in old if key not in new)
    for key, step in new.items():
        if key not in old:
            yield Difference(key, "", Changed.ADDED, after=step.title)
        else:
            yield from _step(key, _flat(old[key], secrets), _flat(step, secrets))
    yield from _moved([key for key in old if key in new], [key for key in new if key in old])


def _moved(old: list[str], new: list[str]) -> Iterator[Difference]:
    """The steps that stand elsewhere, each taken out in turn until the order is the same."""
    for key in list(new):
        if old == new:
            return
        if old.index(key) != new.index(key):
            yield Difference(key, "", Changed.MOVED, before=old.index(key), after=new.index(key))
            old.remove(key)
            new.remove(key)


def _step(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*before, *after]):
        yield from _field(key, name, before.get(name), after.get(name))


def _field(step: str, name: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, _Secret) or isinstance(after, _Secret):
        if before != after:
            yield Difference(step, name, _kind(before, after), before and BLOT, after and BLOT)
    elif before != after:
        yield Difference(step, name, _kind(before, after), before, after)


def _kind(before: Any, after: Any) -> Changed:
    if before is None:
        return Changed.ADDED
    return Changed.REMOVED if after is None else Changed.CHANGED


class _Secret(str):
    """A value that is compared, and never shown."""


def _flat(drawn: TriggerUse | Step, secrets: Secrets) -> dict[str, Any]:
    """What is drawn at a step, by field."""
    words = {name: text for name in ("title", "note") if (text := getattr(drawn, name))}
    if isinstance(drawn, FilterStep):
        return {**words, "filter": drawn.filter.model_dump(mode="json", by_alias=True, exclude_none=True)}
    secret = secrets(drawn.use) if drawn.is_chosen else frozenset()
    inputs = {name: _kept(value, name in secret) for name, value in drawn.with_.items()}
    if_empty = getattr(drawn, "if_empty", "stop")
    how = {"if_empty": if_empty} if if_empty != "stop" else {}
    return {"use": drawn.use or None, "connection": drawn.connection, **inputs, **how, **words}


def _kept(value: Any, secret: bool) -> Any:
    hidden = (secret and not mapping.has_template(value)) or sealing.holds_sealed(value)
    return _Secret(repr(value)) if hidden else value
