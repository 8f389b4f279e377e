"""Values as they are shown: large ones are cut to what a person reads, and it is said. Pure; called by details."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.store.encoding import decode

MOST_TEXT = 10_000  # characters of one text
MOST_ENTRIES = 200  # of one list or group
MOST_DEPTH = 12
MOST_IN_ALL = 100_000  # characters and entries of one value


@dataclass(frozen=True)
class Shown:
    """A value as it is shown; `cut` says that the whole is larger, `size` how many bytes that has as JSON. `value` is
    None where the whole is too large to be looked into."""

    value: Any
    cut: bool = False
    size: int = 0


def shown(data: bytes | None, size: int) -> Shown:
    """JSON bytes as they are shown; None for what was too large to be read."""
    return Shown(None, cut=True, size=size) if data is None else shown_value(decode(data), size)


def shown_value(value: Any, size: int = 0) -> Shown:
    knife = _Knife()
    found = knife.cut(value, 0)
    return Shown(found, knife.used, size)


class _Knife:
    """Cuts one value; `used` says whether anything was left out."""

    def __init__(self) -> None:
        self.used = False
        self._left = MOST_IN_ALL

    def cut(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {name: self.cut(value[name], depth + 1) for name in self._some(list(value), depth)}
        if isinstance(value, list):
            return [self.cut(one, depth + 1) for one in self._some(value, depth)]
        return value

    def _text(self, text: str) -> str:
        most = max(min(MOST_TEXT, self._left), 0)
        self._left -= min(len(text), most)
        if len(text) <= most:
            return text
        self.used = True
        return text[:most]

    def _some(self, entries: list[Any], depth: int) -> list[Any]:
        most = 0 if depth >= MOST_DEPTH else max(min(MOST_ENTRIES, self._left), 0)
        self._left -= min(len(entries), most)
        if len(entries) > most:
            self.used = True
        return entries[:most]
