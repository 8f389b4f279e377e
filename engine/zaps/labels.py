"""What a record is called in a list, and when it is from: told by the names its fields have. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from engine.zaps import dates
from engine.zaps.locales import Locale
from engine.zaps.plain import is_blank
from engine.zaps.sentences import Unreadable

NAMES = ("subject", "title", "name", "label", "summary", "number")
PEOPLE = ("sender", "from", "author", "customer", "contact")
CARRIED = ("body", "payload", "data")  # of a record that is the envelope of another, like a call of a webhook
MOMENTS = ("date", "received_at", "created_at", "created", "scheduled_for", "at", "time", "updated_at")
MAX_LABEL = 200  # characters


def label_of(record: Any, record_id: str) -> str:
    """“Anfrage · Erika Muster”: what it is and who it is from; else its first text, else its id."""
    if not isinstance(record, Mapping):
        return record_id
    carried: Mapping[str, Any] = next((record[name] for name in CARRIED if isinstance(record.get(name), Mapping)), {})
    others = (name for name in record if name != "id")
    said = _named(record) or _named(carried) or next(_texts(carried, carried), "") or next(_texts(record, others), "")
    return (said or record_id)[:MAX_LABEL]


def _named(record: Mapping[str, Any]) -> str:
    parts = [next(_texts(record, NAMES), ""), next(_people(record), "")]
    return " · ".join(part for part in parts if part)


def moment_of(record: Any, locale: Locale) -> datetime | None:
    """When the record is from, where it says so."""
    found = (_moment(record[name], locale) for name in MOMENTS if name in record) if isinstance(record, Mapping) else ()
    return next((one for one in found if one), None)


def _texts(record: Mapping[str, Any], names: Any) -> Iterator[str]:
    for name in names:
        value = record.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and not is_blank(value):
            yield " ".join(str(value)[: MAX_LABEL * 2].split())


def _people(record: Mapping[str, Any]) -> Iterator[str]:
    for name in PEOPLE:
        value = record.get(name)
        if isinstance(value, Mapping):
            yield from _texts(value, ("name", "address", "email"))
        elif isinstance(value, str) and not is_blank(value):
            yield " ".join(value[:MAX_LABEL].split())


def _moment(value: Any, locale: Locale) -> datetime | None:
    try:
        return dates.read_datetime(value, locale) if isinstance(value, str | date) else None
    except Unreadable:
        return None
