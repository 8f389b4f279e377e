"""Creates clients (de: Kunden), and finds them again."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from connectors.invoice2go import bodies, calls, replies, searching
from connectors.invoice2go.bodies import Row
from connectors.invoice2go.connector import invoice2go
from connectors.invoice2go.profile import Invoice2goProfile
from zapwerk import Context, Country, Email, Group, LongText, More, Phone, Record, Url

ADDRESS = Group("Address")
NAMELESS = "The client has no name: the client name is empty, and so are first and last name."
ADDRESS_PARTS = ("address", "address2", "city", "state", "postal_code", "country")


class NewClient(BaseModel):
    """A client to create."""

    name: str = Field("", title="Client name", description="If it is empty, first and last name are used.")
    first_name: str | None = Field(None, title="First name")
    last_name: str | None = Field(None, title="Last name")
    contact_name: str | None = Field(
        None, title="Contact name", description="If it is empty, first and last name are used beside a client name."
    )
    email: Email | None = Field(None, title="Email")
    phone: Phone | None = Field(None, title="Phone")
    mobile: Annotated[Phone | None, More()] = Field(None, title="Mobile")
    website: Annotated[Url | None, More()] = Field(None, title="Website")
    tax_number: Annotated[str | None, More()] = Field(None, title="Tax no.")
    address: Annotated[LongText | None, ADDRESS] = Field(
        None, title="Billing address", description="Street and number; the lines below are added to it."
    )
    address2: Annotated[str | None, ADDRESS, More()] = Field(None, title="Address line 2")
    postal_code: Annotated[str | None, ADDRESS] = Field(None, title="Postal code")
    city: Annotated[str | None, ADDRESS] = Field(None, title="City")
    state: Annotated[str | None, ADDRESS, More()] = Field(None, title="State")
    country: Annotated[Country | None, ADDRESS] = Field(None, title="Country")
    payment_terms_days: Annotated[int | None, More()] = Field(
        None, title="Payment terms", description="In days.", ge=0, le=3650
    )
    notes: LongText | None = Field(None, title="Notes")

    @model_validator(mode="after")
    def _has_a_name(self) -> "NewClient":
        if not full_name(self):
            error = {"error": ValueError(NAMELESS)}
            problem = InitErrorDetails(type="value_error", loc=("name",), input=self.name, ctx=error)
            raise ValidationError.from_exception_data("NewClient", [problem])
        return self


class Client(Record):
    """A client, as Invoice2go shows it."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    counted: ClassVar = ("client", "clients")

    name: str = Field("", title="Client name")
    contact_name: str | None = Field(None, title="Contact name")
    email: str | None = Field(None, title="Email")
    phone: str | None = Field(None, title="Phone")
    mobile: str | None = Field(None, title="Mobile")
    website: str | None = Field(None, title="Website")
    tax_number: str | None = Field(None, title="Tax no.")
    billing_address: str | None = Field(None, title="Billing address")
    payment_terms_days: int | None = Field(None, title="Payment terms")
    notes: str | None = Field(None, title="Notes")
    created_at: datetime | None = Field(None, title="Created at")
    url: str | None = Field(None, title="Page")


@invoice2go.action(
    title="Create client",
    sentence="create a client",
    repeatable=lambda profile: bool(profile.idempotency),
    uses_quota=True,
)
async def create_client(ctx: Context, given: NewClient) -> Client:
    """Adds a client to the Invoice2go account. It counts toward the plan’s quota, where the plan has one."""
    profile = calls.profile_of(ctx)
    row = await calls.create(ctx, profile.clients_path, body_of(given, profile), profile.client_fields)
    return _read(row, profile)


@create_client.lookup
async def this_client(ctx: Context, given: NewClient) -> Client | None:
    """The client that this very call created."""
    profile = calls.profile_of(ctx)
    row = await searching.this_call(ctx, _wanted(given, profile), body_of(given, profile))
    return _read(row, profile) if row else None


@create_client.existing
async def same_client(ctx: Context, given: NewClient) -> Client | None:
    """A client with the same e-mail address; else one of the same name that has none."""
    profile = calls.profile_of(ctx)
    row = await searching.like(ctx, _wanted(given, profile))
    return _read(row, profile) if row else None


def full_name(given: NewClient) -> str:
    """The client's name: as given, else “first last”."""
    return bodies.cleaned(given.name) or _person(given)


def body_of(given: NewClient, profile: Invoice2goProfile) -> Row:
    """What is sent. Parts of the address are joined into one; a profile may name them one by one as well."""
    values: dict[str, Any] = given.model_dump()
    name = full_name(given)
    values["name"] = name
    values["contact_name"] = given.contact_name or (_person(given) if _person(given) != name else None)
    parts = {part: values[part] for part in ADDRESS_PARTS}
    parts["country"] = bodies.country_name(given.country, profile.address_language)
    values["billing_address"] = bodies.address_of(parts, profile.address_format)
    return bodies.body_of(values, profile.client_fields, profile.value_names)


def _person(given: NewClient) -> str:
    return " ".join(bodies.cleaned(f"{given.first_name or ''} {given.last_name or ''}").split())


def _wanted(given: NewClient, profile: Invoice2goProfile) -> searching.Wanted:
    return searching.Wanted(
        path=profile.clients_path,
        names=profile.client_fields,
        name=full_name(given),
        mark="email",
        mark_value=bodies.cleaned(given.email or ""),
        mark_param=profile.email_param,
        fold_case=True,
    )


def _read(row: Row, profile: Invoice2goProfile) -> Client:
    return replies.read(Client, row, profile.client_fields, profile)
