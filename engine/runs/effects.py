"""Performs one action, guarded: “started” is durable before the call, and an unknown outcome is found out, never
repeated blindly. Called by steps.py.
"""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from engine.connections.calls import Calls
from engine.connections.contexts import Asked, LiveConnection, Purpose
from engine.runs import deciding, guard, rendering, retries
from engine.runs.history import Past
from engine.runs.journal import JournalCheckpoint, Pen, line
from engine.runs.lanes import Lanes
from engine.runs.outcomes import Done, Ends, Outcome
from engine.sdk.connector import Action
from engine.sdk.errors import CannotTell, ConnectorError, TemporaryFailure
from engine.sdk.records import Record
from engine.store.encoding import plain
from engine.store.runs import Run, Written
from engine.store.states import Entry, Hold, RunState

STOOD_IN_A_BACKUP = (
    "This run stood in a backup, and may have gone on before that was restored. The service offers no way to find out "
    "whether it did what it would have been asked to."
)


@dataclass(frozen=True)
class Effect:
    """One action of one run, ready to be called: everything is rendered and validated."""

    pen: Pen
    path: str
    action: Action[Any, Any]
    connection: LiveConnection
    given: BaseModel
    if_exists: str
    past: Past
    key: str

    @property
    def run(self) -> Run:
        return self.pen.run

    @property
    def lane(self) -> str | None:
        """Where calls must not overtake each other; None where nothing is asked before the call."""
        asks = self.action.find_like is not None and self.if_exists != "create"
        return lane_of(self.connection.id, self.action) if asks else None

    def ending(
        self, error: Exception, decision: retries.Decision, lines: tuple[Written, ...], *, now: datetime
    ) -> Ends:
        """How the run ends or rests after an error."""
        return ending(self.run, self.path, self.connection, error, decision, lines, now=now)


def lane_of(connection_id: str, action: Action[Any, Any]) -> str:
    return f"{connection_id}:{action.use}"


def idempotency_key(installation: str, run_id: str, path: str) -> str:
    """The same at every try of the same step of the same run, and never used by another installation."""
    return hashlib.sha256(f"{installation}/{run_id}/{path}".encode()).hexdigest()[:40]


@dataclass(frozen=True)
class Effects:
    """What performing needs."""

    calls: Calls
    lanes: Lanes
    now: Callable[[], datetime]
    settle: timedelta | None = None
    quick: retries.Waits = retries.QUICK

    async def perform(self, effect: Effect) -> Outcome:
        """Performs the action, or finds out that it was performed. Raises `journal.Lost`."""
        lane = effect.lane
        async with self.lanes.hold(lane, effect.run.id) if lane else nullcontext():
            if effect.past.started:
                return await self._after_unknown(effect, quick_tries=0)
            return await self._from_the_start(effect, quick_tries=0)

    async def _from_the_start(self, effect: Effect, *, quick_tries: int) -> Outcome:
        try:
            already = await self._already(effect)
        except Exception as error:  # noqa: BLE001 (decided by consequence)
            return await self._after_nothing(effect, error, quick_tries=quick_tries)
        return already or await self._call(effect, quick_tries=quick_tries)

    async def _already(self, effect: Effect) -> Outcome | None:
        if effect.lane is None:
            return None
        found = await self.calls.existing(effect.action, self._asked(effect, Purpose.LOOKUP), effect.given)
        if found is None:
            return None
        if effect.if_exists == "stop":
            return Ends(RunState.STOPPED, rendering.like_it_exists(effect.action))
        return _done(effect, found, existing=True)

    async def _call(self, effect: Effect, *, quick_tries: int) -> Outcome:
        """One call. `effect.past` comes back with this try counted, whatever happens."""
        asked = self._asked(effect, Purpose.ACTION)
        form = {} if effect.action.find_like is None else {"if_exists": effect.if_exists}
        started = line(effect.path, Entry.STARTED, input=effect.given, form=form, key=effect.key)
        async with self.calls.place(asked, effect.action.blocking) as place:
            await effect.pen.write(started)
            effect = replace(effect, past=effect.past.tried(self.now()))
            try:
                record = await self.calls.act(effect.action, asked, effect.given, place=place)
            except Exception as error:  # noqa: BLE001 (decided by consequence)
                failure = error
            else:
                return _done(effect, record)
        return await self._after_error(effect, failure, quick_tries=quick_tries)

    async def _after_error(self, effect: Effect, error: Exception, *, quick_tries: int) -> Outcome:
        await self.calls.ended(error)
        if isinstance(self._decide(effect, error, quick_tries), retries.FindOut):
            return await self._after_unknown(effect, quick_tries=quick_tries, error=error)
        return await self._after_nothing(effect, error, quick_tries=quick_tries)

    async def _after_nothing(self, effect: Effect, error: Exception, *, quick_tries: int) -> Outcome:
        """After an error that certainly had no effect. An earlier try may have had one: then that is still open."""
        decision = retries.decide_read(error, quick_tries=quick_tries, attempt=effect.run.attempt, quick=self.quick)
        undone = (line(effect.path, Entry.NOT_DONE, problem=sentence(error)),) if effect.past.started else ()
        effect = replace(effect, past=effect.past.undone())
        if effect.past.started and isinstance(decision, retries.GiveUp | retries.StopHere):
            return review(effect, f"An earlier try may have gone through, and now: {sentence(error)}", lines=undone)
        if not isinstance(decision, retries.TryAgainSoon):
            return effect.ending(error, decision, undone, now=self.now())
        if undone:
            await effect.pen.write(*undone)
        await asyncio.sleep(decision.wait.total_seconds())
        if effect.past.started:
            return await self._after_unknown(effect, quick_tries=quick_tries + 1)
        return await self._from_the_start(effect, quick_tries=quick_tries + 1)

    async def _after_unknown(self, effect: Effect, *, quick_tries: int, error: Exception | None = None) -> Outcome:
        """After a crash or an `OutcomeUnknown`: the guard."""
        since = effect.past.since or self.now()
        decision = guard.decide(
            effect.action, effect.connection.profile, effect.given, since=since, now=self.now(), settle=self.settle
        )
        match decision:
            case guard.Repeat():
                return await self._repeat(effect, quick_tries=quick_tries, error=error)
            case guard.LookUp():
                return await self._look_up(effect, decision, quick_tries=quick_tries)
            case guard.AskAPerson():
                return review(effect, decision.why if effect.past.tries else STOOD_IN_A_BACKUP)

    async def _repeat(self, effect: Effect, *, quick_tries: int, error: Exception | None) -> Outcome:
        if error is None:
            return await self._call(effect, quick_tries=quick_tries)
        wait = retries.after_nothing_happened(
            None, quick_tries=quick_tries, attempt=effect.run.attempt, quick=self.quick
        )
        if not isinstance(wait, retries.TryAgainSoon):
            return _later_or_review(effect, error, now=self.now())
        await asyncio.sleep(wait.wait.total_seconds())
        return await self._call(effect, quick_tries=quick_tries + 1)

    async def _look_up(self, effect: Effect, look: guard.LookUp, *, quick_tries: int) -> Outcome:
        await asyncio.sleep(max((look.not_before - self.now()).total_seconds(), 0))
        try:
            found = await self.calls.look_up(effect.action, self._asked(effect, Purpose.LOOKUP), effect.given)
        except CannotTell as error:
            return review(effect, sentence(error), candidates=error.candidates)
        except Exception as error:  # noqa: BLE001 (decided by consequence)
            return self._after_failed_lookup(effect, error)
        if found is not None:
            return _done(effect, found, looked_up=True)
        await effect.pen.write(line(effect.path, Entry.NOT_DONE, problem="It had not arrived.", looked_up=True))
        if quick_tries >= len(self.quick):
            return _never_arrives(effect, self.now())
        again = replace(effect, past=replace(effect.past, open=0))
        return await self._from_the_start(again, quick_tries=quick_tries + 1)

    def _after_failed_lookup(self, effect: Effect, error: Exception) -> Outcome:
        """The outcome stays unknown: it is asked again later, or by a person."""
        decision = self._decide(effect, error, len(self.quick))
        if isinstance(decision, retries.TryAgainLater | retries.AskToReconnect | retries.WaitForQuota):
            return effect.ending(error, decision, (), now=self.now())
        return review(effect, f"It could not be found out whether it arrived: {sentence(error)}")

    def _decide(self, effect: Effect, error: Exception, quick_tries: int) -> retries.Decision:
        return retries.decide(error, quick_tries=quick_tries, attempt=effect.run.attempt, quick=self.quick)

    def _asked(self, effect: Effect, purpose: Purpose) -> Asked:
        return Asked(
            connection=effect.connection,
            purpose=purpose,
            idempotency_key=effect.key,
            started_at=effect.past.since or self.now(),
            checkpoint=JournalCheckpoint(effect.pen, effect.path, effect.past.notes),
        )


def ending(
    run: Run,
    path: str,
    connection: LiveConnection,
    error: Exception,
    decision: retries.Decision,
    lines: tuple[Written, ...],
    *,
    now: datetime,
) -> Ends:
    """How a run ends or rests after an error of a call and what was decided about it."""
    said = sentence(error)
    failed = (*lines, line(path, Entry.FAILED, problem=said, error=type(error).__name__))
    match decision:
        case retries.TryAgainLater(wait):
            return Ends(RunState.RETRYING, said, due_at=now + wait, attempt=run.attempt + 1, lines=failed)
        case retries.AskToReconnect() if connection.id:
            return needs_reconnecting(connection, said, failed)
        case retries.AskToReconnect():  # there is no connection that a person could repair
            return Ends(RunState.FAILED, said, field="connection", lines=failed)
        case retries.WaitForQuota(until):
            notice = (f"quota:{run.zap_id}", said)
            due_at = until and retries.not_at_once(until, now)
            return Ends(RunState.HELD, said, hold=Hold.QUOTA, due_at=due_at, lines=failed, notice=notice)
        case retries.StopHere():
            return Ends(RunState.STOPPED, said, lines=(*lines, line(path, Entry.FILTERED, reason=said)))
        case retries.GiveUp(field):
            return Ends(RunState.FAILED, said, field=field, lines=failed)
        case _:
            raise AssertionError(f"{decision} does not end a run")


def review(
    effect: Effect, why: str, candidates: tuple[dict[str, Any], ...] = (), lines: tuple[Written, ...] = ()
) -> Ends:
    """A person must say what became of it: shows what was sent, when, and what looks like it at the app."""
    shown = line(
        effect.path,
        Entry.REVIEW,
        why=why,
        sent=effect.given,
        at=effect.past.last_try or effect.past.since,
        candidates=list(candidates),
    )
    notice = (f"review:{effect.run.id}", deciding.please_check(effect.action, effect.connection.connector, why))
    return Ends(RunState.NEEDS_REVIEW, why, lines=(*lines, shown), notice=notice)


def sentence(error: Exception) -> str:
    """What a person reads about an error."""
    return error.sentence if isinstance(error, ConnectorError) else str(error) or type(error).__name__


def needs_reconnecting(connection: LiveConnection, said: str, lines: tuple[Written, ...]) -> Ends:
    """The run is held until the connection was repaired."""
    return Ends(
        RunState.HELD,
        said,
        hold=f"{Hold.CONNECTION}:{connection.id}",
        lines=lines,
        notice=(f"connection:{connection.id}", f"“{connection.name}” must be reconnected: {said}"),
        refused_connection=(connection.id, said),
    )


def _later_or_review(effect: Effect, error: Exception, now: datetime) -> Ends:
    """The next rung of the ladder, with the outcome still open; at its end a person decides."""
    decision = retries.later(effect.run.attempt)
    if isinstance(decision, retries.GiveUp):
        return review(effect, f"The outcome is still unknown after many tries: {sentence(error)}")
    return effect.ending(error, decision, (), now=now)


def _never_arrives(effect: Effect, now: datetime) -> Ends:
    """The next rung of the ladder, after tries that were all found not to have arrived."""
    decision = retries.later(effect.run.attempt)
    return effect.ending(TemporaryFailure("The service did not do what it was asked to."), decision, (), now=now)


def _done(effect: Effect, record: Record, **how: bool) -> Done:
    output = plain(record)
    return Done(output, (line(effect.path, Entry.FINISHED, output=output, **how),))
