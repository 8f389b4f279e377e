"""Secrets that a form leaves as they are: a page never has them, so it says where they stand. Called by the editor."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import Refused
from engine.zaps import paths, sealing

KEPT = "kept."


def with_stored(sent: Iterable[tuple[str, str]], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was sent, with the sealed secret in each empty input that is to keep it. `values` are the step's inputs."""
    pairs = list(sent)
    kept = {
        name.removeprefix(KEPT): found for name, text in pairs if name.startswith(KEPT) and (found := _at(values, text))
    }
    wanted = {f"given.{place}{end}": token for place, token in kept.items() for end in ("", ".value")}
    return [(name, text or wanted.get(name, "")) for name, text in pairs if not name.startswith(KEPT)]


def _at(values: Mapping[str, Any], place: str) -> str:
    try:
        found = paths.value_at(values, tuple(json.loads(place)))
    except (ValueError, TypeError, Refused):
        return ""
    return found if sealing.is_sealed(found) else ""
