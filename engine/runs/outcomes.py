"""How a step, and with it a run, can end. Frozen values that effects.py and steps.py give to execute.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.store.runs import Change, Run, Written
from engine.store.states import Hold, RunState


@dataclass(frozen=True)
class Done:
    """The step has an output; the run goes on. `lines` are still to be written, with what comes next."""

    output: Any
    lines: tuple[Written, ...] = ()


@dataclass(frozen=True)
class Ends:
    """The run ends or rests here, as `state` says.

    `notice` is (matter, sentence) when a person should be told.
    """

    state: RunState
    problem: str = ""
    field: str = ""
    hold: str = ""
    due_at: datetime | None = None
    attempt: int | None = None
    lines: tuple[Written, ...] = ()
    notice: tuple[str, str] | None = None
    refused_connection: tuple[str, str] | None = None

    @property
    def waits_for(self) -> str:
        """The connection that must be repaired first, or “”."""
        kind, _, connection_id = self.hold.partition(":")
        return connection_id if kind == Hold.CONNECTION else ""

    def change(self, step: str) -> Change:
        """As the run's row says it."""
        return Change(self.state, step, self.problem, self.field, self.hold, self.due_at, self.attempt)


def needs_attention(run: Run, said: str) -> Ends:
    """The run is held, never failed, until somebody has repaired the zap or what it needs."""
    return Ends(RunState.HELD, said, hold=Hold.ATTENTION, notice=(f"attention:{run.zap_id}", said))


Outcome = Done | Ends
Scope = Mapping[str, Any]
