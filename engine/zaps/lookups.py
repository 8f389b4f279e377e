"""How a path like `trigger.labelled['E-Mail']` is followed through plain data.

Only keys of mappings, positions in lists, and the properties of `PROPERTIES` are ever reached: never an attribute of
a Python object, whatever name a person or a stranger's mail writes.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

MAX_LABEL = 200  # characters of a label that are compared
MAX_LABELS = 1_000  # keys among which a similar one is looked for
COST_OF_LABEL = 16  # characters' worth of work

Segment = str | int

PROPERTIES: dict[str, Callable[[Any], Any]] = {
    "size": len,
    "first": lambda many: many[0] if many else None,
    "last": lambda many: many[-1] if many else None,
}
"""What texts, lists and mappings know of themselves (`first` and `last`: lists only). A key of the same name wins."""


def follow(value: Any, path: Sequence[Segment], charge: Callable[[int], None] | None = None) -> Any:
    """The value at the end of the path, or None where the path leads nowhere.

    `charge` is told how many characters each step has to look at.
    """
    for segment in path:
        if charge and isinstance(value, Mapping) and segment not in value:
            charge(COST_OF_LABEL * min(len(value), MAX_LABELS))
        value = _step(value, segment)
        if value is None:
            return None
    return value


def folded(label: str) -> str:
    """A label as look-ups compare it: “ E-Mail *: ” is “e-mail”."""
    return " ".join(unicodedata.normalize("NFC", label[:MAX_LABEL]).casefold().rstrip(" \t\r\n\u00a0:：*").split())


def matching_key(keys: Mapping[str, Any], wanted: str) -> str | None:
    """The key itself, else the first one that differs only in case, blanks, and a colon or asterisk at its end."""
    if wanted in keys:
        return wanted
    sought = folded(wanted)
    few = islice(keys, MAX_LABELS)
    return next((key for key in few if isinstance(key, str) and folded(key) == sought), None) if sought else None


def _step(value: Any, segment: Segment) -> Any:
    if isinstance(value, Mapping):
        key = matching_key(value, str(segment))
        if key is not None:
            return value[key]
        return len(value) if segment == "size" else None
    if isinstance(value, str):
        return len(value) if segment == "size" else None
    return _of_list(value, segment) if isinstance(value, list | tuple) else None


def _of_list(many: list[Any] | tuple[Any, ...], segment: Segment) -> Any:
    if isinstance(segment, int):
        return many[segment] if -len(many) <= segment < len(many) else None
    read = PROPERTIES.get(segment)
    return read(many) if read else None
