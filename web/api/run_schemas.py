"""What the API gives and takes of runs."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from engine.runs.control import MOST as MOST_AT_ONCE
from engine.runs.control import Outcome
from engine.store.states import RunState
from web.api.schemas import Id, Moment, Page, Sent, Shown

RAN = "How long it was worked at, until its end; null while it has none, or where that is not known any more."
RESTED = (
    "How long it rested between its begin and its end: for a later try, a person, an account, a limit, its next turn."
)


class RunLine(Shown):
    """A run in the list. `label` is what its record is called; `waited_ms` until its first begin."""

    id: str = Field(examples=["0m3zt8k2v4q9x1c7b5"])
    zap_id: str
    zap: str
    version: int
    state: RunState
    hold: str = Field(description="Why it is held: flood, quota, off, paused, attention, or “connection:ID”.")
    label: str
    step: str
    problem: str
    field: str
    attempt: int
    replay_of: str | None
    due_at: Moment
    created_at: datetime
    started_at: Moment
    finished_at: Moment
    waited_ms: int | None
    ran_ms: int | None = Field(description=RAN)
    rested_ms: int | None = Field(description=RESTED)


class RunPage(Page[RunLine]):
    """Runs, the newest first."""

    total: int = Field(description="How many fit, counted up to a thousand.")
    more_than_total: bool
    searched_from: Moment = Field(description="Set while a search does not reach runs before this moment yet.")
    partly: list[str] = Field(
        description="Words of the search that so many words begin with that only the shortest of these were looked for."
    )


class Value(Shown):
    """A value; of one that is too large, what can be shown. `size` is in bytes."""

    value: Any
    cut: bool
    size: int


class Try(Shown):
    """One call of a step."""

    started_at: datetime
    ended_at: Moment
    problem: str


class Review(Shown):
    """What a person should look at. `candidates` look like it at the app."""

    why: str
    sent: Value | None
    sent_at: Moment
    candidates: list[Any]


class Decided(Shown):
    """What a person said."""

    went_through: bool
    by: str
    at: datetime


class StepShown(Shown):
    """A step of a run. `state` is done, running, next, not_reached, or how the run ended or rests here."""

    key: str
    kind: str
    use: str
    connection_id: str | None
    connection: str
    title: str
    note: str
    state: str
    input: Value | None
    output: Value | None
    reason: str
    problem: str
    field: str
    started_at: Moment
    finished_at: Moment
    ran_ms: int | None
    tries: list[Try]
    review: Review | None
    decided: list[Decided]
    copied: bool = Field(description="Done by the run that this one replays.")
    existing: bool = Field(description="The record was there already.")


class RunAhead(Shown):
    """An earlier run that is not finished, of a zap that goes in order."""

    id: str
    state: RunState


class RunShown(Shown):
    """A run with the record that started it, and its steps."""

    id: str
    zap_id: str
    zap: str
    version: int
    newest_version: int | None
    state: RunState
    hold: str
    attempt: int
    step: str
    problem: str
    field: str
    label: str
    record_id: str
    record: Value
    received_at: datetime
    created_at: datetime
    started_at: Moment
    finished_at: Moment
    due_at: Moment
    waited_ms: int | None
    ran_ms: int | None = Field(description=RAN)
    rested_ms: int | None = Field(description=RESTED)
    replay_of: str | None
    replays: list[str]
    waits_for: RunAhead | None = Field(description="The earlier run that it waits for, where the zap goes in order.")
    behind: int = Field(description="How many later runs wait for this one.")
    steps: list[StepShown]


class ReplaySent(Sent):
    """How to replay: from the failed step on with the same version, unless told otherwise."""

    whole: bool = Field(False, description="From the first step on.")
    newest: bool = Field(False, description="With the zap's newest version.")


class DecisionSent(Sent):
    """What became of a call whose outcome is unknown."""

    decision: Literal["went_through", "again"]
    candidate: int | None = Field(None, ge=0, le=10_000, description="Which of the candidates it made, counted from 0.")


class RunsChosen(Sent):
    """Which runs; what is left out does not restrict."""

    zap: list[Id] = Field(default_factory=list, max_length=100)
    state: list[RunState] = Field(default_factory=list, max_length=20)
    since: Moment = None
    until: Moment = None
    q: Annotated[str, Field(max_length=200)] = ""
    hold: Annotated[str, Field(max_length=200)] | None = None
    folder: Annotated[str, Field(max_length=200)] | None = None


class ManySent(Sent):
    """What to do with many runs: with those of `runs`, or with the newest thousand that fit `filter`."""

    do: Literal["replay", "release", "drop"]
    runs: list[Id] = Field(default_factory=list, max_length=MOST_AT_ONCE)
    filter: RunsChosen | None = None
    whole: bool = False
    newest: bool = False


class NotDone(Shown):
    """A run that it was not done with."""

    run: str
    why: str


class ManyDone(Shown):
    """What came of it. `done` are the runs that go on or were ended; for a replay, the new ones."""

    done: list[str]
    refused: list[NotDone]


def outcome_shown(outcome: Outcome, language: str) -> ManyDone:
    """What came of doing something with many."""
    refused = [NotDone(run=run_id, why=error.within(language)) for run_id, error in outcome.refused.items()]
    return ManyDone(done=list(outcome.done), refused=refused)
