"""Switching on from the editor: what will happen, told before, and which of the existing records fire after all."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from engine.connections.calls import Calls, ConnectorBug
from engine.connections.stored import NotUsable
from engine.editing import founds
from engine.editing.draft import Draft
from engine.editing.drafts import Drafts
from engine.editing.founds import Founds
from engine.editing.sentences import said
from engine.editing.words import Words
from engine.errors import NotFound, Problem, Problems, Refused, ZapwerkError
from engine.registry import Registry
from engine.runs.effects import sentence
from engine.sdk.errors import ConnectorError
from engine.store import intake, runs, watches
from engine.store.database import Database
from engine.store.encoding import encode
from engine.store.intake import Found as Fires
from engine.store.states import Hold
from engine.store.watches import Watch
from engine.triggers import kinds, schedules
from engine.triggers.recent import Recent, Recents
from engine.triggers.sources import PollingSource, ScheduleSource, Source, Sources
from engine.triggers.switching import Switched, Switching
from engine.zaps.model import TRIGGER

COUNTED_WITHIN = timedelta(seconds=1.5)
"""How long the page waits to be told how many records are there already."""

log = logging.getLogger(__name__)


class SourceChange(StrEnum):
    """What is watched, compared with before."""

    NEW = "new"
    SAME = "same"
    ANOTHER = "another"


@dataclass(frozen=True)
class Confirmation:
    """What switching on would do. With any `problems` it would be refused, and the rest is not known.

    `first` says that it was never published, `publishes` that the draft becomes the live version. `baseline`: what
    exists at the app by then does not fire; `there` is how many records that are, where the app told. `every` is the
    time between two checks (None where nobody asks), `listening` that the app is also listened to. `held` runs that
    wait since it was switched off go on. `next` are the next times of a schedule.
    """

    problems: tuple[Problem, ...] = ()
    first: bool = False
    publishes: bool = False
    source: SourceChange = SourceChange.NEW
    kind: str = ""
    baseline: bool = False
    there: int | None = None
    listening: bool = False
    every: timedelta | None = None
    held: int = 0
    next: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Publishing:
    """Switches on as the editor asks. Used on the event loop that runs the calls."""

    database: Database
    registry: Callable[[], Registry]
    drafts: Drafts
    sources: Sources
    recents: Recents
    switching: Switching
    now: Callable[[], datetime]
    calls: Calls
    patience: timedelta = COUNTED_WITHIN

    async def before_on(self, zap_id: str, *, counts: bool = False) -> Confirmation:
        """What switching on would do. No app is asked, except, where it `counts`, how many records are there already:
        for a moment, and without the number if that fails. Raises `NotFound`."""
        confirmation = await asyncio.to_thread(self._before_on, zap_id)
        if not counts or not confirmation.baseline or confirmation.source is SourceChange.SAME:
            return confirmation
        return replace(confirmation, there=await self._there(zap_id))

    async def _there(self, zap_id: str) -> int | None:
        try:
            draft = await asyncio.to_thread(self.drafts.get, zap_id)
            source = await asyncio.to_thread(self._source, draft)
            if not isinstance(source, PollingSource):
                return None
            return await self.calls.count(source.trigger, source.asked(), source.given, self.patience)
        except (ConnectorError, ConnectorBug, ZapwerkError, TimeoutError) as error:
            log.debug("what is there already for zap %s could not be counted: %s", zap_id, error)
            return None

    async def existing(self, zap_id: str, more: int = 0) -> Founds:
        """The last records that have not fired, to tick: all of them at first, later what arrived meanwhile.

        There are none for what is not polled. Raises `Problems`, `Refused`.
        """
        draft = await asyncio.to_thread(self.drafts.get, zap_id)
        source = await asyncio.to_thread(self._source, draft)
        if not isinstance(source, PollingSource):
            return Founds((), more=False)
        count = min(founds.AT_A_TIME * (max(more, 0) + 1), founds.MOST)
        recent = await founds.look(self.recents, draft, founds.LAST + count, self._words())
        known = await asyncio.to_thread(self._known, draft.id, source, recent)
        return founds.shown(recent, draft, count, but=known)

    async def on(self, zap_id: str, *, by: str = "", also: Collection[str] = (), catch_up: bool = False) -> Switched:
        """Switches on, publishing the draft if it is not live. Of what exists, exactly `also` (record ids) fires.

        Raises `Problems` or `Refused`; then nothing is changed.
        """
        fires = await self._chosen(zap_id, frozenset(also)) if also else ()
        return await self.switching.on(zap_id, catch_up=catch_up, by=by, also=fires)

    async def publish(self, zap_id: str, *, by: str = "") -> Switched:
        """Makes the draft the live version of a zap that is on or off, and leaves it so. Raises as `on`."""
        return await self.switching.publish(zap_id, by=by)

    async def _chosen(self, zap_id: str, ids: Collection[str]) -> tuple[Fires, ...]:
        """The chosen records as they are now, the oldest first."""
        draft = await asyncio.to_thread(self.drafts.get, zap_id)
        if not isinstance(await asyncio.to_thread(self._source, draft), PollingSource):
            raise Refused(said("record_gone"))
        recent = await founds.look(self.recents, draft, founds.MOST, self._words())
        found = [one for one in reversed(recent) if one.id in ids]
        if len(found) < len(ids):
            raise Refused(said("record_gone"))
        return tuple(Fires(one.id, encode(one.data), one.warning) for one in found)

    def _before_on(self, zap_id: str) -> Confirmation:
        draft = self.drafts.get(zap_id)
        if draft.problems:
            return Confirmation(draft.problems)
        try:
            source = self._source(draft)
        except Problems as error:
            return Confirmation(error.problems)
        with self.database.read() as session:
            watch = watches.get(session, draft.id)
            held = runs.count_held(session, draft.id, Hold.OFF)
        change = _change(watch, source)
        return Confirmation(
            first=draft.published is None,
            publishes=draft.differs,
            source=change,
            kind=_kind(source),
            baseline=not (change is SourceChange.SAME and watch is not None and watch.active),
            listening=bool(source.listens),
            every=timedelta(milliseconds=kinds.every_ms(source)) or None,
            held=held,
            next=self._next(source, draft),
        )

    def _source(self, draft: Draft) -> Source:
        if draft.at(TRIGGER):
            raise Problems(draft.at(TRIGGER))
        try:
            return self.sources.of(draft.zap)
        except NotUsable as error:
            raise Problems([Problem(str(error), TRIGGER, "connection")]) from error
        except (ConnectorError, ConnectorBug, NotFound) as error:
            told = self._words().both(draft.zap.trigger.app, sentence(error))
            raise Problems([Problem(told, TRIGGER)]) from error

    def _known(self, zap_id: str, source: Source, recent: Collection[Recent]) -> frozenset[str]:
        with self.database.read() as session:
            return frozenset(intake.known_ids(session.connection(), zap_id, source.name, [one.id for one in recent]))

    def _next(self, source: Source, draft: Draft) -> tuple[datetime, ...]:
        if not isinstance(source, ScheduleSource):
            return ()
        return tuple(schedules.upcoming(draft.zap, self.registry(), self.now()))

    def _words(self) -> Words:
        return Words(self.registry(), "en")


def _change(watch: Watch | None, source: Source) -> SourceChange:
    if watch is None:
        return SourceChange.NEW
    return SourceChange.SAME if watch.source == source.name else SourceChange.ANOTHER


def _kind(source: Source) -> str:
    if isinstance(source, PollingSource):
        return "polling"
    return "schedule" if isinstance(source, ScheduleSource) else "webhook"
