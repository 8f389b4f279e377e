"""One record through the steps of a zap with nothing done: rendered, read and asked as a run does it. Called by
`rehearsing`, for one record after the other.

Filters are evaluated and searches really done, for they only read. An action is never called; whether there is one
like it already is asked of the app where the action can tell.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import BaseModel

from engine.connections.calls import Calls
from engine.connections.contexts import Asked, LiveConnection, Purpose
from engine.rehearsal.rows import Foreseen, Would
from engine.runs import asking, rendering, retries
from engine.runs.asking import NoAnswer
from engine.runs.effects import sentence
from engine.runs.execute import FAULT
from engine.runs.rendering import Refusal
from engine.sdk.connector import Action, Search
from engine.sdk.records import Record
from engine.store.encoding import plain
from engine.zaps import conditions, mapping
from engine.zaps.model import TRIGGER, ActionStep, FilterStep, Step, Zap

IF_EXISTS = "if_exists"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Planned:
    """A step that uses an app, ready to be asked about."""

    step: ActionStep
    operation: Action[Any, Any] | Search[Any, Any]
    live: LiveConnection

    def would(self, outcome: Would, said: str = "", **more: Any) -> Foreseen:
        counts = isinstance(self.operation, Action) and self.operation.uses_quota
        does = _does(self.operation)
        return Foreseen(self.step.key, self.step.use, does, outcome, said, uses_quota=counts, **more)


@dataclass(frozen=True)
class Known:
    """The outputs there are, by step, and the steps whose output there is only when they are really done."""

    scope: Mapping[str, Any]
    unknown: frozenset[str] = frozenset()

    def after(self, seen: Foreseen) -> "Known":
        """With what a step gives."""
        output = _output(seen)
        if output is None:
            return replace(self, unknown=self.unknown | {seen.step})
        return replace(self, scope={**self.scope, seen.step: output})

    def missing(self, template: Any) -> tuple[str, ...]:
        """The steps that must be done before this can be rendered."""
        used = dict.fromkeys(str(one.path[0]) for one in mapping.references(template) if one.path)
        return tuple(step for step in used if step in self.unknown)


class Walk:
    """The steps of one zap, opened once for all records."""

    def __init__(
        self, zap: Zap, planned: Sequence[Planned], calls: Calls, now: Callable[[], datetime], quick: retries.Waits
    ) -> None:
        self._zap = zap
        self._planned = {one.step.key: one for one in planned}
        self._calls = calls
        self._now = now
        self._quick = quick
        self._closed: dict[str, NoAnswer] = {}

    async def of(self, record: Any, done: Mapping[str, Any] | None = None) -> tuple[Foreseen, ...]:
        """What each step would do with this record, up to the one where the run ends. Steps that are `done` already are
        left out; this is what they gave."""
        done = done or {}
        known, found = Known({**done, TRIGGER: record}), []
        for step in self._zap.steps:
            if step.key in done:
                continue
            seen = await self._step(step, known)
            found.append(seen)
            if seen.ends:
                break
            known = known.after(seen)
        return tuple(found)

    async def _step(self, step: Step, known: Known) -> Foreseen:
        try:
            if isinstance(step, FilterStep):
                return self._filter(step, known)
            planned = self._planned[step.key]
            if isinstance(planned.operation, Search):
                return await self._search(planned, planned.operation, known)
            return await self._action(planned, planned.operation, known)
        except Exception:
            log.exception("a rehearsal of “%s”: a fault of the engine at step %s", self._zap.name, step.key)
            use = "" if isinstance(step, FilterStep) else step.use
            return Foreseen(step.key, use, use, Would.PROBLEM, FAULT, ends=True)

    def _filter(self, step: FilterStep, known: Known) -> Foreseen:
        seen = Foreseen(step.key, "", "filter", Would.PASSES)
        missing = known.missing([template for _, template in conditions.templates(step.filter)])
        if missing:
            return replace(seen, outcome=Would.LATER, sentence=_only_after(missing))
        verdict = rendering.verdict(step, known.scope, self._zap.locale)
        if isinstance(verdict, Refusal):
            return _refused(seen, verdict)
        if verdict.passed:
            return replace(seen, sentence=verdict.reason)
        return replace(seen, outcome=Would.FILTERED, sentence=verdict.reason, ends=True)

    async def _search(self, planned: Planned, search: Search[Any, Any], known: Known) -> Foreseen:
        later = _later(planned.step, known)
        if later:
            missing = tuple(dict.fromkeys(step for steps in later.values() for step in steps))
            return replace(self._in_part(planned, known, later), sentence=_only_after(missing))
        form = rendering.given(planned.step, search, known.scope, self._zap.locale)
        if isinstance(form, Refusal):
            return _refused(planned.would(Would.PROBLEM), form)
        given = plain(form)
        asked = Asked(planned.live, Purpose.SEARCH, keeps_files=False)
        found = await self._answer(planned, partial(self._calls.find, search, asked, form))
        if isinstance(found, NoAnswer):
            return replace(_unanswered(planned, found), given=given)
        if found is not None:
            return planned.would(Would.FOUND, given=given, record=plain(found))
        said, stops = rendering.nothing_found(search), planned.step.if_empty == "stop"
        return planned.would(Would.NOT_FOUND, said, given=given, ends=stops)

    async def _action(self, planned: Planned, action: Action[Any, Any], known: Known) -> Foreseen:
        later = _later(planned.step, known)
        if later:
            return self._in_part(planned, known, later)
        form = rendering.given(planned.step, action, known.scope, self._zap.locale)
        if isinstance(form, Refusal):
            return _refused(planned.would(Would.PROBLEM), form)
        passed_on = rendering.passed_on(action, form)
        done = planned.would(Would.DO, given=plain(passed_on))
        if action.find_like is None:
            return done
        found = await self._answer(planned, partial(self._existing, planned, action, passed_on))
        if rendering.if_exists(form) == "create":
            return _another(done, found)
        if isinstance(found, NoAnswer):
            return replace(_unanswered(planned, found), given=done.given)
        return done if found is None else _there(done, action, plain(found), rendering.if_exists(form))

    async def _existing(self, planned: Planned, action: Action[Any, Any], given: BaseModel) -> Record | None:
        key, now = secrets.token_hex(20), self._now()  # of a call that nobody makes
        asked = Asked(planned.live, Purpose.LOOKUP, idempotency_key=key, started_at=now, keeps_files=False)
        return await self._calls.existing(action, asked, given)

    async def _answer(self, planned: Planned, ask: Callable[[], Awaitable[Record | None]]) -> Record | NoAnswer | None:
        """Asks, unless the account was refused before: then every further call would be refused as well."""
        key = planned.step.key
        if key in self._closed:
            return self._closed[key]
        found = await asking.answer(self._calls, ask, attempt=0, quick=self._quick)
        if isinstance(found, NoAnswer) and isinstance(found.decision, retries.AskToReconnect | retries.WaitForQuota):
            self._closed[key] = found
        return found

    def _in_part(self, planned: Planned, known: Known, later: dict[str, tuple[str, ...]]) -> Foreseen:
        """What can be told of a step whose input needs what an earlier step gives."""
        step, unknown = planned.step, frozenset(later)
        given = rendering.given_so_far(step, planned.operation, known.scope, self._zap.locale, unknown=unknown)
        if isinstance(given, Refusal):
            return replace(_refused(planned.would(Would.PROBLEM), given), later=later)
        shown = {name: value for name, value in plain(given).items() if name != IF_EXISTS}
        if isinstance(planned.operation, Search):
            return planned.would(Would.LATER, given=shown, later=later)
        return planned.would(Would.DO, given=shown, later=later)


def _does(operation: Action[Any, Any] | Search[Any, Any]) -> str:
    """“create a client”; the title where the sentence wants values filled in."""
    said = operation.sentence
    return operation.title[:1].lower() + operation.title[1:] if "{" in said else said


def _output(seen: Foreseen) -> Any:
    """What later steps can use; None where it is not known."""
    match seen.outcome:
        case Would.EXISTS | Would.FOUND:
            return seen.record
        case Would.PASSES:
            return {"passed": True}
        case Would.NOT_FOUND:
            return {}
        case _:
            return None


def _later(step: ActionStep, known: Known) -> dict[str, tuple[str, ...]]:
    """The fields that cannot be rendered yet, each with the steps that must be done first."""
    missing = {name: known.missing(value) for name, value in step.with_.items()}
    return {name: steps for name, steps in missing.items() if steps}


def _refused(seen: Foreseen, refusal: Refusal) -> Foreseen:
    return replace(
        seen,
        outcome=Would.PROBLEM,
        sentence=refusal.sentence,
        field=refusal.field,
        problems=refusal.problems,
        ends=True,
    )


def _unanswered(planned: Planned, none: NoAnswer) -> Foreseen:
    """The service could not be asked, or what it said ends the run."""
    said = sentence(none.error)
    match none.decision:
        case retries.GiveUp(field):
            return planned.would(Would.PROBLEM, said, field=field, ends=True)
        case retries.StopHere():
            return planned.would(Would.STOPS, said, ends=True)
        case _:
            return planned.would(Would.UNCHECKED, said)


def _there(done: Foreseen, action: Action[Any, Any], record: dict[str, Any], if_exists: str) -> Foreseen:
    stops = if_exists == "stop"
    said = rendering.like_it_exists(action)
    return replace(done, outcome=Would.EXISTS, sentence=said, record=record, if_exists=if_exists, ends=stops)


def _another(done: Foreseen, found: Record | NoAnswer | None) -> Foreseen:
    """Where another one is created anyway: what exists is only told."""
    if isinstance(found, NoAnswer):
        said = f"Whether there is one like it already could not be checked: {sentence(found.error)}"
        return replace(done, sentence=said, if_exists="create")
    if found is None:
        return done
    return replace(done, sentence="There is one like it already.", record=plain(found), if_exists="create")


def _only_after(steps: Sequence[str]) -> str:
    named = " and ".join(f"“{step}”" for step in steps)
    return f"Known only after {'step' if len(steps) == 1 else 'the steps'} {named}."
