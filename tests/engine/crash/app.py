"""The connector of the crash test: records from a file, effects at the ledger, each kind with another promise.

`keyed` honours idempotency keys; `found` can be looked up by its key (and is blocking); `one` as well, and tells what
exists; `plain` can do nothing of this.
"""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from zapwerk import Account, BlockingContext, Connector, Context, Credentials, Page, Place, Record

EVERY = timedelta(seconds=0.2)


class LedgerGiven(BaseModel):
    url: str = Field(title="Address")


class Line(Record):
    customer: str


class InFile(BaseModel):
    path: Annotated[str, Place()] = Field(title="File")


class Booking(BaseModel):
    reference: str = Field(title="Reference")
    customer: str = Field(title="Customer")


class Booked(Record):
    reference: str
    customer: str


ledger = Connector("ledger", title="Ledger", auth=[Credentials(LedgerGiven)], base_url="{url}")


@ledger.check
async def account(ctx: Context) -> Account:
    await ctx.http.get("plain")
    return Account("ledger", "Ledger")


def lines_of(path: str) -> list[Line]:
    """The file's lines; the last one may be half written."""
    whole = Path(path).read_text().rpartition("\n")[0]
    return [Line.model_validate(json.loads(line)) for line in whole.splitlines()]


@ledger.trigger(every=EVERY)
async def new_line(ctx: Context, given: InFile) -> AsyncIterator[Line]:
    for line in reversed(lines_of(given.path)):
        yield line


@ledger.trigger(every=EVERY)
async def new_page(ctx: Context, given: InFile) -> AsyncIterator[Page[Line]]:
    lines = lines_of(given.path)
    start = len(lines) if ctx.cursor is None else ctx.cursor
    if ctx.cursor is None:
        yield Page((), start)
    while start < len(lines):
        page = lines[start : start + 2]
        start += len(page)
        yield Page(tuple(page), start)


@ledger.action(repeatable=True)
async def keyed(ctx: Context, given: Booking) -> Booked:
    return Booked.model_validate((await ctx.http.post("keyed", json=given.model_dump())).json())


@ledger.action()
def found(ctx: BlockingContext, given: Booking) -> Booked:
    return Booked.model_validate(ctx.http.post("found", json=given.model_dump()).json())


@found.lookup
def this_one_found(ctx: BlockingContext, given: Booking) -> Booked | None:
    return first(ctx.http.get("found", params={"key": ctx.idempotency_key}).json())


@ledger.action()
async def one(ctx: Context, given: Booking) -> Booked:
    return Booked.model_validate((await ctx.http.post("one", json=given.model_dump())).json())


@one.lookup
async def this_one(ctx: Context, given: Booking) -> Booked | None:
    return first((await ctx.http.get("one", params={"key": ctx.idempotency_key})).json())


@one.existing
async def same_customer(ctx: Context, given: Booking) -> Booked | None:
    return first((await ctx.http.get("one", params={"customer": given.customer})).json())


@ledger.action()
async def plain(ctx: Context, given: Booking) -> Booked:
    return Booked.model_validate((await ctx.http.post("plain", json=given.model_dump())).json())


def first(rows: list[Any]) -> Booked | None:
    return Booked.model_validate(rows[0]) if rows else None
