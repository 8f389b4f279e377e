"""What became of a test of a step, told by consequence: what was done, what was not, and what to do now. Pure."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from engine.connections.calls import ConnectorBug
from engine.connections.contexts import LiveConnection
from engine.editing.sentences import said
from engine.editing.words import Words
from engine.errors import Problem, Sentence
from engine.runs.effects import sentence
from engine.sdk import errors


class TriedOutcome(StrEnum):
    """What a test brought."""

    DONE = "done"
    EXISTS = "exists"
    FOUND = "found"
    NOTHING = "nothing"
    PASSED = "passed"
    FILTERED = "filtered"
    STOPPED = "stopped"
    PROBLEM = "problem"  # certainly nothing was done
    UNKNOWN = "unknown"  # it may have been done

    @property
    def is_failure(self) -> bool:
        """Whether the step is not known to work."""
        return self in (TriedOutcome.PROBLEM, TriedOutcome.UNKNOWN)


class Remedy(StrEnum):
    """What a person can do about it."""

    NONE = "none"
    FIELD = "field"
    CONNECTION = "connection"
    LATER = "later"
    LOOK_AT_APP = "look_at_app"
    CHOOSE_SAMPLE = "choose_sample"


@dataclass(frozen=True)
class Tried:
    """`input` is what was sent, secrets blotted out; `output` the record there is now; `took` the time of the call."""

    step: str
    use: str
    outcome: TriedOutcome
    sentence: Sentence
    input: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] | None = None
    problems: tuple[Problem, ...] = ()
    remedy: Remedy = Remedy.NONE
    took: timedelta = timedelta(0)

    def sentence_in(self, language: str) -> str:
        """What is to be read, in “en” or “de”."""
        return self.sentence.within(language)


@dataclass(frozen=True)
class Failure:
    """What an error of a call means for a test."""

    outcome: TriedOutcome
    sentence: Sentence
    remedy: Remedy = Remedy.NONE
    problems: tuple[Problem, ...] = ()


def after_error(error: Exception, step: str, live: LiveConnection, words: Words, *, changes: bool) -> Failure:
    """What follows from an error; `changes` says that the call was to change something at the app."""
    app, told = live.connector.title, words.both(live.connector.key, sentence(error))
    parts = {"app": app, "said": told}
    match error:
        case errors.AuthFailed() if live.id:
            wrong = Problem(told, step, "connection")
            return _problem("refused_sign_in", Remedy.CONNECTION, wrong, connection=live.name, **parts)
        case errors.AuthFailed():
            return _problem("refused_without", Remedy.CONNECTION, Problem(told, step, "connection"), **parts)
        case errors.QuotaReached():
            return _problem("quota", Remedy.LATER, **parts)
        case errors.InvalidInput():
            return _problem("invalid", Remedy.FIELD, Problem(told, step, error.field or ""), **parts)
        case errors.OutcomeUnknown() if changes:
            return Failure(TriedOutcome.UNKNOWN, said("unknown", **parts), Remedy.LOOK_AT_APP)
        case errors.OutcomeUnknown():
            return _problem("no_answer", Remedy.LATER, **parts)
        case errors.TemporaryFailure():
            return _problem("temporary", Remedy.LATER, **parts)
        case errors.Stopped():
            return Failure(TriedOutcome.STOPPED, said("stopped", **parts))
        case ConnectorBug() if changes:
            return Failure(TriedOutcome.UNKNOWN, said("unknown", **parts), Remedy.LOOK_AT_APP)
        case ConnectorBug():
            return _problem("faulty", Remedy.NONE, **parts)
        case _:
            return _problem("permanent", Remedy.NONE, **parts)


def not_arrived(live: LiveConnection, error: Exception, words: Words) -> Failure:
    """After a call whose answer never came, and which the app says that it does not know."""
    told = words.both(live.connector.key, sentence(error))
    return _problem("had_not_arrived", Remedy.LATER, app=live.connector.title, said=told)


def _problem(code: str, remedy: Remedy, *problems: Problem, **parts: Any) -> Failure:
    return Failure(TriedOutcome.PROBLEM, said(code, **parts), remedy, problems)
