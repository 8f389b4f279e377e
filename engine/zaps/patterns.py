"""Patterns that people write, on RE2: the time they take grows with the text alone, whatever the pattern."""

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # it ships no types

from engine.zaps.limits import CannotMap
from engine.zaps.remarks import remark

MAX_PATTERN = 500  # characters
_MEMORY = 4 * 1024 * 1024  # bytes that one compiled pattern may take


def found(pattern: str, text: str) -> str | None:
    """What the pattern finds in the text: its first group, if it has one, else the whole match; None for nothing."""
    match = compiled(pattern).search(_encodable(text))
    if match is None:
        return None
    part: str | None = match.group(1 if match.re.groups else 0)
    return part


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The pattern, ready to use. Raises `CannotMap` with a sentence when it is none."""
    if len(pattern) > MAX_PATTERN:
        raise CannotMap(remark("pattern_too_long", most=MAX_PATTERN))
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.case_sensitive = False
    try:
        return re2.compile(_encodable(pattern), options)
    except re2.error as error:
        raise CannotMap(remark("not_a_pattern", pattern=pattern[:60])) from error


def _encodable(text: str) -> str:
    """RE2 works on UTF-8, which has no lone surrogates; broken mails do."""
    return text.encode("utf-8", "replace").decode("utf-8")


def without(pattern: str, text: str) -> str:
    """The text without what the pattern finds."""
    rest: str = compiled(pattern).sub("", _encodable(text))
    return rest


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern finds anything in the text."""
    return compiled(pattern).search(_encodable(text)) is not None
