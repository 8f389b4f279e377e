"""Binds the runs of a version that have not ended to one with another account. Called by engine.triggers.replacing.

A call that was begun with the old account is never repeated with the new one: whether it went through cannot be found
out any more, so a person is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session

from engine.runs import history
from engine.runs.history import Past
from engine.runs.journal import line
from engine.store import notices, rebinding, runs
from engine.store.rebinding import Bound, Swap
from engine.store.runs import Line, Run
from engine.store.states import Entry, Hold
from engine.zaps.model import ActionStep

AT_ONCE = 50  # runs in one transaction: the journal waits for it


@dataclass(frozen=True)
class Bindings:
    """How many runs were bound to the new account, and how many of them wait for a person first."""

    runs: int = 0
    review: int = 0

    def __add__(self, other: "Bindings") -> "Bindings":
        return Bindings(self.runs + other.runs, self.review + other.review)


def bind_some(session: Session, bound: Bound, number: int, swap: Swap, *, now: datetime) -> Bindings:
    """Some of them; none when nothing is left to bind."""
    taken = rebinding.take(session.connection(), bound.zap_id, bound.number, AT_ONCE)
    asked = sum(_bind(session, run, bound, number, swap, now) for run in taken)
    return Bindings(len(taken), asked)


def _bind(session: Session, run: Run, bound: Bound, number: int, swap: Swap, now: datetime) -> bool:
    """True if a person has to be asked about it."""
    connection, lines = session.connection(), runs.lines_of(session, run.id)
    key = _begun(bound, swap, history.of(lines))
    if key is not None:
        _ask(connection, run, number, key, _shown(key, lines, swap), now)
        return True
    if run.hold == f"{Hold.CONNECTION}:{swap.old.id}":
        rebinding.queue(connection, run, number, now=now)
    else:
        rebinding.bind(connection, run, number)
    return False


def _begun(bound: Bound, swap: Swap, pasts: Mapping[str, Past]) -> str | None:
    """The step that may have done something with the old account and did not come to its end."""
    for step in bound.zap.steps:
        past = pasts.get(step.key)
        if past is None or past.done or not isinstance(step, ActionStep) or step.connection != swap.old.id:
            continue
        if past.started or past.notes:
            return step.key
    return None


def _shown(key: str, lines: Sequence[Line], swap: Swap) -> dict[str, Any]:
    """What a person is shown; what was found at the app before is all that can be known."""
    why = (
        f"This was begun with “{swap.old.name}”, which is disconnected, so nobody can ask there whether it went "
        f"through. If it is done again, it is done with “{swap.new.name}”."
    )
    return {"why": why, **history.last_seen(lines, key)}


def _ask(connection: Connection, run: Run, number: int, key: str, shown: dict[str, Any], now: datetime) -> None:
    """What the action noted down is about the old account: done again, it begins without that."""
    runs.copy(connection, run.id, [line(key, Entry.REVIEW, **shown, anew=True)], now=now)
    rebinding.review(connection, run, number, key, shown["why"])
    notices.tell(connection, f"review:{run.id}", shown["why"], zap_id=run.zap_id, now=now)
