"""The guard: what to do about an action that was started and whose outcome is unknown. Pure.

After a crash and after every `OutcomeUnknown`: repeat what may be repeated; else ask the action's lookup, after the
service had time to settle; else a person decides. Never a blind repetition.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.sdk.connector import Action


@dataclass(frozen=True)
class Repeat:
    """Call again with the same idempotency key: it does no harm."""


@dataclass(frozen=True)
class LookUp:
    """Ask whether this very call arrived, not before then."""

    not_before: datetime


@dataclass(frozen=True)
class AskAPerson:
    """Nobody else can know."""

    why: str


def decide(
    action: Action[Any, Any],
    profile: Any,
    given: Any,
    *,
    since: datetime,
    now: datetime,
    settle: timedelta | None,
) -> Repeat | LookUp | AskAPerson:
    """`given` is what was sent, `since` when the first try began; `settle` overrides the action's own time."""
    window = action.idempotency_window
    if action.repeatable(profile, given) and (window is None or now - since < window):
        return Repeat()
    if action.find_this is not None:
        return LookUp(now + (action.settles if settle is None else settle))
    return AskAPerson(
        "The connection broke off before the service answered, and it offers no way to find out whether it did what it "
        "was asked to."
    )
