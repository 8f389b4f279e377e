"""Rehearses a zap: its last records through its steps, with nothing created and nothing remembered.

The command line and the pages begin a rehearsal and draw its rows as they come. It writes nothing: no event, no run,
no journal, no notice, and no cursor moves; only a token that had to be refreshed is kept, as with every call.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.connections.calls import Calls
from engine.connections.stored import Connections, NotUsable
from engine.errors import Problem, Problems, Refused
from engine.registry import Registry
from engine.rehearsal.rows import Foreseen, Row, Would
from engine.rehearsal.walk import Planned, Walk
from engine.runs import retries
from engine.sdk.connector import Action, Search
from engine.store import zapfiles, zaps
from engine.store.database import Database
from engine.store.encoding import encode
from engine.triggers.recent import Recent, Recents
from engine.zaps import labels
from engine.zaps.model import ActionStep, Zap

LAST = 50  # records that are looked at unless told otherwise
MOST = 500
WITHIN = timedelta(minutes=5)  # for the whole rehearsal; what was not reached is told
QUICK: retries.Waits = (timedelta(seconds=1),)


@dataclass(frozen=True)
class Chosen:
    """What is rehearsed. `version` is None for a draft that differs from what is live."""

    zap_id: str
    zap: Zap
    version: int | None


@dataclass
class Rehearsal:
    """A rehearsal under way: its records are read. `rows` is to be gone through once.

    `cut` says, after the last row, why there are fewer rows than records; “” when all were looked at.
    """

    chosen: Chosen
    records: tuple[Recent, ...]
    walk: Walk
    until: float  # on the clock of the event loop
    cut: str = ""
    _done: dict[bytes, int] = field(default_factory=dict)

    async def rows(self) -> AsyncGenerator[Row, None]:
        """What the zap would do with each record, the newest first, each as soon as it is known."""
        for number, record in enumerate(self.records, 1):
            try:
                async with asyncio.timeout_at(self.until):
                    steps = await self.walk.of(record.data)
            except TimeoutError:
                self.cut = f"It took too long: {number - 1} of {len(self.records)} records were looked at."
                return
            yield self._row(number, record, steps)

    def _row(self, number: int, record: Recent, steps: tuple[Foreseen, ...]) -> Row:
        return Row(
            number=number,
            record_id=record.id,
            label=labels.label_of(record.data, record.id),
            at=labels.moment_of(record.data, self.chosen.zap.locale) or record.at,
            warning=record.warning,
            steps=steps,
            same_as=self._same_as(number, steps),
        )

    def _same_as(self, number: int, steps: tuple[Foreseen, ...]) -> int | None:
        """The first row with the same calls; None for a row with a call that is not wholly known."""
        calls = [one for one in steps if one.outcome is Would.DO]
        if not calls or any(one.later for one in calls):
            return None
        digest = hashlib.sha256(encode([[one.step, one.given] for one in calls])).digest()
        first = self._done.setdefault(digest, number)
        return None if first == number else first


@dataclass(frozen=True)
class Rehearsing:
    """Begins rehearsals. Needs no running engine."""

    database: Database
    registry: Callable[[], Registry]
    connections: Connections
    recents: Recents
    calls: Calls
    now: Callable[[], datetime]
    within: timedelta = WITHIN
    quick: retries.Waits = QUICK

    async def begin(self, name_or_id: str, *, last: int = LAST, live: bool = False) -> Rehearsal:
        """Reads the last records of a zap's trigger: of its draft, or of what is `live`.

        Raises `NotFound`; `Problems` with all that must be fixed before the zap can run; `Refused` where there is
        nothing to rehearse; and what the trigger raises.
        """
        if not 1 <= last <= MOST:
            raise Refused(f"A rehearsal looks at 1 to {MOST} records.")
        until = asyncio.get_running_loop().time() + self.within.total_seconds()
        chosen = await asyncio.to_thread(self._chosen, name_or_id, live)
        planned = [await self._opened(step) for step in chosen.zap.steps if isinstance(step, ActionStep)]
        try:
            async with asyncio.timeout_at(until):
                records = await self.recents.of(chosen.zap_id, chosen.zap, last)
        except TimeoutError:
            raise Refused("Reading the last records took too long; please ask for fewer.") from None
        walk = Walk(chosen.zap, planned, self.calls, self.now, self.quick)
        return Rehearsal(chosen, tuple(records), walk, until)

    def _chosen(self, name_or_id: str, live: bool) -> Chosen:
        with self.database.read() as session:
            stored = zaps.find(session, name_or_id)
            published = zaps.live(session, stored.id)
            zap = published if live else stored.draft
            if zap is None:
                raise Refused(f"“{stored.name}” was never published, so there is only its draft to rehearse.")
            problems = zapfiles.problems(session, zap, self.registry(), stored.id)
        if problems:
            raise Problems(problems)
        return Chosen(stored.id, zap, stored.published if zap == published else None)

    async def _opened(self, step: ActionStep) -> Planned:
        operation = self.registry().operation(step.use)
        assert isinstance(operation, Action | Search)  # a checked zap has no others
        try:
            return Planned(step, operation, await self.connections.serving(step.use, step.connection))
        except NotUsable as error:
            raise Problems([Problem(str(error), step.key, "connection")]) from error
