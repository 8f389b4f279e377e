"""The API profile: everything about Invoice2go's API that could differ from what we believe today.

Invoice2go has no public API. So addresses, paths, names and rules are values that the owner can fill in, not code.
The class defaults are the sandbox's; the profile for the live service leaves empty what nobody could tell us, and
`problem()` keeps every call back until the owner has filled that in and confirmed it.

Values may also come as text (`zapwerk apps set`): names as “ours=theirs, ours=theirs” or JSON, lists with commas.
"""

import ipaddress
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from zapwerk import LongText, More, Profile

MAX_PAGE_SIZE = 1000


def _names(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("{"):
        return json.loads(value)
    pairs = (part.partition("=") for part in value.split(",") if part.strip())
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _words(value: Any) -> Any:
    if isinstance(value, int):
        return (value,)
    if not isinstance(value, str):
        return value
    return tuple(json.loads(value)) if value.lstrip().startswith("[") else tuple(value.replace(",", " ").split())


def _below_the_base(value: str) -> str:
    if "://" in value or value.startswith("//") or ".." in value.split("/"):
        raise ValueError("A path stands below the API address; leave out “https://…”.")
    return value


Names = Annotated[dict[str, str], BeforeValidator(_names)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Statuses = Annotated[tuple[int, ...], BeforeValidator(_words)]
Path = Annotated[str, BeforeValidator(_below_the_base)]

CLIENT_FIELDS = {
    "name": "name",
    "contact_name": "contact_name",
    "email": "email",
    "phone": "phone",
    "mobile": "mobile",
    "website": "website",
    "tax_number": "tax_number",
    "billing_address": "billing_address",
    "payment_terms_days": "payment_terms_days",
    "notes": "notes",
}
ITEM_FIELDS = {
    "name": "name",
    "code": "code",
    "description": "description",
    "rate": "rate",
    "cost": "cost",
    "kind": "kind",
    "unit": "unit",
    "apply_taxes": "apply_taxes",
}
ADDRESS_FORMAT = "{address}\n{address2}\n{postal_code} {city}\n{state}\n{country}"


class Invoice2goProfile(Profile):
    """How this installation reaches Invoice2go, or the sandbox.

    Names of the service's fields may be dotted paths (“client.billing.text”). An empty name means that the service
    has no such thing: no external reference, no filter, no time of creation.
    """

    practice: Annotated[bool, More()] = Field(False, title="Practice only, no real account")
    verified: Annotated[bool, More()] = Field(False, title="Verified against the live service")
    confirmed: bool = Field(False, title="I have been given access and have checked these values")

    base_url: str = Field("", title="API address")
    authorize_url: str = Field("", title="Address of the sign-in page")
    token_url: str = Field("", title="Address that gives tokens")
    scope: Annotated[str, More()] = Field("accounts clients items", title="Permissions to ask for")

    accounts_path: Annotated[Path, More()] = Field("accounts", title="Path of the accounts")
    clients_path: Annotated[Path, More()] = Field("accounts/{account}/clients", title="Path of the clients")
    items_path: Path = Field("accounts/{account}/items", title="Path of the items")
    rows: Annotated[str, More()] = Field("data", title="Where a list stands in an answer")
    record: Annotated[str, More()] = Field("data", title="Where a created record stands in an answer")
    pages_total: Annotated[str, More()] = Field(
        "pagination.total_pages", title="Where the number of pages stands in an answer"
    )

    account_id: Annotated[str, More()] = Field("id", title="Account: id")
    account_name: Annotated[str, More()] = Field("name", title="Account: name")
    account_default: Annotated[str, More()] = Field("default", title="Account: marks the default one")

    client_fields: Names = Field(CLIENT_FIELDS, title="Client: our names = theirs")
    item_fields: Names = Field(ITEM_FIELDS, title="Item: our names = theirs")
    value_names: Annotated[Names, More()] = Field({}, title="Values: field.ours = theirs")
    id_field: Annotated[str, More()] = Field("id", title="Record: id")
    url_field: Annotated[str, More()] = Field("url", title="Record: address of its page")
    created_field: Annotated[str, More()] = Field("created_at", title="Record: time of creation")
    address_format: Annotated[LongText, More()] = Field(ADDRESS_FORMAT, title="How a billing address is put together")
    address_language: Annotated[str, More()] = Field("de", title="Language of country names in addresses")

    idempotency: Annotated[bool, More()] = Field(True, title="Honours Idempotency-Key")
    reference_field: Annotated[str, More()] = Field("external_reference", title="Field for our own reference")
    reference_param: Annotated[str, More()] = Field("external_reference", title="Filter: our own reference")
    email_param: Annotated[str, More()] = Field("email", title="Filter: e-mail, whatever its case")
    name_param: Annotated[str, More()] = Field("name", title="Filter: exact name")
    code_param: Annotated[str, More()] = Field("code", title="Filter: exact item code")
    page_param: Annotated[str, More()] = Field("page", title="Parameter: page number, from 1")
    page_size_param: Annotated[str, More()] = Field("page_size", title="Parameter: records per page")
    page_size: Annotated[int, More()] = Field(100, title="Records per page", ge=1, le=MAX_PAGE_SIZE)
    list_params: Annotated[Names, More()] = Field({"sort": "-created_at"}, title="Further parameters for lists")
    newest_first: Annotated[bool, More()] = Field(True, title="Lists come newest first")

    error_code: Annotated[str, More()] = Field("error.code", title="Error: its code")
    error_message: Annotated[str, More()] = Field("error.message", title="Error: its words")
    error_fields: Annotated[str, More()] = Field("error.fields", title="Error: the refused fields")
    error_field_name: Annotated[str, More()] = Field("field", title="Error: name of a refused field")
    error_field_message: Annotated[str, More()] = Field("message", title="Error: words about a refused field")
    error_permission: Annotated[str, More()] = Field("error.permission", title="Error: the missing permission")
    errors_in_ok: Annotated[bool, More()] = Field(False, title="Errors may come with status 200")
    validation_statuses: Annotated[Statuses, More()] = Field((400, 422), title="Statuses of refused values")
    quota_statuses: Annotated[Statuses, More()] = Field((402,), title="Statuses of a reached quota")
    quota_codes: Annotated[Words, More()] = Field(("quota_reached",), title="Codes of a reached quota")
    quota_until: Annotated[str, More()] = Field("error.until", title="Error: when the quota is lifted")

    def problem(self) -> str | None:
        """Why nothing may be sent with this profile yet; None when it is ready."""
        if self.practice and not self.base_url:
            return "The Invoice2go sandbox has not been started yet; start it once, then connect."
        missing = ", ".join(name for name in _NEEDED if not getattr(self, name))
        if missing:
            return f"{BY_ARRANGEMENT} Fill in what you were given; still missing: {missing}."
        addresses = [one for one in (self.base_url, self.authorize_url, self.token_url) if one]
        if not all(_usable(one, plain=self.practice) for one in addresses):
            return "The addresses of the Invoice2go profile must begin with “https://” and name a host; correct them."
        if not self.confirmed and not (self.practice and all(map(_is_local, addresses))):
            return f"{BY_ARRANGEMENT} Check the values of this profile with what you were given, then confirm it."
        return None

    def mark(self) -> Literal["", "practice", "unverified"]:
        return "practice" if self.practice else "" if self.verified else "unverified"

    def filling_in(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Other values than those that were confirmed must be confirmed anew, before anything is sent with them."""
        withdrawn = {} if set(given) <= _NOT_CONFIRMED else {"confirmed": False}
        return {**withdrawn, **given}


BY_ARRANGEMENT = "Invoice2go gives API access only by arrangement."
_NOT_CONFIRMED = frozenset({"confirmed", "client_id", "client_secret"})
_NEEDED = ("base_url", "accounts_path", "clients_path", "items_path", "client_fields", "item_fields", "id_field")

SANDBOX = Invoice2goProfile(practice=True)

# From a client library of 2016: the address, the account and client paths, paging, and where tokens are refreshed.
# How things are created, what errors look like and what the service remembers is not known, so it is left empty.
INVOICE2GO = Invoice2goProfile(
    base_url="https://api.2go.com",
    token_url="https://api.2go.com/identity/connect/token",  # noqa: S106 (an address)
    scope="",
    items_path="",
    rows="",
    record="",
    pages_total="",
    account_default="",
    client_fields={},
    item_fields={},
    url_field="",
    created_field="",
    idempotency=False,
    reference_field="",
    reference_param="",
    email_param="",
    name_param="",
    code_param="",
    list_params={},
    newest_first=False,
    error_code="",
    error_message="",
    error_fields="",
    error_permission="",
    validation_statuses=(),
    quota_statuses=(),
    quota_codes=(),
    quota_until="",
)

PROFILES: Mapping[str, Invoice2goProfile] = {"sandbox": SANDBOX, "invoice2go": INVOICE2GO}


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _usable(address: str, *, plain: bool) -> bool:
    secure = address.startswith("https://") or (address.startswith("http://") and (plain or _is_local(address)))
    return secure and bool(_host_of(address))


def _is_local(address: str) -> bool:
    host = _host_of(address)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
