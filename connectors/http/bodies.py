"""What a request carries: a mapping or list as JSON, fields of a form, or text as it is."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlencode

from zapwerk import InvalidInput

Format = Literal["auto", "json", "form", "text"]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TEXT = "text/plain; charset=utf-8"


def plain(value: Any) -> Any:
    """`value` as JSON has it: what is written down before the call must be what is sent, also after a crash."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, datetime | date | time) else value


def encoded(body: Any, how: Format) -> tuple[bytes | None, str]:
    """The bytes, and their content type; None for no body. Raises `InvalidInput`."""
    if body is None or body == "":
        return None, ""
    if how == "form":
        return _form(body), FORM
    if how == "json" or (how == "auto" and not isinstance(body, str)):
        return _json(body), JSON
    if isinstance(body, Mapping | list):
        raise _refused("A group or list cannot be sent as text; choose JSON, or map a single value.")
    return (body if isinstance(body, str) else json.dumps(body)).encode("utf-8", "replace"), TEXT


def pairs(values: Mapping[str, Any], field: str) -> list[tuple[str, str]]:
    """Names and texts; a list gives its name several times, nothing gives none. Raises `InvalidInput`."""
    found = []
    for name, value in values.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if isinstance(one, Mapping | list | tuple):
                raise InvalidInput(f"“{name}” must be a text, a number or a list of them.", field=field)
            if one is not None:
                found.append((name, text_of(one)))
    return found


def text_of(value: Any) -> str:
    """A single value as people write it in addresses: true, 12.5."""
    return value if isinstance(value, str) else json.dumps(plain(value)).strip('"')


def _json(body: Any) -> bytes:
    if isinstance(body, str):
        _must_be_json(body)
        return body.encode("utf-8", "replace")
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")
    except (TypeError, ValueError) as error:
        raise _refused("The body holds a value that JSON does not have.") from error


def _must_be_json(text: str) -> None:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(f"The body is no valid JSON: {error}.") from error


def _form(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    if not isinstance(body, Mapping):
        raise _refused("A form consists of named values; map a group, or write name=value&name=value.")
    return urlencode(pairs(body, "body")).encode()


def _refused(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, field="body")
