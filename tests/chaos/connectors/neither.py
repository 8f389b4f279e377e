"""Neither: a service that takes no idempotency keys and cannot be asked about anything."""

from datetime import timedelta

from pydantic import BaseModel, Field

from zapwerk import Account, Connector, Context, Credentials, Record


class Where(BaseModel):
    url: str = Field(title="Address")


class Booking(BaseModel):
    reference: str = Field(title="Reference")
    customer: str = Field("", title="Customer")


class Booked(Record):
    reference: str


neither = Connector("neither", title="Neither", auth=[Credentials(Where)], base_url="{url}/neither")


@neither.check
async def account(ctx: Context) -> Account:
    await ctx.http.get("account")
    return Account("neither", "Neither")


@neither.action(timeout=timedelta(seconds=3))
async def book(ctx: Context, given: Booking) -> Booked:
    sent = {**given.model_dump(), "sent_at": ctx.now().timestamp()}
    return Booked.model_validate((await ctx.http.post("book", json=sent)).json())
