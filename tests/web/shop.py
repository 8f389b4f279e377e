"""A shop kept in a folder, as a connector in the data folder: what the tests of the command line connect to.

Orders are files that a test writes, parcels files that the action writes: what happened can be counted from outside,
also across processes. A file `seconds.txt` says how long each parcel takes. `check` prints its password, as a careless
connector would.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr

from zapwerk import (
    Account,
    AuthFailed,
    BlockingContext,
    CannotTell,
    Connector,
    Credentials,
    InvalidInput,
    OutcomeUnknown,
    PermanentFailure,
    Profile,
    Record,
    Secret,
)


class Door(BaseModel):
    folder: str = Field(title="Folder", min_length=1)
    password: Secret = Field(title="Password")


class Manner(Profile):
    greeting: str = Field("Hello", title="Greeting")
    pin: Secret = Field(SecretStr(""), title="PIN")
    size: int = Field(1, title="Size", ge=1)


shop = Connector(
    "shop",
    title="Shop",
    auth=[Credentials(Door)],
    profiles={"default": Manner(), "other": Manner(greeting="Moin")},
)


@shop.check
def account(ctx: BlockingContext) -> Account:
    password = ctx.credentials.password.get_secret_value()
    print(f"my password is {password}")
    if password != "open sesame":
        raise AuthFailed(f"The password {password} is wrong.")
    folder = Path(ctx.credentials.folder)
    if not (folder / "orders").is_dir():
        raise InvalidInput("There is no shop in this folder.", field="folder")
    return Account(id=folder.name, label=f"Shop {folder.name}")


class Nothing(BaseModel):
    pass


class Order(Record):
    who: str


@shop.trigger(every=timedelta(seconds=1))
def new_order(ctx: BlockingContext, given: Nothing) -> Iterator[Order]:
    """An order comes in."""
    for path in sorted((Path(ctx.credentials.folder) / "orders").glob("*.txt"), reverse=True):
        yield Order(id=path.stem, who=path.read_text())


class Parcel(BaseModel):
    to: str = Field(title="To", min_length=1)
    weight: int | None = Field(None, title="Weight", ge=1)


class Sent(Record):
    to: str


@shop.action(settles=timedelta(0), uses_quota=True)
def send_parcel(ctx: BlockingContext, given: Parcel) -> Sent:
    """Send a parcel."""
    if given.to == "Nobody":
        raise PermanentFailure("Nobody lives there.")
    sent = Sent(id=f"p-{ctx.idempotency_key[:8]}", to=given.to)
    slow = Path(ctx.credentials.folder) / "seconds.txt"
    if slow.exists():
        time.sleep(float(slow.read_text()))
    with (Path(ctx.credentials.folder) / "parcels.txt").open("a") as parcels:
        parcels.write(f"{given.to}\n")
    if given.to == "Mystery":
        raise OutcomeUnknown("The line went dead.")
    return sent


@send_parcel.lookup
def this_parcel(ctx: BlockingContext, given: Parcel) -> Sent | None:
    raise CannotTell("There are parcels like it.", candidates=[{"id": "p-1", "to": given.to}, {"id": "p-2"}])


class Customer(Record):
    street: str


@shop.search()
def find_customer(ctx: BlockingContext, given: Parcel) -> Customer | None:
    """Find a customer."""
    return Customer(id="c1", street=f"Street of {given.to}") if given.to != "Stranger" else None
