"""Typed values as people read them: “31.12.2026”, “1.234,50”, “ja”. Called by previews and comparisons of versions."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, SecretStr

from engine.zaps.limits import CannotMap
from engine.zaps.plain import text_of
from engine.zaps.sealing import BLOT, is_sealed

__all__ = ["BLOT", "readable"]

MAX_SHOWN = 2_000  # characters
_YES_NO = {"en": ("yes", "no"), "de": ("ja", "nein")}
_MAX_DIGITS = 30


def readable(value: Any, language: str) -> str:
    """The value in words, shortened; “” for nothing."""
    text = _text(value, language)
    return f"{text[:MAX_SHOWN]}…" if len(text) > MAX_SHOWN else text


def _text(value: Any, language: str) -> str:
    match value:
        case None:
            return ""
        case str():
            return BLOT if is_sealed(value) else value
        case SecretStr():
            return BLOT if value.get_secret_value() else ""
        case bool():
            return _YES_NO[language][0 if value else 1]
        case int() | Decimal() | float():
            return _number(value, language)
        case date() | time():
            return _moment(value, language)
        case BaseModel():
            return _text(value.model_dump(), language)
        case Mapping():
            return ", ".join(f"{name}: {said}" for name, one in value.items() if (said := _text(one, language)))
        case list() | tuple():
            return ", ".join(said for one in value if (said := _text(one, language)))
        case _:
            return str(value)


def _moment(value: date | time, language: str) -> str:
    from babel import dates  # a tenth of a second to load, which the start of the program need not wait for

    if isinstance(value, datetime):
        return str(dates.format_datetime(value, "medium", locale=language))
    if isinstance(value, date):
        return str(dates.format_date(value, "medium", locale=language))
    return str(dates.format_time(value, "short", locale=language))


def _number(value: int | float | Decimal, language: str) -> str:
    try:
        plain = text_of(value)
    except CannotMap as error:
        return error.sentence
    if len(plain) > _MAX_DIGITS or isinstance(value, int):
        return plain  # ids and years take no separators
    from babel.numbers import format_decimal

    return str(format_decimal(Decimal(plain), locale=language, decimal_quantization=False))
