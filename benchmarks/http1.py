"""Just enough HTTP/1.1 for a load generator and a sink that must cost little: whole messages with a Content-Length,
over connections that are kept open. Called by `load` and `sink`.
"""

from collections.abc import Iterator
from typing import NamedTuple

HEAD_ENDS = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length:"


class BadMessage(Exception):
    """What came is no message that is understood here."""


class Message(NamedTuple):
    """A request or an answer; `head` is in small letters and holds the first line too."""

    first: bytes
    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.first[9:12])

    @property
    def path(self) -> str:
        """Of a request."""
        return self.first.split(b" ", 2)[1].decode("ascii")

    @property
    def closes(self) -> bool:
        """Whether the other side says that it closes the connection after this."""
        return b"\r\nconnection: close" in self.head


class Reader:
    """Cuts what arrives on one connection into messages."""

    def __init__(self) -> None:
        self._left = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete now. Raises `BadMessage` for one without a Content-Length."""
        self._left = self._left + data if self._left else data
        while (ends := self._left.find(HEAD_ENDS)) >= 0:
            head = self._left[:ends].lower()
            starts, stops = ends + len(HEAD_ENDS), ends + len(HEAD_ENDS) + _length(head)
            if len(self._left) < stops:
                return
            first, body = self._left[: self._left.find(b"\r\n")], self._left[starts:stops]
            self._left = self._left[stops:]
            yield Message(first, head, body)


def request(method: str, path: str, host: str, body: bytes = b"", *headers: tuple[str, str]) -> bytes:
    """A request as it goes over the wire; a body is JSON."""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers)
    kind = "Content-Type: application/json\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{kind}{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode("ascii") + body


def answer(status: int, body: bytes) -> bytes:
    """An answer with a JSON body as it goes over the wire."""
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("ascii") + body


def _length(head: bytes) -> int:
    starts = head.find(LENGTH)
    if starts >= 0:
        return int(head[starts + len(LENGTH) :].split(b"\r\n", 1)[0])
    if b"\r\ntransfer-encoding:" in head or head.startswith((b"post", b"put", b"patch")):
        raise BadMessage(f"a message without a Content-Length: {head[:200]!r}")
    return 0
