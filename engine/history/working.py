"""How long a run was worked at, and by which steps, as the journal tells. Pure; called by details and finding.

A step begins when the one before ended, or when the run was begun or taken up again: to look for what is there already
is work too. From a line that the run rests after until it is taken up again, nobody works.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.store.moments import to_ms
from engine.store.runs import Run
from engine.store.states import Entry, RunState

RESTS_AFTER = frozenset({Entry.FAILED, Entry.REVIEW, Entry.DECIDED, Entry.FILTERED})


class Marked(Protocol):
    """A line of the journal, as far as it is read here."""

    @property
    def path(self) -> str: ...

    @property
    def entry(self) -> Entry: ...

    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True)
class Worked:
    """In milliseconds: at each step that has lines, and at the run as a whole. `rested` is what is left of the time
    from its begin to its end. Both are None where there is no end, or where nothing tells them apart any more."""

    steps: dict[str, int] = field(default_factory=dict)
    ran: int | None = None
    rested: int | None = None


def is_told_by_its_journal(run: Run) -> bool:
    """Whether it may have rested before it ended: then only its journal knows how long it ran."""
    return run.finished_at is not None and run.epoch > 1 and not run.contents


def worked(run: Run, lines: Iterable[Marked]) -> Worked:
    """The journal may be left out of a run that it need not tell about."""
    if run.started_at is None:
        return Worked()
    steps, since = _steps(to_ms(run.started_at), lines)
    if run.finished_at is None:
        return Worked(steps)
    whole = max(to_ms(run.finished_at) - to_ms(run.started_at), 0)
    if run.epoch <= 1:
        return Worked(steps, whole, 0)
    if not is_told_by_its_journal(run):
        return Worked(steps)
    if since is None or run.state == RunState.CANCELLED:  # who cancels it does not work at it
        since = to_ms(run.finished_at)
    ending = max(to_ms(run.finished_at) - since, 0)
    ran = min(sum(steps.values()) + ending, whole)
    return Worked(steps, ran, whole - ran)


def _steps(began: int, lines: Iterable[Marked]) -> tuple[dict[str, int], int | None]:
    """By path, and since when it is worked at after the last line; None while it rests."""
    steps: dict[str, int] = {}
    since: int | None = began
    for line in lines:
        moment = max(to_ms(line.at), began)
        if line.entry == Entry.TAKEN_UP:
            since = moment
            continue
        steps[line.path] = steps.get(line.path, 0) + (0 if since is None else max(moment - since, 0))
        since = None if line.entry in RESTS_AFTER else moment
    return steps, since
