"""How values become bytes before they are handed to the journal, so that a bad one harms only itself.

JSON in UTF-8. Lone surrogates and NUL become U+FFFD: PostgreSQL takes neither, and mails contain both.
"""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, SecretStr

REPLACEMENT = "\ufffd"


def encode(value: Any) -> bytes:
    """`value` as JSON bytes. Models, dates, decimals (as text) and secrets (blotted out) are written plainly."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    if "\\u0000" in text:
        text = json.dumps(_without_nul(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", errors="surrogatepass").decode("utf-8", errors="replace").encode()


def decode(data: bytes | None) -> Any:
    """The value of JSON bytes; None for none."""
    return None if data is None else json.loads(data)


def plain(value: Any) -> Any:
    """`value` as it would come back from the database: only mappings, lists, text, numbers, booleans, None."""
    return json.loads(encode(value))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="python", by_alias=True)
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
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", REPLACEMENT)
    if isinstance(value, list):
        return [_without_nul(one) for one in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(one) for key, one in value.items()}
    return value
