"""One step of a run: reads what was drawn, renders it with what came before, and has it done. Called by execute.py."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.connections.calls import Calls
from engine.connections.contexts import Asked, LiveConnection, Purpose
from engine.connections.stored import Connections, NotUsable
from engine.errors import NotFound
from engine.registry import Registry, until_unchanged
from engine.runs import asking, deciding, rendering
from engine.runs.asking import NoAnswer
from engine.runs.effects import Effect, Effects, ending, idempotency_key
from engine.runs.history import Past
from engine.runs.journal import Pen, line
from engine.runs.outcomes import Done, Ends, Outcome, needs_attention
from engine.runs.rendering import Refusal
from engine.sdk.connector import Action, Operation, Search
from engine.sdk.fields import fields_with_secrets
from engine.store.encoding import plain
from engine.store.states import Entry, Hold, RunState
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
    installation: Callable[[], str]
    """Its id is part of every idempotency key; a copy that is parted from its original has another one."""
    restored_at: datetime | None = None
    """Runs that are older stood in a backup, and may have gone on in the installation that it was made of."""

    async def take(self, step: Step, scene: Scene) -> Outcome:
        """Does one step, unless the journal says that it was done. Raises `journal.Lost`."""
        past = scene.past(step.key)
        if past.done:
            return Done(past.output)
        if isinstance(step, FilterStep):
            return _filter(step, scene)
        return await self._use(step, scene)

    async def _found(self, step: ActionStep) -> tuple[Operation[Any, Any], LiveConnection]:
        """Both of the same code."""
        for registry in until_unchanged(self.registry):
            operation = registry.operation(step.use)
            live = await self.connections.serving(step.use, step.connection)
        return operation, live

    def _missing(self, step: ActionStep) -> str:
        """Why its app is not there, of which this version was published; “” if it is, or cannot be loaded."""
        registry = self.registry()
        known = step.app in registry.connectors or any(one.name == step.app for one in registry.broken)
        return "" if known else f"The app “{step.app}” is not installed any more."

    async def _use(self, step: ActionStep, scene: Scene) -> Outcome:
        try:
            operation, live = await self._found(step)
        except NotFound as error:
            return needs_attention(scene.pen.run, self._missing(step) or str(error))
        except NotUsable as error:
            return _without_account(error)
        step = self.connections.typed.opened(step)
        try:
            given = _given(step, operation, scene)
        except ValidationError:
            return _unreadable(step, operation, live, scene)
        if isinstance(given, Refusal):
            started = scene.past(step.key).started
            return _unreadable(step, operation, live, scene) if started else _refused(step, given)
        if isinstance(operation, Search):
            return await self._find(step, operation, live, given, scene)
        return await self.effects.perform(self._effect(step, operation, live, given, scene))

    def _effect(
        self, step: ActionStep, action: Operation[Any, Any], live: LiveConnection, form: BaseModel, scene: Scene
    ) -> Effect:
        assert isinstance(action, Action)
        return Effect(
            pen=scene.pen,
            path=step.key,
            action=action,
            connection=live,
            given=rendering.passed_on(action, form),
            if_exists=rendering.if_exists(form),
            past=self._past(scene, step.key),
            key=idempotency_key(self.installation(), scene.pen.run.id, step.key),
        )

    def _past(self, scene: Scene, path: str) -> Past:
        """What is known of an action; of one that stood in a backup, that its outcome is not."""
        past, run = scene.past(path), scene.pen.run
        if self.restored_at is None or run.created_at >= self.restored_at:
            return past
        if past.settled is not None and past.settled >= self.restored_at:
            return past
        return replace(past, open=max(past.open, 1), since=past.since or run.created_at)

    async def _find(
        self, step: ActionStep, search: Search[Any, Any], live: LiveConnection, given: BaseModel, scene: Scene
    ) -> Outcome:
        asked, run = Asked(connection=live, purpose=Purpose.SEARCH), scene.pen.run
        find = partial(self.calls.find, search, asked, given)
        found = await asking.answer(self.calls, find, attempt=run.attempt, quick=self.effects.quick)
        if isinstance(found, NoAnswer):
            return ending(run, step.key, live, found.error, found.decision, (), now=self.effects.now())
        if found is None and step.if_empty == "stop":
            return Ends(RunState.STOPPED, rendering.nothing_found(search))
        output = plain(found) if found is not None else {}
        return Done(output, (line(step.key, Entry.FINISHED, output=output, input=given),))


def _without_account(error: NotUsable) -> Ends:
    """The run is held until a person has repaired the account, or put another one in its place."""
    about, said = error.connection_id, str(error)
    notice = (f"{error.notice}:{about}", said) if error.notice else None
    return Ends(RunState.HELD, said, hold=f"{Hold.CONNECTION}:{about}", notice=notice)


def _filter(step: FilterStep, scene: Scene) -> Outcome:
    verdict = rendering.verdict(step, scene.scope, scene.locale)
    if isinstance(verdict, Refusal):
        return _refused(step, verdict)
    if verdict.passed:
        return Done({"passed": True}, (line(step.key, Entry.FINISHED, output={"passed": True}, reason=verdict.reason),))
    return Ends(RunState.FILTERED, verdict.reason, lines=(line(step.key, Entry.FILTERED, reason=verdict.reason),))


def _given(step: ActionStep, operation: Operation[Any, Any], scene: Scene) -> BaseModel | Refusal:
    """The step's input: what was sent already, or rendered and read anew."""
    past = scene.past(step.key)
    if not past.started:
        return rendering.given(step, operation, scene.scope, scene.locale)
    asked = {**past.asked, **past.form}
    secret = fields_with_secrets(operation.form)
    if secret:  # they are blotted out in the journal
        others = frozenset(operation.form.model_fields) - secret
        anew = rendering.given_so_far(step, operation, scene.scope, scene.locale, unknown=others)
        if isinstance(anew, Refusal):
            return anew
        asked |= anew
    return operation.form.model_validate(asked)


def _refused(step: Step, refusal: Refusal) -> Ends:
    failed = line(step.key, Entry.FAILED, problem=refusal.sentence, error="InvalidInput")
    return Ends(RunState.FAILED, refusal.sentence, field=refusal.field, lines=(failed,))


def _unreadable(step: ActionStep, operation: Operation[Any, Any], live: LiveConnection, scene: Scene) -> Ends:
    """An open call whose input does not fit the connector any more: only a person can say what became of it."""
    past = scene.past(step.key)
    why = "The app was changed since this was sent, so it cannot be found out whether it went through."
    shown = line(step.key, Entry.REVIEW, why=why, sent=past.asked, at=past.last_try, candidates=[])
    notice = (f"review:{scene.pen.run.id}", deciding.please_check(operation, live.connector, why))
    return Ends(RunState.NEEDS_REVIEW, why, lines=(shown,), notice=notice)
