"""Keys: a service that honours idempotency keys. It also lists orders by number, and says when it is time."""

from collections.abc import AsyncIterator
from datetime import timedelta

from pydantic import BaseModel, Field

from zapwerk import Account, Connector, Context, Credentials, Every, Page, Record

PAGE = 20


class Where(BaseModel):
    url: str = Field(title="Address")


class Booking(BaseModel):
    reference: str = Field(title="Reference")
    customer: str = Field("", title="Customer")


class Booked(Record):
    reference: str


class Order(Record):
    customer: str


class NoInput(BaseModel):
    """Nothing needs to be said."""


keys = Connector("keys", title="Keys", auth=[Credentials(Where)], base_url="{url}/keys")


@keys.check
async def account(ctx: Context) -> Account:
    await ctx.http.get("account")
    return Account("keys", "Keys")


@keys.trigger(every=timedelta(seconds=0.5))
async def new_page(ctx: Context, given: NoInput) -> AsyncIterator[Page[Order]]:
    after = ctx.cursor
    if after is None:
        newest = (await ctx.http.get("orders", params={"newest": 1})).json()
        yield Page((), newest[0]["number"] if newest else 0)
        return
    while rows := (await ctx.http.get("orders", params={"after": after, "limit": PAGE})).json():
        after = rows[-1]["number"]
        yield Page(tuple(Order.model_validate(row) for row in rows), after)


@keys.schedule()
def every_few_seconds() -> Every:
    return Every(timedelta(seconds=3), missed="all")


@keys.action(repeatable=True, timeout=timedelta(seconds=3))
async def book(ctx: Context, given: Booking) -> Booked:
    sent = {**given.model_dump(), "sent_at": ctx.now().timestamp()}
    return Booked.model_validate((await ctx.http.post("book", json=sent)).json())


@keys.action(repeatable=True, timeout=timedelta(seconds=3))
async def note(ctx: Context, given: Booking) -> Booked:
    sent = {**given.model_dump(), "sent_at": ctx.now().timestamp()}
    return Booked.model_validate((await ctx.http.post("note", json=sent)).json())
