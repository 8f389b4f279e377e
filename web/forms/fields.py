"""What a form shows: one `Field` for every field of a pydantic model, with its words in the reader's language.

The templates in parts/forms.html draw these, whatever the model: sign-in forms, profiles, settings, steps of a zap.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from engine.errors import Problem
from engine.sdk.fields import Choices, Group, Kind, Labels, More, Shape, fields_of, shape_of
from engine.texts import Texts
from engine.zaps import mapping, readers, sealing
from engine.zaps.plain import is_blank, text_of
from engine.zaps.sentences import Unreadable, ValueProblem, said
from engine.zaps.values import title_of

SAID = "said"  # the code of a problem that a connector's model told in its own words

Errors = Callable[[str], str]
"""A connector's sentence → the same in the reader's language."""
Label = Callable[[str, str], str]
"""(path below the model, English) → the words in the reader's language."""

TEXT_KINDS = frozenset(
    {
        Kind.TEXT, Kind.LONG_TEXT, Kind.HTML, Kind.INTEGER, Kind.DECIMAL, Kind.MONEY, Kind.DATE, Kind.TIME,
        Kind.DATETIME, Kind.DURATION, Kind.EMAIL, Kind.URL, Kind.PHONE, Kind.COUNTRY, Kind.CURRENCY, Kind.JSON,
        Kind.FILE,
    }
)  # fmt: skip
MANY_LINES = frozenset({Kind.LONG_TEXT, Kind.HTML, Kind.JSON})
INPUT_MODES = {
    Kind.INTEGER: "numeric", Kind.DECIMAL: "decimal", Kind.MONEY: "decimal", Kind.EMAIL: "email", Kind.URL: "url",
    Kind.PHONE: "tel",
}  # fmt: skip
MAX_DEPTH = 6


@dataclass(frozen=True)
class Option:
    """One choice of a list."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Field:
    """One field of a form.

    `name` is what it is sent as, `path` its dotted place below the model. `text` is what stands in it; `options` those
    of a fixed choice; `rows` the entries of a list or mapping and `blank` an empty one of them; `fields` those of a
    group. `kept` says that a secret is stored, which is never sent back; `stored`
    where it stands, as JSON, for a form that is to say what becomes of it. `choices` names the field whose choices the
    service is asked for, and `depends` the fields on which those depend. Where `several` may be chosen, `chosen` are
    those that are.
    """

    name: str
    path: str
    title: str
    kind: Kind
    help: str = ""
    required: bool = False
    more: bool = False
    group: str = ""
    text: str = ""
    label: str = ""
    problem: str = ""
    many_lines: bool = False
    input_mode: str = ""
    max_length: int | None = None
    placeholder: str = ""
    options: tuple[Option, ...] = ()
    choices: str = ""
    depends: tuple[str, ...] = ()
    several: bool = False
    chosen: tuple[Option, ...] = ()
    kept: bool = False
    stored: str = ""
    fields: tuple["Field", ...] = ()
    rows: tuple["Field", ...] = ()
    blank: "Field | None" = None
    key: str = ""

    @property
    def id(self) -> str:
        """For `id` and `for`: unique on a page, as names are."""
        return self.name.replace(".", "-")

    @property
    def given(self) -> bool:
        """Whether anything stands in it."""
        return bool(self.text or self.rows or self.kept or any(one.given for one in self.fields))

    def wrong(self) -> bool:
        """Whether anything in it is to be mended."""
        inner = (*self.fields, *self.rows)
        return bool(self.problem) or any(one.wrong() for one in inner)


@dataclass(frozen=True)
class Form:
    """How a model is shown: what stands in its fields, what is wrong with it, and in which words.

    `prefix` stands before the names of the fields. `kept` are the secret fields that have a stored value.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    language: str = "en"
    words: Label = lambda path, english: english
    prefix: str = "given"
    kept: frozenset[str] = frozenset()
    errors: Errors = str

    def fields(self, model: type[BaseModel]) -> tuple[Field, ...]:
        """The model's fields, in order."""
        return tuple(_Drawing(self).fields(model, self.given, "", 0))

    def elsewhere(self, model: type[BaseModel]) -> tuple[str, ...]:
        """What is wrong and belongs to none of its fields."""
        names = set(model.model_fields)
        return tuple(
            told(one, self.language, errors=self.errors)
            for one in self.problems
            if one.field.partition(".")[0] not in names
        )


def words_of(texts: Texts, place: str) -> Label:
    """A connector's own words for the fields below a place like “actions.create_client”."""
    return lambda path, english: texts.of(f"{place}.{path}", english) if english else ""


def told(problem: Problem, language: str, title: str = "", errors: Errors = str) -> str:
    """A problem in the reader's language, calling the field as the form does; `errors` translates a connector's own."""
    if not isinstance(problem, ValueProblem) or not problem.code:
        found = errors(problem.message) if type(problem) is Problem else problem.message
        return found if found != problem.message else problem.within(language)
    parameters = dict(problem.parameters)
    if problem.code == SAID:
        return errors(str(parameters["words"]))
    if title and "title" in parameters:
        parameters["title"] = title
    return said(problem.code, parameters, language)


class _Drawing:
    """Draws one form."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def fields(self, model: type[BaseModel], given: Mapping[str, Any], above: str, depth: int) -> Iterator[Field]:
        for name, info, shape in fields_of(model):
            value = given.get(name, given.get(info.alias) if info.alias else None)
            yield self._field(name, info, shape, value, above, depth)

    def _field(self, name: str, info: FieldInfo, shape: Shape, value: Any, above: str, depth: int) -> Field:
        path = f"{above}{name}"
        place = f"fields.{name}"
        english = title_of(name, info)
        title = self._form.words(f"{place}.title", english)
        group = shape.marker(Group)
        base = Field(
            name=f"{self._form.prefix}.{path}",
            path=path,
            title=title,
            kind=shape.kind,
            help=self._form.words(f"{place}.help", info.description or ""),
            required=info.is_required() and not shape.optional,
            more=shape.marker(More) is not None,
            group=self._form.words(f"groups.{group.title}", group.title) if group else "",
            problem=self._problem(path, title),
            max_length=_max_length(info),
            placeholder=_placeholder(info, shape),
        )
        return self._filled(base, name, shape, value, depth)

    def _filled(self, base: Field, name: str, shape: Shape, value: Any, depth: int) -> Field:
        from dataclasses import replace

        kind = shape.kind
        if sealing.is_sealed(value):
            *above, last = base.path.split(".")
            return replace(base, kept=True, stored=json.dumps([*above, base.key or last]))
        if kind is Kind.SECRET:
            text = _text(value) if mapping.has_template(value) else ""
            return replace(base, kept=base.path in self._form.kept, text=text)
        if kind is Kind.MODEL and depth < MAX_DEPTH:
            inner = value if isinstance(value, Mapping) else {}
            return replace(base, fields=tuple(self.fields(shape.python_type, inner, f"{base.path}.", depth + 1)))
        if kind is Kind.LIST and depth < MAX_DEPTH:
            return replace(base, **self._listed(base, name, shape.element, value, depth))
        if kind is Kind.MAPPING and depth < MAX_DEPTH:
            return replace(base, **self._mapped(base, name, value, depth))
        if kind in (Kind.CHOICE, Kind.BOOLEAN):
            return replace(base, text=_text(value), options=tuple(self._options(name, shape, value)))
        if kind is Kind.CHOICES:
            return replace(base, **_of_service(base, shape, value))
        return replace(base, text=_text(value), many_lines=kind in MANY_LINES, input_mode=INPUT_MODES.get(kind, ""))

    def _listed(self, base: Field, name: str, element: Shape, value: Any, depth: int) -> dict[str, Any]:
        if isinstance(value, str):
            return {"text": value}  # the whole list comes from one template
        entries = value if isinstance(value, list | tuple) else []
        return {
            "rows": tuple(self._entry(base, name, str(at), element, one, depth) for at, one in enumerate(entries)),
            "blank": self._entry(base, name, "__n__", element, None, depth),
        }

    def _mapped(self, base: Field, name: str, value: Any, depth: int) -> dict[str, Any]:
        if isinstance(value, str):
            return {"text": value}
        entries = value if isinstance(value, Mapping) else {}
        shape = shape_of(str)
        return {
            "rows": tuple(
                self._entry(base, name, str(at), shape, one, depth, str(key))
                for at, (key, one) in enumerate(entries.items())
            ),
            "blank": self._entry(base, name, "__n__", shape, None, depth),
        }

    def _entry(self, base: Field, name: str, at: str, shape: Shape, value: Any, depth: int, key: str = "") -> Field:
        path = f"{base.path}.{at}"
        empty = Field(
            name=f"{self._form.prefix}.{path}",
            path=path,
            title=base.title,
            kind=shape.kind,
            problem=self._problem(path, base.title) or (self._problem(f"{base.path}.{key}", base.title) if key else ""),
            key=key,
        )
        return self._filled(empty, name, shape, value, depth + 1)

    def _options(self, name: str, shape: Shape, value: Any) -> Iterator[Option]:
        if shape.kind is Kind.BOOLEAN:
            return
        labels = shape.marker(Labels)
        known = labels.by_value if labels else {}
        for one in _values(shape.python_type):
            label = self._form.words(f"fields.{name}.choices.{one}", known.get(str(one), str(one)))
            yield Option(str(one), label, _text(value) == str(one))

    def _problem(self, path: str, title: str) -> str:
        found = (one for one in self._form.problems if one.field == path)
        return " ".join(told(one, self._form.language, title, self._form.errors) for one in found)


def _text(value: Any) -> str:
    """What stands in an input. What was typed stands there again as it was typed."""
    if value is None:
        return ""
    if isinstance(value, Mapping) and "value" in value:
        return _text(value["value"])
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else text_of(value)


def _label(value: Any) -> str:
    return str(value.get("label", "")) if isinstance(value, Mapping) and "value" in value else ""


def _values(python_type: Any) -> list[Any]:
    if isinstance(python_type, type) and issubclass(python_type, Enum):
        return [one.value for one in python_type]
    return list(get_args(python_type))


def _of_service(base: Field, shape: Shape, value: Any) -> dict[str, Any]:
    """What a field shows whose choices only the service knows."""
    marker = shape.marker(Choices)
    several = readers.takes_several(shape)
    return {
        "text": _text(value),
        "label": _label(value),
        "choices": base.path if marker else "",
        "depends": marker.depends if marker else (),
        "several": several,
        "chosen": tuple(_chosen(value, shape)) if several else (),
    }


def _chosen(value: Any, shape: Shape) -> Iterator[Option]:
    """Each of several values, with the words it was chosen by; a text of several is parted as it will be read."""
    for one in _entries(value, shape):
        if not is_blank(_text(one)):
            yield Option(_text(one).strip(), _label(one) or _text(one).strip(), chosen=True)


def _entries(value: Any, shape: Shape) -> list[Any]:
    if is_blank(value):
        return []
    if isinstance(value, str) and mapping.has_template(value):
        return [value]
    try:
        return readers.items(value, shape)
    except Unreadable:
        return [value]


def _max_length(info: FieldInfo) -> int | None:
    return next((one.max_length for one in info.metadata if getattr(one, "max_length", None)), None)


def _placeholder(info: FieldInfo, shape: Shape) -> str:
    """What counts when the field stays empty."""
    default = info.default
    if info.is_required() or default is PydanticUndefined or shape.kind is Kind.SECRET:
        return ""
    if isinstance(default, bool):
        return "true" if default else "false"
    default = default.value if isinstance(default, Enum) else default
    return text_of(default) if isinstance(default, str | int | float) and default != "" else ""
