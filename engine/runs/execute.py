"""The interpreter: executes one run. For each step that the journal does not know as done: have it done, keep the
result; at the end, or where it cannot go on, say so in the journal and let go of the run.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from engine.errors import NotFound
from engine.runs import history
from engine.runs.effects import lane_of
from engine.runs.history import Past
from engine.runs.journal import Journal, Lost, Pen, line
from engine.runs.lanes import Lanes
from engine.runs.outcomes import Ends, Outcome, needs_attention
from engine.runs.steps import Scene, Steps
from engine.sdk.connector import Action
from engine.store import runs
from engine.store.claims import Claimed
from engine.store.database import Database
from engine.store.encoding import decode
from engine.store.runs import Loaded, Run
from engine.store.states import Entry, RunState
from engine.zaps.model import ActionStep, Step, Zap

MAX_PARSED = 500  # published versions kept parsed

FAULT = "Something went wrong inside Zapwerk; the log has the details."

log = logging.getLogger(__name__)


_Beginning = tuple[Zap, Any, dict[str, Past]]
"""What a run begins with: the zap as published, the event's record, and what was done already."""


@dataclass(frozen=True)
class Interpreter:
    """Executes the runs of one process."""

    database: Database
    journal: Journal
    steps: Steps
    lanes: Lanes
    _parsed: dict[tuple[str, int], Zap] = field(default_factory=dict)

    async def execute(self, claimed: Claimed) -> None:
        """Executes a claimed run until it ends or rests. Never raises for what a connector does."""
        run = claimed.run
        pen = self.journal.pen(run)
        try:
            await self._execute(claimed, pen)
        except Lost:
            log.warning("run %s is executed elsewhere; leaving it alone", run.id)
        except Exception:
            log.exception("run %s cannot be executed", run.id)
            await pen.end(run.step, needs_attention(run, FAULT))
        finally:
            self.lanes.free_all(run.id)

    async def _execute(self, claimed: Claimed, pen: Pen) -> None:
        beginning = self._fresh(claimed)
        if beginning is None:
            beginning = await asyncio.to_thread(self._begun, claimed.run)
        if claimed.run.epoch > 1:
            pen.keep(line(claimed.run.step, Entry.TAKEN_UP))
        zap, record, pasts = beginning
        scope = {"trigger": record}
        scene = Scene(pen, scope, zap.locale, pasts)
        for step in zap.steps:
            outcome = await self._one(step, scene)
            if isinstance(outcome, Ends):
                await pen.end(step.key, outcome)
                return
            pen.keep(*outcome.lines)
            scope[step.key] = outcome.output
        await pen.end("", Ends(RunState.SUCCEEDED))

    async def _one(self, step: Step, scene: Scene) -> Outcome:
        try:
            return await self.steps.take(step, scene)
        except Lost:
            raise
        except Exception:
            log.exception("run %s: a fault of the engine", scene.pen.run.id)
            return await asyncio.to_thread(self._after_fault, scene.pen.run, step.key)

    def _after_fault(self, run: Run, path: str) -> Ends:
        """Our own fault within a step: what was begun may have gone through, so a replay must not repeat it."""
        past = history.of(self._load(run).lines).get(path, Past())
        if not past.started:
            return Ends(RunState.FAILED, FAULT)
        why = f"{FAULT} The call had begun."
        shown = line(path, Entry.REVIEW, why=why, sent=past.asked, at=past.last_try, candidates=[])
        return Ends(
            RunState.NEEDS_REVIEW, why, lines=(shown,), notice=(f"review:{run.id}", f"Please check a run: {why}")
        )

    def reserve_lanes(self, run: Run) -> None:
        """For a run that was interrupted: nobody may ask what exists before its open calls are found out.

        Never raises: one that cannot be read reserves nothing, and is held when it is executed.
        """
        try:
            for step in self._open_steps(run):
                self._reserve(run, step)
        except Exception:
            log.exception("run %s cannot be read, so nobody waits for what it began", run.id)

    def _open_steps(self, run: Run) -> list[ActionStep]:
        """Those of its actions of which it is unknown what became."""
        loaded = self._load(run)
        pasts = history.of(loaded.lines)
        steps = self._zap(run, loaded).steps
        return [step for step in steps if isinstance(step, ActionStep) and pasts.get(step.key, Past()).started]

    def _reserve(self, run: Run, step: ActionStep) -> None:
        with suppress(NotFound):
            action = self.steps.registry().operation(step.use)
            if isinstance(action, Action) and action.find_like is not None and step.connection:
                self.lanes.reserve(lane_of(step.connection, action), run.id)

    def _fresh(self, claimed: Claimed) -> "_Beginning | None":
        """Where a run begins that was never begun; None if more has to be read for that."""
        zap = self._parsed.get((claimed.run.zap_id, claimed.run.version))
        return None if zap is None or claimed.payload is None else (zap, decode(claimed.payload), {})

    def _begun(self, run: Run) -> "_Beginning":
        loaded = self._load(run)
        return self._zap(run, loaded), loaded.payload, history.of(loaded.lines)

    def _load(self, run: Run) -> Loaded:
        with self.database.read() as session:
            return runs.load(session, run)

    def _zap(self, run: Run, loaded: Loaded) -> Zap:
        known = (run.zap_id, run.version)
        if known not in self._parsed:
            if len(self._parsed) >= MAX_PARSED:
                self._parsed.clear()
            self._parsed[known] = Zap.model_validate_json(loaded.definition)
        return self._parsed[known]
