"""How values become bytes before they are handed to the journal, so that a bad one harms only itself.

JSON in UTF-8. Lone surrogates and NUL become U+FFFD: PostgreSQL takes neither, and mails contain both.
"""

import json
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import to_jsonable_python

REPLACEMENT = "\ufffd"
_UNWELCOME = re.compile("[\x00\ud800-\udfff]")


def encode(value: Any) -> bytes:
    """`value` as JSON bytes. Models, dates, decimals (as text) and secrets (blotted out) are written plainly."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    if "\\u0000" in text:
        text = json.dumps(_without_nul(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
    return clean(text).encode()


def clean(text: str) -> str:
    """`text` as every database takes it: for columns that hold words, which may be a stranger's."""
    return _UNWELCOME.sub(REPLACEMENT, text)


def distinct(text: str) -> str:
    """As `clean`, for names of things: two different ones stay different."""
    return _UNWELCOME.sub(lambda found: f"{REPLACEMENT}{ord(found[0]):x}", text)


def decode(data: bytes | None) -> Any:
    """The value of JSON bytes; None for none."""
    return None if data is None else json.loads(data)


def plain(value: Any) -> Any:
    """`value` as it would come back from the database: only mappings, lists, text, numbers, booleans, None."""
    return json.loads(encode(value))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="python", by_alias=True, warnings=False)
    if isinstance(value, SecretStr):
        return "••••••"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    try:
        return to_jsonable_python(value)  # addresses, UUIDs, enums: whatever a model may hold
    except ValueError as error:
        raise TypeError(f"{type(value).__name__} cannot be kept") from error


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_without_nul(one) for one in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(one) for key, one in value.items()}
    return value
