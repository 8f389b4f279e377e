"""Creates items (de: Positionen), and finds them again."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.invoice2go import bodies, calls, replies, searching
from connectors.invoice2go.bodies import Row
from connectors.invoice2go.connector import invoice2go
from connectors.invoice2go.profile import Invoice2goProfile
from zapwerk import Context, Labels, LongText, Money, More, Record

MAX_DESCRIPTION = 1000  # characters; Invoice2go's own form has the same limit
MAX_DIGITS = 13  # Invoice2go's own app cuts what is longer, so it is refused here

PartsOrLabor = Annotated[Literal["parts", "labor"], Labels({"parts": "Parts", "labor": "Labor"})]
Unit = Annotated[Literal["days", "hours"], Labels({"days": "Days", "hours": "Hours"})]


class NewItem(BaseModel):
    """An item to create."""

    name: str = Field(title="Item name", min_length=1)
    code: str | None = Field(None, title="Item code")
    description: LongText | None = Field(
        None, title="Description", description="At most 1,000 characters.", max_length=MAX_DESCRIPTION
    )
    rate: Money | None = Field(None, title="Rate", description="At most 13 digits.", max_digits=MAX_DIGITS)
    cost: Annotated[Money | None, More()] = Field(None, title="Cost", max_digits=MAX_DIGITS)
    kind: PartsOrLabor | None = Field(None, title="Parts or Labor")
    unit: Unit | None = Field(None, title="Unit type")
    apply_taxes: bool = Field(True, title="Apply taxes")


class Item(Record):
    """An item, as Invoice2go shows it."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    counted: ClassVar = ("item", "items")

    name: str = Field("", title="Item name")
    code: str | None = Field(None, title="Item code")
    description: str | None = Field(None, title="Description")
    rate: Money | None = Field(None, title="Rate")
    cost: Money | None = Field(None, title="Cost")
    kind: str | None = Field(None, title="Parts or Labor")
    unit: str | None = Field(None, title="Unit type")
    apply_taxes: bool | None = Field(None, title="Apply taxes")
    created_at: datetime | None = Field(None, title="Created at")
    url: str | None = Field(None, title="Page")


@invoice2go.action(
    title="Create item",
    sentence="create an item",
    repeatable=lambda profile: bool(profile.idempotency),
    uses_quota=True,
)
async def create_item(ctx: Context, given: NewItem) -> Item:
    """Adds an item to the Invoice2go account. It counts toward the plan’s quota, where the plan has one."""
    profile = calls.profile_of(ctx)
    row = await calls.create(ctx, profile.items_path, body_of(given, profile), profile.item_fields)
    return _read(row, profile)


@create_item.lookup
async def this_item(ctx: Context, given: NewItem) -> Item | None:
    """The item that this very call created."""
    profile = calls.profile_of(ctx)
    row = await searching.this_call(ctx, _wanted(given, profile), body_of(given, profile))
    return _read(row, profile) if row else None


@create_item.existing
async def same_item(ctx: Context, given: NewItem) -> Item | None:
    """An item with the same code; else one of the same name that has none."""
    profile = calls.profile_of(ctx)
    row = await searching.like(ctx, _wanted(given, profile))
    return _read(row, profile) if row else None


def body_of(given: NewItem, profile: Invoice2goProfile) -> Row:
    """What is sent; amounts as decimal text."""
    return bodies.body_of(given.model_dump(), profile.item_fields, profile.value_names)


def _wanted(given: NewItem, profile: Invoice2goProfile) -> searching.Wanted:
    return searching.Wanted(
        path=profile.items_path,
        names=profile.item_fields,
        name=bodies.cleaned(given.name),
        mark="code",
        mark_value=bodies.cleaned(given.code or ""),
        mark_param=profile.code_param,
        fold_case=False,
    )


def _read(row: Row, profile: Invoice2goProfile) -> Item:
    return replies.read(Item, row, profile.item_fields, profile)
