"""Sends what is due: claims it, sends it, notes what became of it. One tick at a time; several processes may.

A try is counted before it is made, and belongs to one tick for `LEASE`: nothing is sent by two at once. A process that
dies after a mail was sent and before that was noted leaves a claim that runs out; then the mail goes again, with the
same Message-ID. Of the two ways to be wrong (twice, or never) this is the one that people forgive.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from engine.connections.calls import ConnectorBug
from engine.connections.stored import NotUsable
from engine.connections.wire import Wire
from engine.errors import NotFound, Refused, Sentence, VaultError, ZapwerkError
from engine.notices import deciding, hook, mail
from engine.notices.refusals import GONE, NO_WAY, NotSent
from engine.notices.ways import HookWay, MailWay, Ways
from engine.sdk.errors import ConnectorError
from engine.store import dispatches, notice_ways, people
from engine.store.database import Database
from engine.store.dispatches import Dispatch
from engine.store.notice_ways import Kind

LEASE = timedelta(minutes=15)
"""Longer than any try takes: a mail server is given 20 s for each of its dozen answers."""
AT_ONCE = 5

WayT = TypeVar("WayT")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivering:
    """Used on the engine's event loop."""

    database: Database
    ways: Ways
    wire: Wire
    now: Callable[[], datetime]

    async def tick(self) -> int:
        """Sends some of what is due; returns how many were tried."""
        claimed = await asyncio.to_thread(self._claim)
        await asyncio.gather(*(self._send(one) for one in claimed))
        return len(claimed)

    async def mail(self, dispatch: Dispatch, way: MailWay, to: str) -> None:
        """Sends one mail this way, at once. Raises `NotSent`."""
        try:
            account, own = await self.ways.account(way)
        except (ConnectorError, ConnectorBug, NotUsable, VaultError, Refused, NotFound) as error:
            raise NotSent(_sentence(error)) from error
        guard = await asyncio.to_thread(self.ways.guard, Kind.MAIL) if own is None else own
        message = mail.built(dispatch.id, dispatch.about, dispatch.content, dispatch.created_at, account.sender, to)
        await asyncio.to_thread(mail.send, message, account, to, guard)

    async def hook(self, dispatch: Dispatch, way: HookWay) -> None:
        """Makes one call, at once. Raises `NotSent`."""
        guard = await asyncio.to_thread(self.ways.guard, Kind.HOOK)
        told = (dispatch.id, dispatch.about, dispatch.content)
        await hook.send(self.wire, way, guard, *told, now=self.now())

    async def _send(self, dispatch: Dispatch) -> None:
        try:
            await (self._mail(dispatch) if dispatch.kind is Kind.MAIL else self._hook(dispatch))
        except NotSent as error:
            await asyncio.to_thread(self._failed, dispatch, error)
        except Exception:
            log.exception("a notice could not be sent")
            await asyncio.to_thread(self._failed, dispatch, NotSent(FAULT))
        else:
            await asyncio.to_thread(self._arrived, dispatch)

    async def _mail(self, dispatch: Dispatch) -> None:
        way = await asyncio.to_thread(self._opened, self.ways.mail)
        to = await asyncio.to_thread(self._address_of, dispatch.person_id)
        await self.mail(dispatch, way, to)

    async def _hook(self, dispatch: Dispatch) -> None:
        await self.hook(dispatch, await asyncio.to_thread(self._opened, self.ways.hook))

    def _opened(self, open: Callable[[], WayT | None]) -> WayT:
        try:
            way = open()
        except VaultError as error:
            raise NotSent(_sentence(error)) from error
        if way is None:
            raise NotSent(NO_WAY, final=True)
        return way

    def _claim(self) -> Sequence[Dispatch]:
        now = self.now()
        with self.database.read() as session:
            if not dispatches.is_due(session, now=now):
                return ()
        with self.database.write() as session:
            return dispatches.claim(session.connection(), now=now, lease=LEASE, limit=AT_ONCE)

    def _address_of(self, person_id: str) -> str:
        """As it is now: it may have changed since the mail was made. Raises `NotSent`."""
        try:
            with self.database.read() as session:
                return people.find(session, person_id).email
        except NotFound as error:
            raise NotSent(GONE, final=True) from error

    def _arrived(self, dispatch: Dispatch) -> None:
        with self.database.write() as session:
            dispatches.done(session, dispatch.id, now=self.now())
            notice_ways.worked(session, dispatch.kind, now=self.now())

    def _failed(self, dispatch: Dispatch, error: NotSent) -> None:
        """Told on the page, and by no further mail."""
        now, wait = self.now(), deciding.retry_after(dispatch.attempts)
        log.warning("a notice did not arrive (%s, try %d): %s", dispatch.kind, dispatch.attempts, error)
        with self.database.write() as session:
            if error.final or wait is None:
                dispatches.give_up(session, dispatch.id, error.sentence, now=now)
            else:
                dispatches.again(session, dispatch.id, error.sentence, at=now + wait)
            if not error.final:
                notice_ways.failed(session, dispatch.kind, error.sentence, now=now)


FAULT = Sentence(
    "Something went wrong inside Zapwerk; the log has the details.",
    "In Zapwerk ist etwas schiefgegangen; das Protokoll sagt mehr.",
)


def _sentence(error: Exception) -> Sentence:
    german = error.within("de") if isinstance(error, ZapwerkError) else str(error)
    return Sentence(str(error), german)
