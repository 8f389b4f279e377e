"""The states of things, as they stand in the database. docs/glossary.md has their words in English and German."""

from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FILTERED = "filtered"
    STOPPED = "stopped"
    HANDLED = "handled"
    FAILED = "failed"
    RETRYING = "retrying"
    HELD = "held"
    NEEDS_REVIEW = "needs_review"
    CANCELLED = "cancelled"

    @property
    def word(self) -> str:
        """How people are told, in English."""
        return WORDS[self]


WORDS = {
    RunState.QUEUED: "Queued",
    RunState.RUNNING: "Running",
    RunState.WAITING: "Waiting",
    RunState.SUCCEEDED: "Done",
    RunState.FILTERED: "Filtered out",
    RunState.STOPPED: "Stopped",
    RunState.HANDLED: "Failed, handled",
    RunState.FAILED: "Failed",
    RunState.RETRYING: "Trying again",
    RunState.HELD: "On hold",
    RunState.NEEDS_REVIEW: "Please check",
    RunState.CANCELLED: "Cancelled",
}

FINISHED = frozenset(
    {
        RunState.SUCCEEDED,
        RunState.FILTERED,
        RunState.STOPPED,
        RunState.HANDLED,
        RunState.FAILED,
        RunState.CANCELLED,
    }
)


class Contents(StrEnum):
    """What became of the data of a run: its event's, and those of its journal. The run itself stays."""

    KEPT = ""
    DELETED = "deleted"  # by age
    ERASED = "erased"  # by a person, for somebody's sake


class ZapState(StrEnum):
    """Whether a zap takes events in. `PAUSED` does, and holds their runs."""

    DRAFT = "draft"
    OFF = "off"
    ON = "on"
    PAUSED = "paused"


class ConnectionState(StrEnum):
    """Whether an account can be used."""

    ACTIVE = "active"
    RECONNECT = "needs_reconnecting"
    REMOVED = "removed"


class Hold(StrEnum):
    """Why a run is held. A connection's hold is followed by its id: “connection:abc”."""

    FLOOD = "flood"
    QUOTA = "quota"
    OFF = "off"
    PAUSED = "paused"
    ATTENTION = "attention"
    CONNECTION = "connection"
    RESTORED = "restored"


class Entry(StrEnum):
    """What a line of the journal says about a step."""

    STARTED = "started"  # the rendered input; the effect may happen from now on
    FINISHED = "finished"  # the output
    NOT_DONE = "not_done"  # the try after “started” certainly had no effect
    FAILED = "failed"  # the problem it ended with
    CHECKPOINT = "checkpoint"  # a note of an action that makes several calls
    REVIEW = "review"  # what a person should look at
    DECIDED = "decided"  # what a person said
    FILTERED = "filtered"  # the filter's reason
    TAKEN_UP = "taken_up"  # the run goes on after a rest; of no step
