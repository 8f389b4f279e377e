"""The beginning of a record that is too large to be kept as a sample. Called where records are kept to draw with."""

from collections.abc import Mapping
from typing import Any

from engine.store.encoding import encode

MAX_SAMPLE = 256_000  # bytes of one record that is kept as a sample
TEXT_KEPT = 4_000  # characters of each text of a record that is larger
ENTRIES_KEPT = 50  # entries of each of its lists and mappings
DEPTH_KEPT = 8


def cut_to_size(record: Any) -> Any:
    """The record, or of one that is too large the beginnings of its texts and lists."""
    if len(encode(record)) <= MAX_SAMPLE:
        return record
    shortened = _shortened(record, TEXT_KEPT, ENTRIES_KEPT, 0)
    return shortened if len(encode(shortened)) <= MAX_SAMPLE else _shortened(record, 200, 10, 0)


def _shortened(value: Any, characters: int, entries: int, depth: int) -> Any:
    if isinstance(value, str):
        return value[:characters]
    if depth >= DEPTH_KEPT:
        return None
    if isinstance(value, Mapping):
        few = list(value.items())[:entries]
        return {key[:characters]: _shortened(one, characters, entries, depth + 1) for key, one in few}
    if isinstance(value, list):
        return [_shortened(one, characters, entries, depth + 1) for one in value[:entries]]
    return value
