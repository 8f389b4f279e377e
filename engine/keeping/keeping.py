"""Keeps the house small: a round of deleting every hour, a thorough one every day, in the background. Run by the
engine's clock; the pages tell it when somebody changed how long things are kept.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from engine.keeping.pruning import Done, Pruning
from engine.store import facts
from engine.store.blobs import Blobs
from engine.store.database import Database
from engine.store.moments import from_ms, to_ms

EVERY = timedelta(hours=1)
THOROUGH_EVERY = timedelta(days=1)
FIRST_AFTER = timedelta(minutes=1)  # whoever starts an engine wants it to work first
TICK = 1.0  # seconds that a tick may take
RESTS = 2.0  # times as long as a slice took; RESTS_WHEN_BUSY where runs are executed at full rate
RESTS_WHEN_BUSY = 8.0
LAST, LAST_THOROUGH = "kept", "kept_thoroughly"  # settings: what the last rounds did, and when

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Round:
    """A round that ended, and what it did."""

    at: datetime
    done: Done


class Keeping:
    """One engine's share."""

    def __init__(self, database: Database, blobs: Blobs, now: Callable[[], datetime], busy: Callable[[], bool]) -> None:
        self._database = database
        self._blobs = blobs
        self._now = now
        self._busy = busy
        self._stopped = False
        self._next = now() + FIRST_AFTER
        self._thorough = False
        self._under_way: tuple[Pruning, Iterator[None]] | None = None

    async def tick(self) -> None:
        """Goes on for about a second, if there is something to do."""
        if self._under_way is None and self._now() < self._next:
            return
        end = time.monotonic() + TICK
        while not self._stopped:
            began = time.monotonic()
            if not await asyncio.to_thread(self.slice):
                return
            took = time.monotonic() - began
            rest = took * (RESTS_WHEN_BUSY if self._busy() else RESTS)
            if time.monotonic() + rest > end:
                await asyncio.sleep(max(min(rest, end - time.monotonic()), 0))
                return
            await asyncio.sleep(rest)

    def soon(self, *, thorough: bool = False) -> None:
        """Does a round at the next tick: somebody changed what is kept, or erased something."""
        self._next = self._now()
        self._thorough = self._thorough or thorough

    def stop(self) -> None:
        """The slice under way ends; no other begins."""
        self._stopped = True

    def slice(self) -> bool:
        """Goes on with the round under way, or begins one; False when it has come to its end."""
        if self._under_way is None:
            self._under_way = self._begun()
        pruning, slices = self._under_way
        try:
            next(slices)
        except StopIteration:
            self._end(pruning)
            return False
        except Exception:
            self._under_way, self._next = None, self._now() + FIRST_AFTER
            raise
        return True

    def catch_up(self, *, thorough: bool = False) -> Done:
        """A whole round at once: for an engine that was not started."""
        self._thorough = thorough
        while self.slice():
            pass
        last = last_round(self._database)
        return last.done if last else Done()

    def _begun(self) -> tuple[Pruning, Iterator[None]]:
        with self._database.read() as session:
            last = facts.get(session, LAST_THOROUGH)
        age = self._now() - from_ms(int(last)) if last else THOROUGH_EVERY
        thorough = self._thorough or not timedelta(0) <= age < THOROUGH_EVERY
        pruning = Pruning(self._database, self._blobs, self._now, thorough)
        self._thorough, self._next = False, self._now() + EVERY
        return pruning, pruning.slices()

    def _end(self, pruning: Pruning) -> None:
        self._under_way = None
        moment = to_ms(self._now())
        with self._database.write() as session:
            facts.put(session, LAST, json.dumps({"at": moment, **asdict(pruning.done)}))
            if pruning.thorough:
                facts.put(session, LAST_THOROUGH, str(moment))
        if pruning.done.contents or pruning.done.runs:
            log.info("kept no longer: the contents of %d runs, %d runs", pruning.done.contents, pruning.done.runs)


def last_round(database: Database) -> Round | None:
    """What the last round did; None before the first one."""
    with database.read() as session:
        found = facts.get(session, LAST)
    if not found:
        return None
    values = json.loads(found)
    return Round(from_ms(values.pop("at")), Done(**values))
