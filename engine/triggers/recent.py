"""The last records of a zap's trigger, whatever its kind: for looking at what the zap would do. Nothing is remembered.

A polling trigger is asked for its newest records, and a schedule has its last times. What a service sends cannot be
asked for again, so a webhook has the events that it made, and the calls that somebody waited for. Called by rehearsals.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from engine.connections.calls import Calls
from engine.sdk.records import Record
from engine.store import awaited, events
from engine.store.database import Database
from engine.store.encoding import decode
from engine.triggers import reading, schedules
from engine.triggers.sources import PollingSource, ScheduleSource, Source, Sources
from engine.zaps.model import Zap


@dataclass(frozen=True)
class Recent:
    """One record as a run would get it. `at` is when it was received, where that is known; `warning` what is odd."""

    id: str
    data: Any
    at: datetime | None = None
    warning: str = ""


@dataclass(frozen=True)
class Recents:
    """Finds them."""

    database: Database
    sources: Sources
    calls: Calls
    now: Callable[[], datetime]

    async def of(self, zap_id: str, zap: Zap, count: int, *, keeps_files: bool = False) -> list[Recent]:
        """At most so many, the newest first. Raises what `Sources.of` and the trigger raise."""
        source: Source = await asyncio.to_thread(self.sources.of, zap)
        match source:
            case PollingSource():
                return _read(await reading.newest(self.calls, source, count, keeps_files=keeps_files))
            case ScheduleSource():
                return _read(schedules.newest(source.table, source.locale, self.now(), count))
            case _:
                return await asyncio.to_thread(self._received, zap_id, source, count)

    def _received(self, zap_id: str, source: Source, count: int) -> list[Recent]:
        with self.database.read() as session:
            use = source.trigger.use
            found = [
                Recent(one.record_id, decode(one.payload), one.received_at)
                for one in events.newest(session, zap_id, use, count)
            ]
            tried = [
                Recent(one.record_id, decode(one.payload), one.received_at, one.misfit)
                for one in awaited.newest(session, zap_id, use, count)
            ]
        known = {one.id for one in found}
        both = [*found, *(one for one in tried if one.id not in known)]
        return sorted(both, key=attrgetter("at"), reverse=True)[:count]


def _read(records: Iterable[Record]) -> list[Recent]:
    stored = [reading.found(record) for record in records]
    return [Recent(one.id, decode(one.payload), warning=one.misfit) for one in stored]
