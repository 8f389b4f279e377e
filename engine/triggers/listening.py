"""Listening: keeps one listener per watched place running, and has its zaps checked when it says so.

A listener carries no data. It is asked again and again; a check follows each time it returns, and after every new
start, because something may have come while nobody listened. One that heard nothing for an hour is asked to return and
begun again, so that one that hangs is told from one that has nothing to say. Nobody can end a thread: another one is
begun beside it, as long as those that are left behind are few.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta

from engine.connections.calls import Calls
from engine.connections.contexts import Purpose
from engine.errors import ZapwerkError
from engine.sdk.errors import ConnectorError
from engine.store import watches, zaps
from engine.store.database import Database
from engine.store.writer import Writer
from engine.triggers.sources import PollingSource, Source, Sources

PAUSE_AFTER_HINT = 0.02  # seconds; a listener that returns at once must not spin
WELL_AFTER = 2.0  # seconds
FIRST_PAUSE = timedelta(seconds=1)
MAX_PAUSE = timedelta(minutes=2)
ASKED_BACK_AFTER = timedelta(hours=1)
ENDS_WITHIN = timedelta(minutes=1)  # how long one that overran is waited for before another is begun beside it
LEFT_BEHIND = 2  # of one place
LEFT_BEHIND_IN_ALL = 100  # a connector has threads for 500 listeners

log = logging.getLogger(__name__)


@dataclass
class _Listener:
    """One running listener. `zap_ids` are those that are checked when it returns."""

    zap_ids: frozenset[str]
    stopping: threading.Event = field(default_factory=threading.Event)
    task: asyncio.Task[None] | None = None
    well: bool = False
    overdue: set[asyncio.Task[None]] = field(default_factory=set)
    """One for each call that goes on although its time is over."""


class Listening:
    """All listeners of one process."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        sources: Sources,
        calls: Calls,
        hint: Callable[[Collection[str]], Awaitable[None]],
    ) -> None:
        self._database = database
        self._writer = writer
        self._sources = sources
        self._calls = calls
        self._hint = hint
        self._listeners: dict[str, _Listener] = {}
        self._overdue: set[asyncio.Task[None]] = set()

    async def reconcile(self) -> None:
        """Starts the listeners that are wanted and missing, and stops those that are not wanted any more."""
        wanted = await asyncio.to_thread(self._wanted)
        for key in set(self._listeners) - set(wanted):
            await self._dismiss(self._listeners.pop(key))
        for key, zap_ids in wanted.items():
            if key in self._listeners:
                await self._joined(self._listeners[key], zap_ids)
            else:
                listener = self._listeners[key] = _Listener(zap_ids)
                listener.task = asyncio.create_task(self._listen(listener), name=f"listen {key}")

    async def stop(self, grace: float) -> None:
        """Asks all to return, and waits."""
        tasks = [listener.task for listener in self._listeners.values() if listener.task]
        for listener in self._listeners.values():
            listener.stopping.set()
        self._listeners.clear()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in self._overdue:
            task.cancel()
        await asyncio.gather(*self._overdue, return_exceptions=True)

    async def _dismiss(self, listener: _Listener) -> None:
        listener.stopping.set()
        await self._tell(listener.zap_ids, False)

    async def _joined(self, listener: _Listener, zap_ids: frozenset[str]) -> None:
        newcomers, listener.zap_ids = zap_ids - listener.zap_ids, zap_ids
        if newcomers:
            await self._tell(newcomers, listener.well)

    async def _is_well(self, listener: _Listener, well: bool) -> None:
        if listener.well != well:
            listener.well = well
            await self._tell(listener.zap_ids, well)

    async def _tell(self, zap_ids: Collection[str], listening: bool) -> None:
        await self._writer.write(lambda connection: watches.set_listening(connection, zap_ids, listening))

    def _wanted(self) -> dict[str, frozenset[str]]:
        with self._database.read() as session:
            by_key: dict[str, set[str]] = {}
            for watch in watches.listening(session):
                by_key.setdefault(watch.listens, set()).add(watch.zap_id)
        return {key: frozenset(zap_ids) for key, zap_ids in by_key.items()}

    async def _listen(self, listener: _Listener) -> None:
        pause = FIRST_PAUSE
        while not listener.stopping.is_set():
            try:
                await self._once(listener)
                pause = FIRST_PAUSE
            except Exception as error:  # noqa: BLE001 (said, and tried again)
                await self._is_well(listener, False)
                log.warning("listening failed, next try in %s: %s", pause, _said(error))
                if self._calls.hangs(error):
                    await self._leave_behind(listener, error)
                await _sleep_or_stop(pause, listener.stopping)
                pause = min(pause * 2, MAX_PAUSE)

    async def _leave_behind(self, listener: _Listener, error: Exception) -> None:
        """Waits a moment for a call that overran, and longer where too many go on already."""
        late = asyncio.create_task(self._hear_late(listener, error), name="overdue listener")
        for overdue in (listener.overdue, self._overdue):
            overdue.add(late)
            late.add_done_callback(overdue.discard)
        await asyncio.wait({late}, timeout=ENDS_WITHIN.total_seconds())
        while overdue := self._too_many(listener):
            log.warning("listeners hang: the next one is begun when one of %s has ended", len(overdue))
            await asyncio.wait(overdue, return_when=asyncio.FIRST_COMPLETED)

    def _too_many(self, listener: _Listener) -> set[asyncio.Task[None]]:
        """Of those of one place, or of all, one has to end first; empty if none has to."""
        if len(listener.overdue) > LEFT_BEHIND:
            return set(listener.overdue)
        return set(self._overdue) if len(self._overdue) > LEFT_BEHIND_IN_ALL else set()

    async def _hear_late(self, listener: _Listener, error: Exception) -> None:
        """It may not have hung, but waited without looking at the time: then its return says something, too."""
        await self._calls.ended(error)
        if not listener.stopping.is_set():
            await self._hint(listener.zap_ids)

    async def _once(self, listener: _Listener) -> None:
        source = await asyncio.to_thread(self._source, min(listener.zap_ids))
        asked = source.asked(purpose=Purpose.LISTENER, stopping=self._asked_to_return(listener, source))
        listening = asyncio.ensure_future(self._calls.listen(source.trigger, asked, source.given))
        if not listener.well:
            await self._hint(listener.zap_ids)
        await self._until_it_returns(listener, listening)
        if not listener.stopping.is_set():
            await self._hint(listener.zap_ids)
            await asyncio.sleep(PAUSE_AFTER_HINT)

    async def _until_it_returns(self, listener: _Listener, listening: asyncio.Future[None]) -> None:
        """One that did not fail at once is well."""
        try:
            done, _ = await asyncio.wait({listening}, timeout=WELL_AFTER)
            if not done:
                await self._is_well(listener, True)
            await listening
            await self._is_well(listener, True)
        finally:
            listening.cancel()

    def _asked_to_return(self, listener: _Listener, source: Source) -> Callable[[], bool]:
        """Also when its time is over, and when its connector was edited: the next turn listens with the new code."""
        connector, registry = source.connection.connector, self._sources.registry
        until = time.monotonic() + ASKED_BACK_AFTER.total_seconds()

        def asked() -> bool:
            edited = registry().connectors.get(connector.key) is not connector
            return edited or listener.stopping.is_set() or time.monotonic() >= until

        return asked

    def _source(self, zap_id: str) -> PollingSource:
        with self._database.read() as session:
            zap = zaps.live(session, zap_id)
        assert zap is not None
        source = self._sources.of(zap)
        assert isinstance(source, PollingSource), "only these have listeners"
        return source


async def _sleep_or_stop(pause: timedelta, stopping: threading.Event) -> None:
    waited = 0.0
    while waited < pause.total_seconds() and not stopping.is_set():
        await asyncio.sleep(0.2)
        waited += 0.2


def _said(error: Exception) -> str:
    if isinstance(error, ConnectorError):
        return error.sentence
    return str(error) if isinstance(error, ZapwerkError) else repr(error)
