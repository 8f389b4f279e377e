"""Puts another account of the same app in the place of one that was disconnected: in every zap that uses it, draft and
live version, and in the runs that wait. Called by the pages and the API; needs no running engine. Runs that were being
executed meanwhile follow by themselves as soon as they miss the old account: the engine asks for that.

What was begun with the old account is never repeated with the new one unasked: see engine.runs.rebinding.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from engine.errors import Problems, Refused, Sentence, ZapwerkError
from engine.runs import rebinding as bindings
from engine.runs.rebinding import Bindings
from engine.store import connections, notices, rebinding, runs, zaps
from engine.store.database import Database
from engine.store.rebinding import Bound, Swap
from engine.store.states import ConnectionState, Hold, ZapState
from engine.store.zaps import StoredZap
from engine.triggers.switching import Beginning, Switching
from engine.zaps.model import Zap
from engine.zaps.remarks import remark

NOT_GONE = Sentence(
    "This account is still connected, so its zaps stay with it.",
    "Dieses Konto ist noch verknüpft; seine Zaps bleiben dabei.",
)
NO_SUBSTITUTE = Sentence(
    "Choose an account of the same app that is connected.",
    "Wählen Sie ein Konto derselben App, das verknüpft ist.",
)


@dataclass(frozen=True)
class Replaced:
    """What was done: the names of the zaps that use the new account now; how many runs do, and how many of those wait
    for a person first, because something was begun with the old one.
    """

    zaps: tuple[str, ...]
    runs: int
    review: int


@dataclass(frozen=True)
class _Change:
    """One zap before, what it is drawn like with the new account, and from where its trigger is watched then."""

    stored: StoredZap
    draft: Zap
    live: Zap | None
    beginning: Beginning | None = None


@dataclass(frozen=True)
class Replacing:
    """For the runtime."""

    database: Database
    switching: Switching
    now: Callable[[], datetime]

    async def replace(self, old_id: str, new_id: str, *, by: str = "") -> Replaced:
        """`by` is the id of who asks for it. A zap whose trigger uses the account starts anew: what exists at the new
        one does not fire.

        Raises `NotFound`, and `Refused` with the reason, naming the zap it is about; then nothing is changed.
        """
        swap = await asyncio.to_thread(self._swap, old_id, new_id)
        planned = await asyncio.to_thread(self._planned, swap)
        changes = [await self._with_beginning(one, swap) for one in planned]
        numbers = await asyncio.to_thread(self._redraw, changes, swap, by)
        bound = await asyncio.to_thread(self._bind, numbers, swap)
        return Replaced(tuple(one.stored.name for one in changes), bound.runs, bound.review)

    def go_on(self) -> int:
        """Has runs follow that are held for an account in whose place another one was put; how many. Blocks."""
        with self.database.read() as session:
            missed = rebinding.missed(session)
        return sum(self._follow(swap).runs for swap in missed)

    def _follow(self, swap: Swap) -> Bindings:
        with self.database.write() as session:
            waiting = rebinding.waiting(session, swap.old.id)
            numbers = [(one, self._version(session, one, swap, "")) for one in waiting]
        return self._bind(numbers, swap)

    def _swap(self, old_id: str, new_id: str) -> Swap:
        with self.database.read() as session:
            swap = Swap(connections.find(session, old_id), connections.find(session, new_id))
        _check(swap)
        return swap

    def _planned(self, swap: Swap) -> list[_Change]:
        with self.database.read() as session:
            return [_change(session, stored, swap) for stored in zaps.using(session, swap.old.id)]

    async def _with_beginning(self, change: _Change, swap: Swap) -> _Change:
        """Asks the app where things stand, where the trigger of a zap that is on uses the account."""
        stored, live = change.stored, change.live
        is_on = stored.state in (ZapState.ON, ZapState.PAUSED)
        if not is_on or live is None or live.trigger.connection != swap.new.id:
            return change
        try:
            beginning = await self.switching.beginning(replace(stored, draft=live), catch_up=True)
        except ZapwerkError as error:
            raise Refused(_about(stored, error)) from error
        return replace(change, beginning=beginning)

    def _redraw(self, changes: list[_Change], swap: Swap, by: str) -> list[tuple[Bound, int]]:
        """In one transaction: the zaps; returns which versions' runs are to be bound to which."""
        with self.database.write() as session:
            _check(Swap(connections.find(session, swap.old.id), connections.find(session, swap.new.id)))
            numbers = [(one, self._version(session, one, swap, by)) for one in rebinding.waiting(session, swap.old.id)]
            for change in changes:
                self._redraw_one(session, change, swap, by)
            rebinding.note(session, swap)
            return numbers

    def _version(self, session: Session, bound: Bound, swap: Swap, by: str) -> int:
        return rebinding.version(session, bound, swap.drawn(bound.zap), by=by, now=self.now())

    def _redraw_one(self, session: Session, change: _Change, swap: Swap, by: str) -> None:
        stored = change.stored
        before = zaps.find(session, stored.id)
        if (before.revision, before.published) != (stored.revision, stored.published):
            raise Refused(remark("changed_before_switching", name=stored.name))
        rebinding.redraw(session, before, change.draft, by=by, now=self.now())
        if change.live is None or stored.published is None:
            return
        live = zaps.version(session, stored.id, stored.published)
        if swap.old.id in live.connections():
            number = self._version(session, Bound(stored.id, stored.published, live), swap, by)
            rebinding.go_live(session, stored.id, number)
        if change.beginning is not None:
            self.switching.watch(session, stored.id, change.beginning)

    def _bind(self, numbers: list[tuple[Bound, int]], swap: Swap) -> Bindings:
        done = Bindings()
        for bound, number in numbers:
            while (some := self._bind_some(bound, number, swap)).runs:
                done += some
        with self.database.write() as session:
            if not runs.count_on_hold(session, f"{Hold.CONNECTION}:{swap.old.id}"):
                notices.settle(session.connection(), f"disconnected:{swap.old.id}", now=self.now())
        return done

    def _bind_some(self, bound: Bound, number: int, swap: Swap) -> Bindings:
        with self.database.write() as session:
            return bindings.bind_some(session, bound, number, swap, now=self.now())


def _check(swap: Swap) -> None:
    if swap.old.state is not ConnectionState.REMOVED:
        raise Refused(NOT_GONE)
    if swap.new.state is not ConnectionState.ACTIVE or swap.new.app != swap.old.app:
        raise Refused(NO_SUBSTITUTE)


def _change(session: Session, stored: StoredZap, swap: Swap) -> _Change:
    live = zaps.live(session, stored.id)
    return _Change(stored, swap.drawn(stored.draft), None if live is None else swap.drawn(live))


def _about(stored: StoredZap, error: ZapwerkError) -> Sentence:
    """Which zap it is that stands in the way."""
    said = error.problems[0] if isinstance(error, Problems) else error
    return Sentence(f"“{stored.name}”: {said.within('en')}", f"„{stored.name}“: {said.within('de')}")
