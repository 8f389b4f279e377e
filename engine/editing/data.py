"""The data that a step may use: of the trigger and each earlier step, as a tree with sample values.

Made from what an app says that it gives, and from the sample: further fields, the entries of mappings and lists. The
picker of the editor draws it, and `proposals` searches it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from pydantic import BaseModel

from engine.editing.draft import Draft
from engine.editing.titles import key_of
from engine.editing.words import Words
from engine.registry import AnyOperation, Registry
from engine.sdk.fields import Kind, Shape, fields_of, shape_of
from engine.zaps import drawing
from engine.zaps.limits import CannotMap
from engine.zaps.model import TRIGGER, FilterStep
from engine.zaps.plain import is_blank, text_of
from engine.zaps.values import title_of

MAX_DEPTH = 5  # names behind each other
MAX_FIELDS = 400  # of one step
MAX_ENTRIES = 60  # entries of one mapping
MAX_OF_LIST = 3  # entries of one list: which there are differs from record to record
MAX_SHOWN = 120  # characters of a sample value

_CALLED = ("name", "title", "label", "address", "id")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True)
class DataField:
    """One value that may be used. `path` is the expression for it; `sample` is None where no sample has it."""

    path: str
    title: str
    kind: str
    sample: str | None
    children: "tuple[DataField, ...]" = ()

    @property
    def template(self) -> str:
        """What is written into a field to use it."""
        return f"{{{{ {self.path} }}}}"

    def all(self) -> "Iterator[DataField]":
        """This one, and all below it."""
        yield self
        for child in self.children:
            yield from child.all()


@dataclass(frozen=True)
class DataGroup:
    """What one step gives. `real` is False for a made-up sample; `cut` says that there is more than is listed."""

    step: str
    app: str
    use: str
    title: str
    fields: tuple[DataField, ...]
    has_sample: bool
    real: bool
    cut: bool = False

    def all(self) -> Iterator[DataField]:
        """All fields at every depth."""
        for one in self.fields:
            yield from one.all()


@dataclass(frozen=True)
class Data:
    """Tells what a step may use."""

    registry: Callable[[], Registry]

    def of(self, draft: Draft, step: str, language: str = "en") -> tuple[DataGroup, ...]:
        """For the trigger and each step before `step` (all of them for “”), in order. Raises `NotFound`."""
        if step == TRIGGER:
            return ()
        words = Words(self.registry(), language)
        keys = (TRIGGER, *(one.key for one in drawing.earlier(draft.zap, step) if not isinstance(one, FilterStep)))
        return tuple(group for key in keys if (group := _group(draft, key, words)) is not None)


def _group(draft: Draft, key: str, words: Words) -> DataGroup | None:
    drawn = draft.step(key)
    assert not isinstance(drawn, FilterStep)
    if not drawn.is_chosen:
        return None
    operation, sample = words.operation_of(drawn), draft.sample(key)
    tree = _Tree(words, operation)
    record = sample.record if sample else None
    fields = tree.record(key, operation.returns if operation else None, record)
    return DataGroup(
        step=key,
        app=drawn.app,
        use=drawn.use,
        title=words.step(drawn),
        fields=fields,
        has_sample=sample is not None,
        real=sample.real if sample else False,
        cut=tree.cut,
    )


class _Tree:
    """The fields of one step, counted as they are made."""

    def __init__(self, words: Words, operation: AnyOperation | None) -> None:
        self._words = words
        self._operation = operation
        self._left = MAX_FIELDS
        self.cut = False

    def record(self, path: str, model: type[BaseModel] | None, record: Any) -> tuple[DataField, ...]:
        """The fields of a record: those that are declared, then the further ones that it has."""
        return self._fields(path, (), model, record if isinstance(record, Mapping) else None)

    def _fields(
        self, path: str, names: tuple[str, ...], model: type[BaseModel] | None, record: Mapping[str, Any] | None
    ) -> tuple[DataField, ...]:
        made, declared = [], set()
        for name, info, shape in fields_of(model) if model else ():
            key = key_of(name, info)
            declared.add(key)
            title = self._title((*names, key), title_of(name, info))
            made.append(self._field(path, (*names, key), key, title, shape, record))
        for key in record or ():
            if key not in declared and isinstance(key, str):
                made.append(self._field(path, (*names, key), key, key, _shape(record, key), record))
        return tuple(one for one in made if one is not None)

    def _title(self, names: tuple[str, ...], fallback: str) -> str:
        """Entries of a list are called alike."""
        bare = tuple(name for name in names if not name.isdigit())
        return self._words.output(self._operation, bare, fallback) if self._operation else fallback

    def _field(
        self,
        above: str,
        names: tuple[str, ...],
        key: str,
        title: str,
        shape: Shape,
        record: Mapping[str, Any] | None,
    ) -> DataField | None:
        path = below(above, key)
        if path is None or self._left <= 0:
            self.cut = True
            return None
        self._left -= 1
        known = record is not None and key in record
        value = record[key] if record is not None and known else None
        bare = DataField(path, title, shape.kind.value, _shown(value) if record is not None else None)
        return replace(bare, children=self._children(path, names, shape, value))

    def _children(self, path: str, names: tuple[str, ...], shape: Shape, value: Any) -> tuple[DataField, ...]:
        if len(names) >= MAX_DEPTH:
            self.cut = self.cut or isinstance(value, Mapping | list)
            return ()
        if shape.kind in (Kind.MODEL, Kind.FILE):
            return self._fields(path, names, shape.python_type, value if isinstance(value, Mapping) else None)
        if isinstance(value, list):
            return self._entries(path, names, shape, value)
        if isinstance(value, Mapping):
            return self._of_mapping(path, names, value)
        return self._entry_of_empty_list(path, names, shape)

    def _of_mapping(self, path: str, names: tuple[str, ...], value: Mapping[str, Any]) -> tuple[DataField, ...]:
        keys = list(value)[:MAX_ENTRIES]
        self.cut = self.cut or len(value) > len(keys)
        made = [self._field(path, (*names, key), key, key, _shape(value, key), value) for key in keys]
        return tuple(one for one in made if one is not None)

    def _entries(self, path: str, names: tuple[str, ...], shape: Shape, value: list[Any]) -> tuple[DataField, ...]:
        element = shape.element if shape.kind is Kind.LIST else None
        made = []
        for index, one in enumerate(value[:MAX_OF_LIST]):
            if self._left <= 0:
                self.cut = True
                break
            self._left -= 1
            of = element or shape_of(type(one))
            place = f"{path}[{index}]"
            children = self._children(place, (*names, str(index)), of, one)
            made.append(DataField(place, f"{index + 1}.", of.kind.value, _shown(one), children))
        return tuple(made)

    def _entry_of_empty_list(self, path: str, names: tuple[str, ...], shape: Shape) -> tuple[DataField, ...]:
        """What the first entry would have, where the list says what it holds."""
        if shape.kind is not Kind.LIST or shape.element.kind is not Kind.MODEL or self._left <= 0:
            return ()
        self._left -= 1
        place = f"{path}[0]"
        fields = self._fields(place, (*names, "0"), shape.element.python_type, None)
        return (DataField(place, "1.", Kind.MODEL.value, None, fields),)


def below(above: str, key: str) -> str | None:
    """The expression for what a value has under this key; None for a key that no expression can say."""
    if _NAME.match(key):
        return f"{above}.{key}"
    if "'" not in key:
        quote = "'"
    elif '"' not in key:
        quote = '"'
    else:
        return None
    sayable = "}}" not in key and "%}" not in key and "\\" not in key and key.isprintable()
    return f"{above}[{quote}{key}{quote}]" if sayable and key else None


def _shape(record: Mapping[str, Any] | None, key: str) -> Shape:
    value = record[key] if record is not None else None
    return shape_of(str if value is None else type(value))


def _shown(value: Any) -> str:
    """A value in a few words: “” for nothing."""
    try:
        text = " ".join(_in_words(value)[: MAX_SHOWN * 3].split())
    except CannotMap as error:
        return error.sentence
    return f"{text[:MAX_SHOWN]}…" if len(text) > MAX_SHOWN else text


def _in_words(value: Any) -> str:
    """What has parts by what it is called, or part by part: “Ada, Grace”, “E-mail: ada@home.example, Phone: 12”."""
    if is_blank(value):
        return ""
    if isinstance(value, Mapping):
        called = next((value[name] for name in _CALLED if isinstance(value.get(name), str) and value[name]), None)
        named = ((key, _in_words(one)) for key, one in islice(value.items(), MAX_ENTRIES))
        return called or ", ".join(f"{key}: {said}" for key, said in named if said)
    if isinstance(value, list):
        return ", ".join(said for one in value[:MAX_ENTRIES] if (said := _in_words(one)))
    return text_of(value)
