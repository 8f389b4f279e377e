"""Reads the header of a mail, or of one part of it: fields, their words (RFC 2047), parameters and dates.

Called by `parts` and `message`. Each field is read on its own, so a broken one harms only itself; never raises.
The standard library's decoder is not used for encoded words: one broken word makes it give up the whole field, and
an endless row of “=?a?q?” costs it quadratic time.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import collapse_rfc2231_value, decode_params, parsedate_to_datetime

from connectors.mail import charsets

LONGEST_HEADER = 1_000_000  # bytes that are looked at
LONGEST_FIELD = 256_000  # characters; 1,000 recipients take 60,000
MOST_FIELDS = 2_000
LONGEST_PARAMETERS = 4_000
MOST_PARAMETERS = 100
LONGEST_DATE = 200

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
# A broken line is skipped if one of these comes next; else it is the text.
_COMMON = re.compile(
    rb"(?:from|to|cc|subject|date|reply-to|message-id|mime-version|return-path|received|sender"
    rb"|content-[a-z-]{4,30}|(?:x|dkim|arc|list|auto)-[a-z0-9-]{1,60})[ \t]*:",
    re.IGNORECASE,
)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FOLDS = re.compile(r"[\r\n]+[ \t]*")
_PARAMETER = re.compile(r';\s{0,99}([^\s=;"]{1,80})\s{0,9}=\s{0,9}("(?:[^"\\]|\\.)*+"|[^;]*)', re.DOTALL)
_WORD = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?([^?]*|(?:[^?]|\?(?!=)){0,600}?)\?=")
_SURROGATES_AND_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Header:
    """The fields of a header in their order, as bytes, and where the body begins."""

    fields: tuple[tuple[str, bytes], ...]
    body: int

    def raw(self, name: str) -> str:
        """The first field of that name, unfolded but with its encoded words as they are; "" without one."""
        return next((_unfolded(value) for field, value in self.fields if field == name), "")

    def all_raw(self, name: str) -> list[str]:
        """Every field of that name, as `raw`."""
        return [_unfolded(value) for field, value in self.fields if field == name]


def read(raw: bytes, start: int = 0) -> Header:
    """The header that begins at `start`."""
    fields: list[tuple[str, list[bytes]]] = []
    position, end = start, min(len(raw), start + LONGEST_HEADER)
    while position < end:
        line_end = _line_end(raw, position, end)
        line = raw[position:line_end].strip(b"\r\n")
        if not line.strip():
            return _header(fields, line_end)
        if not (_take(line, fields, first=position == start) or _COMMON.match(raw, line_end, end)):
            return _header(fields, position)  # the blank line is missing: the text has begun
        position = line_end
    return _header(fields, position if end == len(raw) else _after_blank_line(raw, position))


def _after_blank_line(raw: bytes, position: int) -> int:
    found = _BLANK_LINE.search(raw, max(position - 2, 0))
    return found.end() if found else len(raw)


def _line_end(raw: bytes, position: int, end: int) -> int:
    found = raw.find(b"\n", position, end)
    return end if found < 0 else found + 1


def _take(line: bytes, fields: list[tuple[str, list[bytes]]], *, first: bool) -> bool:
    """Adds one line to `fields`; False if it belongs to no header."""
    if line[:1] in b" \t" and (fields or first):
        if fields:
            fields[-1][1].append(line)
        return True
    if first and line.startswith(b"From "):  # of a mailbox file
        return True
    if (field := _FIELD.fullmatch(line)) is None:
        return False
    if len(fields) < MOST_FIELDS:
        fields.append((field[1].decode("ascii").lower(), [field[2]]))
    return True


def _header(fields: list[tuple[str, list[bytes]]], body: int) -> Header:
    return Header(tuple((name, b"\n".join(lines)[:LONGEST_FIELD]) for name, lines in fields), body)


def decoded(header: Header) -> dict[str, str]:
    """Every field by its lower-case name; repeated ones joined by newline."""
    values: dict[str, list[str]] = {}
    for name, value in header.fields:
        values.setdefault(name, []).append(words(_unfolded(value)))
    return {name: "\n".join(each) for name, each in values.items()}


def _unfolded(value: bytes) -> str:
    return _FOLDS.sub(" ", charsets.decode(value)).strip()


def words(text: str) -> str:
    """`text` with its encoded words decoded; broken ones stay as they are."""
    if "=?" not in text:
        return _plain(text)
    return _plain("".join(_decoded_runs(text))).strip()


def _decoded_runs(text: str) -> Iterator[str]:
    """Adjacent words of one charset are decoded together: senders split them inside a character."""
    position, charset, held = 0, "", bytearray()
    for word in _WORD.finditer(text):
        between, next_charset = text[position : word.start()], word[1].partition("*")[0].lower()
        if between.strip() or next_charset != charset:
            yield charsets.decode(bytes(held), charset)
            yield between if between.strip() or not position else ""
            held.clear()
        charset, position = next_charset, word.end()
        held += _bytes_of(word[2].lower(), word[3])
    yield charsets.decode(bytes(held), charset)
    yield text[position:]


def _bytes_of(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding == "q":
        return binascii.a2b_qp(data, header=True)
    return from_base64(data)


_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


def from_base64(data: bytes) -> bytes:
    """What can be read of `data`, whatever stands between."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        letters = data.translate(None, _NOT_BASE64)
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _plain(text: str) -> str:
    return _SURROGATES_AND_CONTROLS.sub("\ufffd", _FOLDS.sub(" ", text))


def parameters(header: Header, name: str) -> tuple[str, Mapping[str, str]]:
    """A field's value in lower case and its parameters, RFC 2231 included: `("text/plain", {"charset": "utf-8"})`.

    Encoded words in them are left as they are.
    """
    value = header.raw(name)[:LONGEST_PARAMETERS]
    pairs = [(found[1].lower(), found[2].strip()) for found in _PARAMETER.finditer(value)]
    try:
        joined = decode_params([("", ""), *pairs[:MOST_PARAMETERS]])[1:]
        # Of equal names the first counts, but `filename*=` before `filename=`.
        joined.reverse()
        joined.sort(key=lambda pair: isinstance(pair[1], tuple))
        found = {key: charsets.clean(collapse_rfc2231_value(given)) for key, given in joined}
    except (ValueError, LookupError, TypeError):  # continuations of nonsense
        found = {key: charsets.clean(collapse_rfc2231_value(given)) for key, given in reversed(pairs)}
    return value.partition(";")[0].strip().lower(), found


def date(text: str) -> datetime | None:
    """A Date field in UTC; None if it says no time that exists."""
    try:
        found = parsedate_to_datetime(text[:LONGEST_DATE])
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
