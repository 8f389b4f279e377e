"""Rehearses a zap: its last records through its steps, with nothing created and nothing remembered.

The command line and the pages begin a rehearsal and draw its rows as they come. It writes nothing: no event, no run,
no journal, no notice, and no cursor moves; only a token that had to be refreshed is kept, as with every call.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.connections.calls import Calls
from engine.connections.stored import Connections, NotUsable
from engine.errors import Problem, Problems, Refused
from engine.registry import Registry
from engine.rehearsal.rows import Foreseen, Row, Would
from engine.rehearsal.walk import Planned, Walk
from engine.runs import history, retries
from engine.sdk.connector import Action, Search
from engine.store import runs, zapfiles, zaps
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

    `cut` says, after the last row, why there are fewer rows than records; “” when all were looked at. `done` is what
    steps gave already, record by record, where the records are those of runs that go on.
    """

    chosen: Chosen
    records: tuple[Recent, ...]
    walk: Walk
    until: float  # on the clock of the event loop
    cut: str = ""
    done: tuple[Mapping[str, Any], ...] = ()
    _done: dict[bytes, int] = field(default_factory=dict)

    async def rows(self) -> AsyncGenerator[Row, None]:
        """What the zap would do with each record, the newest first, each as soon as it is known."""
        for number, record in enumerate(self.records, 1):
            try:
                async with asyncio.timeout_at(self.until):
                    steps = await self.walk.of(record.data, self.done[number - 1] if self.done else None)
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
        walk = await self.walk(chosen.zap)
        try:
            async with asyncio.timeout_at(until):
                records = await self.recents.of(chosen.zap_id, chosen.zap, last)
        except TimeoutError:
            raise Refused("Reading the last records took too long; please ask for fewer.") from None
        return Rehearsal(chosen, tuple(records), walk, until)

    async def again(self, zap_id: str, run_ids: Sequence[str]) -> Rehearsal:
        """What replaying these runs with the zap's newest version would do, from where each ended, in this order.

        Raises `NotFound`; `Problems` and `Refused` as `begin` does.
        """
        until = asyncio.get_running_loop().time() + self.within.total_seconds()
        chosen = await asyncio.to_thread(self._chosen, zap_id, True)
        walk = await self.walk(chosen.zap)
        ended = await asyncio.to_thread(self._ended, run_ids[:MOST])
        records = tuple(record for record, _ in ended)
        return Rehearsal(chosen, records, walk, until, done=tuple(done for _, done in ended))

    def _ended(self, run_ids: Sequence[str]) -> list[tuple[Recent, Mapping[str, Any]]]:
        """The records of runs, and what the steps gave that were done."""
        found: list[tuple[Recent, Mapping[str, Any]]] = []
        with self.database.read() as session:
            for run_id in run_ids:
                loaded = runs.load(session, runs.get(session, run_id))
                done = {path: past.output for path, past in history.of(loaded.lines).items() if past.done}
                found.append((Recent(loaded.record_id, loaded.payload, loaded.received_at), done))
        return found

    async def walk(self, zap: Zap) -> Walk:
        """The steps of a zap, opened, for whoever has records already. Raises `NotFound` and `Problems`."""
        planned = [await self._opened(step) for step in zap.steps if isinstance(step, ActionStep)]
        return Walk(zap, planned, self.calls, self.now, self.quick)

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
            step = self.connections.typed.opened(step)
            return Planned(step, operation, await self.connections.serving(step.use, step.connection))
        except NotUsable as error:
            raise Problems([Problem(str(error), step.key, "connection")]) from error
