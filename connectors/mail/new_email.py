"""The trigger “new e-mail” as `imap` and `gmail` share it: its input, its record, and which mails are meant. Pure.

Sender, recipient, subject and text are compared by us on the decoded mail, so the same words match on every server.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from connectors.mail import automatic, labelled
from connectors.mail.addresses import Address
from connectors.mail.mailbox import Glance
from connectors.mail.message import Message
from zapwerk import File, Html, LongText, Record

LONGEST_TEXT = 1_000_000  # characters of text or html in a record


class Person(BaseModel):
    """A name and an e-mail address."""

    name: str = Field("", title="Name")
    address: str = Field("", title="E-mail address")


class Wanted(BaseModel):
    """Which mails of the folder fire. Empty fields do not narrow."""

    from_contains: str = Field("", title="From contains", description="Part of the sender's name or address.")
    to_contains: str = Field("", title="To contains", description="Part of a recipient's name or address.")
    subject_contains: str = Field("", title="Subject contains")
    text_contains: str = Field("", title="Text contains")
    has_attachment: bool | None = Field(None, title="Has an attachment")
    search: str = Field("", title="Search")
    ignore_automatic: bool = Field(
        True, title="Leave out automatic mail", description="Newsletters, automatic replies and bounces do not fire."
    )

    @property
    def narrows(self) -> bool:
        """Whether anything must be known of a mail to tell if it is meant."""
        texts = (self.from_contains, self.to_contains, self.subject_contains, self.text_contains)
        return any(text.strip() for text in texts) or self.has_attachment is not None


class NewEmail(Record):
    """One e-mail. `sender` is who wants an answer: the first Reply-To, else From."""

    model_config = ConfigDict(extra="allow", serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)
    counted: ClassVar = ("e-mail", "e-mails")

    message_id: str = Field("", title="Message-ID")
    subject: str = Field("", title="Subject")
    from_: Person = Field(default_factory=Person, alias="from", title="From")
    sender: Person = Field(default_factory=Person, title="Sender")
    to: list[Person] = Field([], title="To")
    cc: list[Person] = Field([], title="Cc")
    reply_to: list[Person] = Field([], title="Reply to")
    date: datetime | None = Field(None, title="Date")
    text: LongText = Field("", title="Text")
    html: Html = Field("", title="HTML")
    snippet: str = Field("", title="Snippet")
    labelled: dict[str, str] = Field({}, title="Form fields")
    attachments: list[File] = Field([], title="Attachments")
    headers: dict[str, Any] = Field({}, title="Headers")
    folder: str = Field("", title="Folder")
    size: int = Field(0, title="Size in bytes")
    cut: bool = Field(False, title="Cut")


class NewGmailEmail(NewEmail):
    """One e-mail at Gmail."""

    labels: list[str] = Field([], title="Labels")
    thread_id: str = Field("", title="Conversation")


RecordT = TypeVar("RecordT", bound=NewEmail)


class Saves(Protocol):
    """Keeps an attachment."""

    def __call__(self, name: str, content: bytes, content_type: str = "") -> File: ...


def wanted_by_header(wanted: Wanted, header: Message) -> bool:
    """Whether a mail may be meant, judged by its header alone."""
    if not (
        _has(wanted.from_contains, _words([header.from_, *header.reply_to]))
        and _has(wanted.to_contains, _words([*header.to, *header.cc]))
        and _has(wanted.subject_contains, header.subject)
    ):
        return False
    if automatic.is_own_notice(header.headers):
        return False  # whatever is wanted: a notice about a zap that starts this zap would go round for ever
    return not (wanted.ignore_automatic and automatic.reason(header.headers, header.from_.address))


def wanted_by_content(wanted: Wanted, message: Message) -> bool:
    """Whether the whole mail is meant, beyond its header."""
    attached = any(not attachment.inline for attachment in message.attachments)
    return _has(wanted.text_contains, message.text) and wanted.has_attachment in (None, attached)


def record_id(uidvalidity: int, glance: Glance) -> str:
    """The id of a mail: Gmail's, which is the same in all folders; else the server's object id; else its UID."""
    return glance.gmail_id or glance.email_id or f"{uidvalidity}:{glance.uid}"


def record_of(
    model: type[RecordT], message: Message, *, id: str, glance: Glance, folder: str, cut: bool, save: Saves
) -> RecordT:
    """The record of a mail. Attachments are kept one by one; those of a mail that was cut are not whole: left out."""
    files = [] if cut else [save(each.name, each.content, each.content_type) for each in message.attachments]
    long = len(message.text) > LONGEST_TEXT or len(message.html) > LONGEST_TEXT
    return model(
        message_id=message.message_id,
        subject=message.subject,
        from_=_person(message.from_),
        sender=_person(message.sender),
        to=_people(message.to),
        cc=_people(message.cc),
        reply_to=_people(message.reply_to),
        text=message.text[:LONGEST_TEXT],
        html=message.html[:LONGEST_TEXT],
        snippet=message.snippet,
        labelled=dict(labelled.read(message.text[:LONGEST_TEXT], message.html[:LONGEST_TEXT])),
        attachments=files,
        headers=dict(message.headers),
        **{**_envelope(model, id, glance, folder), "date": message.date or glance.arrived, "cut": cut or long},
    )


def unreadable(model: type[RecordT], *, id: str, glance: Glance, folder: str) -> RecordT:
    """The record of a mail of which nothing could be read: that it came, and how large it is."""
    return model(**_envelope(model, id, glance, folder), cut=True)


def _envelope(model: type[NewEmail], id: str, glance: Glance, folder: str) -> dict[str, Any]:
    """What is known of a mail without reading it."""
    known = {"id": id, "folder": folder, "size": glance.size, "date": glance.arrived}
    at_gmail = {"labels": list(glance.labels), "thread_id": glance.thread_id}
    return {**known, **at_gmail} if issubclass(model, NewGmailEmail) else known


def _has(wanted: str, text: str) -> bool:
    return wanted.strip().casefold() in text.casefold()


def _words(addresses: Sequence[Address]) -> str:
    return "\n".join(f"{each.name} <{each.address}>" for each in addresses)


def _person(address: Address) -> Person:
    return Person(name=address.name, address=address.address)


def _people(addresses: Sequence[Address]) -> list[Person]:
    return [_person(address) for address in addresses]
