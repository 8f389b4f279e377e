"""Reads address fields (From, To, Reply-To …), in one pass and without recursion. Called by `message`.

The standard library's parser recurses on nested comments and looks at some hostile fields again and again.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.mail import headers

MOST_ADDRESSES = 10_000
LONGEST_NAME = 500
LONGEST_ADDRESS = 320
_TOKEN = re.compile(r'[^"\\<>(),;:]+|\\.|.', re.DOTALL)
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Address:
    """A person or place that mail goes to. Either may be empty."""

    name: str = ""
    address: str = ""


def read(fields: Iterable[str]) -> tuple[Address, ...]:
    """The addresses of all `fields`, whose encoded words are not decoded yet (a decoded name may hold a comma)."""
    found: list[Address] = []
    for field in fields:
        for one in _Splitter().split(_balanced(field)):
            if len(found) < MOST_ADDRESSES:
                found.append(one)
    return tuple(found)


def _balanced(field: str) -> str:
    """`field` without quotes or brackets of which one is missing: they would swallow all that follows."""
    if field.count('"') % 2:
        field = field.replace('"', "")
    if field.count("(") != field.count(")"):
        field = field.replace("(", "").replace(")", "")
    return field


class _Splitter:
    """One address at a time: what stands outside, between < and >, and in comments."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.outside: list[str] = []
        self.angle: list[str] = []
        self.comment: list[str] = []
        self.quoted = self.in_angle = False
        self.depth = 0

    def split(self, field: str) -> Iterator[Address]:
        for piece in _TOKEN.findall(field):
            if self._inside(piece) or self._opens(piece):
                continue
            if piece in ",;":
                yield from self._finish()
            elif piece == ":" and not any("@" in part for part in self.outside):
                self.outside = []  # the name of a group
            else:
                self.outside.append(_unescaped(piece))
        yield from self._finish()

    def _inside(self, piece: str) -> bool:
        """Takes a piece within quotes, a comment or angle brackets."""
        if self.depth:
            self.depth += {"(": 1, ")": -1}.get(piece, 0)
            self.comment.extend([_unescaped(piece)] if self.depth else [])
        elif self.quoted:
            self.quoted = piece != '"'
            self.outside.extend([_unescaped(piece)] if self.quoted else [])
        elif self.in_angle and piece not in ",;" and piece != "<":
            self.in_angle = piece != ">"
            self.angle.extend([piece] if self.in_angle else [])
        else:
            return False
        return True

    def _opens(self, piece: str) -> bool:
        self.depth = int(piece == "(")
        self.quoted = piece == '"'
        self.in_angle = piece == "<"
        if self.in_angle:
            self.angle = []
        return piece in {"(", '"', "<", ">", ")"}

    def _finish(self) -> Iterator[Address]:
        outside, angle = _tidy("".join(self.outside)), "".join(self.angle)
        name = headers.words(outside)
        if not angle and "@" in outside:
            name, angle = "", outside
        name = _tidy(name or headers.words(_tidy("".join(self.comment))))[:LONGEST_NAME]
        address = _BLANKS.sub("", headers.words(angle)).removeprefix("mailto:")[:LONGEST_ADDRESS]
        if name or address:
            yield Address("" if name == address else name, address)
        self._clear()


def _unescaped(piece: str) -> str:
    return piece[1:] if len(piece) == 2 and piece[0] == "\\" else piece


def _tidy(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(" '")
