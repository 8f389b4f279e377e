"""Switching zaps on and off. On takes a baseline, so that what exists does not fire, or refuses with the reason."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from engine.connections.calls import Calls, ConnectorBug
from engine.connections.stored import NotUsable
from engine.errors import Problem, Problems, Refused
from engine.registry import Registry
from engine.sdk.errors import AuthFailed, ConnectorError, InvalidInput
from engine.store import baselines, intake, pauses, runs, watches, zapfiles, zaps
from engine.store.database import Database
from engine.store.intake import Found
from engine.store.states import Hold, ZapState
from engine.store.zaps import StoredZap
from engine.triggers import kinds
from engine.triggers.reading import Baseline
from engine.triggers.sources import Source, Sources
from engine.zaps.remarks import remark


@dataclass(frozen=True)
class Switched:
    """What switching on did: the live version, and whether the trigger starts anew (what exists does not fire).

    `fired` counts the existing records that were chosen to fire. `unpublished_changes` says that the draft is not what
    is live.
    """

    version: int
    published: bool
    new_baseline: bool
    fired: int = 0
    unpublished_changes: bool = False


@dataclass(frozen=True)
class Beginning:
    """What is watched, and from where: from now on (a baseline), or from where it stood (None)."""

    source: Source
    baseline: Baseline | None


@dataclass(frozen=True)
class _Wish:
    """How a zap shall be switched on."""

    catch_up: bool = False
    by: str = ""
    also: tuple[Found, ...] = ()


@dataclass(frozen=True)
class Switching:
    """Needs no running engine: the command line does it as well."""

    database: Database
    registry: Callable[[], Registry]
    sources: Sources
    calls: Calls
    now: Callable[[], datetime]

    async def on(self, zap_id: str, *, catch_up: bool = False, by: str = "", also: Sequence[Found] = ()) -> Switched:
        """Publishes the draft if it differs from what is live, and watches its trigger.

        What arrived while the zap was off does not fire, unless `catch_up`; of what exists, exactly the records in
        `also` do (oldest first), but for those that fired before. `by` is the id of who publishes. Raises `Problems`
        or `Refused`; then nothing is changed.
        """
        return await self._on(zap_id, ZapState.ON, _Wish(catch_up, by, tuple(also)))

    async def publish(self, zap_id: str, *, by: str = "") -> Switched:
        """Publishes the draft, and leaves the zap on, paused or off as it is. Raises as `on`."""
        stored = await asyncio.to_thread(self._checked, zap_id)
        if stored.state in (ZapState.ON, ZapState.PAUSED):
            return await self._on(zap_id, stored.state, _Wish(by=by))
        return await asyncio.to_thread(self._publish_only, stored, by)

    async def live_on(self, zap_id: str, *, catch_up: bool = False) -> Switched:
        """Switches on the version that is live, as it is; a draft that differs from it stays a draft.

        What arrived meanwhile does not fire, unless `catch_up`. Raises as `on`, and `Refused` for a zap that was never
        published.
        """
        stored = await asyncio.to_thread(self._live, zap_id)
        beginning = await self.beginning(stored, catch_up=catch_up)
        return await asyncio.to_thread(self._live_on, stored, beginning)

    async def again(self, zap_id: str, *, anew: bool) -> None:
        """Watches the live version of a zap whose watch stands still: `anew` from now on, else from where it stood.

        Its draft and its state stay as they are. Raises as `on`.
        """
        stored = await asyncio.to_thread(self._live, zap_id)
        beginning = await self.beginning(stored, catch_up=True, anew=anew)
        await asyncio.to_thread(self._watch_again, stored, beginning)

    async def beginning(self, stored: StoredZap, *, catch_up: bool, anew: bool = False) -> Beginning:
        """How the trigger that is drawn in `stored` is watched; asks the app where that is from now on.

        Raises `Problems` or `Refused`.
        """
        source = await asyncio.to_thread(self._source, stored)
        keeps = not anew and await asyncio.to_thread(self._keeps, stored, source, catch_up)
        return Beginning(source, None if keeps else await self._baseline(source))

    def _live(self, zap_id: str) -> StoredZap:
        """The zap with what is live in the place of its draft."""
        with self.database.read() as session:
            stored = zaps.find(session, zap_id)
            live = zaps.live(session, stored.id)
            if live is None:
                raise Refused(remark("never_published", name=stored.name))
            problems = zapfiles.problems(session, live, self.registry(), stored.id)
        if problems:
            raise Problems(problems)
        return replace(stored, draft=live)

    def _watch_again(self, stored: StoredZap, beginning: Beginning) -> None:
        with self.database.write() as session:
            self._still_live(session, stored)
            self.watch(session, stored.id, beginning)

    def _live_on(self, stored: StoredZap, beginning: Beginning) -> Switched:
        with self.database.write() as session:
            version = self._still_live(session, stored)
            self.watch(session, stored.id, beginning)
            self._is_on(session, stored.id, ZapState.ON)
            changed = zaps.differs(session, stored.id)
        anew = beginning.baseline is not None
        return Switched(version, published=False, new_baseline=anew, unpublished_changes=changed)

    def _still_live(self, session: Session, stored: StoredZap) -> int:
        """The number of the version that was looked at. Raises `Refused` if another one is live by now."""
        published = zaps.find(session, stored.id).published
        if published is None or published != stored.published:
            raise Refused(remark("changed_before_switching", name=stored.name))
        return published

    def _publish_only(self, stored: StoredZap, by: str) -> Switched:
        with self.database.write() as session:
            before = self._unchanged(session, stored)
            published = zaps.differs(session, stored.id)
            version = self._publish(session, stored, by) if published else before.published
            if before.state == ZapState.DRAFT:
                zaps.set_state(session, stored.id, ZapState.OFF, now=self.now())
        assert version is not None
        return Switched(version, published, new_baseline=False)

    async def _on(self, zap_id: str, state: ZapState, wish: "_Wish") -> Switched:
        stored = await asyncio.to_thread(self._checked, zap_id)
        beginning = await self.beginning(stored, catch_up=wish.catch_up)
        return await asyncio.to_thread(self._switch_on, stored, beginning, state, wish)

    def off(self, zap_id: str, *, hold_waiting: bool = False) -> int:
        """Stops intake; runs end as they are, or those not begun are held. Returns how many were held."""
        with self.database.write() as session:
            stored = zaps.find(session, zap_id)
            if stored.state == ZapState.DRAFT:
                return 0
            zaps.set_state(session, stored.id, ZapState.OFF, now=self.now())
            watches.stop(session, stored.id)
            return runs.hold_waiting(session.connection(), stored.id, Hold.OFF) if hold_waiting else 0

    def delete(self, zap_id: str) -> None:
        """Switches off for good; the history stays, and runs end as they are."""
        with self.database.write() as session:
            stored = zaps.find(session, zap_id)
            watches.stop(session, stored.id)
            zaps.delete(session, stored.id, now=self.now())

    def _checked(self, zap_id: str) -> StoredZap:
        with self.database.read() as session:
            stored = zaps.find(session, zap_id)
            problems = zapfiles.problems(session, stored.draft, self.registry(), stored.id)
        if problems:
            raise Problems(problems)
        return stored

    def _source(self, stored: StoredZap) -> Source:
        try:
            return self.sources.of(stored.draft)
        except NotUsable as error:
            raise Problems([Problem(str(error), "trigger", "connection")]) from error

    def _keeps(self, stored: StoredZap, source: Source, catch_up: bool) -> bool:
        """Whether the trigger goes on from where it stood."""
        with self.database.read() as session:
            watch = watches.get(session, stored.id)
        return watch is not None and watch.source == source.name and (watch.active or catch_up)

    async def _baseline(self, source: Source) -> Baseline:
        try:
            return await kinds.baseline(self.calls, source, self.now())
        except InvalidInput as error:
            raise Problems([Problem(error.sentence, "trigger", error.field or "")]) from error
        except AuthFailed as error:
            raise Problems([Problem(error.sentence, "trigger", "connection")]) from error
        except (ConnectorError, ConnectorBug) as error:
            said = error.sentence if isinstance(error, ConnectorError) else str(error)
            raise Refused(f"It was not switched on, because the trigger could not be checked: {said}") from error

    def _switch_on(self, stored: StoredZap, beginning: Beginning, state: ZapState, wish: "_Wish") -> Switched:
        source = beginning.source
        with self.database.write() as session:
            before = self._unchanged(session, stored)
            published = zaps.differs(session, stored.id)
            version = self._publish(session, stored, wish.by) if published else before.published
            fires = self._not_known(session, stored.id, source, wish.also)
            self.watch(session, stored.id, beginning)
            self._is_on(session, stored.id, state)
            self._fire(session, stored.id, source, fires)
        assert version is not None
        return Switched(version, published, beginning.baseline is not None, len(fires))

    def _is_on(self, session: Session, zap_id: str, state: ZapState) -> None:
        """On or paused, with the runs going on that waited for it to be switched on."""
        zaps.set_state(session, zap_id, state, now=self.now())
        runs.release_hold(session.connection(), Hold.OFF, now=self.now(), zap_id=zap_id)
        if state == ZapState.ON:
            pauses.resume(session.connection(), zap_id, now=self.now())

    def _unchanged(self, session: Session, stored: StoredZap) -> StoredZap:
        """The zap as it stands; what was checked is still what is drawn."""
        before = zaps.find(session, stored.id)
        if before.revision != stored.revision:
            raise Refused(remark("changed_before_switching", name=stored.name))
        return before

    def _not_known(self, session: Session, zap_id: str, source: Source, also: Sequence[Found]) -> list[Found]:
        known = intake.known_ids(session.connection(), zap_id, source.name, [one.id for one in also])
        return [one for one in also if one.id not in known]

    def _fire(self, session: Session, zap_id: str, source: Source, records: Sequence[Found]) -> None:
        """Through the intake, as if a check had found them. A person ticked each, so no flood guard asks."""
        if records:
            connection, now = session.connection(), self.now()
            intake.remember(connection, zap_id, source.name, [one.id for one in records], now=now)
            intake.accept(connection, zap_id, source.name, records, flood_limit=None, now=now)

    def _publish(self, session: Session, stored: StoredZap, by: str) -> int:
        registry = self.registry()
        used = {registry.connector_of(use) for use in stored.draft.uses()}
        return zaps.publish(session, stored.id, {one.key: one.version for one in used}, now=self.now(), by=by)

    def watch(self, session: Session, zap_id: str, beginning: Beginning) -> None:
        """From now on, in the transaction of whoever has prepared the beginning."""
        source, baseline = beginning.source, beginning.baseline
        if baseline is None:
            watch = watches.get(session, zap_id)
            watches.resume(session, zap_id, **self._how(source, watch and watch.cursor))
            return
        how = self._how(source, baseline.cursor)
        watches.begin(session, zap_id, source=source.name, cursor=baseline.cursor, **how)
        intake.remember(session.connection(), zap_id, source.name, baseline.ids, now=how["now"])
        baselines.note(session, zap_id, source.name, now=how["now"])

    def _how(self, source: Source, cursor: Any) -> dict[str, Any]:
        """How a source is watched from this cursor on."""
        now = self.now()
        return {
            "connection_id": source.connection.id,
            "listens": source.listens,
            "every_ms": kinds.every_ms(source),
            "wait_ms": kinds.first_wait_ms(source, cursor, now),
            "now": now,
        }
