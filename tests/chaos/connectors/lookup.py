"""Lookup: a service that takes no idempotency keys, but finds at once what carries a reference of ours. It lists
orders, the newest first.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field

from zapwerk import Account, BlockingContext, Connector, Context, Credentials, Record

SETTLES = timedelta(seconds=2.5)  # the service does nothing later than two seconds after it was sent


class Where(BaseModel):
    url: str = Field(title="Address")


class Booking(BaseModel):
    reference: str = Field(title="Reference")
    customer: str = Field("", title="Customer")


class Booked(Record):
    reference: str


class Order(Record):
    customer: str


class NewClient(BaseModel):
    address: str = Field(title="E-mail")


class Client(Record):
    customer: str


class NoInput(BaseModel):
    """Nothing needs to be said."""


lookup = Connector("lookup", title="Lookup", auth=[Credentials(Where)], base_url="{url}/lookup")


@lookup.check
async def account(ctx: Context) -> Account:
    await ctx.http.get("account")
    return Account("lookup", "Lookup")


@lookup.trigger(every=timedelta(seconds=0.5))
async def new_order(ctx: Context, given: NoInput) -> AsyncIterator[Order]:
    before: int | None = None
    while rows := (await ctx.http.get("orders", params={"newest": 20, "before": before or 10**9})).json():
        for row in rows:
            yield Order.model_validate(row)
        before = rows[-1]["number"]


@lookup.action(timeout=timedelta(seconds=3), settles=SETTLES)
def book(ctx: BlockingContext, given: Booking) -> Booked:
    sent = {**given.model_dump(), "ours": ctx.idempotency_key, "sent_at": ctx.now().timestamp()}
    return Booked.model_validate(ctx.http.post("book", json=sent).json())


@book.lookup
def this_booking(ctx: BlockingContext, given: Booking) -> Booked | None:
    found = first(ctx.http.get("book", params={"ours": ctx.idempotency_key}).json())
    return Booked.model_validate(found) if found else None


@lookup.action(timeout=timedelta(seconds=3), settles=SETTLES)
async def client(ctx: Context, given: NewClient) -> Client:
    sent = {"reference": given.address, "customer": given.address, "ours": ctx.idempotency_key}
    answer = await ctx.http.post("client", json={**sent, "sent_at": ctx.now().timestamp()})
    return Client.model_validate(answer.json())


@client.lookup
async def this_client(ctx: Context, given: NewClient) -> Client | None:
    found = first((await ctx.http.get("client", params={"ours": ctx.idempotency_key})).json())
    return Client.model_validate(found) if found else None


@client.existing
async def same_address(ctx: Context, given: NewClient) -> Client | None:
    found = first((await ctx.http.get("client", params={"customer": given.address})).json())
    return Client.model_validate(found) if found else None


def first(rows: list[Any]) -> Any:
    return rows[0] if rows else None
