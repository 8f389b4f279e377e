"""One raw value, one field kind, one typed value: `values` calls these, each raises `Unreadable`."""

import json
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from engine.sdk.fields import Kind, Labels, MayBeSecret, Shape, Verbatim, shape_of
from engine.sdk.records import File
from engine.spelling import quoted
from engine.zaps import dates, numbers, places
from engine.zaps.limits import MAX_ITEMS, CannotMap
from engine.zaps.locales import Locale
from engine.zaps.lookups import folded
from engine.zaps.plain import INVISIBLE, is_blank, text_of
from engine.zaps.sealing import is_sealed
from engine.zaps.sentences import Unreadable
from engine.zaps.wording import yes_or_no

MAX_ADDRESS = 2_000  # characters of a web or e-mail address

_NUMERIC = (Kind.INTEGER, Kind.DECIMAL, Kind.MONEY)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAMED_ADDRESS = re.compile(r"[^<>]*<([^<>]+)>")
_BARE_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,62})?\.)+[^\W\d_]{2,24}(?::\d{1,5})?(?:[/?#]\S*)?")


def scalar(given: Any, shape: Shape, locale: Locale) -> Any:
    """A value of any kind but lists, mappings and models."""
    if shape.kind is Kind.SECRET or (shape.kind is Kind.JSON and shape.marker(MayBeSecret)):
        if is_sealed(given):
            raise Unreadable("sealed_elsewhere")
        if isinstance(given, SecretStr):
            return given
    elif isinstance(given, SecretStr):
        raise Unreadable("not_the_secret")
    return _READERS[shape.kind](given, shape, locale)


def items(given: Any, shape: Shape) -> list[Any]:
    """A list, or a text's lines, or its parts between commas or semicolons; anything else is a list of one."""
    found = _listed(given, shape)
    if len(found) > MAX_ITEMS:
        raise Unreadable("list_too_long", count=len(found), most=MAX_ITEMS)
    return found


def _listed(given: Any, shape: Shape) -> list[Any]:
    if isinstance(given, list | tuple):
        return list(given)
    if not isinstance(given, str):
        return [given]
    if given.lstrip().startswith("["):
        found = _json(given)
        return found if isinstance(found, list) else [found]
    by = _separator(given, shape.element.kind)
    return [part for part in given.split(by) if not is_blank(part)] if by else [given]


def _separator(text: str, kind: Kind) -> str:
    """A comma does not part numbers: it may be their decimal sign."""
    candidates = ("\n", ";") if kind in _NUMERIC else ("\n", ";", ",")
    return next((one for one in candidates if one in text.strip()), "")


def chosen(given: Any, shape: Shape) -> list[Any]:
    """The values of several choices, without the words they were chosen by; a template among them may give a list."""
    entries = [_unwrapped(one) for one in items(given, shape)]
    flat = [inner for one in entries for inner in (one if isinstance(one, list | tuple) else [one])]
    return items([one for one in flat if not is_blank(one)], shape)


def takes_several(shape: Shape) -> bool:
    """Whether a field with choices holds a list of them."""
    return (get_origin(shape.python_type) or shape.python_type) in (list, tuple, set, frozenset)


def mapping(given: Any) -> Mapping[str, Any]:
    """A group of named values; a text may be a JSON object."""
    found = _json(given) if isinstance(given, str) and given.lstrip().startswith("{") else given
    if not isinstance(found, Mapping):
        raise Unreadable("not_a_group", value=_quoted(given))
    return {str(key): value for key, value in found.items()}


def mapped(shape: Shape) -> Shape:
    """The shape of a mapping's values."""
    arguments = get_args(shape.python_type)
    return shape_of(arguments[1] if len(arguments) == 2 else Any)


def _text(given: Any, _shape: Shape, _locale: Locale) -> str:
    """One line: line breaks become blanks."""
    return " ".join(_clean(given).split("\n"))


def _long_text(given: Any, _shape: Shape, _locale: Locale) -> str:
    return _clean(given)


def _clean(given: Any) -> str:
    """Trimmed, with plain line ends, and without what no service takes: control characters, halves of characters."""
    if isinstance(given, Mapping) or (isinstance(given, list | tuple) and any(map(_is_nested, given))):
        raise Unreadable("not_text")
    try:
        text = text_of(given)
    except CannotMap as error:
        raise Unreadable("refused", value="this value") from error
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", whole).strip().strip(INVISIBLE).strip()


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _integer(given: Any, _shape: Shape, locale: Locale) -> int:
    number = numbers.read(given, locale)
    if number != number.to_integral_value():
        raise Unreadable("not_whole", value=_quoted(given))
    return int(number)


def _decimal(given: Any, _shape: Shape, locale: Locale) -> Any:
    return numbers.read(given, locale)


def _money(given: Any, _shape: Shape, locale: Locale) -> Any:
    return numbers.read(given, locale, money=True)


def _boolean(given: Any, _shape: Shape, _locale: Locale) -> bool:
    found = yes_or_no(given)
    if found is None:
        raise Unreadable("not_yes_or_no", value=_quoted(given))
    return found


def _email(given: Any, _shape: Shape, _locale: Locale) -> str:
    from email_validator import EmailNotValidError, validate_email

    text = _clean(given).removeprefix("mailto:") if len(text_or_nothing(given)) <= MAX_ADDRESS else ""
    named = _NAMED_ADDRESS.fullmatch(text)
    try:
        found = validate_email(named[1].strip() if named else text, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, ValueError) as error:
        raise Unreadable("not_an_email", value=_quoted(given)) from error
    return str(found.normalized)


def text_or_nothing(given: Any) -> str:
    """The text, if it is one."""
    return given if isinstance(given, str) else ""


def _url(given: Any, _shape: Shape, _locale: Locale) -> str:
    text = text_or_nothing(given).strip()
    address = text if "://" in text[:12] else f"https://{text}" if _BARE_HOST.fullmatch(text[:MAX_ADDRESS]) else ""
    try:
        parts = urlsplit(address)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or len(address) > MAX_ADDRESS or any(sign.isspace() or not sign.isprintable() for sign in address):
        raise Unreadable("not_a_url", value=_quoted(given))
    return address


def _choice(given: Any, shape: Shape, _locale: Locale) -> Any:
    values = _choices(shape.python_type)
    said = _unwrapped(given)
    wanted = folded(text_of(said)) if isinstance(said, str | int) else ""
    for value in values:
        if value == said and isinstance(value, bool) is isinstance(said, bool):
            return value
    labels = _labels(shape)
    found = [one for one in values if wanted in (folded(str(one)), folded(labels.get(str(one), str(one))))]
    if len(found) != 1:
        shown = ", ".join(labels.get(str(one), str(one)) for one in values[:10])
        raise Unreadable("not_a_choice", value=_quoted(given), choices=shown)
    return found[0]


def _choices(python_type: Any) -> list[Any]:
    if isinstance(python_type, type) and issubclass(python_type, Enum):
        return [one.value for one in python_type]
    return list(get_args(python_type))


def _labels(shape: Shape) -> dict[str, str]:
    marker = shape.marker(Labels)
    return marker.by_value if marker else {}


def _unwrapped(given: Any) -> Any:
    """A choice may be stored with its label: `{value: …, label: …}`."""
    return given["value"] if isinstance(given, Mapping) and "value" in given else given


def _service_choice(given: Any, shape: Shape, locale: Locale) -> Any:
    said = _unwrapped(given)
    is_text = shape.python_type in (str, Any)
    return _text(said, shape, locale) if is_text else said


def _json_value(given: Any, shape: Shape, _locale: Locale) -> Any:
    if shape.marker(Verbatim) is not None:
        return given
    return _json(given) if isinstance(given, str) and given.strip()[:1] in ("{", "[") else given


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not_json") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _file(given: Any, _shape: Shape, _locale: Locale) -> File:
    try:
        return given if isinstance(given, File) else File.model_validate(given)
    except ValidationError as error:
        raise Unreadable("not_a_file", value=_quoted(given)) from error


def _secret(given: Any, _shape: Shape, _locale: Locale) -> SecretStr:
    """Its sentences never repeat the value."""
    if isinstance(given, SecretStr):
        return given
    if not isinstance(given, str | int) or isinstance(given, bool):
        raise Unreadable("not_the_secret")
    return SecretStr(str(given).strip())


def _quoted(given: Any) -> str:
    if isinstance(given, Mapping | list | tuple):
        return "what was given"
    return quoted(given)


_Reader = Callable[[Any, Shape, Locale], Any]

_READERS: dict[Kind, _Reader] = {
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _long_text,
    Kind.HTML: _long_text,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.MONEY: _money,
    Kind.DATE: lambda given, _, locale: dates.read_date(given, locale),
    Kind.TIME: lambda given, _, locale: dates.read_time(given),
    Kind.DATETIME: lambda given, _, locale: dates.read_datetime(given, locale),
    Kind.DURATION: lambda given, _, locale: dates.read_duration(given),
    Kind.EMAIL: _email,
    Kind.URL: _url,
    Kind.PHONE: lambda given, _, locale: places.read_phone(given, locale),
    Kind.COUNTRY: lambda given, _, locale: places.read_country(given),
    Kind.CURRENCY: lambda given, _, locale: places.read_currency(given, locale),
    Kind.BOOLEAN: _boolean,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _service_choice,
    Kind.JSON: _json_value,
    Kind.FILE: _file,
    Kind.SECRET: _secret,
}
