"""Places within a step's inputs: `lines.0.title`, read and changed. Pure; called by `drawing`, previews and proposals.

A place is a text cut at its dots, or a tuple of names and numbers where a name may hold dots itself.
"""

from collections.abc import Mapping
from typing import Any

from engine.errors import Refused
from engine.zaps.remarks import remark

Segment = str | int
Place = str | tuple[Segment, ...]

MAX_LENGTH = 12  # segments
MAX_ENTRIES = 1_000  # of one list that is filled in by hand


def path_of(place: Place) -> tuple[Segment, ...]:
    """The segments of a place; whole numbers count the entries of a list."""
    parts = place.split(".") if isinstance(place, str) else place
    found = tuple(int(one) if isinstance(one, str) and _is_number(one) else one for one in parts)
    if not found or "" in found or len(found) > MAX_LENGTH or not isinstance(found[0], str):
        raise Refused(remark("no_such_place"))
    return found


def text_of(place: Place) -> str:
    """A place as problems name it."""
    return place if isinstance(place, str) else ".".join(map(str, place))


def value_at(values: Any, place: Place) -> Any:
    """What stands at a place; None for nothing."""
    found = values
    for segment in path_of(place):
        if isinstance(found, Mapping):
            found = found.get(str(segment))
        elif isinstance(found, list | tuple) and isinstance(segment, int):
            found = found[segment] if segment < len(found) else None
        else:
            return None
    return found


def with_value(values: Mapping[str, Any], place: Place, value: Any) -> dict[str, Any]:
    """The values with another one at a place. None takes away what stands there, and an entry out of its list.

    The number behind a list's last one adds an entry. What is missing on the way is made; a text on the way (a mapping
    of the whole list, say) is replaced.
    """
    changed = _changed(dict(values), path_of(place), value)
    return changed if isinstance(changed, dict) else {}


def _changed(found: Any, path: tuple[Segment, ...], value: Any) -> Any:
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(head, int) and not isinstance(found, Mapping):
        return _in_list(list(found) if isinstance(found, list | tuple) else [], head, rest, value)
    return _in_mapping(dict(found) if isinstance(found, Mapping) else {}, str(head), rest, value)


def _in_mapping(found: dict[str, Any], key: str, rest: tuple[Segment, ...], value: Any) -> dict[str, Any]:
    if value is None and not rest:
        found.pop(key, None)
    elif value is not None or key in found:
        found[key] = _changed(found.get(key), rest, value)
    return found


def _in_list(found: list[Any], index: int, rest: tuple[Segment, ...], value: Any) -> list[Any]:
    if index > len(found) or index >= MAX_ENTRIES:
        raise Refused(remark("no_such_entry"))
    if value is None and (not rest or index == len(found)):
        return found[:index] + found[index + 1 :]
    before = found[index] if index < len(found) else None
    return [*found[:index], _changed(before, rest, value), *found[index + 1 :]]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5
