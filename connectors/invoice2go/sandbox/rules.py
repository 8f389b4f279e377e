"""What the sandbox accepts as a client or an item. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

MAX_TEXT = 2000
MAX_NAME = 200
MAX_DESCRIPTION = 1000
MAX_DIGITS = 13
MAX_REFERENCE = 255

Rule = Callable[[Any], str | None]


def text(limit: int, *, needed: bool = False) -> Rule:
    """Text of limited length; None where it may be left out."""

    def refused(value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be text"
        if needed and not value.strip():
            return "must not be empty"
        if len(value) > limit:
            return f"must have at most {limit} characters"
        return None if _storable(value) else "holds characters that cannot be stored"

    return refused


def _email(value: Any) -> str | None:
    name, _, host = value.rpartition("@") if isinstance(value, str) else ("", "", "")
    usable = name and "." in host and not any(letter.isspace() for letter in value) and len(value) <= 254
    return (
        (None if _storable(value) else "holds characters that cannot be stored") if usable else "is no e-mail address"
    )


def _amount(value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be decimal text, such as “12.50”"
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return "must be decimal text, such as “12.50”"
    if not amount.is_finite() or "e" in value.lower() or not value.isascii():
        return "must be decimal text, such as “12.50”"
    return None if sum(letter.isdigit() for letter in value) <= MAX_DIGITS else f"has more than {MAX_DIGITS} digits"


def _days(value: Any) -> str | None:
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 3650
    return None if usable else "must be a number of days"


def _yes_or_no(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _one_of(*known: str) -> Rule:
    return lambda value: None if value in known else f"must be one of: {', '.join(known)}"


RULES: Mapping[str, Mapping[str, Rule]] = {
    "clients": {
        "name": text(MAX_NAME, needed=True),
        "contact_name": text(MAX_NAME),
        "email": _email,
        "phone": text(MAX_NAME),
        "mobile": text(MAX_NAME),
        "website": text(MAX_TEXT),
        "tax_number": text(MAX_NAME),
        "billing_address": text(MAX_TEXT),
        "payment_terms_days": _days,
        "notes": text(100_000),
        "external_reference": text(MAX_REFERENCE),
    },
    "items": {
        "name": text(MAX_NAME, needed=True),
        "code": text(MAX_NAME),
        "description": text(MAX_DESCRIPTION),
        "rate": _amount,
        "cost": _amount,
        "kind": _one_of("parts", "labor"),
        "unit": _one_of("days", "hours"),
        "apply_taxes": _yes_or_no,
        "external_reference": text(MAX_REFERENCE),
    },
}


def refused_fields(kind: str, body: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each field that is not accepted, with the reason."""
    rules = RULES[kind]
    refused = [{"field": str(name), "message": f"{name} is not known"} for name in body if name not in rules]
    for name, rule in rules.items():
        why = rule(body[name]) if name in body else ("is missing" if name == "name" else None)
        if why:
            refused.append({"field": name, "message": f"{name} {why}"})
    return refused


def _storable(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
