"""Reads what a person typed as the server's own search, so that it can be sent without harm. Pure; asked by `mailbox`.

Only search keys of RFC 3501 (and OLDER, YOUNGER, Gmail's X-GM-…) with the arguments they take are let through; each
argument is quoted anew, or becomes a literal. Message numbers and UIDs are not: which mails are new is ours to say.
"""

import re
from collections.abc import Sequence

from zapwerk import InvalidInput

MAX_LENGTH = 2000  # characters
MAX_DEPTH = 20

_ARGUMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("ALL", "ANSWERED", "DELETED", "DRAFT", "FLAGGED", "NEW", "OLD", "RECENT", "SEEN", "UNANSWERED", "UNDELETED",
         "UNDRAFT", "UNFLAGGED", "UNSEEN"), ()
    ),
    **dict.fromkeys(("BCC", "BODY", "CC", "FROM", "SUBJECT", "TEXT", "TO", "X-GM-RAW", "X-GM-LABELS"), ("text",)),
    **dict.fromkeys(("BEFORE", "ON", "SENTBEFORE", "SENTON", "SENTSINCE", "SINCE"), ("date",)),
    **dict.fromkeys(("LARGER", "SMALLER", "OLDER", "YOUNGER", "X-GM-MSGID", "X-GM-THRID"), ("number",)),
    **dict.fromkeys(("KEYWORD", "UNKEYWORD"), ("flag",)),
    "HEADER": ("text", "text"),
    "NOT": ("key",),
    "OR": ("key", "key"),
}  # fmt: skip
_FORMS = {
    "date": re.compile(r"[0-9]{1,2}-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[0-9]{4}", re.IGNORECASE),
    "number": re.compile(r"[0-9]{1,19}"),
    "flag": re.compile(r"[A-Za-z0-9$_.+-]{1,100}"),
}
_TOKEN = re.compile(r'\s*(?:(?P<bracket>[()])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()"]+))')


class Literal(bytes):
    """An argument that is not ASCII and travels as a literal."""


def read(text: str) -> list[bytes]:
    """The arguments of a SEARCH command. Raises `InvalidInput` for anything that is not a search."""
    if len(text) > MAX_LENGTH or any(ord(letter) < 32 for letter in text):
        raise _wrong("it is too long, or has line breaks in it")
    reader = _Reader(_tokens(text))
    keys = reader.keys(0)
    if reader.left:
        raise _wrong("a bracket closes that was not opened")
    return keys


def gmail(query: str) -> list[bytes]:
    """The arguments of a search in Gmail's own query language."""
    if len(query) > MAX_LENGTH or any(ord(letter) < 32 for letter in query):
        raise _wrong("it is too long, or has line breaks in it")
    return [b"X-GM-RAW", _text(query)]


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _wrong("a quotation mark is missing")
        kind = match.lastgroup or ""
        tokens.append((kind, match.group(kind)))
        position = match.end()
    return tokens


class _Reader:
    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self.left = list(reversed(tokens))

    def keys(self, depth: int) -> list[bytes]:
        found: list[bytes] = []
        while self.left and self.left[-1] != ("bracket", ")"):
            found += self.key(depth)
        if not found:
            raise _wrong("it is empty")
        return found

    def key(self, depth: int) -> list[bytes]:
        kind, word = self._next()
        if depth > MAX_DEPTH:
            raise _wrong("it is nested too deeply")
        if (kind, word) == ("bracket", "("):
            return self._group(depth)
        name = word.upper()
        if kind != "word" or name not in _ARGUMENTS:
            raise _wrong(f"“{word}” is no search key")
        found = [name.encode("ascii")]
        for form in _ARGUMENTS[name]:
            found += self.key(depth + 1) if form == "key" else [self._argument(name, form)]
        return found

    def _group(self, depth: int) -> list[bytes]:
        inner = self.keys(depth + 1)
        if not self.left:
            raise _wrong("a closing bracket is missing")
        self.left.pop()
        if isinstance(inner[-1], Literal):
            inner.append(b"ALL")  # nothing may stand between a literal and its bracket but this
        return [b"(" + inner[0], *inner[1:-1], inner[-1] + b")"] if len(inner) > 1 else [b"(" + inner[0] + b")"]

    def _argument(self, name: str, form: str) -> bytes:
        kind, word = self._next()
        if kind == "bracket":
            raise _wrong(f"{name} lacks its value")
        if form == "text":
            return _text(re.sub(r"\\(.)", r"\1", word) if kind == "quoted" else word)
        if not _FORMS[form].fullmatch(word):
            raise _wrong(f"“{word}” is no {form} for {name}")
        return word.encode("ascii")

    def _next(self) -> tuple[str, str]:
        if not self.left:
            raise _wrong("it ends too early")
        return self.left.pop()


def _text(value: str) -> bytes:
    try:
        coded = value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _wrong("it has characters that are none") from error
    if not coded.isascii():
        return Literal(coded)
    return b'"' + coded.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _wrong(why: str) -> InvalidInput:
    return InvalidInput(
        f'The search cannot be used: {why}. It is written as IMAP has it, for example: FROM "shop.example" UNANSWERED.',
        field="search",
    )
