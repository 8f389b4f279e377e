"""Zaps as YAML files: `load` for importing, `dump` for exporting. What is dumped loads as the same zap.

Files may come from strangers: no tags, no anchors (a few lines of them can stand for millions of values), no duplicate
keys, no NUL or halves of characters, one document, and a cap on size and depth. Only `true` and `false` are yes and no,
and only plain decimals are numbers: `NO` stays the country, `01234` the postal code, `12:30` the time, `2026-12-31` the
text of a date.
"""

import re
from collections.abc import Hashable, Iterator
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine import signs
from engine.errors import Problem, Problems
from engine.spelling import did_you_mean, quoted
from engine.zaps.model import WHOLE, ActionStep, FilterStep, TriggerUse, Zap

MAX_FILE = 1_000_000  # characters
MAX_DEPTH = 40
MAX_EVENTS = 20_000  # names, values and beginnings and ends of groups; PyYAML reads some 20,000 in a second
MAX_PROBLEMS = 100  # told at once
WIDTH = 120

Place = tuple[int | str, ...]


def load(text: str) -> Zap:
    """The zap in a file. Raises `Problems` with all that is wrong with the file, with line and column."""
    document = _composed(text)
    try:
        given = _Constructor().construct_document(document)
    except yaml.MarkedYAMLError as error:
        raise _told(error) from error
    if not isinstance(given, dict):
        raise Problems([Problem("This is not a zap file; it should begin with “zapwerk: 1”.")])
    try:
        return Zap.model_validate(given, context=WHOLE)
    except ValidationError as error:
        raise Problems([_problem(detail, given, document) for detail in _details(error)]) from error


def _details(error: ValidationError) -> list[ErrorDetails]:
    """What pydantic found, without its complaint that no good steps are left where all of them have problems."""
    found = error.errors(include_url=False)[:MAX_PROBLEMS]
    bad_steps = any(detail["loc"][:1] == ("steps",) and len(detail["loc"]) > 1 for detail in found)
    return [detail for detail in found if not (bad_steps and detail["loc"] == ("steps",))]


def dump(zap: Zap) -> str:
    """The zap as a readable file; values that are as usual are left out."""
    plain = zap.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    ordered = {"zapwerk": zap.zapwerk, **{name: plain[name] for name in Zap.model_fields if name in plain}}
    return yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def _composed(text: str) -> yaml.Node:
    if len(text) > MAX_FILE:
        raise Problems([Problem(f"The file is too large; at most {MAX_FILE:,} characters are allowed.")])
    try:
        _refuse_tricks(text)
        node = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _told(error) from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise Problems([Problem("The file holds characters that no text file should have.")]) from error
    if node is None:
        raise Problems([Problem("The file is empty.")])
    return node


class _Resolver(yaml.resolver.BaseResolver):
    """Which plain words are not texts."""


_BOOLEAN = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_NOTHING = re.compile(r"^(?:~|null|Null|NULL|)$")
_INTEGER = re.compile(r"^-?(?:0|[1-9][0-9]{0,17})$")
_DECIMAL = re.compile(r"^-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}$")

_Resolver.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLEAN, list("tTfF"))
_Resolver.add_implicit_resolver("tag:yaml.org,2002:null", _NOTHING, ["~", "n", "N", ""])
_Resolver.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-0123456789"))
_Resolver.add_implicit_resolver("tag:yaml.org,2002:float", _DECIMAL, list("-0123456789"))


class _Loader(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer, _Resolver):
    """PyYAML's parts without its constructors: text in, nodes out."""

    def __init__(self, stream: str) -> None:
        yaml.reader.Reader.__init__(self, stream)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)
        _Resolver.__init__(self)


class _Constructor(yaml.constructor.SafeConstructor):
    """Plain values only; a key may be used once."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge keys (`<<`) need anchors, which are refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise yaml.constructor.ConstructorError(
                    None, None, "a name must be a text; put values with {{ … }} in quotes", key.start_mark
                )
            if key.value in seen:
                problem = f"{quoted(key.value)} stands here twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


class _Dumper(yaml.SafeDumper):
    """Blocks rather than braces, and texts of several lines as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_TO_QUOTE = re.compile(r"\{\{|[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _TO_QUOTE.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _refuse_tricks(text: str) -> None:
    """Reads the events once, before anything is built from them."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        if count > MAX_EVENTS:
            raise _Trick("the file holds more values than any zap needs", event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Trick("anchors and aliases cannot be used", event)
        if getattr(event, "tag", None):
            raise _Trick("tags (with “!”) cannot be used", event)
        if isinstance(event, yaml.ScalarEvent) and signs.unwelcome(event.value):
            raise _Trick("there is a sign in this that no text may hold: NUL, or half of a character", event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _Trick("the values are nested too deeply", event)


class _Trick(yaml.MarkedYAMLError):
    def __init__(self, problem: str, event: Any) -> None:
        super().__init__(problem=problem, problem_mark=event.start_mark)


def _told(error: yaml.MarkedYAMLError) -> Problems:
    mark = error.problem_mark or error.context_mark
    place = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return Problems([Problem(f"{place}{error.problem or error.context}.")])


def _problem(detail: ErrorDetails, given: dict[str, Any], document: yaml.Node) -> Problem:
    place = _place(detail["loc"])
    step, field = _step_and_field(place, given)
    mark = _mark(document, place)
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return Problem(f"{_sentence(detail, place)}{where}", step=step, field=field)


_KINDS = frozenset({"filter", "use", "group", "condition"})


def _place(location: Place) -> Place:
    """Where an error is in the file: pydantic puts the kind of a step or condition behind its index."""
    before = (None, *location)
    return tuple(
        part
        for part, previous in zip(location, before, strict=False)
        if not (isinstance(previous, int) and part in _KINDS)
    )


def _step_and_field(place: Place, given: dict[str, Any]) -> tuple[str, str]:
    if place[:1] == ("trigger",):
        return "trigger", ".".join(map(str, place[1:]))
    if place[:1] == ("steps",) and len(place) > 1:
        return _key_of(given, place[1]), ".".join(map(str, place[2:]))
    return "", ".".join(map(str, place))


def _key_of(given: dict[str, Any], index: int | str) -> str:
    """A step's key, or its number where it has none."""
    steps = given.get("steps")
    step = steps[index] if isinstance(steps, list) and isinstance(index, int) and index < len(steps) else None
    key = step.get("key") if isinstance(step, dict) else None
    return key if isinstance(key, str) else f"step {int(index) + 1}"


def _mark(node: yaml.Node, place: Place) -> Any:
    """Where the value of a place stands, or what is nearest above it."""
    mark = node.start_mark
    for part in place:
        child = _child(node, part)
        if child is None:
            break
        node, mark = child, child.start_mark
    return mark


def _child(node: yaml.Node, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    return None


def _sentence(detail: ErrorDetails, location: Place) -> str:
    name = str(location[-1]) if location else "the file"
    if location == ("zapwerk",) and detail["type"] == "literal_error":
        return f"This file is of version {quoted(detail['input'])}; this Zapwerk reads version 1."
    if location == ("country",) and detail["type"] == "string_pattern_mismatch":
        return f"“country” takes two capital letters like DE, not {quoted(detail['input'])}."
    tell = _SENTENCES.get(detail["type"])
    if tell is None:
        return str(detail["msg"]).removeprefix("Value error, ") if detail["type"] in _OWN else _refused(detail, name)
    known = "".join(did_you_mean(name, _names_at(location))) if detail["type"] == "extra_forbidden" else ""
    return tell.format(name=name, value=quoted(detail["input"])) + known


def _refused(detail: ErrorDetails, name: str) -> str:
    return f"{quoted(detail['input'])} cannot stand at “{name}”."


def _names_at(location: Place) -> Iterator[str]:
    models: dict[int, type[BaseModel]] = {1: Zap, 2: TriggerUse}
    if location[:1] == ("steps",):
        return (name.rstrip("_") for model in (ActionStep, FilterStep) for name in model.model_fields)
    return (name.rstrip("_") for name in models.get(len(location), Zap).model_fields)


_OWN = frozenset({"step_kind", "step_key", "timezone", "name", "value_error"})

_SENTENCES = {
    "missing": "“{name}” is missing.",
    "extra_forbidden": "“{name}” is not known here.",
    "string_type": "“{name}” must be a text; put {value} in quotes.",
    "dict_type": "“{name}” must be a group of named values.",
    "model_type": "“{name}” must be a group of named values.",
    "tuple_type": "“{name}” must be a list.",
    "too_short": "“{name}” must have at least one entry.",
    "string_too_short": "“{name}” is empty.",
    "string_too_long": "“{name}” is too long.",
    "string_pattern_mismatch": "{value} cannot be used as “{name}”; write it in small letters, like the examples.",
    "literal_error": "{value} is not one of the choices for “{name}”.",
    "int_type": "“{name}” must be a whole number, not {value}.",
    "int_parsing": "“{name}” must be a whole number, not {value}.",
    "greater_than_equal": "“{name}” must be larger than {value}.",
    "less_than_equal": "“{name}” must be smaller than {value}.",
}
