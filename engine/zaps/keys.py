"""What new steps are called: short names made from what they do, by which later steps refer to them. Pure."""

import re
from collections.abc import Collection
from itertools import count

from engine.zaps.model import MAX_KEY, TRIGGER

_VERBS = frozenset({
    "add", "append", "archive", "create", "delete", "do", "fetch", "find", "get", "insert", "list", "look",
    "lookup", "make", "move", "new", "or", "patch", "post", "put", "query", "read", "remove", "replace",
    "reply", "run", "search", "send", "set", "start", "store", "submit", "up", "update", "upload", "upsert",
    "write",
})  # fmt: skip
_WORDS_OF_THE_LANGUAGE = frozenset({
    "and", "blank", "contains", "elsif", "else", "empty", "endif", "endunless", "false", "if", "in", "nil",
    "none", "not", "null", "or", "true", "unless", "with",
})  # fmt: skip
_NUMBER = re.compile(r"_?\d+$")


def named_after(use: str, taken: Collection[str]) -> str:
    """A free key for a step that uses this: `client` for “invoice2go.create_client”, then `client2`."""
    words = [word for word in use.rpartition(".")[2].lower().split("_") if word]
    while len(words) > 1 and words[0] in _VERBS:
        words.pop(0)
    name = "_".join(words)[: MAX_KEY - 4].strip("_")
    return free(name if name[:1].isalpha() else "step", taken)


def free(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number from 2 on that nobody has."""
    if not _is_taken(name, taken):
        return name
    bare = _NUMBER.sub("", name) or "step"
    return numbered(bare, taken, start=2)


def numbered(name: str, taken: Collection[str], start: int = 1) -> str:
    """The name with the first number that nobody has."""
    return next(key for number in count(start) if not _is_taken(key := f"{name}{number}", taken))


def _is_taken(key: str, taken: Collection[str]) -> bool:
    return key in taken or key == TRIGGER or key in _WORDS_OF_THE_LANGUAGE
