"""Pydantic's findings as sentences: “Description has 1,204 characters; at most 1,000 are allowed.”"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from engine.sdk.fields import Kind, shape_of
from engine.spelling import quoted
from engine.zaps.sentences import ValueProblem
from engine.zaps.wording import capitalised

Told = tuple[str, dict[str, Any]]


def problems(model: type[BaseModel], error: ValidationError) -> list[ValueProblem]:
    """One problem for each thing that pydantic found in an instance of `model`."""
    return [_problem(model, detail) for detail in error.errors(include_url=False)]


def _problem(model: type[BaseModel], detail: ErrorDetails) -> ValueProblem:
    title, secret = _named(model, detail["loc"])
    tell = _TOLD.get(detail["type"], _refused)
    code, parameters = tell(detail.get("ctx", {}), detail["input"])
    if secret and "value" in parameters:
        code, parameters = "not_the_secret", {}
    field = ".".join(str(part) for part in detail["loc"])
    return ValueProblem.of(code, {"title": title, **parameters}, field)


def _named(model: type[BaseModel], location: tuple[int | str, ...]) -> tuple[str, bool]:
    """The title of the field at a location (the last one that has any), and whether it is a secret."""
    title, secret = "This", False
    current: type[BaseModel] | None = model
    for part in location:
        info = current.model_fields.get(part) if current is not None and isinstance(part, str) else None
        if info is None:
            continue
        title = info.title or capitalised(str(part).replace("_", " "))
        shape = shape_of(info.annotation, tuple(info.metadata))
        shape = shape.element if shape.kind is Kind.LIST else shape
        secret = shape.kind is Kind.SECRET
        current = shape.python_type if shape.kind is Kind.MODEL else None
    return title, secret


def _length(code: str, limit: str, shown_as: str) -> Callable[[Mapping[str, Any], Any], Told]:
    def tell(context: Mapping[str, Any], given: Any) -> Told:
        count = context.get("actual_length") or len(_bare(given))
        return code, {"count": count, shown_as: context[limit]}

    return tell


def _bare(given: Any) -> Any:
    found = given.get_secret_value() if isinstance(given, SecretStr) else given
    return found if hasattr(found, "__len__") else ""


def _limit(code: str, key: str) -> Callable[[Mapping[str, Any], Any], Told]:
    return lambda context, given: (code, {"limit": context[key], "value": _shown(given)})


def _most(code: str, key: str) -> Callable[[Mapping[str, Any], Any], Told]:
    return lambda context, given: (code, {"most": context[key], "value": _shown(given)})


def _shown(given: Any) -> str:
    if isinstance(given, Mapping | list | tuple | BaseModel | SecretStr):
        return "what was given"
    return quoted(given)


def _refused(_: Mapping[str, Any], given: Any) -> Told:
    return "refused", {"value": _shown(given)}


def _said(context: Mapping[str, Any], given: Any) -> Told:
    """A connector's own validator: its sentence is shown as it is."""
    error = context.get("error")
    return ("said", {"words": str(error)}) if error else _refused(context, given)


_TOLD: dict[str, Callable[[Mapping[str, Any], Any], Told]] = {
    "missing": lambda _context, _given: ("missing", {}),
    "string_too_long": _length("too_long", "max_length", "most"),
    "string_too_short": _length("too_short", "min_length", "least"),
    "too_long": _length("too_many", "max_length", "most"),
    "too_short": _length("too_few", "min_length", "least"),
    "greater_than": _limit("more_than", "gt"),
    "greater_than_equal": _limit("at_least", "ge"),
    "less_than": _limit("less_than", "lt"),
    "less_than_equal": _limit("at_most", "le"),
    "decimal_max_digits": _most("too_many_digits", "max_digits"),
    "decimal_whole_digits": lambda context, given: (
        "too_many_digits",
        {"most": context["whole_digits"], "value": _shown(given)},
    ),
    "decimal_max_places": _most("too_many_places", "decimal_places"),
    "multiple_of": lambda context, given: ("not_a_multiple", {"of": context["multiple_of"], "value": _shown(given)}),
    "string_pattern_mismatch": lambda _context, given: ("wrong_form", {"value": _shown(given)}),
    "value_error": _said,
    "assertion_error": _said,
}
