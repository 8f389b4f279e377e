"""Reads one e-mail: `read` for a whole mail (or its beginning), `read_header` for its header. Pure; never raises.

Called by the triggers of `imap` and `gmail`. Whatever bytes come, there is a `Message` with all that can be read of
them, and its texts can be stored: no lone surrogates, no NUL.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.mail import addresses, charsets, headers, html_lines, parts
from connectors.mail.addresses import Address
from connectors.mail.headers import Header
from connectors.mail.parts import Part

LONGEST_TEXT = 2_000_000  # characters of text and of html each; what is longer is cut
SNIPPET = 200  # characters
LONGEST_FILE_NAME = 150
LONGEST_SUBJECT = 10_000

_BLANKS = re.compile(r"\s+")
_NOT_IN_FILE_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]+')
NOBODY = Address()
_ENDINGS = {
    "message/rfc822": ".eml", "application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif",
    "text/plain": ".txt", "text/html": ".html", "text/csv": ".csv", "text/calendar": ".ics", "application/zip": ".zip",
}  # fmt: skip


@dataclass(frozen=True)
class Attachment:
    """A file in a mail. `inline` ones belong to the text (a picture in it), by `content_id`."""

    name: str
    content_type: str
    content: bytes
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True)
class Message:
    """One e-mail. Addresses and texts that are missing are empty. `sender` is who wants an answer: the first
    Reply-To, else From. `headers` by lower-case name, repeated ones joined by newline; `date` in UTC.
    """

    message_id: str = ""
    subject: str = ""
    from_: Address = NOBODY
    sender: Address = NOBODY
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    date: datetime | None = None
    text: str = ""
    html: str = ""
    snippet: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


def read(raw: bytes) -> Message:
    """The mail. If `raw` is only the beginning of one, its texts so far, and a last attachment that is cut."""
    header = headers.read(raw)
    texts, files = _sorted(parts.split(raw, header))
    text, html = _texts(raw, texts)
    attachments = tuple(_attachment(raw, part, number) for number, part in enumerate(files, 1))
    return _message(header, text, html, attachments)


def read_header(raw: bytes) -> Message:
    """The mail as far as its header tells; what comes after it is not looked at."""
    return _message(headers.read(raw), "", "", ())


def _message(header: Header, text: str, html: str, attachments: tuple[Attachment, ...]) -> Message:
    from_ = next(iter(_addresses(header, "from") or _addresses(header, "sender")), NOBODY)
    reply_to = _addresses(header, "reply-to")
    return Message(
        message_id=_one_line(header, "message-id"),
        subject=_one_line(header, "subject")[:LONGEST_SUBJECT],
        from_=from_,
        sender=next((one for one in reply_to if "@" in one.address), from_),
        to=_addresses(header, "to"),
        cc=_addresses(header, "cc"),
        reply_to=reply_to,
        date=headers.date(header.raw("date")),
        text=text,
        html=html,
        snippet=_snippet(text),
        headers=headers.decoded(header),
        attachments=attachments,
    )


def _addresses(header: Header, name: str) -> tuple[Address, ...]:
    return addresses.read(header.all_raw(name))


def _one_line(header: Header, name: str) -> str:
    return _BLANKS.sub(" ", headers.words(header.raw(name))).strip()


def _snippet(text: str) -> str:
    """The beginning of the text on one line, ended at a word."""
    line = _BLANKS.sub(" ", text[: SNIPPET * 10]).strip()
    if len(line) <= SNIPPET:
        return line
    words = line[:SNIPPET].rpartition(" ")[0]
    return (words if len(words) > SNIPPET // 2 else line[: SNIPPET - 1]) + "…"


def _sorted(found: list[Part]) -> tuple[list[Part], list[Part]]:
    """What is to be read, and what is a file."""
    texts = [part for part in found if _is_text(part)]
    files = [part for part in found if not _is_text(part)]
    return texts, files


def _is_text(part: Part) -> bool:
    if part.content_type not in {"text/plain", "text/html"}:
        return False
    disposition, given = part.disposition
    return disposition != "attachment" and "filename" not in given


def _texts(raw: bytes, found: list[Part]) -> tuple[str, str]:
    """The text and the HTML of the mail. Where a part has no plain text, it is made from its HTML."""
    plain_texts: list[str] = []
    htmls: list[str] = []
    for group in parts.texts(found):
        plain = _joined(raw, group, "text/plain")
        html = _joined(raw, group, "text/html")
        htmls.append(html)
        plain_texts.append(plain if plain.strip() else html_lines.text(html))
    return _cut("\n\n".join(filter(None, plain_texts))), _cut("\n".join(filter(None, htmls)))


def _joined(raw: bytes, group: list[Part], content_type: str) -> str:
    return "\n".join(_text(raw, part) for part in group if part.content_type == content_type)


def _text(raw: bytes, part: Part) -> str:
    given = part.declared[1]
    text = charsets.decode(part.content(raw)[: LONGEST_TEXT * 4], given.get("charset", ""))
    text = _cut(text.replace("\r\n", "\n").replace("\r", "\n"))
    if part.content_type == "text/plain" and given.get("format", "").lower() == "flowed":
        text = "\n".join(_reflowed(text, joins_words=given.get("delsp", "").lower() == "yes"))
    return text.strip("\n")


def _reflowed(text: str, *, joins_words: bool) -> Iterator[str]:
    """Lines that were broken only for sending (RFC 3676) in one piece again."""
    held: list[str] = []
    for line in text.split("\n"):
        shown = line.removeprefix(" ")
        if shown.endswith(" ") and shown != "-- " and not shown.startswith(">"):
            held.append(shown[:-1] if joins_words else shown)
            continue
        if shown == "-- " and held:
            yield "".join(held).rstrip()
            held = []
        yield "".join([*held, shown])
        held = []
    if held:
        yield "".join(held).rstrip()


def _cut(text: str) -> str:
    return text[:LONGEST_TEXT]


def _attachment(raw: bytes, part: Part, number: int) -> Attachment:
    kind, given = part.declared
    disposition, told = part.disposition
    content_id = _one_line(part.header, "content-id").strip("<> ")
    return Attachment(
        name=_file_name(told.get("filename") or given.get("name") or "", part.content_type, number),
        content_type="application/octet-stream" if part.content_type != kind else kind,
        content=part.content(raw),
        inline=disposition == "inline" or (bool(content_id) and disposition != "attachment"),
        content_id=content_id,
    )


def _file_name(given: str, content_type: str, number: int) -> str:
    """A name that is safe as one, whatever the sender wrote; the ending survives a cut."""
    name = _NOT_IN_FILE_NAMES.sub("_", _BLANKS.sub(" ", charsets.clean(headers.words(given)))).strip(" ._")
    if not name:
        return f"attachment-{number}{_ENDINGS.get(content_type, '')}"
    if len(name) <= LONGEST_FILE_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    kept = dot + ending if stem and len(ending) <= 10 else ""
    return name[: LONGEST_FILE_NAME - len(kept)] + kept


__all__ = ["LONGEST_TEXT", "SNIPPET", "Address", "Attachment", "Message", "read", "read_header"]
