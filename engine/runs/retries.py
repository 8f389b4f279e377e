"""What an error means for a run: pure decisions, carried out by effects.py and execute.py.

The ladder is what people know from other automation products: 5 min, 30 min, 1 h, 3 h, 6 h.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.sdk.errors import (
    AuthFailed,
    InvalidInput,
    OutcomeUnknown,
    QuotaReached,
    Stopped,
    TemporaryFailure,
)

Waits = tuple[timedelta, ...]

QUICK: Waits = (timedelta(seconds=1), timedelta(seconds=4))
"""Waits before the first tries, within the same execution."""

LADDER = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
)


@dataclass(frozen=True)
class TryAgainSoon:
    """Wait and call again, in the same execution."""

    wait: timedelta


@dataclass(frozen=True)
class TryAgainLater:
    """Let go of the run until then."""

    wait: timedelta


@dataclass(frozen=True)
class FindOut:
    """The outcome is unknown: the guard decides."""


@dataclass(frozen=True)
class AskToReconnect:
    """The connection needs a person."""


@dataclass(frozen=True)
class WaitForQuota:
    """Hold the run until then, or until a person releases it."""

    until: datetime | None


@dataclass(frozen=True)
class StopHere:
    """The run ends on purpose."""


@dataclass(frozen=True)
class GiveUp:
    """The run failed. `field` is the input it is about, if that is known."""

    field: str = ""


Decision = TryAgainSoon | TryAgainLater | FindOut | AskToReconnect | WaitForQuota | StopHere | GiveUp


def decide(error: Exception, *, quick_tries: int, attempt: int, quick: Waits = QUICK) -> Decision:
    """What follows from an error of a call.

    `quick_tries` counts those in this execution, `attempt` the rungs of the ladder that were used before.
    """
    match error:
        case AuthFailed():
            return AskToReconnect()
        case QuotaReached():
            return WaitForQuota(error.until)
        case OutcomeUnknown():
            return FindOut()
        case TemporaryFailure():
            return after_nothing_happened(error.retry_after, quick_tries=quick_tries, attempt=attempt, quick=quick)
        case Stopped():
            return StopHere()
        case InvalidInput():
            return GiveUp(error.field or "")
        case _:
            return GiveUp()


def decide_read(error: Exception, *, quick_tries: int, attempt: int, quick: Waits = QUICK) -> Decision:
    """As `decide`, where certainly nothing was changed: then an answer that never came does no harm."""
    if isinstance(error, OutcomeUnknown):
        return after_nothing_happened(None, quick_tries=quick_tries, attempt=attempt, quick=quick)
    return decide(error, quick_tries=quick_tries, attempt=attempt, quick=quick)


def after_nothing_happened(
    asked_for: timedelta | None, *, quick_tries: int, attempt: int, quick: Waits = QUICK
) -> TryAgainSoon | TryAgainLater | GiveUp:
    """When to try again what certainly had no effect. The service's own wish counts, if it is longer."""
    asked = asked_for or timedelta(0)
    if quick_tries < len(quick) and asked <= quick[-1]:
        return TryAgainSoon(max(quick[quick_tries], asked))
    return later(attempt, asked)


def later(attempt: int, asked: timedelta = timedelta(0)) -> TryAgainLater | GiveUp:
    """The next rung of the ladder."""
    return TryAgainLater(max(LADDER[attempt], asked)) if attempt < len(LADDER) else GiveUp()


def not_at_once(until: datetime, now: datetime) -> datetime:
    """When to ask again after a full quota: when the service said, but not before the first rung of the ladder. By a
    clock or zone that differs from ours, a limit may be said to end in the past at every refusal."""
    return max(until, now + LADDER[0], key=datetime.timestamp)  # a connector may give one without a zone
