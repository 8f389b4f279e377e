"""`standard_checks`: what every connector should pass, in one call from its tests."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from engine import texts
from engine.sdk.connector import Connector, Operation
from engine.sdk.fields import Choices, fields_of
from engine.sdk.records import Record

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def standard_checks(connector: Connector, *, languages: tuple[str, ...] = ()) -> None:
    """Raises `AssertionError` with everything that is wrong, one line each.

    Words for people are there, sentences name real fields, models make a JSON schema, choices can be called, outputs
    say what they hold, and an account is checked before it is saved. `languages` lists translations that must be
    complete.
    """
    found = [*_of_connector(connector), *_of_operations(connector)]
    for language in languages:
        found += [f"{path} is not translated into “{language}”" for path in texts.missing(connector, language)]
    assert not found, f"connector “{connector.key}”:\n  " + "\n  ".join(found)


def _of_connector(connector: Connector) -> Iterator[str]:
    if not connector.title.strip():
        yield "has no title"
    if connector.needs_connection and connector.checked_by is None:
        yield "has no @check, so a wrong password would be saved"
    if not (connector.triggers or connector.actions or connector.searches or connector.webhooks):
        yield "does nothing: no trigger, action, search or webhook"


def _of_operations(connector: Connector) -> Iterator[str]:
    tables = (connector.triggers, connector.actions, connector.searches, connector.webhooks)
    for table in tables:
        for operation in table.values():
            yield from (f"{operation.key}: {what}" for what in _of_operation(operation))


def _of_operation(operation: Operation[Any, Any]) -> Iterator[str]:
    if not operation.description:
        yield "has no docstring; its first line is what people read"
    for name in _PLACEHOLDER.findall(operation.sentence):
        if name not in operation.given.model_fields:
            yield f"its sentence names {{{name}}}, which is no field of {operation.given.__name__}"
    yield from _of_fields(operation)
    if operation.returns is not None and set(operation.returns.model_fields) == set(Record.model_fields):
        yield f"{operation.returns.__name__} declares no field besides id, so nothing can be mapped from it"


def _of_fields(operation: Operation[Any, Any]) -> Iterator[str]:
    try:
        operation.form.model_json_schema()
    except Exception as error:  # noqa: BLE001 (whatever pydantic says is the finding)
        yield f"{operation.form.__name__} makes no JSON schema: {error}"
    for name, _, shape in fields_of(operation.form):
        choices = shape.marker(Choices)
        if choices is not None and len(inspect.signature(choices.function).parameters) != 3:
            yield f"the choices of {name} must take (ctx, given, search)"
