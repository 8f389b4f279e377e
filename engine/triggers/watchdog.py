"""The watchdog: looks every half minute whether something is heard of every trigger, and tells people when not.

It has a thread of its own, and no part in checking: so it notices as well when a check does not end, when the clock
stands still, or when the event loop is blocked. Started by `runtime`; its `counts` are what /readyz and /metrics say.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from engine.errors import Sentence
from engine.store import notices, watches
from engine.store.database import Database
from engine.store.watches import Watch
from engine.store.writer import Writer
from engine.triggers import health
from engine.triggers.health import Health

LOOKS_EVERY = 30.0  # seconds
GAP = timedelta(minutes=5)
"""After a longer time without a look, this process did not run, or the clock was set: silence counts from now on."""
AT_ONCE = 200  # watches in one transaction

FAILS = "New events are not noticed at the moment: the trigger cannot be checked. {problem}"
HANGS = Sentence(
    "New events are not noticed at the moment: a check of the trigger has begun and does not end. "
    "If this lasts, restart Zapwerk.",
    "Neue Ereignisse werden zurzeit nicht bemerkt: Eine Prüfung des Auslösers hat begonnen und endet nicht. "
    "Wenn das anhält, starten Sie Zapwerk neu.",
)
UNCHECKED = Sentence(
    "New events are not noticed at the moment: the trigger is not checked any more. If this lasts, restart Zapwerk.",
    "Neue Ereignisse werden zurzeit nicht bemerkt: Der Auslöser wird nicht mehr geprüft. "
    "Wenn das anhält, starten Sie Zapwerk neu.",
)

log = logging.getLogger(__name__)


def matter(zap_id: str) -> str:
    """What a notice about the silence of this zap's trigger is filed under."""
    return f"trigger:{zap_id}"


@dataclass(frozen=True)
class Change:
    """One watch whose silence began or ended, as far as people are told."""

    watch: Watch
    alarm: bool


class Watchdog:
    """The one of an engine."""

    def __init__(self, database: Database, writer: Writer, now: Callable[[], datetime]) -> None:
        self._database = database
        self._writer = writer
        self._now = now
        self._looked: datetime | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watchdog", daemon=True)
        self.counts: Mapping[Health, int] = dict.fromkeys(Health, 0)
        """How many triggers do how, as of the last look."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Blocks until the look under way is over."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Judges every trigger, and tells what changed."""
        now = self._now()
        if self._looked is None or not timedelta(0) <= now - self._looked <= GAP:
            self._writer.write_and_wait(lambda connection: watches.start_anew(connection, now=now))
        self._looked = now
        with self._database.read() as session:
            found = watches.without_cursors(session)
        self.counts = health.counts(found, now)
        changed = changes(found, now)
        for start in range(0, len(changed), AT_ONCE):
            some = changed[start : start + AT_ONCE]
            self._writer.write_and_wait(partial(_tell, some=some, now=now))

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception:
                log.exception("the triggers could not be judged; the next look tries again")
            self._stopping.wait(LOOKS_EVERY)


def changes(found: Sequence[Watch], now: datetime) -> list[Change]:
    """Whose silence people must be told of, and for whom it is over. Pure.

    It is over with a check that succeeded, or when the zap is switched off; a restart alone ends nothing.
    """
    return [Change(watch, not watch.alarmed_at) for watch in found if _changes(watch, now)]


def _changes(watch: Watch, now: datetime) -> bool:
    state = health.of(watch, now)
    if watch.alarmed_at is None:
        return state is Health.FAILING
    heard = watch.last_success_at is not None and watch.last_success_at > watch.alarmed_at
    return state is Health.OFF or heard


def sentence(watch: Watch) -> str:
    """What people are told of a silent trigger; what its connector said is put into German when it is told."""
    if watch.problem:
        return FAILS.format(problem=watch.problem)
    return HANGS if watch.token else UNCHECKED


def _tell(connection: Connection, some: Sequence[Change], now: datetime) -> None:
    for change in some:
        watch = change.watch
        if not watches.set_alarmed(connection, watch, at=now if change.alarm else None):
            continue
        if change.alarm:
            log.warning("nothing is heard of the trigger of zap %s: %s", watch.zap_id, sentence(watch))
            notices.tell(connection, matter(watch.zap_id), sentence(watch), zap_id=watch.zap_id, now=now)
        else:
            notices.settle(connection, matter(watch.zap_id), now=now)
