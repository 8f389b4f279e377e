"""What the journal knows about each step of a run: pure, and what recovery decides by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from engine.store.runs import Line
from engine.store.states import Entry


@dataclass(frozen=True)
class Past:
    """One step's past.

    `open` counts the tries whose outcome is unknown; `asked` is the input that was sent, `form` what the form held
    besides (`if_exists`), `since` when the first try began. `done` says that there is an `output`. `tries` counts the
    calls. `notes` grow while an action runs: no two steps may share a `Past`. `settled` is when it was found out, or
    said by a person, that a try had no effect.
    """

    open: int = 0
    asked: Any = None
    form: dict[str, Any] = field(default_factory=dict)
    since: datetime | None = None
    last_try: datetime | None = None
    tries: int = 0
    done: bool = False
    output: Any = None
    notes: dict[str, Any] = field(default_factory=dict)
    settled: datetime | None = None

    @property
    def started(self) -> bool:
        """Whether it is unknown what became of it."""
        return self.open > 0

    def tried(self, now: datetime) -> "Past":
        """After one more call began."""
        return replace(self, open=self.open + 1, since=self.since or now, last_try=now, tries=self.tries + 1)

    def undone(self) -> "Past":
        """After the last call certainly had no effect; earlier ones may have had one."""
        return replace(self, open=max(self.open - 1, 0))


def of(lines: Iterable[Line]) -> dict[str, Past]:
    """The past of each step, by path."""
    pasts: dict[str, Past] = {}
    for line in lines:
        if line.entry == Entry.TAKEN_UP:
            continue
        pasts[line.path] = _after(pasts.get(line.path) or Past(), line)
    return pasts


def last_seen(lines: Sequence[Line], path: str) -> dict[str, Any]:
    """What a person is shown who is asked about a step: what was sent last and when, and what looked like it at the
    app when somebody was asked before."""
    past = of(lines).get(path) or Past()
    reviews = [one.data for one in lines if one.path == path and one.entry == Entry.REVIEW]
    candidates = reviews[-1].get("candidates", []) if reviews else []
    return {"sent": past.asked, "at": past.last_try or past.since, "candidates": candidates}


def _after(past: Past, line: Line) -> Past:
    data = line.data
    match line.entry:
        case Entry.STARTED:
            return replace(past.tried(line.at), asked=data["input"], form=data.get("form", {}))
        case Entry.FINISHED:
            return replace(past, open=0, done=True, output=data["output"])
        case Entry.NOT_DONE if data.get("looked_up"):
            return replace(past, open=0, settled=line.at)
        case Entry.NOT_DONE:
            return past.undone()
        case Entry.CHECKPOINT:
            return replace(past, notes={**past.notes, data["key"]: data["value"]})
        case Entry.DECIDED if data["went_through"]:
            return replace(past, open=0, done=True, output=data["output"])
        case Entry.DECIDED:
            return replace(past, open=0, settled=line.at)
        case Entry.REVIEW if data.get("anew"):
            return replace(past, notes={})
        case Entry.FAILED | Entry.REVIEW | Entry.FILTERED | Entry.TAKEN_UP:
            return past
