"""Countries, currencies and phone numbers as people write them: “Deutschland” is DE, “€” is EUR."""

import re
from functools import lru_cache

from engine.spelling import quoted
from engine.zaps import numbers
from engine.zaps.locales import Locale, babel_locale
from engine.zaps.lookups import folded
from engine.zaps.sentences import Unreadable

NAMED_IN = ("en", "de")  # languages in which countries and currencies are understood
MAX_PHONE = 60  # characters of a written phone number
FEWEST_DIGITS = 5  # without the country code

_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
_OTHER_NAMES = {
    "usa": "US", "u.s.a.": "US", "u.s.": "US", "united states of america": "US", "uk": "GB", "u.k.": "GB",
    "great britain": "GB", "großbritannien": "GB", "grossbritannien": "GB", "brd": "DE", "germany": "DE",
    "bundesrepublik deutschland": "DE", "federal republic of germany": "DE",
    "deu": "DE", "aut": "AT", "oesterreich": "AT",
    "che": "CH", "gbr": "GB", "holland": "NL", "the netherlands": "NL", "czech republic": "CZ",
    "tschechische republik": "CZ", "türkei": "TR", "turkey": "TR",
}  # fmt: skip
_SYMBOLS = {"€": "EUR", "£": "GBP", "chf": "CHF", "fr.": "CHF", "sfr.": "CHF", "zł": "PLN", "kč": "CZK", "us$": "USD"}
_PHONE_LABEL = re.compile(r"^(?:tel|telefon|phone|mobile?|handy|mobil|fon)\b\.?:? *", re.I)
_EXTENSION = re.compile(r"(?:ext|x|dw|durchwahl)\.? *\d+$", re.I)


def read_country(value: object) -> str:
    """The ISO code of a country by its code, or its name in English or German."""
    text = value.strip() if isinstance(value, str) else ""
    code = text.upper()
    if code in country_names().values():
        return code
    found = country_names().get(folded(text))
    if found is None:
        raise Unreadable("not_a_country", value=quoted(value))
    return found


@lru_cache(maxsize=1)
def country_names() -> dict[str, str]:
    """Country codes by folded name."""
    names: dict[str, str] = {}
    for language in NAMED_IN:
        for code, name in babel_locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES:
                names[folded(name)] = code
    return names | _OTHER_NAMES


def read_currency(value: object, locale: Locale) -> str:
    """The ISO code of a currency by its code, symbol or name. “$” is refused outside the United States."""
    text = value.strip() if isinstance(value, str) else ""
    if text.upper() in numbers.currency_codes():
        return text.upper()
    if text == "$" and locale.region == "US":
        return "USD"
    found = _SYMBOLS.get(text.casefold()) or currency_names().get(folded(text))
    if found is None:
        raise Unreadable("not_a_currency", value=quoted(value))
    return found


@lru_cache(maxsize=1)
def currency_names() -> dict[str, str]:
    """Currency codes by folded name."""
    return {folded(name): code for one in NAMED_IN for code, name in babel_locale(one).currencies.items()}


def read_phone(value: object, locale: Locale) -> str:
    """A phone number in international form (E.164): “030/123-45” in Germany is “+493012345”."""
    if not isinstance(value, str) or len(value) > MAX_PHONE:
        raise Unreadable("not_a_phone", value=quoted(value))
    text = _PHONE_LABEL.sub("", value.strip())
    if _EXTENSION.search(text):
        raise Unreadable("phone_extension", value=quoted(value))
    if any(letter.isalpha() for letter in text):
        raise Unreadable("not_a_phone", value=quoted(value))
    return _international(text, value, locale)


def _international(text: str, value: str, locale: Locale) -> str:
    import phonenumbers  # its tables take a tenth of a second to load

    if locale.region is None and not text.startswith(("+", "(+")):
        raise Unreadable("phone_needs_country", value=quoted(value))
    try:
        number = phonenumbers.parse(text, locale.region)
    except phonenumbers.NumberParseException as error:
        raise Unreadable("not_a_phone", value=quoted(value)) from error
    enough = len(str(number.national_number)) >= FEWEST_DIGITS
    if not enough or not phonenumbers.is_possible_number(number):
        raise Unreadable("not_a_phone", value=quoted(value))
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
