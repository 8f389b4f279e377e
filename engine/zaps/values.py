"""From raw values to typed ones, by field kind and locale: what stands between a mapping and a connector's input model.

Text is trimmed; blank in an optional field means *not given*. What cannot be read unambiguously is refused with the
value quoted, never guessed. The interpreter reads a step's rendered inputs here, `check` the literal ones, and forms
what was typed.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from engine.errors import Problems
from engine.sdk.fields import Kind, Shape, fields_of
from engine.zaps import constraints, readers
from engine.zaps.locales import Locale
from engine.zaps.plain import is_blank
from engine.zaps.sentences import Unreadable, ValueProblem
from engine.zaps.wording import capitalised

MAX_DEPTH = 10  # of models within models
_MAY_BE_EMPTY = (Kind.LIST, Kind.MAPPING, Kind.JSON, Kind.MODEL)

ModelT = TypeVar("ModelT", bound=BaseModel)


class ValueProblems(Problems):
    """Values that cannot be used, each by field; `problems` are `ValueProblem`s, which can be told in German too."""

    problems: tuple[ValueProblem, ...]


def read(model: type[ModelT], raw: Mapping[str, Any], locale: Locale) -> ModelT:
    """An instance of the model made of raw values. Raises `ValueProblems` with all that is wrong."""
    values, found = _read_fields(model, raw, locale, "", 0)
    if found:
        raise ValueProblems(found + _constraint_problems(model, values, without={one.field for one in found}))
    try:
        return model.model_validate(values, by_name=True, by_alias=True)
    except ValidationError as error:
        raise ValueProblems(constraints.problems(model, error)) from error


def problems(
    model: type[BaseModel], raw: Mapping[str, Any], locale: Locale, *, unknown: Collection[str] = ()
) -> list[ValueProblem]:
    """What is wrong with raw values of which some fields (`unknown`: they are templates) are not known yet."""
    values, found = _read_fields(model, raw, locale, "", 0, unknown)
    return found + _constraint_problems(model, values, without={*unknown, *(one.field for one in found)})


def read_known(
    model: type[BaseModel], raw: Mapping[str, Any], locale: Locale, *, unknown: Collection[str]
) -> dict[str, Any]:
    """The typed values of those fields that are not `unknown`, as far as any are given. Raises `ValueProblems`."""
    values, found = _read_fields(model, raw, locale, "", 0, unknown)
    found += _constraint_problems(model, values, without={*unknown, *(one.field for one in found)})
    if found:
        raise ValueProblems(found)
    return values


def title_of(name: str, info: FieldInfo) -> str:
    """What a sentence calls a field."""
    return info.title or capitalised(name.replace("_", " "))


def _constraint_problems(
    model: type[BaseModel], values: dict[str, Any], *, without: Collection[str]
) -> list[ValueProblem]:
    """What pydantic refuses in the values that could be read; other fields, and rules about several, are left out.

    While any field is left out, nothing is said about one that was not given: only a rule about several can blame it.
    """
    try:
        model.model_validate(values, by_name=True, by_alias=True)
    except ValidationError as error:
        found = constraints.problems(model, error)
        aliases = {info.alias for name, info in model.model_fields.items() if name in values and info.alias}
        said = ({*values} | aliases) - {field.partition(".")[0] for field in without}
        return [one for one in found if not without or one.field.partition(".")[0] in said]
    return []


def _read_fields(
    model: type[BaseModel],
    raw: Mapping[str, Any],
    locale: Locale,
    place: str,
    depth: int,
    unknown: Collection[str] = (),
) -> tuple[dict[str, Any], list[ValueProblem]]:
    values: dict[str, Any] = {}
    found: list[ValueProblem] = []
    for name, info, shape in _fields(model):
        if name in unknown:
            continue
        reading = _Reading(model, locale, f"{place}{name}", title_of(name, info), depth)
        given = raw.get(name, raw.get(info.alias) if info.alias else None)
        if _is_left_out(given, shape):
            found += reading.left_out(name in raw, shape)
            if info.is_required() and shape.optional:
                values[name] = None
        else:
            values.update((name, one) for one in reading.of(given, shape, found))
    if model.model_config.get("extra") == "allow":
        values |= {name: one for name, one in raw.items() if name not in model.model_fields}
    return values, found


@lru_cache(maxsize=1024)
def _fields(model: type[BaseModel]) -> tuple[tuple[str, FieldInfo, Shape], ...]:
    """Kept, because every run of every step asks."""
    return tuple(fields_of(model))


def _is_left_out(given: Any, shape: Shape) -> bool:
    if isinstance(given, SecretStr):
        return not given.get_secret_value()
    return is_blank(given) and not (shape.kind in _MAY_BE_EMPTY and isinstance(given, list | tuple | Mapping))


class _Reading:
    """The reading of one field: where it stands and what it is called."""

    def __init__(self, model: type[BaseModel], locale: Locale, field: str, title: str, depth: int) -> None:
        self.model = model
        self.locale = locale
        self.field = field
        self.title = title
        self.depth = depth

    def left_out(self, was_given: bool, shape: Shape) -> list[ValueProblem]:
        if shape.optional:
            return []
        return [ValueProblem.of("blank" if was_given else "missing", {"title": self.title}, self.field)]

    def of(self, given: Any, shape: Shape, found: list[ValueProblem]) -> list[Any]:
        """The value as the only entry of a list, or an empty list with what is wrong added to `found`."""
        try:
            return [self._value(given, shape, found)]
        except Unreadable as error:
            parameters = {"title": self.title, **error.parameters}
            found.append(ValueProblem.of(error.code, parameters, self.field))
            return []

    def _value(self, given: Any, shape: Shape, found: list[ValueProblem]) -> Any:
        if shape.kind is Kind.LIST:
            return self._many(readers.items(given, shape), shape.element, found)
        if shape.kind is Kind.CHOICES and readers.takes_several(shape):
            return self._many(readers.chosen(given, shape), shape.element, found)
        if shape.kind is Kind.MODEL:
            return self._model(readers.mapping(given), shape.python_type, found)
        if shape.kind is Kind.MAPPING:
            return self._mapping(readers.mapping(given), shape, found)
        return readers.scalar(given, shape, self.locale)

    def _many(self, given: list[Any], shape: Shape, found: list[ValueProblem]) -> list[Any]:
        below = [self._below(str(index)) for index in range(len(given))]
        return [value for one, reading in zip(given, below, strict=True) for value in reading.of(one, shape, found)]

    def _mapping(self, given: Mapping[str, Any], shape: Shape, found: list[ValueProblem]) -> dict[str, Any]:
        inner = readers.mapped(shape)
        return {key: value for key, one in given.items() for value in self._below(key).of(one, inner, found)}

    def _model(self, given: Mapping[str, Any], model: type[BaseModel], found: list[ValueProblem]) -> dict[str, Any]:
        if self.depth >= MAX_DEPTH:
            raise Unreadable("refused", value="a group within so many groups")
        values, inside = _read_fields(model, given, self.locale, f"{self.field}.", self.depth + 1)
        found += inside
        return values

    def _below(self, name: str) -> "_Reading":
        return _Reading(self.model, self.locale, f"{self.field}.{name}", self.title, self.depth + 1)
