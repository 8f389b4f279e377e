"""What a mapping may cost. Templates are written by people and filled by strangers, so every filter is charged.

`Work` is one rendering's allowance: it bounds the time (each filter pays for what it reads and writes) and the size.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from engine.zaps.remarks import remark

MAX_TEXT = 1_000_000  # characters of one text, and of everything one rendering gives
MAX_ITEMS = 10_000  # items of one list that a filter takes or gives
MAX_WORK = 10_000_000  # characters read and written by all filters of one rendering
LEAF = 16  # what any single value costs beyond its text, in characters
MAX_DIGITS = 60  # digits of a number, before and behind the decimal point


class CannotMap(Exception):
    """A value cannot be mapped as the template asks; the text is the sentence to show."""

    @property
    def sentence(self) -> str:
        """The same, in German too where it was made for that."""
        return self.args[0] if self.args else ""


class Work:
    """The allowance of one rendering. It is used up, never refilled."""

    def __init__(self, work: int = MAX_WORK, output: int = MAX_TEXT) -> None:
        self._work = work
        self._output = output

    def charge(self, value: Any) -> None:
        """Pays for reading or writing a value in a filter."""
        self.spend(100 + weight(value))

    def spend(self, characters: int) -> None:
        """Pays for looking at so many characters."""
        self._work -= characters
        if self._work < 0:
            raise CannotMap(remark("too_much_to_do"))

    def give(self, value: Any) -> None:
        """Pays for a value that leaves the rendering."""
        self._output -= weight(value)
        if self._output < 0:
            raise CannotMap(remark("values_too_large", most=MAX_TEXT))


def weight(value: Any) -> int:
    """Roughly the characters in a value, counted only as far as `MAX_TEXT`."""
    total, pending = 0, [value]
    while pending and total <= MAX_TEXT:
        one = pending.pop()
        total += LEAF + (len(one) if isinstance(one, str) else 0)
        if isinstance(one, Mapping):
            pending.extend(one.values())
            total += sum(len(str(key)) for key in islice(one, MAX_TEXT))
        elif isinstance(one, list | tuple):
            pending.extend(one)
    return total


def fitting(length: int) -> None:
    """Refuses a text before it is made when it would be too long."""
    if length > MAX_TEXT:
        raise CannotMap(remark("template_too_long", most=MAX_TEXT))


def few(items: list[Any]) -> list[Any]:
    """The list itself, if it is short enough to work on."""
    if len(items) > MAX_ITEMS:
        raise CannotMap(remark("list_too_long", most=MAX_ITEMS))
    return items
