"""Pausing: everything by one switch, one zap by a person, or a zap that nearly always fails by itself. A pause never
stops intake: what arrives waits. The pages, the API and the command line call `Pausing`, the engine `AutoPause`.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.errors import NotFound, Refused, Sentence
from engine.store import notices, pauses, restorations, zaps
from engine.store.database import Database
from engine.store.pauses import AllPaused, Failures
from engine.store.states import ZapState
from engine.store.writer import Writer

WINDOW = timedelta(days=7)
WORST = 0.95  # of the runs in the window
MORE_THAN = 20  # runs in the window
LOOKED_AT_EVERY = 5.0  # seconds between two looks at the zaps that failed meanwhile

PAUSED = Sentence(
    "It was paused, because {failed} of its last {runs} runs failed. What arrives is kept on hold. Mend what fails, "
    "then let it go on.",
    "Er wurde pausiert, weil {failed} der letzten {runs} Ausführungen fehlgeschlagen sind. Was ankommt, wird "
    "zurückgehalten. Beheben Sie die Ursache und lassen Sie ihn dann weiterlaufen.",
)
BY_HAND = Sentence(
    "Somebody paused it. What arrives is kept on hold until it goes on.",
    "Er wurde von Hand pausiert. Was ankommt, wird zurückgehalten, bis er weiterläuft.",
)
RESTORED = Sentence(
    "This zap comes out of a backup. Please decide how it goes on under Settings, Backups, or with: zapwerk restored "
    "decide",
    "Dieser Zap stammt aus einer Sicherung. Bitte entscheiden Sie unter Einstellungen, Sicherungen, wie es mit ihm "
    "weitergeht, oder mit: zapwerk restored decide",
)
CATCHES_UP = Sentence(
    "After the restore, it is looking for what it has missed; that is held for a look. Only then can it go on.",
    "Nach der Wiederherstellung sucht er, was er verpasst hat; das wird zurückgehalten. Erst danach kann er "
    "weiterlaufen.",
)


@dataclass(frozen=True)
class Pausing:
    """Changes rows only: a running engine, in whatever process, begins nothing from the next moment on."""

    database: Database
    now: Callable[[], datetime]

    def all_paused(self) -> AllPaused | None:
        """Since when everything is paused, and by whom; None while it is not."""
        with self.database.read() as session:
            return pauses.all_paused(session)

    def pause_all(self, *, by: str = "") -> None:
        """Triggers are checked and calls are taken, but no run begins; those under way end. `by` is a person's id."""
        with self.database.write() as session:
            if pauses.all_paused(session) is None:
                pauses.pause_all(session, by=by, now=self.now())

    def resume_all(self) -> None:
        """What waited goes on, the oldest first."""
        with self.database.write() as session:
            pauses.resume_all(session)

    def pause(self, zap_id: str) -> bool:
        """Pauses a zap that is on; False if it is not on. Raises `NotFound`."""
        with self.database.write() as session:
            return pauses.pause(session.connection(), zaps.find(session, zap_id).id)

    def resume(self, zap_id: str, *, release: bool = True) -> int:
        """Lets a paused zap go on; returns how many of its runs do, too. Raises `NotFound`, and `Refused` for one that
        waits for a decision after a restore: nothing watches its trigger; and for one of which what it has missed since
        the backup is not all found: it would run.
        """
        with self.database.write() as session:
            stored = zaps.find(session, zap_id)
            if stored.state == ZapState.PAUSED and restorations.waits(session, stored.id):
                raise Refused(RESTORED)
            if stored.state == ZapState.PAUSED and restorations.catches_up(session, stored.id):
                raise Refused(CATCHES_UP)
            return pauses.resume(session.connection(), stored.id, now=self.now(), release=release)

    def reasons(self, zap_ids: Collection[str]) -> dict[str, Sentence]:
        """Why each of these zaps is paused; for those that are."""
        if not zap_ids:
            return {}
        with self.database.read() as session:
            told = {one.matter: Sentence(one.sentence, one.german) for one in notices.open_of(session, "paused")}
            restored = {zap_id for zap_id in zap_ids if restorations.waits(session, zap_id)}
            catches_up = {zap_id for zap_id in zap_ids if restorations.catches_up(session, zap_id)}
        by_itself = {zap_id: told.get(pauses.paused_matter(zap_id), BY_HAND) for zap_id in zap_ids}
        return by_itself | dict.fromkeys(restored, RESTORED) | dict.fromkeys(catches_up, CATCHES_UP)

    def failures(self, zap_id: str) -> Failures:
        """What auto-pause decides by."""
        with self.database.read() as session:
            return pauses.failures(session, zap_id, since=self.now() - WINDOW, worst=WORST)


def is_hopeless(found: Failures) -> bool:
    """Whether a zap is paused because of these."""
    return found.failed + found.well > MORE_THAN and found.share() >= WORST


@dataclass
class AutoPause:
    """Looks at the zaps of which a run has failed. Counting at every failure would make a bad day worse."""

    pausing: Pausing
    writer: Writer
    _failed: set[str] = field(default_factory=set)

    def failed(self, zap_id: str) -> None:
        """A run of this zap has failed."""
        self._failed.add(zap_id)

    async def tick(self) -> None:
        failed, self._failed = self._failed, set()
        for zap_id in failed:
            await self._look(zap_id)

    async def _look(self, zap_id: str) -> None:
        found = await asyncio.to_thread(self._hopeless, zap_id)
        if found is None:
            return
        counts, now = {"failed": found.failed, "runs": found.failed + found.well}, self.pausing.now()
        said = Sentence(PAUSED.format(**counts), PAUSED.german.format(**counts))

        def pause(connection: Connection) -> None:
            if pauses.pause(connection, zap_id):
                notices.tell(connection, pauses.paused_matter(zap_id), said, zap_id=zap_id, now=now)

        await self.writer.write(pause)

    def _hopeless(self, zap_id: str) -> Failures | None:
        with self.pausing.database.read() as session:
            try:
                stored = zaps.find(session, zap_id)
                live = zaps.live(session, stored.id)
            except NotFound:  # it was deleted meanwhile
                return None
        if stored.state != ZapState.ON or live is None or not live.auto_pause:
            return None
        found = self.pausing.failures(zap_id)
        return found if is_hopeless(found) else None
