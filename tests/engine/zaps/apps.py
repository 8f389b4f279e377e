"""Two small apps for the tests of zaps: a mailbox with a trigger, and a billing service with an action and a search."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from engine.registry import Registry
from engine.zaps.check import ConnectionFacts
from zapwerk import (
    Basic,
    BearerToken,
    Choice,
    Choices,
    Connector,
    Context,
    Email,
    File,
    Json,
    Labels,
    LongText,
    Money,
    Record,
)

post = Connector("post", title="Post office", auth=[Basic()])


class Address(BaseModel):
    name: str
    address: str


class Mail(Record):
    subject: str
    text: LongText = ""
    sender: Address
    to: list[Address] = Field([])
    labelled: dict[str, str] = Field({})
    attachments: list[File] = Field([])
    raw: Json = None


async def folders(ctx: Context, given: BaseModel, search: str) -> list[Choice]:
    return [Choice("INBOX", "Inbox")]


class Watched(BaseModel):
    folder: Annotated[str, Choices(folders)] = Field("INBOX", title="Folder")
    subject_contains: str = Field("", title="Subject contains")


@post.trigger(every=timedelta(minutes=5))
async def new_mail(ctx: Context, given: Watched) -> AsyncIterator[Mail]:
    """A mail arrives."""
    yield Mail(id="1", subject="", sender=Address(name="", address=""))


billing = Connector("billing", title="Billing", auth=[BearerToken()])


class NewClient(BaseModel):
    name: str = Field(title="Client name", min_length=1, max_length=100)
    email: Email | None = Field(None, title="Email")
    rate: Money | None = Field(None, title="Rate", max_digits=13)
    since: date | None = Field(None, title="Client since")
    kind: Annotated[Literal["person", "company"], Labels({"person": "Person", "company": "Company"})] = "company"
    notes: LongText = Field("", title="Notes", max_length=1000)


class Client(Record):
    name: str
    url: str = ""


@billing.action(sentence="create a client")
async def create_client(ctx: Context, given: NewClient) -> Client:
    """Create a client."""
    return Client(id="1", name=given.name)


@create_client.existing
async def same_email(ctx: Context, given: NewClient) -> Client | None:
    return None


class Sought(BaseModel):
    email: Email = Field(title="Email")


@billing.search()
async def find_client(ctx: Context, given: Sought) -> Client | None:
    """Find a client."""
    return None


plain = Connector("plain", title="Plain")


class Line(BaseModel):
    text: str


class Written(Record):
    pass


@plain.action()
async def write(ctx: Context, given: Line) -> Written:
    """Write a line."""
    return Written(id=given.text)


REGISTRY = Registry.of(post, billing, plain)

CONNECTIONS = {
    "mailbox": ConnectionFacts("mailbox", "post"),
    "accounts": ConnectionFacts("accounts", "billing"),
    "old accounts": ConnectionFacts("old accounts", "billing", "needs_reconnecting"),
}

MAIN_JOB = """\
zapwerk: 1
name: Mail + Billing Kunden-hinzufügen-Zap
language: de
timezone: Europe/Berlin
trigger: {use: post.new_mail, connection: mailbox, with: {folder: INBOX, subject_contains: Anfrage}}
steps:
  - key: only_new
    filter: {all: [{value: "{{ trigger.subject }}", is: contains, to: Anfrage}]}
  - key: client
    use: billing.create_client
    connection: accounts
    with:
      name: "{{ trigger.labelled['Name'] | default: trigger.sender.name }}"
      email: "{{ trigger.labelled['E-Mail'] | default: trigger.sender.address }}"
      if_exists: use
"""
