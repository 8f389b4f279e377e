"""Everything about telling people in one value: `runtime.notices`. Put together here, from what the runtime opened.

The engine calls `tick` every few seconds; pages and the command line ask what is open, change wishes and ways, and
try whether they arrive.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.connections.calls import Calls
from engine.connections.stored import Connections
from engine.connections.vault import Vault
from engine.errors import Sentence
from engine.notices import letters, matters, receivers
from engine.notices.deciding import About
from engine.notices.delivering import Delivering
from engine.notices.matters import Matter
from engine.notices.receivers import Receiver
from engine.notices.refusals import NO_WAY, NotSent
from engine.notices.telling import Telling
from engine.notices.ways import HookWay, MailWay, Ways
from engine.notices.words import said
from engine.registry import Registry
from engine.store import dispatches, ids, notice_ways, notice_wishes, notices
from engine.store.database import Database
from engine.store.dispatches import Dispatch
from engine.store.notice_ways import Kind
from engine.store.notice_wishes import EVERYTHING, Wish

TICK = 5.0  # seconds
FORGETS_EVERY = 3600.0  # seconds
SETTLED_SHOWN_FOR = timedelta(days=14)
NOTHING = Sentence("", "")
MOST_OPEN, MOST_SETTLED = 500, 100


@dataclass(frozen=True)
class Board:
    """What the page shows: open and lately settled matters, those that are new to this reader, and what is stuck.

    `told` is when a mail about a notice went to them; nothing while one of theirs does not arrive.
    """

    open: tuple[Matter, ...]
    settled: tuple[Matter, ...]
    new: frozenset[str]
    told: Mapping[str, datetime]
    waiting: tuple[Dispatch, ...]
    given_up: tuple[Dispatch, ...]


@dataclass(frozen=True)
class Notices:
    """Of one installation. What is not `async` blocks."""

    database: Database
    ways: Ways
    telling: Telling
    delivering: Delivering
    now: Callable[[], datetime]

    @classmethod
    def of(
        cls,
        database: Database,
        vault: Vault,
        registry: Callable[[], Registry],
        now: Callable[[], datetime],
        *,
        connections: Connections,
        calls: Calls,
        base: Callable[[], str],
        allowed_hosts: frozenset[str],
    ) -> "Notices":
        ways = Ways(database, vault, registry, connections, calls, now, allowed_hosts)
        telling = Telling(database, registry, now, base)
        return cls(database, ways, telling, Delivering(database, ways, calls.contexts.wire, now), now)

    async def tick(self) -> None:
        """Makes what is due, and sends it."""
        await asyncio.to_thread(self.telling.tick)
        await self.delivering.tick()

    async def forget(self) -> None:
        """Drops what is long over. To be called every hour or so."""
        await asyncio.to_thread(self.telling.forget)

    def board(self, person_id: str, language: str) -> Board:
        """The notices as this person sees them."""
        since = self.now() - SETTLED_SHOWN_FOR
        with self.database.read() as session:
            still_open = notices.still_open(session, MOST_OPEN)
            settled = notices.settled_lately(session, since=since, limit=MOST_SETTLED)
            names = self.telling.names(session, language)
            read_at = notice_wishes.kept_of(session, person_id).read_at
            arrived = not dispatches.waits(session, Kind.MAIL, person_id)
            return Board(
                open=tuple(matters.told(still_open, names, language)),
                settled=tuple(matters.told(settled, names, language)),
                new=frozenset(one.id for one in still_open if read_at is None or one.created_at > read_at),
                told=notices.told(session, [one.id for one in still_open], person_id) if arrived else {},
                waiting=tuple(one for one in dispatches.waiting(session) if one.problem),
                given_up=tuple(dispatches.given_up(session, since=since)),
            )

    def mark_read(self, person_id: str) -> None:
        """What came up until now is no news any more."""
        with self.database.write() as session:
            notice_wishes.set_moments(session, person_id, read_at=self.now())

    def receiver(self, person_id: str) -> Receiver:
        """Somebody with their wishes. Raises `NotFound`."""
        with self.database.read() as session:
            return receivers.find(session, person_id)

    def wish(
        self, person_id: str, usual: Wish, by_zap: Mapping[str, Wish], *, weekly: bool, language: str, timezone: str
    ) -> None:
        """How somebody wants to be told. Language and time zone are the browser's, for who chose none."""
        with self.database.write() as session:
            notice_wishes.put(session, person_id, {**by_zap, EVERYTHING: usual})
            notice_wishes.set_weekly(session, person_id, weekly)
            notice_wishes.set_reader(session, person_id, language=language, timezone=timezone)

    def wish_of_zap(self, person_id: str, zap_id: str, wanted: Wish | None) -> None:
        """How somebody wants to be told of one zap; None for as of all zaps."""
        with self.database.write() as session:
            notice_wishes.put_one(session, person_id, zap_id, wanted)

    async def test_mail(self, person_id: str, way: MailWay | None = None) -> str:
        """Sends a mail to this person now, the way that is set up or another one; returns where to. Raises `NotSent`,
        `NotFound`."""
        chosen = way or await asyncio.to_thread(self.ways.mail)
        if chosen is None:
            raise NotSent(NO_WAY, final=True)
        to = await asyncio.to_thread(self.receiver, person_id)
        letter = letters.test(to, self.telling.base())
        await self._try(self.delivering.mail(self._test(Kind.MAIL, letter.kept()), chosen, to.email), Kind.MAIL)
        return to.email

    async def test_hook(self, way: HookWay | None = None) -> None:
        """Makes a call now. Raises `NotSent`."""
        chosen = way or await asyncio.to_thread(self.ways.hook)
        if chosen is None:
            raise NotSent(NO_WAY, final=True)
        told = {"text": said("test_hook", chosen.language), "notices": [], "zapwerk": self.telling.base()}
        await self._try(self.delivering.hook(self._test(Kind.HOOK, told), chosen), Kind.HOOK)

    async def _try(self, sending: Awaitable[None], kind: Kind) -> None:
        """Notes how it went, so that the page says what the last try said."""
        try:
            await sending
        except NotSent as error:
            if not error.final:
                await asyncio.to_thread(self._note, kind, error)
            raise
        await asyncio.to_thread(self._note, kind, None)

    def _note(self, kind: Kind, error: NotSent | None) -> None:
        now = self.now()
        with self.database.write() as session:
            if error is None:
                notice_ways.worked(session, kind, now=now)
            else:
                notice_ways.failed(session, kind, error.sentence, now=now)

    def _test(self, kind: Kind, content: object) -> Dispatch:
        now = self.now()
        return Dispatch(ids.new(), kind, "", About.TEST, content, 1, now, now, NOTHING)
