"""Reads what the service answers, by the profile: records, ids, and which refusal means what. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from connectors.invoice2go.bodies import Row
from connectors.invoice2go.profile import Invoice2goProfile
from zapwerk import (
    ConnectorError,
    InvalidInput,
    OutcomeUnknown,
    PermanentFailure,
    PermissionMissing,
    QuotaReached,
    Record,
    TemporaryFailure,
)

MAX_QUOTED = 300  # characters of the service's own words in an error
LEFT_TO_THE_SDK = frozenset({401, 408, 425, 429})

RecordT = TypeVar("RecordT", bound=Record)


def found(value: Any, path: str) -> Any:
    """What stands at a dotted path; None where it ends early. The empty path is the value itself."""
    for part in path.split(".") if path else ():
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def created(response: httpx.Response, profile: Invoice2goProfile) -> Row:
    """The record in the answer to a create call. Without an id nobody can say what was made."""
    row = found(_json(response), profile.record)
    if not isinstance(row, dict) or id_of(row, profile) is None:
        raise OutcomeUnknown("Invoice2go accepted the call, but its answer does not say what was created.")
    return row


def listed(response: httpx.Response, profile: Invoice2goProfile) -> tuple[list[Row], int | None]:
    """The records of one page of a list, and how many pages there are, if the service says so."""
    body = _json(response)
    rows = found(body, profile.rows)
    if not isinstance(rows, list):
        raise TemporaryFailure("Invoice2go answered with something that is no list.")
    total = found(body, profile.pages_total) if profile.pages_total else None
    usable = [row for row in rows if isinstance(row, dict) and id_of(row, profile) is not None]
    return usable, total if isinstance(total, int) and not isinstance(total, bool) else None


def id_of(row: Row, profile: Invoice2goProfile) -> str | None:
    """A record's id as text; None when there is none."""
    value = found(row, profile.id_field)
    usable = isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    return str(value) if usable else None


def created_at(row: Row, profile: Invoice2goProfile) -> datetime | None:
    """When the record was made, by the service's clock."""
    return moment(found(row, profile.created_field)) if profile.created_field else None


def ours(row: Row, names: Mapping[str, str]) -> Row:
    """What the row holds, by our names."""
    return {mine: value for mine, theirs in names.items() if theirs and (value := found(row, theirs)) is not None}


def shown(row: Row, names: Mapping[str, str], profile: Invoice2goProfile) -> Row:
    """The row as plain data for a person who has to choose."""
    created = created_at(row, profile)
    return {
        "id": id_of(row, profile),
        **ours(row, names),
        "created_at": created.isoformat() if created else None,
        "url": found(row, profile.url_field) if profile.url_field else None,
    }


def read(model: type[RecordT], row: Row, names: Mapping[str, str], profile: Invoice2goProfile) -> RecordT:
    """The record with our names. A value that does not fit its field is left out: the record exists all the same."""
    known = dict.fromkeys(model.model_fields) | ours(row, names)
    values = {**row, **known, "id": id_of(row, profile), "created_at": created_at(row, profile)}
    values["url"] = found(row, profile.url_field) if profile.url_field else None
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        unfit = {str(problem["loc"][0]) for problem in error.errors()}
        return model.model_validate({name: value for name, value in given.items() if name not in unfit})


def explain(profile: Invoice2goProfile, names: Mapping[str, str]) -> Callable[[httpx.Response], ConnectorError | None]:
    """What reads this profile's errors, for calls whose body is made with `names`. None leaves it to the SDK."""

    def refusal(response: httpx.Response) -> ConnectorError | None:
        status = response.status_code
        if status < 400 and not profile.errors_in_ok:
            return None
        body = _json_or_none(response)
        code = found(body, profile.error_code) if profile.error_code else None
        if status in profile.quota_statuses or (isinstance(code, str) and code in profile.quota_codes):
            return _quota(body, profile)
        if status in LEFT_TO_THE_SDK or status >= 500:
            return None
        if status == 403:
            return _permission(body, profile)
        return _refused(status, body, profile, names)

    return refusal


def _quota(body: Any, profile: Invoice2goProfile) -> QuotaReached:
    said = _said(body, profile)
    words = f"Invoice2go says that the plan’s quota is reached: “{said}”" if said else "The plan’s quota is reached."
    return QuotaReached(words, until=moment(found(body, profile.quota_until)) if profile.quota_until else None)


def _permission(body: Any, profile: Invoice2goProfile) -> PermissionMissing:
    what = _text(found(body, profile.error_permission)) if profile.error_permission else ""
    if what:
        return PermissionMissing(what)
    said = _said(body, profile)
    return PermissionMissing("", f"Invoice2go does not allow this to the account{f': “{said}”' if said else '.'}")


def _refused(
    status: int, body: Any, profile: Invoice2goProfile, names: Mapping[str, str]
) -> InvalidInput | PermanentFailure | None:
    if status in profile.validation_statuses:
        refused = list(_refused_fields(body, profile))
        if refused:
            field, words = refused[0]
            return InvalidInput(f"Invoice2go refuses this value: “{words}”", field=_ours(field, names))
    said = _said(body, profile)
    return PermanentFailure(f"Invoice2go refuses this: “{said}”") if said else None


def _refused_fields(body: Any, profile: Invoice2goProfile) -> Iterator[tuple[str, str]]:
    """Their names of refused fields with the words: from a list of objects, or a mapping of names to words."""
    fields = found(body, profile.error_fields) if profile.error_fields else None
    if isinstance(fields, dict):
        for name, words in fields.items():
            yield name, _text(words[0] if isinstance(words, list) and words else words)
    for one in fields if isinstance(fields, list) else ():
        if isinstance(one, dict):
            yield _text(one.get(profile.error_field_name)), _text(one.get(profile.error_field_message))


def _ours(theirs: str, names: Mapping[str, str]) -> str | None:
    ours = next((ours for ours, name in names.items() if name == theirs and name), None)
    return "address" if ours == "billing_address" else ours


def moment(value: Any) -> datetime | None:
    """A time in ISO 8601 (without a zone: UTC), or None for anything else."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _said(body: Any, profile: Invoice2goProfile) -> str:
    return _text(found(body, profile.error_message)) if profile.error_message else ""


def _text(value: Any) -> str:
    """The service's words as one line of printable text, not too long."""
    words = " ".join(value.split()) if isinstance(value, str) else ""
    return "".join(letter for letter in words[:MAX_QUOTED] if letter.isprintable())


def _json(response: httpx.Response) -> Any:
    """The body. Unreadable, it leaves open whether a write was done; a read can be tried again."""
    try:
        return response.json()
    except ValueError as error:
        words = "Invoice2go’s answer could not be read."
        reading = response.request.method == "GET"
        raise (TemporaryFailure(words) if reading else OutcomeUnknown(words)) from error


def _json_or_none(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
