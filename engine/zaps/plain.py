"""What plain data is: blank or not, and as text. Mappings, conditions and values agree on it here."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from engine.zaps.limits import MAX_DIGITS, MAX_TEXT, CannotMap, fitting, weight

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"  # what mail programs and web forms leave in empty cells


def is_blank(value: Any) -> bool:
    """None, a text of nothing but white space, an empty list or mapping. Zero and false are values."""
    if isinstance(value, str):
        return not value.strip().strip(INVISIBLE).strip()
    return value is None or (isinstance(value, Mapping | list | tuple) and not value)


def is_true(value: Any) -> bool:
    """How `{% if … %}` decides: blank and false are false, all else is true."""
    return not is_blank(value) and value is not False


def text_of(value: Any) -> str:
    """Any plain value within a text: nothing is "", a list is joined by commas, a mapping is JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return number_text(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return _text_of_many(value)


def number_text(value: float | Decimal) -> str:
    """A number without exponent and without needless zeros: “12.5”."""
    number = value if isinstance(value, Decimal) else _decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        raise CannotMap("The number is too large or too small to be written.")
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) if number else "0"


def _decimal(value: float) -> Decimal:
    if isinstance(value, int) and value.bit_length() > MAX_DIGITS * 4:  # longer ones are costly to write, or refused
        return Decimal("Infinity")
    return Decimal(repr(value))


def _text_of_many(value: Any) -> str:
    fitting(weight(value))
    if isinstance(value, list | tuple) and not any(isinstance(one, Mapping | list | tuple) for one in value):
        return ", ".join(text_of(one) for one in value)
    return json_text(value)


def json_text(value: Any) -> str:
    """The value as compact JSON; numbers and dates that JSON does not know are written as text."""
    if weight(value) > MAX_TEXT:
        raise CannotMap("The value is too large to be written as text.")
    try:
        return json.dumps(value, ensure_ascii=False, default=_json_leaf)
    except (TypeError, ValueError, RecursionError) as error:
        raise CannotMap("The value cannot be written as text.") from error


def _json_leaf(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, date | datetime | time | Decimal):
        return text_of(value)
    raise TypeError(type(value).__name__)
