"""Numbers as people write them: “1.234,50 €”, “1,234.50”, “1'234.50”. Refused where two readings are possible."""

import re
from decimal import Decimal
from functools import lru_cache

from engine.spelling import quoted
from engine.zaps.limits import MAX_DIGITS
from engine.zaps.locales import Locale, babel_locale
from engine.zaps.sentences import Unreadable

MAX_WRITTEN = 80  # characters of a written number, with currency
_BLANKS = str.maketrans("", "", " \u00a0\u202f\u2009")
_GROUPED_BY_BLANKS = re.compile(r"(?<!\d)\d{1,3}(?:[\s'’]\d{3})+(?!\d)", re.ASCII)
_TWO_NUMBERS = re.compile(r"\d[\s'’]+\d", re.ASCII)
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-"})
_ROUND_AMOUNT = re.compile(r"[,.]-{1,2}(?=[^\d]*$)", re.ASCII)  # “5,-” and “5,-- €”
_AROUND = re.compile(
    r"^(?P<sign>[-+]?)(?P<before>[^\d.,+-]*)(?P<sign2>[-+]?)(?P<digits>[\d.,]+)(?P<after>[^\d]*)$", re.ASCII
)
_MONEY_WORDS = frozenset({"€", "$", "£", "¥", "₣", "zł", "kč", "kr", "kr.", "fr.", "sfr.", "euro", "euros", "us$"})
_COMMA_LANGUAGES = ("de",)  # languages with a decimal comma
_COUNTRIES_WITH_POINT = ("CH", "LI")  # where German is written with a decimal point


def read(value: object, locale: Locale, *, money: bool = False) -> Decimal:
    """The number that was written. Raises `Unreadable`; the sentence quotes the value.

    A single separator is the language's: “1.234” is 1234 in German and 1.234 in English. As an amount of money the
    latter is refused: nobody writes three decimals, so it may be the other language's thousands.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise Unreadable("not_a_number", value=quoted(value))
    number = _written(value, locale, money) if isinstance(value, str) else _exact(value)
    if not number.is_finite() or abs(number.adjusted()) >= MAX_DIGITS:
        raise Unreadable("not_a_number", value=quoted(value))
    return number


def _exact(value: float | Decimal) -> Decimal:
    if isinstance(value, int) and value.bit_length() > MAX_DIGITS * 4:
        return Decimal("Infinity")
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _written(text: str, locale: Locale, money: bool) -> Decimal:
    match = _AROUND.match(_bare(text)) if len(text) <= MAX_WRITTEN else None
    if match is None or not (_is_money_word(match["before"]) and _is_money_word(match["after"])):
        raise Unreadable("not_a_number", value=quoted(text))
    if (match["sign"] and match["sign2"]) or (match["before"] and match["after"]):
        raise Unreadable("not_a_number", value=quoted(text))
    digits = _plain_digits(match["digits"], locale, money)
    if digits is None:
        raise Unreadable("not_a_number", value=quoted(text))
    if not digits:
        raise Unreadable("number_ambiguous", value=quoted(text))
    return Decimal((match["sign"] or match["sign2"]) + digits)


def _bare(text: str) -> str:
    joined = _GROUPED_BY_BLANKS.sub(lambda match: re.sub(r"[\s'’]", "", match[0]), text.strip().translate(_SIGNS))
    if _TWO_NUMBERS.search(joined):
        raise Unreadable("not_a_number", value=quoted(text))
    return _ROUND_AMOUNT.sub("", joined.translate(_BLANKS))


def _plain_digits(written: str, locale: Locale, money: bool) -> str | None:
    """The digits with a decimal point and no grouping; None for rubbish, "" for what has two readings."""
    points, commas = written.count("."), written.count(",")
    if points and commas:
        decimal = "." if written.rfind(".") > written.rfind(",") else ","
        return _split(written, decimal)
    if points + commas > 1:
        return _ungrouped(written, "." if points else ",")
    if points + commas == 0:
        return written
    return _with_one_separator(written, "." if points else ",", decimal_sign(locale), money)


def _with_one_separator(written: str, separator: str, decimal: str, money: bool) -> str | None:
    before, _, after = written.partition(separator)
    looks_grouped = len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0")
    if not after:
        return None
    if looks_grouped and separator != decimal:
        return before + after
    if looks_grouped and money:
        return ""
    return f"{before or '0'}.{after}"


def _split(written: str, decimal: str) -> str | None:
    whole, _, fraction = written.rpartition(decimal)
    digits = _ungrouped(whole, "," if decimal == "." else ".")
    return f"{digits}.{fraction}" if digits and fraction and decimal not in whole else None


def _ungrouped(written: str, separator: str) -> str | None:
    first, *groups = written.split(separator)
    right = 1 <= len(first) <= 3 and groups and all(len(group) == 3 for group in groups)
    return "".join((first, *groups)) if right and written.replace(separator, "").isdigit() else None


def decimal_sign(locale: Locale) -> str:
    """The decimal sign of a locale."""
    return "," if locale.language in _COMMA_LANGUAGES and locale.region not in _COUNTRIES_WITH_POINT else "."


def _is_money_word(word: str) -> bool:
    return not word or word.casefold() in _MONEY_WORDS or word.upper() in currency_codes()


@lru_cache(maxsize=1)
def currency_codes() -> frozenset[str]:
    """All currency codes (“EUR”)."""
    return frozenset(code for code in map(str, babel_locale("en").currencies) if len(code) == 3)


def written(number: Decimal, locale: Locale, decimals: int | None = None) -> str:
    """A number as people of this locale write it; `decimals` fixes how many stand behind the decimal sign."""
    text = f"{number:,.{decimals}f}" if decimals is not None else f"{number:,f}"
    if decimal_sign(locale) == ".":
        return text.replace(",", "’") if locale.region in _COUNTRIES_WITH_POINT else text
    return text.translate(str.maketrans(",.", ".,"))
