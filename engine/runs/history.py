"""What the journal knows about each step of a run: pure, and what recovery decides by."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from engine.store.runs import Line
from engine.store.states import Entry


@dataclass(frozen=True)
class Past:
    """One step's past.

    `started` is true while the outcome of the last try is unknown; `asked` is the input that was sent, `form` what the
    form held besides (`if_exists`), `since` when the first try began. `done` says that there is an `output`. `tries`
    counts the calls.
    """

    started: bool = False
    asked: Any = None
    form: dict[str, Any] = field(default_factory=dict)
    since: datetime | None = None
    last_try: datetime | None = None
    tries: int = 0
    done: bool = False
    output: Any = None
    notes: dict[str, Any] = field(default_factory=dict)


NO_PAST = Past()


def of(lines: Iterable[Line]) -> dict[str, Past]:
    """The past of each step, by path."""
    pasts: dict[str, Past] = {}
    for line in lines:
        pasts[line.path] = _after(pasts.get(line.path, NO_PAST), line)
    return pasts


def _after(past: Past, line: Line) -> Past:
    data = line.data
    match line.entry:
        case Entry.STARTED:
            return replace(
                past,
                started=True,
                asked=data["input"],
                form=data.get("form", {}),
                since=past.since or line.at,
                last_try=line.at,
                tries=past.tries + 1,
            )
        case Entry.FINISHED:
            return replace(past, started=False, done=True, output=data["output"])
        case Entry.NOT_DONE:
            return replace(past, started=False)
        case Entry.CHECKPOINT:
            return replace(past, notes={**past.notes, data["key"]: data["value"]})
        case Entry.DECIDED if data["went_through"]:
            return replace(past, started=False, done=True, output=data["output"])
        case Entry.DECIDED:
            return replace(past, started=False)
        case Entry.FAILED | Entry.REVIEW | Entry.FILTERED:
            return past
