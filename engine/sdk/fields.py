"""Field kinds: what an input is, beyond its Python type. Forms, value reading and exports follow the kind.

A kind is put on a type with `Annotated`; the names below are ready-made:

    class NewClient(BaseModel):
        name: str = Field(title="Client name", min_length=1)
        email: Email | None = Field(None, title="Email")
        rate: Money
        folder: Annotated[str, Choices(folders)]

`kind_of(annotation, metadata)` tells the kind of any field; it is what the engine and the web ask.
"""

import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from engine.sdk.records import File


class Kind(StrEnum):
    """Every field kind there is."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    HTML = "html"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    DURATION = "duration"
    EMAIL = "email"
    URL = "url"
    PHONE = "phone"
    COUNTRY = "country"
    CURRENCY = "currency"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    LIST = "list"
    MODEL = "model"
    MAPPING = "mapping"
    JSON = "json"
    FILE = "file"
    SECRET = "secret"  # noqa: S105 (a kind, not a password)


@dataclass(frozen=True)
class As:
    """Marks a type with a kind: `Annotated[str, As(Kind.PHONE)]`."""

    kind: Kind


@dataclass(frozen=True)
class Choices:
    """Values that only the service knows. `function(ctx, given, search)` returns a list of `Choice`.

    In a trigger such a field names the place that is watched (a folder, a project); another value there is another
    source with a baseline of its own. `place=False` says that it is not so.

    `depends` names the other fields whose values `function` reads from `given`: when one of them changes, the editor
    asks again, and marks a value that is not among the choices any more. On a `list`, several may be chosen.
    """

    function: Callable[..., Any]
    place: bool = True
    depends: tuple[str, ...] = ()


@dataclass(frozen=True)
class Labels:
    """The words for the values of a `Literal` or `Enum` field, by value."""

    by_value: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Verbatim:
    """Marks a JSON field in which a text stays the text it is, also where it looks like JSON."""


@dataclass(frozen=True)
class MayBeSecret:
    """On a type that may be a `Secret` or something else, by what the model says: put there by `shape_of`."""


@dataclass(frozen=True)
class Place:
    """Marks a trigger's input as naming the place that is watched, without `Choices`."""


@dataclass(frozen=True)
class More:
    """Marks a field that is folded away under “More fields”."""


@dataclass(frozen=True)
class Group:
    """Fields of one group stand together under its title."""

    title: str


LongText = Annotated[str, As(Kind.LONG_TEXT)]
"""A `str` of several lines."""
Html = Annotated[str, As(Kind.HTML)]
"""A `str` with HTML in it, as it was written."""
Money = Annotated[Decimal, As(Kind.MONEY)]
"""An amount as a `Decimal`; “1.234,50 €” is read in the zap’s language, and the currency left out."""
Duration = timedelta
"""A `timedelta`: “90 min”, “1 h 30 min” and ISO 8601 (“PT5M”) are read."""
Email = Annotated[str, As(Kind.EMAIL)]
"""One address as a `str`; “Anna <anna@example.com>” gives the address alone."""
Url = Annotated[str, As(Kind.URL)]
"""An address with http:// or https://, as a `str`; “example.com” becomes https://example.com."""
Phone = Annotated[str, As(Kind.PHONE)]
"""A telephone number as a `str` in E.164: “030/123-45” becomes +493012345 in a German zap."""
Country = Annotated[str, As(Kind.COUNTRY)]
"""A country as its ISO 3166 code, a `str`: “Deutschland” becomes DE."""
Currency = Annotated[str, As(Kind.CURRENCY)]
"""A currency as its ISO 4217 code, a `str`: “€” becomes EUR."""
Json = Annotated[Any, As(Kind.JSON)]
"""Any JSON value; a text that is JSON is parsed (see `Verbatim`)."""
Secret = SecretStr
"""A `SecretStr`: kept sealed, never shown again. `value.get_secret_value()` gives the text."""

_BY_TYPE: tuple[tuple[type, Kind], ...] = (
    (SecretStr, Kind.SECRET),
    (bool, Kind.BOOLEAN),
    (int, Kind.INTEGER),
    (Decimal, Kind.DECIMAL),
    (float, Kind.DECIMAL),
    (datetime, Kind.DATETIME),
    (date, Kind.DATE),
    (time, Kind.TIME),
    (timedelta, Kind.DURATION),
    (Enum, Kind.CHOICE),
    (File, Kind.FILE),
    (BaseModel, Kind.MODEL),
    (dict, Kind.MAPPING),
    (list, Kind.LIST),
    (tuple, Kind.LIST),
    (str, Kind.TEXT),
)


@dataclass(frozen=True)
class Shape:
    """What one field is: its kind, its bare Python type, whether it may be left out, and all its markers."""

    kind: Kind
    python_type: Any
    optional: bool
    markers: tuple[Any, ...] = ()

    def marker(self, wanted: type) -> Any:
        """The first marker of the type `wanted`, or None."""
        return next((found for found in self.markers if isinstance(found, wanted)), None)

    @property
    def element(self) -> "Shape":
        """The shape of a list's elements (text, if the list does not say)."""
        arguments = get_args(self.python_type)
        return shape_of(arguments[0] if arguments else str)


def shape_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Shape:
    """The shape of a type annotation. Unions with None are optional; other unions are JSON."""
    inner, markers, optional = _unwrap(annotation, tuple(metadata))
    return Shape(_kind(inner, markers), inner, optional, markers)


def field_shape(info: FieldInfo) -> Shape:
    """The shape of a pydantic field. A field with a default may be left out, so it is optional."""
    shape = shape_of(info.annotation, tuple(info.metadata))
    return Shape(shape.kind, shape.python_type, shape.optional or not info.is_required(), shape.markers)


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo, Shape]]:
    """Name, pydantic field and shape of each field of a model, in order."""
    return iter(_fields(model))


@lru_cache(maxsize=1024)
def _fields(model: type[BaseModel]) -> tuple[tuple[str, FieldInfo, Shape], ...]:
    """Kept: a draft of fifty steps asks for these six hundred times with every key that is typed."""
    return tuple((name, info, field_shape(info)) for name, info in model.model_fields.items())


@lru_cache(maxsize=1024)
def fields_with_secrets(model: type[BaseModel]) -> frozenset[str]:
    """The fields that may hold a `Secret`, also within a mapping or a list."""
    return frozenset(name for name, info in model.model_fields.items() if _may_hold_a_secret(info.annotation))


def _may_hold_a_secret(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return bool(fields_with_secrets(annotation))
    return annotation is SecretStr or any(map(_may_hold_a_secret, get_args(annotation)))


def _unwrap(annotation: Any, markers: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...], bool]:
    optional = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *inner = get_args(annotation)
            markers = (*markers, *inner)
        elif origin in (Union, types.UnionType):
            others = [one for one in get_args(annotation) if one is not type(None)]
            if len(others) != 1:
                markers = (*markers, MayBeSecret()) if _may_hold_a_secret(annotation) else markers
                return Any, markers, optional or len(others) < len(get_args(annotation))
            annotation, optional = others[0], True
        else:
            return annotation, markers, optional


def _kind(inner: Any, markers: tuple[Any, ...]) -> Kind:
    if any(isinstance(marker, Choices) for marker in markers):
        return Kind.CHOICES
    said = next((marker.kind for marker in markers if isinstance(marker, As)), None)
    if said is not None:
        return said
    if get_origin(inner) is Literal:
        return Kind.CHOICE
    plain = get_origin(inner) or inner
    if not isinstance(plain, type):
        return Kind.JSON
    return next((kind for base, kind in _BY_TYPE if issubclass(plain, base)), Kind.JSON)
