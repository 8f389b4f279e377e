"""Decides who is told what now, and makes the mails and calls: rows that `delivering` sends. Blocking.

What somebody is told and that they were told is stored in one transaction, so a matter is put into one mail, however
often the engine is killed. A thousand failures are one notice; many notices at once are one mail.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from engine.errors import NotFound
from engine.notices import counting, deciding, hook, letters, matters, receivers
from engine.notices.deciding import About
from engine.notices.letters import ZapWeek
from engine.notices.matters import Names
from engine.notices.receivers import HOOK, Receiver
from engine.registry import Registry
from engine.store import connections, dispatches, notice_ways, notice_wishes, notices, runs, tallies, zaps
from engine.store.database import Database
from engine.store.moments import to_ms
from engine.store.notice_ways import Kind
from engine.store.notice_wishes import Wish
from engine.store.notices import Notice
from engine.store.states import Hold, RunState
from engine.store.tallies import Part
from engine.texts import Texts

MOST = 5_000  # notices that are looked at together
SETTLED_KEPT_FOR = timedelta(days=90)
FORGOTTEN_AT_ONCE = 200
DONE = (RunState.SUCCEEDED, RunState.HANDLED, RunState.STOPPED)
HOUR_MS = 3_600_000
NO_LATER_THAN = timedelta(days=8)  # a moment further ahead was reckoned on a clock that was wrong


@dataclass(frozen=True)
class Tidings:
    """What one receiver is to hear of: what came up, what is still open, and what is over."""

    up: tuple[Notice, ...] = ()
    still: tuple[Notice, ...] = ()
    over: tuple[Notice, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.up or self.still or self.over)

    @property
    def every(self) -> tuple[Notice, ...]:
        return (*self.up, *self.still, *self.over)

    @property
    def came_up(self) -> list[datetime]:
        """When each became worth telling."""
        reminded = [one.created_at + deciding.REMINDS_AFTER for one in self.still]
        return [
            *(one.created_at for one in self.up),
            *reminded,
            *(one.closed_at or one.updated_at for one in self.over),
        ]


@dataclass(frozen=True)
class Telling:
    """`base` gives the address that links begin with."""

    database: Database
    registry: Callable[[], Registry]
    now: Callable[[], datetime]
    base: Callable[[], str]

    def tick(self) -> None:
        """Makes what is due for anybody."""
        self._settle_what_works_again()
        for receiver in self._receivers():
            if self._is_anything_due(receiver):
                self._tell(receiver.id)

    def forget(self) -> None:
        """Drops what was settled, or arrived, long ago."""
        now = self.now()
        with self.database.write() as session:
            notices.forget(session, settled_for=SETTLED_KEPT_FOR, now=now, limit=FORGOTTEN_AT_ONCE)
            dispatches.forget(session, done_for=SETTLED_KEPT_FOR, now=now)

    def names(self, session: Session, language: str) -> Names:
        """What things are called, for `matters.told`."""
        live = connections.every(session)
        connectors = self.registry().connectors
        by_app = {app: Texts.load(connectors[app], language) for app in {one.app for one in live} if app in connectors}
        texts = {one.id: by_app[one.app] for one in live if one.app in by_app}
        accounts = {one.id: one.name for one in (*connections.removed(session), *live)}
        return Names(zaps.names(session), accounts, texts)

    def _settle_what_works_again(self) -> None:
        """Nobody says that runs do not fail any more: it shows in those that came after; nor that none waits."""
        now = self.now()
        with self.database.read() as session:
            failed = notices.open_of(session, "failed")
            over = [one for one in failed if notices.is_left(session, one)]
            over += [one for one in failed if notices.works_again(session, one, now=now)]
            gone = notices.open_of(session, "disconnected")
            over += [one for one in gone if not runs.count_on_hold(session, f"{Hold.CONNECTION}:{one.subject}")]
            for hold in (Hold.FLOOD, Hold.ATTENTION):
                held = notices.open_of(session, hold)
                over += [one for one in held if not runs.count_held(session, one.subject, hold)]
        if over:
            with self.database.write() as session:
                for one in over:
                    notices.settle(session.connection(), one.matter, now=now)

    def _receivers(self) -> list[Receiver]:
        with self.database.read() as session:
            ways = notice_ways.every(session)
            found = receivers.every(session) if Kind.MAIL in ways else []
            return [*found, self._hook(session)] if Kind.HOOK in ways else found

    def _hook(self, session: Session) -> Receiver:
        kept = notice_wishes.kept_of(session, HOOK)
        return receivers.hook(kept.language or "en", kept)

    def _is_anything_due(self, receiver: Receiver) -> bool:
        now, kept = self.now(), receiver.kept
        if receiver.id != HOOK and (_is_due(kept.digest_at, now) or _is_due(kept.weekly_at, now)):
            return True
        with self.database.read() as session:
            if self._is_stuck(session, receiver):
                return False
            found = self._tidings(session, receiver, Wish.NOW)
        return deciding.may_go(receiver, found.came_up, now)

    def _is_stuck(self, session: Session, receiver: Receiver) -> bool:
        """While something for them does not arrive, nothing is put on top of it: it is gathered until then."""
        return dispatches.waits(session, Kind.HOOK if receiver.id == HOOK else Kind.MAIL, receiver.id)

    def _tell(self, receiver_id: str) -> None:
        """Looks again, alone: another tick may have been faster."""
        with self.database.write() as session:
            notice_wishes.alone(session, receiver_id)
            receiver = self._hook(session) if receiver_id == HOOK else receivers.find(session, receiver_id)
            free = not self._is_stuck(session, receiver)
            if free:
                self._news(session, receiver)
            if receiver_id != HOOK:
                self._digest(session, receiver, free=free)
                self._weekly(session, receiver, free=free)

    def _news(self, session: Session, receiver: Receiver) -> None:
        now = self.now()
        found = self._tidings(session, receiver, Wish.NOW)
        if not deciding.may_go(receiver, found.came_up, now):
            return
        self._send(session, receiver, found, About.NEWS)
        notice_wishes.set_moments(session, receiver.id, sent_at=now)

    def _digest(self, session: Session, receiver: Receiver, *, free: bool) -> None:
        now, due = self.now(), receiver.kept.digest_at
        if not _is_due(due, now):
            return
        found = self._tidings(session, receiver, Wish.DIGEST)
        if due and found and free:  # the first morning is only reckoned
            self._send(session, receiver, found, About.DIGEST)
        notice_wishes.set_moments(session, receiver.id, digest_at=deciding.next_morning(receiver.zone, now))

    def _weekly(self, session: Session, receiver: Receiver, *, free: bool) -> None:
        now, due = self.now(), receiver.kept.weekly_at
        if not _is_due(due, now):
            return
        if due and receiver.weekly and free:
            weeks = [
                self._counted(session, one, receiver.language)
                for one in week_of(session, *deciding.last_week(receiver.zone, now))
            ]
            letter = letters.weekly(receiver, weeks, self.base())
            dispatches.add(session, Kind.MAIL, receiver.id, About.WEEKLY, letter.kept(), now=now)
        notice_wishes.set_moments(session, receiver.id, weekly_at=deciding.next_monday(receiver.zone, now))

    def _counted(self, session: Session, week: ZapWeek, language: str) -> ZapWeek:
        """With what the zap counts in this language, as it is drawn now."""
        registry = self.registry()

        def texts(app: str) -> Texts:
            return Texts.load(registry.connectors[app], language)

        try:
            drawn = zaps.live(session, week.zap_id) or zaps.find(session, week.zap_id).draft
        except NotFound:  # it was deleted meanwhile
            return week
        return replace(week, counted=counting.of(drawn, registry, texts))

    def _tidings(self, session: Session, receiver: Receiver, route: Wish) -> Tidings:
        """What goes to the receiver by this route."""
        now = self.now()
        new = notices.untold(session, receiver.id, before=now - deciding.COMES_BACK, limit=MOST)
        known = notices.unfinished(session, receiver.id, remind_before=now - deciding.REMINDS_AFTER, limit=MOST)
        mine = [(one, over) for one, over in known if receiver.wish(one) == route]
        return Tidings(
            up=tuple(one for one in new if receiver.wish(one) == route),
            still=tuple(one for one, over in mine if not over and route == Wish.NOW),
            over=tuple(one for one, over in mine if over),
        )

    def _send(self, session: Session, receiver: Receiver, found: Tidings, about: About) -> None:
        names, now, base = self.names(session, receiver.language), self.now(), self.base()
        up, still, over = (matters.told(one, names, receiver.language) for one in (found.up, found.still, found.over))
        if receiver.id == HOOK:
            dispatches.add(session, Kind.HOOK, HOOK, about, hook.body(up, still, over, base), now=now)
        else:
            letter = letters.news(receiver, up, still, over, base, digest=about is About.DIGEST)
            dispatches.add(session, Kind.MAIL, receiver.id, about, letter.kept(), now=now)
        notices.note_told(session, receiver.id, found.every, now=now)


def week_of(session: Session, begin: datetime, end: datetime) -> list[ZapWeek]:
    """What became of each zap's events between two moments, and what is open now; the busiest first."""
    connection = session.connection()
    hours = Part(0, "hour", to_ms(begin) // HOUR_MS, to_ms(end) // HOUR_MS)
    counts: dict[str, dict[RunState, int]] = {}
    for zap_id, state, (count,) in tallies.ended(connection, [hours], 1, None):
        counts.setdefault(zap_id, {})[state] = count
    open_now = _open_now(tallies.asking(connection, None))
    for zap_id in open_now:
        counts.setdefault(zap_id, {})
    named = zaps.names(session)
    found = [_week(zap_id, named.get(zap_id, zap_id), one, open_now.get(zap_id, 0)) for zap_id, one in counts.items()]
    return sorted((one for one in found if one.total), key=lambda one: (-one.total, one.name.casefold()))


def _open_now(asking: Mapping[tuple[str, RunState], int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (zap_id, _), count in asking.items():
        found[zap_id] = found.get(zap_id, 0) + count
    return found


def _week(zap_id: str, name: str, counts: Mapping[RunState, int], open_now: int) -> ZapWeek:
    def of(*states: RunState) -> int:
        return sum(counts.get(state, 0) for state in states)

    done, acted = of(*DONE), of(RunState.SUCCEEDED)
    return ZapWeek(name, zap_id, done, of(RunState.FILTERED), of(RunState.FAILED), open_now, acted)


def _is_due(moment: datetime | None, now: datetime) -> bool:
    return moment is None or moment <= now or moment > now + NO_LATER_THAN
