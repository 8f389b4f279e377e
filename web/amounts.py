"""Amounts as people write and read them: whole numbers of a form or an address, sizes of files. Used by pages."""

from collections.abc import Mapping

from babel.numbers import format_decimal

from engine.errors import Problem, Problems
from web.languages import words

MOST_DIGITS = 9
UNITS = ("MB", "GB", "TB")


def whole(sent: Mapping[str, str], language: str, *, all_of_them: bool = False) -> dict[str, int]:
    """Fields of a form as numbers; those left empty are left out, unless `all_of_them` are needed. Raises `Problems` by
    field."""
    said = words(language).gettext("Please enter a whole number, like 10.")
    wrong = [name for name, text in sent.items() if (text or all_of_them) and number(text) is None]
    if wrong:
        raise Problems([Problem(said, field=name) for name in wrong])
    return {name: int(text) for name, text in sent.items() if text}


def number(text: str, most_digits: int = MOST_DIGITS) -> int | None:
    """A whole number; None for anything else, also for digits that Python does not read (²), or not so many of."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else None


def of_bytes(count: int, language: str) -> str:
    """“0 MB”, “3.4 MB”, “12 GB”, in steps of a thousand; nobody wants to read less than a tenth of a megabyte."""
    size, unit = count / 1_000_000, 0
    while size >= 1000 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{format_decimal(size, '0.#' if size < 10 else '0', locale=language)} {UNITS[unit]}"
