"""What becomes of an installation after a restore: everything is paused, and a person decides zap by zap.

A backup is a moment in the past. What the original did between that moment and its end is not known here:

- *Records that were handled after the backup* are found again by the triggers, because the cursor and the seen ids are
  as old as the backup. As events they are new; their runs have other ids and other idempotency keys, so no service can
  tell that they were done before. That is why “hold” is the default: what is found is held until a check has
  read everything, a look at the app tells what is there already (`looking_there`), and a person releases or drops it.
  What comes after that check is new for certain, and runs.
- *Runs that had not ended in the backup* may have gone on in the original. Run id and installation are the same, so
  every effect that the backup's journal does not know as finished is treated as after a crash: repeated with the same
  key where that is safe, else looked up, else put before a person (`engine.runs.steps` asks `restored_at`). They wait
  until their zap is decided.

Called by restoring, the pages and the command line; `tick` by the engine.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlmodel import Session

from engine.errors import Refused, Sentence
from engine.store import facts, notices, restorations, runs, watches, zaps
from engine.store.database import Database
from engine.store.moments import NEVER, to_ms
from engine.store.restorations import Decided, Stored
from engine.store.states import FINISHED, Hold, RunState, ZapState
from engine.store.tables import RunRow, ZapRow
from engine.store.zaps import StoredZap
from engine.triggers.switching import Switching

NOTICE = "restored"
TOLD = Sentence(
    "This installation was restored from a backup of {moment} UTC. All zaps are paused: please decide for each how it "
    "goes on.",
    "Diese Installation wurde aus einer Sicherung vom {moment} UTC wiederhergestellt. Alle Zaps sind pausiert: Bitte "
    "entscheiden Sie für jeden, wie es mit ihm weitergeht.",
)

NOT_WAITING = Sentence(
    "This zap does not wait for a decision.",
    "Über diesen Zap muss nichts entschieden werden.",
)

_RUN = RunRow.__table__.c  # type: ignore[attr-defined]
_ZAP = ZapRow.__table__.c  # type: ignore[attr-defined]


class Choice(StrEnum):
    """How a restored zap goes on."""

    SKIP = "skip"  # begins now: what happened since the backup is passed over
    HOLD = "hold"  # what is found again is held for a look
    RUN = "run"  # everything that is found runs


@dataclass(frozen=True)
class Restored:
    """A zap that was on in the backup. `was` is the state it had; `choice` None until somebody decided.

    `held` are its runs that wait for a look, `open` those that had not ended in the backup and wait for the decision.
    """

    zap_id: str
    name: str
    was: ZapState
    choice: Choice | None
    held: int
    open: int


@dataclass(frozen=True)
class Restoration:
    """What was restored, and when. `zaps` are those that were on, by name."""

    made_at: datetime
    restored_at: datetime
    file: str
    zaps: tuple[Restored, ...]

    @property
    def undecided(self) -> tuple[Restored, ...]:
        return tuple(one for one in self.zaps if one.choice is None)

    @property
    def to_look_at(self) -> int:
        """How many runs are held for a look."""
        return sum(one.held for one in self.zaps)


def begin(session: Session, *, made_at: datetime, file: str, now: datetime) -> int:
    """Pauses everything in a database that comes out of a backup; how many zaps wait for a decision."""
    waiting = {zap.id: zap.state.value for zap in zaps.every(session) if zap.state in (ZapState.ON, ZapState.PAUSED)}
    for zap_id in waiting:
        zaps.set_state(session, zap_id, ZapState.PAUSED, now=now)
        watches.stop(session, zap_id)
    goes_on = update(RunRow).where(_goes_on_by_itself())
    waits = {"state": RunState.HELD, "hold": Hold.RESTORED, "due_at": NEVER, "owner": "", "epoch": _RUN.epoch + 1}
    session.execute(goes_on.values(**waits))
    restorations.put(session, Stored(made_at, now, file, waiting))
    facts.drop(session, facts.PLACE)
    connection = session.connection()
    notices.settle(connection, NOTICE, now=now)
    if waiting:
        told = Sentence(
            TOLD.format(moment=f"{made_at:%Y-%m-%d %H:%M}"), TOLD.german.format(moment=f"{made_at:%d.%m.%Y %H:%M}")
        )
        notices.tell(connection, NOTICE, told, now=now)
    return len(waiting)


def _goes_on_by_itself() -> Any:
    """Runs that have not ended and wait for no person: also those held for an account, or until a plan's limit ends."""
    ends = (_RUN.due_at < NEVER) | _RUN.hold.startswith(f"{Hold.CONNECTION}:")
    rests = _RUN.state.in_([*FINISHED, RunState.HELD, RunState.NEEDS_REVIEW])
    return ~rests | ((_RUN.state == RunState.HELD) & ends)


def restored_at(session: Session) -> datetime | None:
    """When this installation was restored last; None if never. Runs that are older stood in the backup."""
    stored = restorations.get(session)
    return stored.restored_at if stored else None


@dataclass(frozen=True)
class Decisions:
    """What people decide. Needs no running engine."""

    database: Database
    switching: Switching
    now: Callable[[], datetime]

    def show(self) -> Restoration | None:
        """None for an installation that was never restored."""
        with self.database.read() as session:
            stored = restorations.get(session)
            if stored is None:
                return None
            known = {zap.id: zap for zap in zaps.every(session)}
            found = _counted(session, _RUN.created_at >= to_ms(stored.restored_at))
            was_open = _counted(session, _RUN.created_at < to_ms(stored.restored_at))
        rows = [
            _shown(stored, known[zap_id], found.get(zap_id, 0), was_open.get(zap_id, 0))
            for zap_id in stored.zaps
            if zap_id in known and (zap_id in stored.decided or known[zap_id].state == ZapState.PAUSED)
        ]
        rows.sort(key=lambda one: one.name.casefold())
        return Restoration(stored.made_at, stored.restored_at, stored.file, tuple(rows))

    def is_restored(self) -> bool:
        """Whether this installation comes out of a backup."""
        with self.database.read() as session:
            return restorations.get(session) is not None

    def undecided(self) -> int:
        """How many zaps wait for a decision: what every page asks, so without counting runs."""
        with self.database.read() as session:
            stored = restorations.get(session)
            waiting = stored.zaps.keys() - stored.decided.keys() if stored else frozenset()
            if not waiting:
                return 0
            paused = (_ZAP.id.in_(list(waiting))) & (_ZAP.state == ZapState.PAUSED) & _ZAP.deleted_at.is_(None)
            return int(session.execute(select(func.count()).where(paused)).scalar_one())

    async def decide(self, name_or_id: str, choice: Choice) -> str:
        """Lets a restored zap go on; its id. Raises `NotFound`, `Refused`, and what `Switching.again` raises: then
        nothing is changed.
        """
        zap_id = await asyncio.to_thread(self._waiting, name_or_id)
        await self.switching.again(zap_id, anew=choice is Choice.SKIP)
        await asyncio.to_thread(self._decided, zap_id, choice)
        return zap_id

    def _waiting(self, name_or_id: str) -> str:
        with self.database.read() as session:
            zap_id = zaps.find(session, name_or_id).id
            if not restorations.waits(session, zap_id):
                raise Refused(NOT_WAITING)
        return zap_id

    def _decided(self, zap_id: str, choice: Choice) -> None:
        now = self.now()
        with self.database.write() as session:
            stored, connection = restorations.get(session), session.connection()
            if stored is None:
                raise Refused(NOT_WAITING)
            if choice is Choice.SKIP:
                _drop_what_never_began(connection, zap_id, stored, now)
            _release_what_was_open(connection, zap_id, stored, now)
            over = choice is not Choice.HOLD or not _is_asked(session, zap_id)
            if over:
                _go_on(connection, zap_id, stored, now)
            stored = stored.deciding(zap_id, Decided(choice.value, now, over))
            restorations.put(session, stored)
            if stored.zaps.keys() <= stored.decided.keys():
                notices.settle(connection, NOTICE, now=now)


def tick(connection: Connection, *, now: datetime) -> int:
    """Lets zaps go on of which a check has read everything since the decision; what was found is held for a look. How
    many. Called by the engine's clock.
    """
    with Session(connection) as session:
        stored = restorations.get(session)
        if stored is None:
            return 0
        over = [zap_id for zap_id, decided in stored.decided.items() if _has_caught_up(session, zap_id, decided)]
        for zap_id in over:
            _keep_for_a_look(connection, zap_id, stored)
            _go_on(connection, zap_id, stored, now)
            stored = stored.deciding(zap_id, replace(stored.decided[zap_id], over=True))
        if over:
            restorations.put(session, stored)
            session.flush()
        return len(over)


def _shown(stored: Stored, zap: StoredZap, held: int, was_open: int) -> Restored:
    decided = stored.decided.get(zap.id)
    choice = Choice(decided.choice) if decided else None
    return Restored(zap.id, zap.name, ZapState(stored.zaps[zap.id]), choice, held, was_open)


def _has_caught_up(session: Session, zap_id: str, decided: Decided) -> bool:
    if decided.over:
        return False
    watch = watches.get(session, zap_id)
    if watch is None or not watch.active:
        return True  # switched off or deleted since: nothing to wait for
    succeeded = watch.last_success_at is not None and to_ms(watch.last_success_at) > to_ms(decided.since)
    return succeeded and not watch.problem and not watch.token


def _is_asked(session: Session, zap_id: str) -> bool:
    """Whether a check will come that finds what was missed; a webhook is never asked."""
    watch = watches.get(session, zap_id)
    return watch is not None and to_ms(watch.next_poll_at) < NEVER


def _go_on(connection: Connection, zap_id: str, stored: Stored, now: datetime) -> None:
    """Back to the state it had in the backup, unless it was switched meanwhile."""
    was = stored.zaps[zap_id]
    paused = update(ZapRow).where(_ZAP.id == zap_id, _ZAP.state == ZapState.PAUSED)
    connection.execute(paused.values(state=was))
    if was == ZapState.ON:
        runs.release_hold(connection, Hold.PAUSED, now=now, zap_id=zap_id)


def _keep_for_a_look(connection: Connection, zap_id: str, stored: Stored) -> None:
    """What a check found that had begun before the decision was stored; the others hold it for a look themselves."""
    held = (_RUN.state == RunState.HELD) & _RUN.hold.in_([Hold.PAUSED, Hold.FLOOD])
    came = update(RunRow).where(_RUN.zap_id == zap_id, held, _RUN.created_at >= to_ms(stored.restored_at))
    connection.execute(came.values(hold=Hold.RESTORED))


def _drop_what_never_began(connection: Connection, zap_id: str, stored: Stored, now: datetime) -> None:
    never_began = _were_open(zap_id, stored).where(_RUN.started_at.is_(None))
    connection.execute(never_began.values(state=RunState.CANCELLED, hold="", finished_at=to_ms(now)))


def _release_what_was_open(connection: Connection, zap_id: str, stored: Stored, now: datetime) -> None:
    """What of it stood in a zap that was paused in the backup waits for that, as there."""
    if stored.zaps[zap_id] == ZapState.PAUSED:
        connection.execute(_were_open(zap_id, stored).values(hold=Hold.PAUSED))
    else:
        connection.execute(_were_open(zap_id, stored).values(state=RunState.QUEUED, hold="", due_at=to_ms(now)))


def _were_open(zap_id: str, stored: Stored) -> Any:
    held = (_RUN.state == RunState.HELD) & (_RUN.hold == Hold.RESTORED)
    return update(RunRow).where(_RUN.zap_id == zap_id, held, _RUN.created_at < to_ms(stored.restored_at))


def _counted(session: Session, condition: Any) -> dict[str, int]:
    mine = select(_RUN.zap_id, func.count()).where(_RUN.hold == Hold.RESTORED, _RUN.state == RunState.HELD, condition)
    return {zap_id: int(count) for zap_id, count in session.execute(mine.group_by(_RUN.zap_id))}
