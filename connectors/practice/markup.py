"""Writes HTML so that nothing from outside can become a part of it. Used by the stand-ins' pages."""

from collections.abc import Iterable
from html import escape

_EMPTY = frozenset({"br", "input", "link", "meta"})

Value = str | int | bool | None


class Html(str):
    """Text that is HTML already; any other `str` is escaped when it becomes content."""

    __slots__ = ()


def tag(name: str, /, *content: str, **attributes: Value) -> Html:
    """An element. `class_` means class, `data_key` means data-key; True is bare, False and None are left out."""
    said = "".join(_attribute(key, value) for key, value in attributes.items())
    end = "" if name in _EMPTY else f"</{name}>"
    return Html(f"<{name}{said}>{join(content)}{end}")


def join(content: Iterable[str]) -> Html:
    """All of it in a row."""
    return Html("".join(one if isinstance(one, Html) else escape(one) for one in content))


def foreign(text: str, name: str = "bdi") -> Html:
    """Text that a stranger wrote: whatever direction it is written in, it cannot turn its neighbours around."""
    return tag(name, text, dir="auto")


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
