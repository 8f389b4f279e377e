"""Looks at the apps for what a restored installation found again: is there one like it already? Called by the engine.

A run that is held after a restore (`restored`) has another id than the one that may have done the same in the
original, so it has other idempotency keys, and no `lookup` can recognise it: a lookup asks for one call by its key.
What an action calls `existing` can be asked, as in a rehearsal: nothing is done. What is found stands at the run, as a
sentence, until a person releases or drops it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update

from engine.errors import ZapwerkError
from engine.registry import Registry
from engine.rehearsal.rehearsing import Rehearsing
from engine.rehearsal.rows import Foreseen, Would
from engine.sdk.connector import Action
from engine.store import restorations, runs
from engine.store.database import Database
from engine.store.encoding import clean
from engine.store.moments import to_ms
from engine.store.runs import Loaded
from engine.store.states import Hold, RunState
from engine.store.tables import RunRow
from engine.zaps import labels
from engine.zaps.model import Zap

AT_ONCE = 10  # runs in one tick
EVERY = 2.0  # seconds
WITHIN = 15.0  # seconds for the runs of a tick, which an engine that stops waits for

SINCE = "At {app} there is one like it since {moment}: “{label}”."
LIKE = "At {app} there is one like it already: “{label}”."
NOTHING = "At {app} there is nothing like it."
CANNOT_TELL = "{app} cannot say whether this was done already."
NOT_ASKED = "It could not be found out whether this was done already: {reason}"
TOO_LONG = "The app did not answer in time."
NO_EFFECT = "It would do nothing now: {reason}"
NOTHING_TO_DO = "It would do nothing now."

_RUN = RunRow.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True)
class LookingThere:
    """What looking needs. It writes one sentence for each run, and nothing at the apps."""

    database: Database
    registry: Callable[[], Registry]
    rehearsing: Rehearsing
    moved: Callable[[], None]

    async def tick(self) -> None:
        """Looks for some of the runs that nobody looked for yet."""
        waiting = await asyncio.to_thread(self._waiting)
        until = asyncio.get_running_loop().time() + WITHIN
        for run_id in waiting:
            try:
                async with asyncio.timeout_at(until):
                    said = await self._look(run_id)
            except TimeoutError:
                await asyncio.to_thread(self._tell, run_id, NOT_ASKED.format(reason=TOO_LONG))
                break
            await asyncio.to_thread(self._tell, run_id, said)
        if waiting:
            self.moved()

    async def look_again(self) -> None:
        """What was found is forgotten, so that it is looked for once more."""
        await asyncio.to_thread(self._forget)

    def _waiting(self) -> list[str]:
        with self.database.read() as session:
            stored = restorations.get(session)
            if stored is None or not stored.decided:
                return []
            mine = _held(to_ms(stored.restored_at)) & (_RUN.problem == "")
            return list(session.execute(select(_RUN.id).where(mine).order_by(_RUN.id).limit(AT_ONCE)).scalars())

    def _tell(self, run_id: str, said: str) -> None:
        with self.database.write() as session:
            mine = (_RUN.id == run_id) & _held(0)
            session.execute(update(RunRow).where(mine).values(problem=clean(said)))

    def _forget(self) -> None:
        with self.database.write() as session:
            stored = restorations.get(session)
            if stored is not None:
                session.execute(update(RunRow).where(_held(to_ms(stored.restored_at))).values(problem=""))

    async def _look(self, run_id: str) -> str:
        loaded = await asyncio.to_thread(self._load, run_id)
        zap = Zap.model_validate_json(loaded.definition)
        try:
            walk = await self.rehearsing.walk(zap)
            return self._said(zap, await walk.of(loaded.payload))
        except ZapwerkError as error:
            return NOT_ASKED.format(reason=error)

    def _load(self, run_id: str) -> Loaded:
        with self.database.read() as session:
            return runs.load(session, runs.get(session, run_id))

    def _said(self, zap: Zap, steps: Sequence[Foreseen]) -> str:
        """The weightiest of what the steps say: one like it; then what could not be asked; then that there is none."""
        like = next((one for one in steps if one.record is not None and one.outcome in (Would.EXISTS, Would.DO)), None)
        if like is not None:
            return self._like(like, zap)
        unclear = next((one for one in steps if one.outcome in (Would.UNCHECKED, Would.PROBLEM)), None)
        if unclear is not None:
            return NOT_ASKED.format(reason=unclear.sentence)
        done = [one for one in steps if one.outcome is Would.DO]
        if not done:
            return NO_EFFECT.format(reason=steps[-1].sentence) if steps and steps[-1].sentence else NOTHING_TO_DO
        asked = next((one for one in done if self._can_tell(one)), None)
        return NOTHING.format(app=self._app(asked)) if asked else CANNOT_TELL.format(app=self._app(done[0]))

    def _like(self, seen: Foreseen, zap: Zap) -> str:
        record = seen.record or {}
        label = labels.label_of(record, str(record.get("id", "")))
        moment = labels.moment_of(record, zap.locale)
        if moment is None:
            return LIKE.format(app=self._app(seen), label=label)
        local = moment.astimezone(zap.locale.zone)
        return SINCE.format(app=self._app(seen), moment=f"{local:%Y-%m-%d %H:%M}", label=label)

    def _can_tell(self, seen: Foreseen) -> bool:
        operation = self.registry().operation(seen.use)
        return isinstance(operation, Action) and operation.find_like is not None

    def _app(self, seen: Foreseen) -> str:
        return self.registry().connectors[seen.use.partition(".")[0]].title


def _held(since: int) -> ColumnElement[bool]:
    held: ColumnElement[bool] = (
        (_RUN.state == RunState.HELD) & (_RUN.hold == Hold.RESTORED) & (_RUN.created_at >= since)
    )
    return held
