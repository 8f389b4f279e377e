"""What a zap counts: “14 e-mails → 12 clients”, where its connectors tell what their records are called. Pure; called
by `telling` for the weekly mail.
"""

from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import NotFound
from engine.registry import Registry
from engine.sdk.connector import Action
from engine.texts import Texts
from engine.zaps.model import ActionStep, Zap


@dataclass(frozen=True)
class Called:
    """What one and several records are called: “client”, “clients”."""

    one: str
    many: str

    def of(self, count: int) -> str:
        return self.one if count == 1 else self.many


@dataclass(frozen=True)
class Counted:
    """What comes into a zap, and what each of its actions makes; nothing for what nobody named."""

    came: Called | None = None
    made: tuple[Called, ...] = ()


def of(zap: Zap, registry: Registry, texts: Callable[[str], Texts]) -> Counted:
    """`texts` gives the words of an app in the reader's language. Two actions that make the same count once."""
    uses = [step.use for step in zap.steps if isinstance(step, ActionStep) and _acts(step.use, registry)]
    made = (_called(use, registry, texts) for use in uses)
    return Counted(_called(zap.trigger.use, registry, texts), tuple(dict.fromkeys(one for one in made if one)))


def _acts(use: str, registry: Registry) -> bool:
    try:
        return isinstance(registry.operation(use), Action)
    except NotFound:
        return False


def _called(use: str, registry: Registry, texts: Callable[[str], Texts]) -> Called | None:
    try:
        record = registry.operation(use).returns
    except NotFound:  # not chosen yet, or not installed any more
        return None
    if record is None or not record.counted:
        return None
    known = texts(use.partition(".")[0])
    one, many = (known.of(f"counted.{english}", english) for english in record.counted)
    return Called(one, many)
