"""Mappings: templates such as `{{ trigger.labelled['E-Mail'] | default: trigger.sender.address }}` and what they give.

The interpreter renders a step's inputs here, `check` asks for references and syntax problems. Of Liquid only the
parser is used (by `syntax`): text is cut at `{{ … }}` and `{% if … %}` here (in one pass, whatever the text), Liquid
reads what stands between, and `expressions` evaluates it with the filters of `filters`. There are no loops, ranges,
includes, assignments or captures: nothing in a template can repeat itself. Allowed are `{{ … }}`, `{% if %}`,
`{% elsif %}`, `{% else %}`, `{% endif %}`, `{% unless %}` and `{% endunless %}`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.errors import Problem, Problems
from engine.zaps import syntax
from engine.zaps.expressions import (
    Choice,
    Expression,
    Misfit,
    Output,
    Path,
    Piece,
    Pieces,
    Rendering,
    value_of,
    written,
)
from engine.zaps.limits import CannotMap, Work
from engine.zaps.locales import Locale
from engine.zaps.remarks import remark
from engine.zaps.syntax import NotATemplate

MAX_TEMPLATE = 100_000  # characters of one template
MAX_DEPTH = 30  # of lists and mappings within each other, and of `if` within `if`

TOO_DEEP = remark("too_deep")

_OPENING = re.compile(r"\{\{-?|\{%-?")


class MappingError(Problems):
    """A mapping cannot be rendered: all its problems, by field and position."""


@dataclass(frozen=True)
class Reference:
    """A name that a template uses, as far as it is known without data; `field` is the dotted place it stands at."""

    path: tuple[str | int, ...]
    position: int
    field: str = ""


def render(value: Any, scope: Mapping[str, Any], locale: Locale | None = None) -> Any:
    """The value with all its templates filled in from `scope`, which holds plain data only.

    A text that is one `{{ … }}` and nothing else keeps the type of its value; a missing one is None, and "" within
    text. Lists and mappings are walked. Raises `MappingError`, and nothing else.
    """
    found: list[Problem] = []
    at = Rendering(scope, locale or Locale(), Work())
    result = _rendered(value, at, "", found, 0)
    if found:
        raise MappingError(found)
    return result


def has_template(value: Any) -> bool:
    """Whether there is a template anywhere in a value."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            if "{{" in one or "{%" in one:
                return True
        elif isinstance(one, Mapping):
            pending.extend(one.values())
        elif isinstance(one, list | tuple):
            pending.extend(one)
    return False


def references(value: Any) -> list[Reference]:
    """All names that the templates in a value use, in order. Texts that are no valid template have none."""
    found = []
    for field, text in _texts(value, "", 0):
        if has_template(text) and syntax_problem(text) is None:
            found += [Reference(path.fixed(), path.position, field) for path in _paths(parsed(text))]
    return found


def syntax_problem(text: str) -> tuple[str, int] | None:
    """What is wrong with a template, as a sentence, and where in the text; None if nothing is."""
    try:
        parsed(text)
    except NotATemplate as error:
        return error.sentence, error.position
    return None


def syntax_problems(value: Any) -> list[Problem]:
    """What is wrong with any template in a value, by field."""
    found = [Problem(TOO_DEEP)] if _is_too_deep(value) else []
    for field, text in _texts(value, "", 0):
        problem = syntax_problem(text)
        if problem is not None:
            found.append(Problem(problem[0], field=field, position=problem[1]))
    return found


@lru_cache(maxsize=1024)
def parsed(text: str) -> Pieces:
    """The pieces of a template. Raises `NotATemplate`."""
    if len(text) > MAX_TEMPLATE:
        raise NotATemplate(remark("template_too_long", most=MAX_TEMPLATE), 0)
    return _Reader(list(_cut(text))).all()


def _rendered(value: Any, at: Rendering, field: str, found: list[Problem], depth: int) -> Any:
    if depth > MAX_DEPTH:
        found.append(Problem(TOO_DEEP, field=field))
        return None
    if isinstance(value, Mapping):
        return {key: _rendered(one, at, _below(field, key), found, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rendered(one, at, _below(field, index), found, depth + 1) for index, one in enumerate(value)]
    try:
        return _of_text(value, at) if isinstance(value, str) else value
    except (NotATemplate, Misfit) as error:
        found.append(Problem(error.sentence, field=field, position=error.position))
    except CannotMap as error:
        found.append(Problem(error.sentence, field=field))
    return None


def _of_text(text: str, at: Rendering) -> Any:
    if not has_template(text):
        return text
    pieces = parsed(text)
    outputs = [piece for piece in pieces if not (isinstance(piece, str) and piece.isspace())]
    if len(outputs) == 1 and isinstance(outputs[0], Output):
        value = value_of(outputs[0], at)
        at.work.give(value)
        return value
    parts = []
    for part in written(pieces, at):
        at.work.give(part)
        parts.append(part)
    return "".join(parts)


def _below(field: str, key: object) -> str:
    return f"{field}.{key}" if field else str(key)


def _texts(value: Any, field: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield field, value
    elif depth <= MAX_DEPTH and isinstance(value, Mapping | list | tuple):
        for key, one in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _texts(one, _below(field, key), depth + 1)


def _is_too_deep(value: Any, depth: int = 0) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return depth > MAX_DEPTH or any(_is_too_deep(one, depth + 1) for one in inner)


def _paths(pieces: Pieces) -> Iterator[Path]:
    for piece in pieces:
        if isinstance(piece, Output):
            yield from _paths_below(piece.expression)
        elif isinstance(piece, Choice):
            for condition, inner in piece.branches:
                yield from _paths_below(condition) if condition else ()
                yield from _paths(inner)


def _paths_below(expression: Expression) -> Iterator[Path]:
    if isinstance(expression, Path):
        yield expression
    for part in expression.parts():
        yield from _paths_below(part)


@dataclass(frozen=True)
class _Tag:
    name: str
    condition: str
    position: int


def _cut(text: str) -> Iterator[str | Output | _Tag]:
    """Plain text, outputs and tags, in order. `{{-` and `-}}` take the white space beside them away."""
    position, trim = 0, False
    while opening := _OPENING.search(text, position):
        plain = text[position : opening.start()]
        plain = plain.lstrip() if trim else plain
        yield plain.rstrip() if opening[0].endswith("-") else plain
        closing = "}}" if opening[0].startswith("{{") else "%}"
        end = text.find(closing, opening.end())
        if end < 0:
            raise NotATemplate(remark("never_closed", opening=opening[0], closing=closing), opening.start())
        trim = text[end - 1] == "-" and end - 1 >= opening.end()
        yield _inside(text, opening, end - 1 if trim else end)
        position = end + len(closing)
    yield text[position:].lstrip() if trim else text[position:]


def _inside(text: str, opening: re.Match[str], end: int) -> Output | _Tag:
    source = text[opening.end() : end]
    if opening[0].startswith("{{"):
        return Output(syntax.output(source, opening.end()), opening.start())
    name = source.split(maxsplit=1)[0] if source.strip() else ""
    return _Tag(name, source.replace(name, " " * len(name), 1), opening.end())


class _Reader:
    """Puts the cut pieces together: what stands between `if` and `endif` belongs to it."""

    def __init__(self, cut: list[str | Output | _Tag]) -> None:
        self._cut = iter(cut)
        self._depth = 0

    def all(self) -> Pieces:
        pieces, end = self._until(())
        if end is not None:
            raise _unexpected(end)
        return pieces

    def _until(self, ends: tuple[str, ...]) -> tuple[Pieces, _Tag | None]:
        pieces: list[Piece] = []
        for one in self._cut:
            if not isinstance(one, _Tag):
                pieces += [one] if one else []
            elif one.name in ends:
                return tuple(pieces), one
            elif one.name in _ENDS:
                pieces.append(self._choice(one))
            else:
                raise _unexpected(one)
        return tuple(pieces), None

    def _choice(self, start: _Tag) -> Choice:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NotATemplate(remark("too_many_ifs"), start.position)
        branches: list[tuple[Expression | None, Pieces]] = []
        condition: Expression | None = syntax.condition(start.condition, start.position)
        tag: _Tag | None = start
        while tag is not None and tag.name != _ENDS[start.name]:
            ends = (_ENDS[start.name],) if tag.name == "else" else (_ENDS[start.name], "else", "elsif")
            pieces, following = self._until(ends)
            branches.append((condition, pieces))
            tag = following
            if tag is not None and tag.name == "elsif":
                condition = syntax.condition(tag.condition, tag.position)
            else:
                condition = None
        if tag is None:
            raise NotATemplate(remark("never_ended", name=start.name, end=_ENDS[start.name]), start.position)
        self._depth -= 1
        return Choice(_turned(branches) if start.name == "unless" else tuple(branches), start.position)


_ENDS = {"if": "endif", "unless": "endunless"}


def _turned(branches: list[tuple[Expression | None, Pieces]]) -> tuple[tuple[Expression | None, Pieces], ...]:
    """The branches of `unless`: its first condition must not hold."""
    (condition, pieces), *others = branches
    assert condition is not None
    return ((syntax.negated(condition), pieces), *others)


def _unexpected(tag: _Tag) -> NotATemplate:
    if tag.name in ("else", "elsif", *_ENDS.values()):
        return NotATemplate(remark("no_if_before", name=tag.name), tag.position)
    return NotATemplate(remark("tag_unavailable", name=tag.name[:30]), tag.position)
