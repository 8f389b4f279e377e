"""Filters that reckon, on decimals: 0.1 + 0.2 is 0.3. Texts are read as numbers by the zap's language."""

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Any

from engine.spelling import quoted
from engine.zaps import numbers
from engine.zaps.limits import MAX_DIGITS, CannotMap, few
from engine.zaps.locales import Locale
from engine.zaps.plain import is_blank
from engine.zaps.sentences import Unreadable

MOST_DECIMALS = 20

_EXACT = Context(
    prec=2 * MAX_DIGITS, Emax=2 * MAX_DIGITS, Emin=-2 * MAX_DIGITS, traps=[InvalidOperation, DivisionByZero, Overflow]
)


def plus(value: Any, other: Any, locale: Locale) -> Decimal | None:
    """The sum.
    {{ 1 | plus: 2 }} gives 3"""
    return _reckoned(_EXACT.add, value, other, locale)


def minus(value: Any, other: Any, locale: Locale) -> Decimal | None:
    """The difference.
    {{ 3 | minus: 2 }} gives 1"""
    return _reckoned(_EXACT.subtract, value, other, locale)


def times(value: Any, other: Any, locale: Locale) -> Decimal | None:
    """The product.
    {{ trigger.net | times: 1.19 | round: 2 }}"""
    return _reckoned(_EXACT.multiply, value, other, locale)


def divided_by(value: Any, other: Any, locale: Locale) -> Decimal | None:
    """The quotient, with decimals.
    {{ 7 | divided_by: 2 }} gives 3.5"""
    return _reckoned(_EXACT.divide, value, other, locale)


def modulo(value: Any, other: Any, locale: Locale) -> Decimal | None:
    """What a division leaves over.
    {{ 7 | modulo: 2 }} gives 1"""
    return _reckoned(_EXACT.remainder, value, other, locale)


def at_least(value: Any, other: Any, locale: Locale) -> Decimal | None:
    """The larger of two numbers.
    {{ trigger.amount | at_least: 0 }}"""
    return _reckoned(max, value, other, locale)


def at_most(value: Any, other: Any, locale: Locale) -> Decimal | None:
    """The smaller of two numbers.
    {{ trigger.amount | at_most: 100 }}"""
    return _reckoned(min, value, other, locale)


def abs_(value: Any, locale: Locale) -> Decimal | None:
    """Without its sign.
    {{ -3 | abs }} gives 3"""
    number = _number(value, locale)
    return None if number is None else number.copy_abs()


def round_(value: Any, decimals: Any = 0, *, locale: Locale) -> Decimal | None:
    """Rounded to a number of decimals, halves away from zero.
    {{ 2.345 | round: 2 }} gives 2.35"""
    return _rounded(value, decimals, ROUND_HALF_UP, locale)


def floor(value: Any, locale: Locale) -> Decimal | None:
    """Rounded down.
    {{ 2.9 | floor }} gives 2"""
    return _rounded(value, 0, ROUND_FLOOR, locale)


def ceil(value: Any, locale: Locale) -> Decimal | None:
    """Rounded up.
    {{ 2.1 | ceil }} gives 3"""
    return _rounded(value, 0, ROUND_CEILING, locale)


def number(value: Any, decimals: Any = None, *, locale: Locale) -> str | None:
    """A number as it is written in the zap's language; how many decimals, if you say so.
    {{ 1234.5 | number: 2 }} gives 1.234,50 in German"""
    if decimals is None:
        read = _number(value, locale)
        return None if read is None else numbers.written(read, locale)
    rounded = _rounded(value, decimals, ROUND_HALF_UP, locale)
    return None if rounded is None else numbers.written(rounded, locale, _decimals(decimals))


def to_number(value: Any, locale: Locale) -> Decimal | None:
    """A text read as a number, by the zap's language.
    {{ "1.234,50 €" | to_number }} gives 1234.5 in German"""
    return _number(value, locale)


def sum_(value: Any, *, locale: Locale) -> Decimal:
    """The sum of a list of numbers; blanks count nothing.
    {{ trigger.items | map: "price" | sum }}"""
    total = Decimal(0)
    for one in few(list(value) if isinstance(value, list | tuple) else [value]):
        total = _EXACT.add(total, _number(one, locale) or Decimal(0))
    return total


def _reckoned(how: Callable[[Decimal, Decimal], Decimal], value: Any, other: Any, locale: Locale) -> Decimal | None:
    left, right = _number(value, locale), _number(other, locale)
    if left is None or right is None:
        return None
    try:
        return _small(how(left, right))
    except ZeroDivisionError as error:
        raise CannotMap("A number cannot be divided by zero.") from error


def _rounded(value: Any, decimals: Any, rounding: str, locale: Locale) -> Decimal | None:
    read = _number(value, locale)
    return None if read is None else read.quantize(Decimal(1).scaleb(-_decimals(decimals)), rounding, _EXACT)


def _decimals(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_DECIMALS:
        raise CannotMap(f"The number of decimals must lie between 0 and {MOST_DECIMALS}.")
    return value


def _number(value: Any, locale: Locale) -> Decimal | None:
    if is_blank(value):
        return None
    try:
        return numbers.read(value, locale)
    except Unreadable as error:
        raise CannotMap(f"{quoted(value)} is not a number that can be read.") from error


def _small(result: Decimal) -> Decimal:
    if abs(result.adjusted()) >= MAX_DIGITS:
        raise CannotMap("The result is too large or too small to reckon with.")
    return result


FILTERS = (
    plus, minus, times, divided_by, modulo, at_least, at_most, abs_, round_, floor, ceil, number, to_number, sum_,
)  # fmt: skip
