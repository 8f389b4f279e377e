"""Filters on lists. A single value counts as a list of one, nothing as an empty one."""

from collections.abc import Mapping
from typing import Any

from engine.zaps import lookups
from engine.zaps.limits import few, fitting
from engine.zaps.plain import is_blank, text_of


def join(value: Any, separator: Any = ", ") -> str:
    """The entries of a list as one text.
    {{ trigger.tags | join: " / " }}"""
    parts, by = [text_of(one) for one in _items(value)], text_of(separator)
    fitting(sum(map(len, parts)) + len(by) * len(parts))
    return by.join(parts)


def first(value: Any) -> Any:
    """The first entry.
    {{ trigger.to | first }}"""
    return next(iter(_items(value)), None)


def last(value: Any) -> Any:
    """The last entry.
    {{ trigger.to | last }}"""
    return next(reversed(_items(value)), None)


def size(value: Any) -> int:
    """How many characters a text, or entries a list has.
    {{ trigger.attachments | size }}"""
    return len(value) if isinstance(value, str | Mapping) else len(_items(value))


def reverse(value: Any) -> list[Any]:
    """The list from its end to its start.
    {{ trigger.tags | reverse }}"""
    return _items(value)[::-1]


def sort(value: Any) -> list[Any]:
    """The list in alphabetical order.
    {{ trigger.tags | sort | join }}"""
    return sorted(_items(value), key=lambda one: text_of(one).casefold())


def uniq(value: Any) -> list[Any]:
    """Each entry once.
    {{ trigger.tags | uniq }}"""
    seen: dict[str, Any] = {}
    for one in _items(value):
        seen.setdefault(text_of(one), one)
    return list(seen.values())


def compact(value: Any) -> list[Any]:
    """Without blank entries.
    {{ trigger.tags | compact }}"""
    return [one for one in _items(value) if not is_blank(one)]


def map_(value: Any, key: Any) -> list[Any]:
    """One value of each entry.
    {{ trigger.to | map: "address" | join }}"""
    return [lookups.follow(one, (text_of(key),)) for one in _items(value)]


def where(value: Any, key: Any, wanted: Any = True) -> list[Any]:
    """The entries in which a value is the one wanted.
    {{ trigger.attachments | where: "content_type", "application/pdf" }}"""
    sought = text_of(wanted)
    return [one for one in _items(value) if text_of(lookups.follow(one, (text_of(key),))) == sought]


def _items(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return few(list(value))
    return [] if is_blank(value) else [value]


FILTERS = (join, first, last, size, reverse, sort, uniq, compact, map_, where)
