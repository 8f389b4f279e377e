"""JSON that somebody sent, read strictly: only what JSON knows, not too deep, and its texts one by one.

Used for bodies by `api.routing`, and for what stands in a field of a form by `pages.editor_changes`.
"""

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from engine import signs

DEEPEST = 40  # lists and groups within each other, as of a zap file


def read(sent: str | bytes) -> Any:
    """The value. Raises `json.JSONDecodeError` with the position, and `ValueError` for what no JSON may hold."""
    try:
        return json.loads(sent, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def unwelcome(value: Any) -> list[str]:
    """Where signs stand that no text may hold: “steps.0.title”. Raises `ValueError` for what is nested too deeply."""
    return list(dict.fromkeys(place.strip(".") for place, text in _texts(value) if signs.unwelcome(text)))


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """All texts with their places; a name stands at the place of its group."""
    waiting = [("", value, 0)]
    while waiting:
        place, one, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        if isinstance(one, str):
            yield place, one
        elif isinstance(one, list):
            waiting += ((f"{place}.{number}", entry, depth + 1) for number, entry in enumerate(one))
        elif isinstance(one, dict):
            yield from ((place, name) for name in one)
            waiting += ((f"{place}.{name}", entry, depth + 1) for name, entry in one.items())


def _finite(written: str) -> float:
    """1e999 is a number of JSON, but Python reads it as infinity, and stores that as nothing."""
    number = float(written)
    return number if math.isfinite(number) else _no_number(written)


def _no_number(written: str) -> NoReturn:
    raise ValueError(f"{written[:20]} is no number that can be kept")
