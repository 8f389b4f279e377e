"""Turns what a person mapped into the body of a call, by the profile's names. Pure; called by clients and items."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from zapwerk import InvalidInput

Row = dict[str, Any]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def body_of(values: Mapping[str, Any], names: Mapping[str, str], value_names: Mapping[str, str]) -> Row:
    """The body for `values` (by our names). What is None or empty, or has no name at the service, is left out."""
    body: Row = {}
    for ours, value in values.items():
        theirs = names.get(ours, "")
        sent = value_names.get(f"{ours}.{value}") or on_the_wire(ours, value)
        if theirs and sent is not None and sent != "":
            place(body, theirs, sent)
    return body


def place(body: Row, path: str, value: Any) -> None:
    """Puts `value` at a dotted path, making the mappings in between."""
    *parents, last = path.split(".")
    for parent in parents:
        body = body.setdefault(parent, {})
    body[last] = value


def on_the_wire(field: str, value: Any) -> Any:
    """Money is plain decimal text (“1234.50”), never a float and never “1E+3”; other values are as JSON has them."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise InvalidInput("This is no amount of money.", field=field)
        return format(value, "f")
    return cleaned(value) if isinstance(value, str) else value


def cleaned(text: str) -> str:
    """Text that can be sent: halves of broken emoji become “�”, NUL is left out."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "").strip()


def address_of(parts: Mapping[str, str | None], form: str) -> str:
    """One address by the profile's form (“{postal_code} {city}”); lines without content are left out."""
    filled = _PLACEHOLDER.sub(lambda found: parts.get(found[1]) or "", form.replace("\\n", "\n"))
    lines = (" ".join(line.split()) for line in filled.splitlines())
    return "\n".join(line for line in lines if line)


def country_name(code: str | None, language: str) -> str | None:
    """“DE” as “Deutschland”; what is no known code stays as it is."""
    if not code:
        return None
    from babel import Locale, UnknownLocaleError  # the tables of country names cost memory: only when one is needed

    try:
        return str(Locale.parse(language or "en").territories.get(code.upper(), code))
    except (UnknownLocaleError, ValueError):
        return code
