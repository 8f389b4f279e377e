"""What a connector's function may return, checked before the engine believes it. Called by `calls`."""

import json
from collections.abc import Iterable
from typing import Any

from engine.errors import ZapwerkError
from engine.sdk.connector import Operation
from engine.sdk.records import Account, Choice, Page, Record

MAX_ID = 1000  # characters


class ConnectorBug(ZapwerkError):
    """The connector itself failed. The text is a sentence for people; `traceback` is for the log, without secrets."""

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


def record(operation: Operation[Any, Any], value: Any) -> Record:
    """The record an action made, or a trigger found."""
    return _record(operation, value, shortest_id=1)


def _record(operation: Operation[Any, Any], value: Any, *, shortest_id: int) -> Record:
    if not isinstance(value, operation.returns or Record):
        raise _bug(operation, f"returned {_named(value)} instead of {(operation.returns or Record).__name__}")
    if not isinstance(value.id, str) or not shortest_id <= len(value.id) <= MAX_ID:
        raise _bug(operation, "returned a record without a usable id")
    return value


def record_or_none(operation: Operation[Any, Any], value: Any) -> Record | None:
    """What a search or lookup found."""
    return None if value is None else record(operation, value)


def found(operation: Operation[Any, Any], value: Any) -> Record | Page[Any]:
    """One thing that a trigger yielded: a record, or for triggers with a cursor a page."""
    if not getattr(operation, "paged", False):
        return record(operation, value)
    if not isinstance(value, Page):
        raise _bug(operation, f"yielded {_named(value)} instead of a Page")
    try:
        json.dumps(value.cursor)
    except (TypeError, ValueError) as error:
        raise _bug(operation, f"yielded a cursor that cannot be stored ({error})") from error
    records = tuple(record(operation, one) for one in value.records)
    return Page(records, value.cursor, value.warning, bool(value.more))


def records(operation: Operation[Any, Any], value: Any) -> list[Record]:
    """What a webhook's delivery holds; an empty id asks the engine for one."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | dict | Record):
        raise _bug(operation, f"returned {_named(value)} instead of a list of records")
    return [_record(operation, one, shortest_id=0) for one in value]


def account(connector: str, value: Any) -> Account:
    """Who is signed in."""
    if not isinstance(value, Account) or not (isinstance(value.id, str) and value.id and isinstance(value.label, str)):
        raise ConnectorBug(f"The connector “{connector}” is faulty: its check returned no account.")
    return value


def choices(connector: str, value: Any) -> list[Choice]:
    """The values of a `Choices` field."""
    listed = list(value) if isinstance(value, list | tuple) else [value]
    if not all(isinstance(one, Choice) for one in listed):
        raise ConnectorBug(f"The connector “{connector}” is faulty: its choices are none.")
    return listed


def _bug(operation: Operation[Any, Any], what: str) -> ConnectorBug:
    return ConnectorBug(f"The connector “{operation.connector}” is faulty: {operation.key} {what}.")


def _named(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
