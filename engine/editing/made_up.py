"""Made-up records: what an operation gives, told from its output model alone. Used while there is nothing real."""

from datetime import UTC, date, datetime, time
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engine.sdk.fields import Kind, Shape, fields_of
from engine.zaps.values import title_of

MAX_DEPTH = 4  # models within models

_EXAMPLES: dict[Kind, Any] = {
    Kind.INTEGER: 1,
    Kind.DECIMAL: "12.5",
    Kind.MONEY: "49.90",
    Kind.DATE: date(2026, 1, 31).isoformat(),
    Kind.TIME: time(9, 30).isoformat(),
    Kind.DATETIME: datetime(2026, 1, 31, 9, 30, tzinfo=UTC).isoformat(),
    Kind.DURATION: 5400.0,
    Kind.EMAIL: "erika@example.com",
    Kind.URL: "https://example.com",
    Kind.PHONE: "+493012345678",
    Kind.COUNTRY: "DE",
    Kind.CURRENCY: "EUR",
    Kind.BOOLEAN: True,
    Kind.SECRET: "",
    Kind.JSON: {},
    Kind.MAPPING: {},
    Kind.FILE: {"ref": "", "name": "example.pdf", "content_type": "application/pdf", "size": 1000},
}
_LONG = {
    "en": "An example of a longer text.\nIt has a second line.",
    "de": "Ein Beispiel für einen längeren Text.\nEr hat eine zweite Zeile.",
}


def record_of(model: type[BaseModel] | None, language: str = "en") -> dict[str, Any]:
    """An example of what the model holds, under the names it has in records."""
    return {} if model is None else _of_model(model, language, 0)


def _of_model(model: type[BaseModel], language: str, depth: int) -> dict[str, Any]:
    return {
        info.serialization_alias or info.alias or name: _of(shape, _named(name, info), language, depth)
        for name, info, shape in fields_of(model)
    }


def _named(name: str, info: FieldInfo) -> str:
    return "example-1" if name == "id" else title_of(name, info)


def _of(shape: Shape, title: str, language: str, depth: int) -> Any:
    if shape.kind is Kind.MODEL:
        return _of_model(shape.python_type, language, depth + 1) if depth < MAX_DEPTH else {}
    if shape.kind is Kind.LIST:
        return [_of(shape.element, title, language, depth + 1)] if depth < MAX_DEPTH else []
    if shape.kind is Kind.CHOICE:
        return _first_choice(shape.python_type)
    if shape.kind in (Kind.LONG_TEXT, Kind.HTML):
        return _LONG.get(language, _LONG["en"])
    return _EXAMPLES.get(shape.kind, title)


def _first_choice(kind: Any) -> Any:
    values = get_args(kind) or [one.value for one in kind]
    return values[0] if values else ""
