"""One step of a run: reads what was drawn, renders it with what came before, and has it done. Called by execute.py."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.connections.calls import Calls
from engine.connections.contexts import Asked, LiveConnection, Purpose
from engine.connections.stored import Connections, NotUsable
from engine.errors import NotFound
from engine.registry import Registry
from engine.runs import retries
from engine.runs.effects import Effect, Effects, ending, idempotency_key
from engine.runs.history import Past
from engine.runs.journal import Pen, line
from engine.runs.outcomes import Done, Ends, Outcome, needs_attention
from engine.sdk.connector import Action, Operation, Search
from engine.sdk.fields import Kind, fields_of
from engine.store.encoding import plain
from engine.store.runs import Written
from engine.store.states import Entry, Hold, RunState
from engine.zaps import conditions, mapping, values
from engine.zaps.locales import Locale
from engine.zaps.model import ActionStep, FilterStep, Step


@dataclass(frozen=True)
class Scene:
    """Where a step plays: the run's pen, the outputs so far by step key, and the zap's locale."""

    pen: Pen
    scope: Mapping[str, Any]
    locale: Locale
    pasts: Mapping[str, Past]

    def past(self, path: str) -> Past:
        return self.pasts.get(path) or Past()


@dataclass(frozen=True)
class Steps:
    """What steps need of the engine."""

    registry: Callable[[], Registry]
    connections: Connections
    calls: Calls
    effects: Effects
    installation: str

    async def take(self, step: Step, scene: Scene) -> Outcome:
        """Does one step, unless the journal says that it was done. Raises `journal.Lost`."""
        past = scene.past(step.key)
        if past.done:
            return Done(past.output)
        if isinstance(step, FilterStep):
            return _filter(step, scene)
        return await self._use(step, scene)

    async def _use(self, step: ActionStep, scene: Scene) -> Outcome:
        try:
            operation = self.registry().operation(step.use)
            live = await asyncio.to_thread(self._connection, step)
        except NotFound as error:
            return needs_attention(scene.pen.run, str(error))
        except NotUsable as error:
            return Ends(RunState.HELD, str(error), hold=f"{Hold.CONNECTION}:{error.connection_id}")
        try:
            given = _given(step, operation, scene)
        except values.ValueProblems as error:
            return _refused(step, error)
        except mapping.MappingError as error:
            return Ends(RunState.FAILED, str(error), lines=(_failed(step, str(error)),))
        except ValidationError:
            return _unreadable(step, operation, scene)
        if isinstance(operation, Search):
            return await self._find(step, operation, live, given, scene)
        return await self.effects.perform(self._effect(step, operation, live, given, scene))

    def _connection(self, step: ActionStep) -> LiveConnection:
        if step.connection is None:
            return self.connections.without(self.registry().connector_of(step.use))
        return self.connections.live(step.connection)

    def _effect(
        self, step: ActionStep, action: Operation[Any, Any], live: LiveConnection, form: BaseModel, scene: Scene
    ) -> Effect:
        assert isinstance(action, Action)
        fields = {name: getattr(form, name) for name in action.given.model_fields}
        return Effect(
            pen=scene.pen,
            path=step.key,
            action=action,
            connection=live,
            given=action.given.model_construct(form.model_fields_set & set(fields), **fields),
            if_exists=getattr(form, "if_exists", "create"),
            past=scene.past(step.key),
            key=idempotency_key(self.installation, scene.pen.run.id, step.key),
        )

    async def _find(
        self, step: ActionStep, search: Search[Any, Any], live: LiveConnection, given: BaseModel, scene: Scene
    ) -> Outcome:
        asked = Asked(connection=live, purpose=Purpose.SEARCH)
        for quick_tries in itertools.count():
            try:
                found = await self.calls.find(search, asked, given)
                break
            except Exception as error:  # noqa: BLE001 (decided by consequence)
                await self.calls.ended(error)
                decision = self._decide(error, scene, quick_tries)
                if not isinstance(decision, retries.TryAgainSoon):
                    return ending(scene.pen.run, step.key, live, error, decision, (), now=self.effects.now())
                await asyncio.sleep(decision.wait.total_seconds())
        if found is None and step.if_empty == "stop":
            return Ends(RunState.STOPPED, f"{search.title}: nothing was found.")
        output = plain(found) if found is not None else {}
        return Done(output, (line(step.key, Entry.FINISHED, output=output, input=given),))

    def _decide(self, error: Exception, scene: Scene, quick_tries: int) -> retries.Decision:
        attempt, quick = scene.pen.run.attempt, self.effects.quick
        return retries.decide_read(error, quick_tries=quick_tries, attempt=attempt, quick=quick)


def _filter(step: FilterStep, scene: Scene) -> Outcome:
    verdict = conditions.evaluate(step.filter, scene.scope, scene.locale)
    if verdict.passed:
        return Done({"passed": True}, (line(step.key, Entry.FINISHED, output={"passed": True}, reason=verdict.reason),))
    return Ends(RunState.FILTERED, verdict.reason, lines=(line(step.key, Entry.FILTERED, reason=verdict.reason),))


def _given(step: ActionStep, operation: Operation[Any, Any], scene: Scene) -> BaseModel:
    """The step's input: what was sent already, or rendered and read anew."""
    past = scene.past(step.key)
    if not past.started:
        return values.read(operation.form, mapping.render(step.with_, scene.scope, scene.locale), scene.locale)
    secret = {name for name, _, shape in fields_of(operation.form) if shape.kind is Kind.SECRET}
    asked = {**past.asked, **past.form}
    if secret:  # secrets are blotted out in the journal
        anew = mapping.render({name: step.with_[name] for name in secret & set(step.with_)}, scene.scope, scene.locale)
        asked |= anew
    return operation.form.model_validate(asked)


def _refused(step: ActionStep, error: values.ValueProblems) -> Ends:
    first = error.problems[0]
    said = "; ".join(problem.message for problem in error.problems)
    return Ends(RunState.FAILED, said, field=first.field, lines=(_failed(step, said),))


def _unreadable(step: ActionStep, operation: Operation[Any, Any], scene: Scene) -> Ends:
    """An open call whose input does not fit the connector any more: only a person can say what became of it."""
    past = scene.past(step.key)
    why = "The app was changed since this was sent, so it cannot be found out whether it went through."
    shown = line(step.key, Entry.REVIEW, why=why, sent=past.asked, at=past.last_try, candidates=[])
    notice = (f"review:{scene.pen.run.id}", f"Please check whether “{operation.title}” went through: {why}")
    return Ends(RunState.NEEDS_REVIEW, why, lines=(shown,), notice=notice)


def _failed(step: ActionStep, said: str) -> Written:
    return line(step.key, Entry.FAILED, problem=said, error="InvalidInput")
