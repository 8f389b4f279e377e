"""The journal of runs: what a step is about to do, and what became of it, durable before anything else happens.

Its lines go through the store's writer, which commits for many runs at once. A run that is not ours raises `Lost`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from engine.runs.outcomes import Ends
from engine.store import connections, notices, pauses, runs
from engine.store.encoding import encode
from engine.store.runs import Change, Run, Written
from engine.store.states import Entry, Hold, RunState
from engine.store.writer import Writer

LOOK_AGAIN = timedelta(minutes=1)
"""For a run that waits for a connection which is active: it was repaired in the same moment, or something else about
it keeps it from being used, and nobody would say when that ends."""

Also = Callable[[Connection], None]


class Lost(Exception):
    """Somebody else owns the run now: stop at once, write nothing, start nothing."""


def line(path: str, entry: Entry, **data: Any) -> Written:
    """A line, encoded here and not in the writer, so that what cannot be written harms only its own run."""
    return Written(path, entry, encode(data))


@dataclass(frozen=True)
class Journal:
    """Writes for all runs of one process. `failed` is told the zap of each run that has failed."""

    writer: Writer
    now: Callable[[], datetime]
    failed: Callable[[str], None] = lambda _zap_id: None

    def pen(self, run: Run) -> "Pen":
        """For one execution of one run."""
        return Pen(self, run)

    async def put(self, run: Run, lines: Sequence[Written], change: Change | None, also: Also | None = None) -> None:
        """Writes lines and, with a change, lets go of the run; `also` joins the transaction. Raises `Lost`."""

        def entry(connection: Connection) -> bool:
            ours = runs.write(connection, run, lines, change, now=self.now())
            if ours and also:
                also(connection)
            return ours

        if not await self.writer.write(entry):
            raise Lost(run.id)


class Pen:
    """One execution's hand in the journal. What is kept back goes out with the next line that must be durable, so that
    a step's result and the next step's “started” cost one commit."""

    def __init__(self, journal: Journal, run: Run) -> None:
        self.run = run
        self._journal = journal
        self._kept: list[Written] = []

    def keep(self, *lines: Written) -> None:
        """Writes these with whatever is written next, which may be long after they came about."""
        now = self._journal.now()
        self._kept.extend(replace(one, at=now) for one in lines)

    async def write(self, *lines: Written) -> None:
        """Durable when it returns. Raises `Lost`."""
        await self._put(lines, None)

    async def end(self, step: str, ends: Ends) -> None:
        """Lets go of the run; tells a person, and marks a connection that is no longer accepted. Raises `Lost`."""
        now = self._journal.now

        def also(connection: Connection) -> None:
            if ends.notice:
                matter, said = ends.notice
                notices.tell(connection, matter, said, zap_id=self.run.zap_id, now=now())
            elif ends.state == RunState.FAILED:
                notices.tell(connection, f"failed:{self.run.zap_id}", ends.problem, zap_id=self.run.zap_id, now=now())
            if ends.refused_connection:
                connections.refuse(connection, *ends.refused_connection, now=now())
            elif ends.waits_for and connections.is_active(connection, ends.waits_for):
                runs.look_again(connection, self.run.id, at=now() + LOOK_AGAIN)
            if ends.hold == Hold.QUOTA:  # the others need not ask
                pauses.reach_quota(connection, self.run.zap_id, ends.due_at)

        await self._put(ends.lines, ends.change(step), also)
        if ends.state == RunState.FAILED:
            self._journal.failed(self.run.zap_id)

    async def _put(self, lines: Sequence[Written], change: Change | None, also: Also | None = None) -> None:
        """What was kept back stays kept if it could not be written: it may be the result of an effect."""
        kept = len(self._kept)
        await self._journal.put(self.run, [*self._kept, *lines], change, also)
        del self._kept[:kept]


@dataclass(frozen=True)
class JournalCheckpoint:
    """`ctx.checkpoint`: notes of an action in the journal."""

    pen: Pen
    path: str
    notes: dict[str, Any]

    def get(self, key: str) -> Any:
        return self.notes.get(key)

    async def put(self, key: str, value: Any) -> None:
        await self.pen.write(line(self.path, Entry.CHECKPOINT, key=key, value=value))
        self.notes[key] = value
