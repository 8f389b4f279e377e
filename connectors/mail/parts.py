"""Takes a mail apart into its parts: texts and files. Called by `message`; never raises.

One pass over the lines that may be boundaries, with a list of the open multiparts instead of recursion: a mail that
nests ten thousand multiparts costs what its bytes cost. The standard library's parser recurses and compares every
line with every open boundary.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message as Fields
from functools import cached_property

from connectors.mail import headers
from connectors.mail.headers import Header

MOST_PARTS = 1_000
MOST_HEADERS = 5_000  # of parts and multiparts that are looked at
LONGEST_BOUNDARY = 200
_DELIMITER = re.compile(rb"\n--([^\r\n]{1,%d})" % (LONGEST_BOUNDARY + 2))
_FIRST_DELIMITER = re.compile(rb"\s{0,200}--([^\s-][^\r\n]{0,%d}|-[^\r\n]{1,%d})\r?\n" % ((LONGEST_BOUNDARY,) * 2))


@dataclass(frozen=True)
class Part:
    """One leaf of the mail: its header, and where its content lies in the raw mail.

    `choice` is the number of the nearest multipart/alternative around it: its members say the same.
    """

    header: Header
    start: int
    end: int
    choice: int | None = None

    @cached_property
    def declared(self) -> tuple[str, Mapping[str, str]]:
        """Its Content-Type and the parameters of that, as they stand there."""
        return headers.parameters(self.header, "content-type")

    @cached_property
    def disposition(self) -> tuple[str, Mapping[str, str]]:
        """Its Content-Disposition and the parameters of that."""
        return headers.parameters(self.header, "content-disposition")

    @property
    def content_type(self) -> str:
        """As in “text/plain”; that too if there is none or it cannot be read."""
        found = self.declared[0]
        return found if re.fullmatch(r"[\w.+-]{1,80}/[\w.+-]{1,120}", found, re.ASCII) else "text/plain"

    def content(self, raw: bytes) -> bytes:
        """The decoded bytes."""
        data = raw[self.start : self.end]
        encoding = self.header.raw("content-transfer-encoding").strip(" \t;\"'").lower()
        if encoding == "base64":
            return headers.from_base64(data)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(data)
        return _from_uu(data) if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"} else data


@dataclass
class _Open:
    """A multipart whose end has not come yet."""

    boundary: bytes
    body: int
    choice: int | None
    filled: bool = False


class _Splitter:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.parts: list[Part] = []
        self.open: list[_Open] = []
        self.levels: dict[bytes, int] = {}  # boundary → index of the innermost open multipart that has it
        self.leaf: tuple[Header, int] | None = None
        self.choices = self.headers = 0

    def split(self, header: Header) -> list[Part]:
        position = self._begin(header)
        while self._may_go_on() and (found := _DELIMITER.search(self.raw, max(position - 1, 0))):
            position = max(self._meet(found), found.end())
        self._end_leaf(len(self.raw))
        self._leave(0, len(self.raw))
        return self.parts

    def _may_go_on(self) -> bool:
        return len(self.parts) < MOST_PARTS and self.headers < MOST_HEADERS

    def _meet(self, found: re.Match[bytes]) -> int:
        """Takes a line that may be a boundary; returns where to read on."""
        line = found[1].rstrip()
        closes = line not in self.levels and line.endswith(b"--")
        boundary = line[:-2].rstrip() if closes else line
        if (level := self.levels.get(boundary)) is None:
            return found.end()
        end = found.start() - (self.raw[found.start() - 1 : found.start()] == b"\r")
        self._end_leaf(max(end, 0))
        self._leave(level + (not closes), max(end, 0))
        if closes:
            return found.end()
        self.open[level].filled = True
        line_end = self.raw.find(b"\n", found.end())
        return self._begin(headers.read(self.raw, line_end + 1 if line_end >= 0 else len(self.raw)))

    def _begin(self, header: Header) -> int:
        """Starts a multipart or a leaf; returns where to read on."""
        self.headers += 1
        kind, given = headers.parameters(header, "content-type")
        boundary = _boundary(given.get("boundary", ""), self.raw, header.body) if kind.startswith("multipart/") else b""
        if boundary:
            self._enter(boundary, header, kind)
        else:
            self.leaf = (header, header.body)
        return header.body

    def _enter(self, boundary: bytes, header: Header, kind: str) -> None:
        if boundary in self.levels:  # broken: its parts are those of the outer one
            return
        choice = self.open[-1].choice if self.open else None
        if kind == "multipart/alternative":
            choice = self.choices = self.choices + 1
        self.levels[boundary] = len(self.open)
        self.open.append(_Open(boundary, header.body, choice))

    def _end_leaf(self, end: int) -> None:
        if self.leaf is not None:
            header, start = self.leaf
            choice = self.open[-1].choice if self.open else None
            self.parts.append(Part(header, start, max(start, end), choice))
            self.leaf = None

    def _leave(self, level: int, end: int) -> None:
        """Ends the multiparts from `level` on; what never showed its boundary is text."""
        while len(self.open) > level:
            gone = self.open.pop()
            self.levels.pop(gone.boundary, None)
            if not gone.filled and gone.body < end and len(self.parts) < MOST_PARTS:
                self.parts.append(Part(Header((), gone.body), gone.body, end))


def split(raw: bytes, header: Header) -> list[Part]:
    """The leaves of the mail, in their order. A forwarded mail in it (message/rfc822) is one leaf."""
    return _Splitter(raw).split(header)


def _boundary(given: str, raw: bytes, body: int) -> bytes:
    """The boundary; where none is named, the first line that looks like one."""
    if given:
        return given.encode("utf-8", "replace")[:LONGEST_BOUNDARY].rstrip()
    found = _FIRST_DELIMITER.match(raw, body)
    return found[1].rstrip() if found else b""


def _from_uu(data: bytes) -> bytes:
    fields = Fields()
    fields["Content-Transfer-Encoding"] = "x-uuencode"
    fields.set_payload(data.decode("ascii", "replace"))
    decoded = fields.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else data


def texts(parts: list[Part]) -> Iterator[list[Part]]:
    """`parts` in groups that say the same: members of one multipart/alternative together, others alone."""
    groups: dict[tuple[str, int], list[Part]] = {}
    for number, part in enumerate(parts):
        key = ("alone", number) if part.choice is None else ("choice", part.choice)
        groups.setdefault(key, []).append(part)
    yield from groups.values()
