"""`zapwerk zaps test`: looks at a zap's newest records, and performs one of its steps with the newest of them.

Nothing is remembered: no event, no run. What a step did is really done, which is said before.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from engine.connections.contexts import Asked, LiveConnection, Purpose
from engine.errors import NotFound, Problems, Refused
from engine.runs import rendering
from engine.runs.rendering import Refusal
from engine.runtime import Runtime
from engine.sdk.connector import Action, Search, Webhook
from engine.sdk.records import Record
from engine.store import zaps
from engine.store.encoding import plain
from engine.store.zaps import StoredZap
from engine.zaps import conditions, mapping
from engine.zaps.model import TRIGGER, ActionStep, FilterStep, Step, Zap
from web import telling

Scope = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Tried:
    """What became of a step: `outcome` is done, exists, found, nothing, passed or filtered."""

    step: str
    use: str
    given: Any
    outcome: str
    record: Any


async def show(runtime: Runtime, name: str, count: int, *, json: bool) -> None:
    """Prints the newest records of the trigger, newest first."""
    stored = await asyncio.to_thread(_stored, runtime, name)
    records = await _newest(runtime, stored, count)
    if json:
        telling.as_json(records)
    elif not records:
        telling.note(_nothing_yet(runtime, stored.draft))
    else:
        for record in records:
            telling.facts({key: telling.shortened(value, 300) for key, value in record.items()})
            telling.write("")


async def _newest(runtime: Runtime, stored: StoredZap, count: int) -> list[dict[str, Any]]:
    """Of a webhook: those that were sent so far."""
    with telling.waiting("Looking for the newest records …"):
        found = await runtime.recents.of(stored.id, stored.draft, count, keeps_files=True)
    return [recent.data for recent in found]


async def step(runtime: Runtime, name: str, key: str, *, yes: bool, json: bool) -> None:
    """Performs a step with the newest record, after asking; prints what became of it."""
    stored = await asyncio.to_thread(_stored, runtime, name)
    zap, wanted = stored.draft, _step(stored.draft, key)
    records = await _newest(runtime, stored, 1)
    if not records:
        raise Refused(f"{_nothing_yet(runtime, zap)} So there is none to test the step with.")
    scope = await _scope(runtime, zap, wanted, records[0])
    tried = await _tried(runtime, zap, wanted, scope, yes)
    if json:
        telling.as_json(tried)
    else:
        telling.note(_WORDS[tried.outcome])
        if isinstance(tried.record, dict):
            telling.facts({field: telling.shortened(value, 300) for field, value in tried.record.items()})


def _nothing_yet(runtime: Runtime, zap: Zap) -> str:
    """Why there is no record to show."""
    if isinstance(runtime.registry().trigger(zap.trigger.use), Webhook):
        return "Nothing was sent to this zap yet; its records come when the service sends them."
    return "The trigger works, but there is no record yet."


_WORDS = {
    "done": "It was done:",
    "exists": "There is one like it already, so nothing was created:",
    "found": "This was found:",
    "nothing": "Nothing was found.",
    "passed": "The filter lets this record pass.",
    "filtered": "The filter stops this record.",
}


def _stored(runtime: Runtime, name: str) -> StoredZap:
    with runtime.database.read() as session:
        return zaps.find(session, name)


def _step(zap: Zap, key: str) -> Step:
    found = next((one for one in zap.steps if one.key == key), None)
    if found is None:
        raise NotFound(f"This zap has no step “{key}”. There is: {', '.join(one.key for one in zap.steps)}.")
    return found


async def _scope(runtime: Runtime, zap: Zap, wanted: Step, record: Any) -> dict[str, Any]:
    """What the step's templates may use: the record, and what earlier searches find. An earlier action is not done."""
    scope: dict[str, Any] = {TRIGGER: record}
    used = _heads(wanted)
    for one in zap.steps[: zap.steps.index(wanted)]:
        if one.key not in used or not isinstance(one, ActionStep):
            continue
        operation = runtime.registry().operation(one.use)
        if not isinstance(operation, Search):
            raise Refused(
                f"“{wanted.key}” uses what the step “{one.key}” gives, and a test does one step only. "
                f"Test “{one.key}” by itself, or let the whole zap run once."
            )
        scope[one.key] = (await _tried(runtime, zap, one, scope, yes=True)).record or {}
    return scope


def _heads(step: Step) -> set[str]:
    """The steps that a step's templates name."""
    if isinstance(step, FilterStep):
        templates: list[Any] = [text for _, text in conditions.templates(step.filter)]
    else:
        templates = list(step.with_.values())
    return {str(found.path[0]) for one in templates for found in mapping.references(one) if found.path}


async def _tried(runtime: Runtime, zap: Zap, step: Step, scope: Scope, yes: bool) -> Tried:
    if isinstance(step, FilterStep):
        verdict = _usable(rendering.verdict(step, scope, zap.locale), step)
        return Tried(step.key, "", {}, "passed" if verdict.passed else "filtered", verdict.reason)
    operation = runtime.registry().operation(step.use)
    live = await runtime.connections.serving(step.use, step.connection)
    form = _usable(rendering.given(runtime.connections.typed.opened(step), operation, scope, zap.locale), step)
    if isinstance(operation, Search):
        found = await runtime.calls.find(operation, Asked(live, Purpose.SEARCH), form)
        outcome = "found" if found is not None else "nothing"
        return Tried(step.key, step.use, plain(form), outcome, plain(found) if found is not None else None)
    assert isinstance(operation, Action)
    outcome, record = await _performed(runtime, operation, live, form, yes)
    return Tried(step.key, step.use, plain(form), outcome, plain(record))


def _usable(rendered: T | Refusal, step: Step) -> T:
    if isinstance(rendered, Refusal):
        raise Problems([replace(problem, step=step.key) for problem in rendered.problems])
    return rendered


async def _performed(
    runtime: Runtime, action: Action[Any, Any], live: LiveConnection, form: BaseModel, yes: bool
) -> tuple[str, Record]:
    """Asks first: this is no rehearsal."""
    telling.note(f"This really does “{action.title}” with “{live.name}” ({live.connector.title}):")
    for field, value in plain(form).items():
        if value not in (None, ""):
            telling.note(f"  {field}: {telling.shortened(value, 200)}")
    telling.confirmed("Do it now?", yes)
    given = rendering.passed_on(action, form)
    asked = Asked(live, Purpose.ACTION, idempotency_key=secrets.token_hex(20), started_at=runtime.now())
    if_exists = rendering.if_exists(form)
    with telling.waiting("Doing it …"):
        already = None if if_exists == "create" else await runtime.calls.existing(action, asked, given)
        if already is not None:
            return "exists", already
        return "done", await runtime.calls.act(action, asked, given)
