"""What stands between `{{` and `}}`, as frozen values that evaluate themselves over plain data.

`mapping` makes them from Liquid's syntax tree and runs them here, so that nothing of Liquid's own evaluation (floats,
ranges, attributes, its filters) is ever reached.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from engine.zaps import lookups, numbers
from engine.zaps.filters import Filter
from engine.zaps.limits import CannotMap, Work
from engine.zaps.locales import Locale
from engine.zaps.plain import is_blank, is_true, text_of
from engine.zaps.sentences import Unreadable


@dataclass(frozen=True)
class Rendering:
    """One rendering: the data that names refer to, how its people write, and what it may cost."""

    scope: Mapping[str, Any]
    locale: Locale
    work: Work


class Expression(Protocol):
    """Anything with a value."""

    def value(self, at: Rendering) -> Any: ...

    def parts(self) -> "Iterator[Expression]":
        """The expressions directly below this one."""
        ...


@dataclass(frozen=True)
class Constant:
    """A text, number, true, false or nil that stands in the template."""

    constant: Any

    def value(self, at: Rendering) -> Any:
        return self.constant

    def parts(self) -> Iterator[Expression]:
        return iter(())


@dataclass(frozen=True)
class BlankWord:
    """The word `blank` (or `empty`): equal to everything blank."""

    def value(self, at: Rendering) -> Any:
        return None

    def parts(self) -> Iterator[Expression]:
        return iter(())


@dataclass(frozen=True)
class Path:
    """`trigger.to[0].address`; a segment may itself be a path, looked up first."""

    segments: "tuple[str | int | Path, ...]"
    position: int

    def value(self, at: Rendering) -> Any:
        path = [one.value(at) if isinstance(one, Path) else one for one in self.segments]
        if any(not isinstance(one, str | int) for one in path):
            return None
        root = path[0]
        return lookups.follow(at.scope.get(root), path[1:], at.work.spend) if isinstance(root, str) else None

    def fixed(self) -> tuple[str | int, ...]:
        """The path as far as it is known without data."""
        known: list[str | int] = []
        for one in self.segments:
            if isinstance(one, Path):
                break
            known.append(one)
        return tuple(known)

    def parts(self) -> Iterator[Expression]:
        return (one for one in self.segments if isinstance(one, Path))


@dataclass(frozen=True)
class Filtered:
    """A value with one filter applied."""

    inner: Expression
    filter: Filter
    arguments: tuple[Expression, ...]

    def value(self, at: Rendering) -> Any:
        arguments = [one.value(at) for one in self.arguments]
        return self.filter.apply(self.inner.value(at), arguments, at.locale, at.work)

    def parts(self) -> Iterator[Expression]:
        yield self.inner
        yield from self.arguments


@dataclass(frozen=True)
class Both:
    """`a and b`, `a or b`."""

    left: Expression
    right: Expression
    either: bool

    def value(self, at: Rendering) -> bool:
        if is_true(self.left.value(at)) is self.either:
            return self.either
        return is_true(self.right.value(at))

    def parts(self) -> Iterator[Expression]:
        yield self.left
        yield self.right


@dataclass(frozen=True)
class Negated:
    """`not a`."""

    inner: Expression

    def value(self, at: Rendering) -> bool:
        return not is_true(self.inner.value(at))

    def parts(self) -> Iterator[Expression]:
        yield self.inner


@dataclass(frozen=True)
class Compared:
    """`a == b`, `a < b`, `a contains b` …; `how` is one of `COMPARISONS`."""

    left: Expression
    right: Expression
    how: str

    def value(self, at: Rendering) -> bool:
        left, right = self.left.value(at), self.right.value(at)
        at.work.charge(left)
        at.work.charge(right)
        if self.how in ("==", "!="):
            return self._equal(left, right, at) is (self.how == "==")
        return COMPARISONS[self.how](left, right, at.locale)

    def _equal(self, left: Any, right: Any, at: Rendering) -> bool:
        if isinstance(self.left, BlankWord) or isinstance(self.right, BlankWord):
            return is_blank(left) and is_blank(right)
        return _equal(left, right)

    def parts(self) -> Iterator[Expression]:
        yield self.left
        yield self.right


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return text_of(left) == text_of(right) if _is_scalar(left) and _is_scalar(right) else left == right


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | Decimal | date | datetime)


def _ordered(how: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Locale], bool]:
    def compare(left: Any, right: Any, locale: Locale) -> bool:
        if is_blank(left) or is_blank(right):
            return False
        try:
            return how(numbers.read(left, locale), numbers.read(right, locale))
        except Unreadable:
            return how(text_of(left), text_of(right))

    return compare


def _contains(left: Any, right: Any, _: Locale) -> bool:
    if isinstance(left, Mapping):
        return lookups.matching_key(left, text_of(right)) is not None
    if isinstance(left, list | tuple):
        return any(_equal(one, right) for one in left)
    return not is_blank(right) and text_of(right) in text_of(left)


COMPARISONS: dict[str, Callable[[Any, Any, Locale], bool]] = {
    "<": _ordered(operator.lt),
    ">": _ordered(operator.gt),
    "<=": _ordered(operator.le),
    ">=": _ordered(operator.ge),
    "contains": _contains,
}


@dataclass(frozen=True)
class Output:
    """`{{ … }}` in a template."""

    expression: Expression
    position: int


@dataclass(frozen=True)
class Choice:
    """`{% if … %} … {% endif %}`: the first branch whose condition holds; None is `else`."""

    branches: "tuple[tuple[Expression | None, Pieces], ...]"
    position: int


Piece = str | Output | Choice
Pieces = tuple[Piece, ...]


def written(pieces: Pieces, at: Rendering) -> Iterator[str]:
    """The texts that the pieces of a template give, in order."""
    for piece in pieces:
        if isinstance(piece, str):
            yield piece
        elif isinstance(piece, Output):
            yield text_of(value_of(piece, at))
        else:
            yield from _branch(piece, at)


def value_of(output: Output, at: Rendering) -> Any:
    """The value of one `{{ … }}`. Raises `Misfit`."""
    try:
        return output.expression.value(at)
    except CannotMap as error:
        raise Misfit(error.sentence, output.position) from error


def _branch(choice: Choice, at: Rendering) -> Iterator[str]:
    for condition, pieces in choice.branches:
        try:
            taken = condition is None or is_true(condition.value(at))
        except CannotMap as error:
            raise Misfit(error.sentence, choice.position) from error
        if taken:
            yield from written(pieces, at)
            return


class Misfit(CannotMap):
    """A `CannotMap` that knows where in the template it happened."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position
