"""`zapwerk zaps test`: looks at a zap's newest records, and performs one of its steps with the newest of them.

Nothing is remembered: no event, no run. What a step did is really done, which is said before.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from engine.connections.contexts import Asked, LiveConnection, Purpose
from engine.errors import NotFound, Refused
from engine.runtime import Runtime
from engine.sdk.connector import Action, Search
from engine.sdk.records import Record
from engine.store import zaps
from engine.store.encoding import plain
from engine.triggers import reading
from engine.zaps import conditions, mapping, values
from engine.zaps.model import TRIGGER, ActionStep, FilterStep, Step, Zap
from web import telling

Scope = Mapping[str, Any]


@dataclass(frozen=True)
class Tried:
    """What became of a step: `outcome` is done, exists, found, nothing, passed or filtered."""

    step: str
    use: str
    given: Any
    outcome: str
    record: Any


async def newest(runtime: Runtime, name: str, count: int) -> list[dict[str, Any]]:
    """The newest records of the trigger, newest first."""
    zap = await asyncio.to_thread(_draft, runtime, name)
    source = await asyncio.to_thread(runtime.sources.of, zap)
    with telling.waiting("Looking for the newest records …"):
        found = await reading.newest(runtime.calls, source, count)
    return [plain(record) for record in found]


async def step(runtime: Runtime, name: str, key: str, *, yes: bool, json: bool) -> None:
    """Performs a step with the newest record, after asking; prints what became of it."""
    zap = await asyncio.to_thread(_draft, runtime, name)
    wanted = _step(zap, key)
    records = await newest(runtime, name, 1)
    if not records:
        raise Refused("The trigger works, but there is no record yet to test the step with.")
    scope = await _scope(runtime, zap, wanted, records[0])
    tried = await _tried(runtime, zap, wanted, scope, yes)
    if json:
        telling.as_json(tried)
    else:
        telling.note(_WORDS[tried.outcome])
        if isinstance(tried.record, dict):
            telling.facts({field: telling.shortened(value, 300) for field, value in tried.record.items()})


_WORDS = {
    "done": "It was done:",
    "exists": "There is one like it already, so nothing was created:",
    "found": "This was found:",
    "nothing": "Nothing was found.",
    "passed": "The filter lets this record pass.",
    "filtered": "The filter stops this record.",
}


def _draft(runtime: Runtime, name: str) -> Zap:
    with runtime.database.read() as session:
        return zaps.find(session, name).draft


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
        verdict = conditions.evaluate(step.filter, scope, zap.locale)
        return Tried(step.key, "", {}, "passed" if verdict.passed else "filtered", verdict.reason)
    operation = runtime.registry().operation(step.use)
    live = await asyncio.to_thread(_live, runtime, step)
    form = values.read(operation.form, mapping.render(step.with_, scope, zap.locale), zap.locale)
    if isinstance(operation, Search):
        found = await runtime.calls.find(operation, Asked(live, Purpose.SEARCH), form)
        outcome = "found" if found is not None else "nothing"
        return Tried(step.key, step.use, plain(form), outcome, plain(found) if found is not None else None)
    assert isinstance(operation, Action)
    outcome, record = await _performed(runtime, operation, live, form, yes)
    return Tried(step.key, step.use, plain(form), outcome, plain(record))


def _live(runtime: Runtime, step: ActionStep) -> LiveConnection:
    if step.connection is None:
        return runtime.connections.without(runtime.registry().connector_of(step.use))
    return runtime.connections.live(step.connection)


async def _performed(
    runtime: Runtime, action: Action[Any, Any], live: LiveConnection, form: BaseModel, yes: bool
) -> tuple[str, Record]:
    """Asks first: this is no rehearsal."""
    telling.note(f"This really does “{action.title}” with “{live.name}” ({live.connector.title}):")
    for field, value in plain(form).items():
        if value not in (None, ""):
            telling.note(f"  {field}: {telling.shortened(value, 200)}")
    telling.confirmed("Do it now?", yes)
    given = action.given.model_construct(
        form.model_fields_set & set(action.given.model_fields),
        **{name: getattr(form, name) for name in action.given.model_fields},
    )
    asked = Asked(live, Purpose.ACTION, idempotency_key=secrets.token_hex(20), started_at=runtime.now())
    if_exists = getattr(form, "if_exists", "create")
    with telling.waiting("Doing it …"):
        already = None if if_exists == "create" else await runtime.calls.existing(action, asked, given)
        if already is not None:
            return "exists", already
        return "done", await runtime.calls.act(action, asked, given)
