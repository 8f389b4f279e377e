"""Lagging: a service that can be asked what carries a reference of ours, but finds it only after a while."""

import os
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field

from zapwerk import Account, Connector, Context, Credentials, Record

LAG = float(os.environ.get("CHAOS_LAG", "20"))  # seconds until its search knows of something
SETTLES = timedelta(seconds=LAG + 2.5)  # and nothing is done later than two seconds after it was sent


class Where(BaseModel):
    url: str = Field(title="Address")


class Booking(BaseModel):
    reference: str = Field(title="Reference")
    customer: str = Field("", title="Customer")


class Booked(Record):
    reference: str


lagging = Connector("lagging", title="Lagging", auth=[Credentials(Where)], base_url="{url}/lagging")


@lagging.check
async def account(ctx: Context) -> Account:
    await ctx.http.get("account")
    return Account("lagging", "Lagging")


@lagging.action(timeout=timedelta(seconds=3), settles=SETTLES)
async def book(ctx: Context, given: Booking) -> Booked:
    sent = {**given.model_dump(), "ours": ctx.idempotency_key, "sent_at": ctx.now().timestamp()}
    return Booked.model_validate((await ctx.http.post("book", json=sent)).json())


@book.lookup
async def this_booking(ctx: Context, given: Booking) -> Booked | None:
    rows: list[Any] = (await ctx.http.get("book", params={"ours": ctx.idempotency_key})).json()
    return Booked.model_validate(rows[0]) if rows else None
