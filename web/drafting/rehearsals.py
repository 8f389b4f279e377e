"""Rehearsals under way, and those of the last minutes: one `Rehearsals` for a site, asked by the page as rows come.

A page that is loaded again goes on where it was; one that nobody looks at any more stops its rehearsal. They live in
this process alone: where another one answers, the page begins anew.
"""

import asyncio
import logging
import secrets
from collections import OrderedDict
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime

from engine.errors import NotFound, Sentence
from engine.rehearsal.rehearsing import Chosen, Rehearsal, Rehearsing
from engine.rehearsal.rows import Row

MOST = 50  # rehearsals that are remembered; the records behind them are not
LEFT_AFTER = 20.0  # seconds without a question for its rows, after which nobody looks any more

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What a person wants rehearsed. `revision` is the draft they saw; with `runs` it is these that are replayed."""

    zap_id: str
    revision: int
    last: int
    live: bool
    runs: tuple[str, ...] = ()


@dataclass
class Kept:
    """One rehearsal of one person. `records` is None until they were read; `failure` says why there are no rows."""

    id: str
    wanted: Wanted
    begun_at: datetime
    rows: list[Row] = field(default_factory=list)
    records: int | None = None
    chosen: Chosen | None = None
    failure: Exception | None = None
    ended: bool = False
    stopped: bool = False
    task: "asyncio.Task[None] | None" = None
    _limit: asyncio.Timeout | None = None

    @property
    def cut(self) -> bool:
        """Whether there are fewer rows than records."""
        return self.ended and self.records is not None and len(self.rows) < self.records

    def seen(self) -> None:
        """Somebody still looks."""
        if self._limit is not None and not self.ended:
            self._limit.reschedule(asyncio.get_running_loop().time() + LEFT_AFTER)

    def stop(self) -> None:
        """Ends it; the rows there are stay."""
        if self.task is not None and not self.ended:
            self.stopped = True
            self.task.cancel()

    async def run(self, rehearsing: Rehearsing) -> None:
        """Reads the records and keeps each row as it comes."""
        try:
            async with asyncio.timeout(LEFT_AFTER) as limit:
                self._limit = limit
                rehearsal = await self._begun(rehearsing)
                self.chosen, self.records = rehearsal.chosen, len(rehearsal.records)
                async with aclosing(rehearsal.rows()) as rows:
                    async for row in rows:
                        self.rows.append(row)
        except (TimeoutError, asyncio.CancelledError):
            self.stopped = True
        except Exception as error:
            log.info("a rehearsal of zap %s could not be made", self.wanted.zap_id, exc_info=True)
            self.failure = error
        finally:
            self.ended = True

    async def _begun(self, rehearsing: Rehearsing) -> Rehearsal:
        wanted = self.wanted
        if wanted.runs:
            return await rehearsing.again(wanted.zap_id, wanted.runs)
        return await rehearsing.begin(wanted.zap_id, last=wanted.last, live=wanted.live)


@dataclass
class Rehearsals:
    """Those of the last minutes, by person and zap."""

    _kept: "OrderedDict[tuple[str, str], Kept]" = field(default_factory=OrderedDict)

    def begin(self, person_id: str, wanted: Wanted, rehearsing: Rehearsing, now: datetime) -> Kept:
        """Begins one in place of the person's last one of this zap. Called on the event loop that runs the calls."""
        former = self._kept.pop((person_id, wanted.zap_id), None)
        if former is not None:
            former.stop()
        kept = Kept(secrets.token_hex(8), wanted, now)
        kept.task = asyncio.create_task(kept.run(rehearsing), name=f"rehearsal of {wanted.zap_id}")
        self._kept[person_id, wanted.zap_id] = kept
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)[1].stop()
        return kept

    def last(self, person_id: str, zap_id: str) -> Kept | None:
        """The person's last one of this zap."""
        return self._kept.get((person_id, zap_id))

    def of(self, person_id: str, zap_id: str, rehearsal_id: str) -> Kept:
        """Raises `NotFound` for one that is not remembered any more."""
        kept = self.last(person_id, zap_id)
        if kept is None or kept.id != rehearsal_id:
            raise NotFound(GONE)
        return kept


GONE = Sentence(
    "This rehearsal is not kept any more. Please rehearse once more.",
    "Dieser Probelauf wird nicht mehr aufbewahrt. Bitte beginnen Sie ihn noch einmal.",
)
