"""What the values are called that an operation gives, or is sent: by the names that lead to them in a record, as the
picker of the editor has it. Called by `data`, and by the pages that draw records as trees.
"""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engine.editing.words import Words
from engine.registry import AnyOperation
from engine.sdk.fields import Kind, Shape, fields_of
from engine.zaps.values import title_of

Names = tuple[str, ...]
Titles = Callable[[Names], str]
"""The title of what these names lead to, places in lists left out; “” for what nobody declared."""


def untitled(_names: Names) -> str:
    """For values of which nobody says what they are called."""
    return ""


def of_record(words: Words, operation: AnyOperation | None) -> Titles:
    """Of the record that an operation gives."""
    if operation is None:
        return untitled
    known = operation

    def title(names: Names) -> str:
        found = _declared(known.returns, names)
        return words.output(known, names, title_of(*found)) if found else ""

    return title


def of_input(words: Words, operation: AnyOperation | None) -> Titles:
    """Of what an operation is given."""
    if operation is None:
        return untitled
    known = operation

    def title(names: Names) -> str:
        found = _declared(known.form, names)
        if found is None:
            return ""
        return words.field(known, *found) if len(names) == 1 else words.common(title_of(*found))

    return title


def key_of(name: str, info: FieldInfo) -> str:
    """The key of a field in records."""
    return info.serialization_alias or info.alias or name


def _declared(model: type[BaseModel] | None, names: Names) -> tuple[str, FieldInfo] | None:
    found = None
    inner: Any = model
    for key in names:
        fields = fields_of(inner) if inner is not None else ()
        at = next(((name, info, shape) for name, info, shape in fields if key_of(name, info) == key), None)
        if at is None:
            return None
        found, inner = at[:2], _model_in(at[2])
    return found


def _model_in(shape: Shape) -> Any:
    """The model of what stands in a field, or in each entry of it."""
    of = shape.element if shape.kind is Kind.LIST else shape
    return of.python_type if of.kind in (Kind.MODEL, Kind.FILE) else None
