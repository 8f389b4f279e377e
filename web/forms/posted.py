"""Reads what a form sent: names with dots become the nested raw values that `engine.zaps.values` reads.

Nothing is checked here and nothing changed: what a person typed comes back to them as they typed it.
"""

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

from pydantic import BaseModel

from engine.sdk.fields import Kind, Shape, fields_of
from engine.zaps.readers import takes_several

Sent = Iterable[tuple[str, Any]]


def posted(model: type[BaseModel], sent: Sent, prefix: str = "given") -> dict[str, Any]:
    """The raw values of a model's fields. A secret left empty is not among them: the stored one stays."""
    return _of_model(model, _tree(sent, prefix))


def _of_model(model: type[BaseModel], tree: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, _, shape in fields_of(model):
        if name not in tree:
            continue
        value = _value(shape, tree[name])
        if shape.kind is Kind.SECRET and value in ("", None):
            continue
        found[name] = value
    return found


def _value(shape: Shape, node: Any) -> Any:
    if shape.kind is Kind.MODEL:
        return _of_model(shape.python_type, node) if isinstance(node, dict) else _last(node)
    if shape.kind is Kind.LIST:
        return [_value(shape.element, one) for one in _entries(node)] if isinstance(node, dict) else _last(node)
    if shape.kind is Kind.MAPPING:
        return _mapping(node) if isinstance(node, dict) else _last(node)
    if shape.kind is Kind.CHOICES and isinstance(node, dict):
        return _several(node) if takes_several(shape) else _labelled(node)
    if shape.kind is Kind.CHOICES and takes_several(shape):
        return [one for one in node if one] if isinstance(node, list) else []
    return _last(node)


def _several(node: Mapping[str, Any]) -> list[Any]:
    """Several choices of the service, each once, in the order they were chosen in."""
    texts, labels = (one if isinstance(one, list) else [] for one in (node.get("value"), node.get("label")))
    by_value = {text: _with_words(text, label) for text, label in zip_longest(texts, labels, fillvalue="") if text}
    return list(by_value.values())


def _labelled(node: Mapping[str, Any]) -> Any:
    return _with_words(_last(node.get("value", "")), _last(node.get("label", "")))


def _with_words(value: Any, label: Any) -> Any:
    """A choice of the service is kept with the words it was chosen by; what was typed or mapped has none."""
    return {"value": value, "label": label} if value and label else value


def _mapping(node: Mapping[str, Any]) -> dict[str, Any]:
    """Rows of a key and a value; a row without a key counts only if it has a value, which then shows as a problem."""
    rows = (
        (str(_last(row.get("key", ""))).strip(), _last(row.get("value", "")))
        for row in _entries(node)
        if isinstance(row, dict)
    )
    return {key: value for key, value in rows if key or value}


def _entries(node: Mapping[str, Any]) -> list[Any]:
    """The rows in the order of their numbers; what else was sent below them is left out."""
    numbered = sorted((int(name), one) for name, one in node.items() if name.isdecimal() and len(name) < 6)
    return [one for _, one in numbered]


def _last(node: Any) -> Any:
    """A box that is not ticked sends its hidden “false” alone, a ticked one “true” after it."""
    return node[-1] if isinstance(node, list) and node else "" if isinstance(node, list | dict) else node


def _tree(sent: Sent, prefix: str) -> dict[str, Any]:
    """`given.lines.0.title=…` as nested dictionaries, with the list of texts sent at each place."""
    tree: dict[str, Any] = {}
    for name, text in sent:
        head, *parts = name.split(".")
        if head != prefix or not parts or len(parts) > 20:
            continue
        place = tree
        for part in parts[:-1]:
            inner = place.setdefault(part, {})
            place = inner if isinstance(inner, dict) else place.setdefault(part + "?", {})
        kept = place.setdefault(parts[-1], [])
        if isinstance(kept, list):
            kept.append(text)
    return tree
