"""Compares what the senders know to be accepted with the history and with the services' ledger. Pure, but for reading
the files.

What must hold: each event that was accepted is one run; a run that is done has each of its effects exactly once; one
that is put before a person has each of them once at most, and stands there only where nobody can find out what became
of a call. Nothing is done that no event asked for.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.chaos.history import Ran
from tests.chaos.plan import SERVICES
from tests.chaos.zaps import Due, effects_due

EVERY = timedelta(seconds=3)  # of the clock
DONE, REVIEW, HELD = "succeeded", "needs_review", "held"
ACCEPTED = (200, 202, 250)
MAY_ASK = ("neither", "booked")  # the zap and its step where nobody can know

Accepted = Mapping[str, Counter[str]]
"""By zap: what was accepted, and how often."""


@dataclass
class Row:
    """One kind of service in the report. `events` are those that ask it for an effect."""

    events: int = 0
    effects: int = 0
    lost: int = 0
    doubled: int = 0
    in_review: int = 0


@dataclass(frozen=True)
class Finding:
    """Something that must not be: which event, and the runs it has."""

    what: str
    zap: str
    reference: str
    runs: tuple[str, ...] = ()


@dataclass
class Verdict:
    """By service: the figures; and what is wrong."""

    rows: dict[str, Row] = field(default_factory=lambda: {service: Row() for service in SERVICES})
    findings: list[Finding] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    events: int = 0

    def find(self, what: str, zap: str, reference: str, runs: Iterable[Ran] = ()) -> None:
        self.findings.append(Finding(what, zap, reference, tuple(run.id for run in runs)))


def accepted(folder: Path) -> dict[str, Counter[str]]:
    """What the senders wrote down. An order is found by two zaps."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in _lines(folder / "accepted.jsonl"):
        zap = row["zap"] if row["status"] in ACCEPTED else f"refused with {row['status']}"
        found[zap][row["reference"]] += 1
        if zap == "orders":
            found["pages"][row["reference"]] += 1
    return dict(found)


def ledger(folder: Path) -> Counter[Due]:
    """What the services wrote down: how often each effect came."""
    rows = _lines(folder / "effects.jsonl")
    return Counter(Due(row["service"], row["action"], row["reference"]) for row in rows)


def runs_due(taken: Accepted) -> dict[str, int]:
    """How many runs there must be, by zap."""
    return {zap: len(references) for zap, references in taken.items()}


def reached(taken: Accepted, runs: Iterable[Ran], effects: Counter[Due], *, since: datetime) -> Verdict:
    """The comparison. The zap of the clock was switched on before `since`."""
    verdict, by_event = Verdict(), _by_event(runs)
    events = {(zap, reference) for zap, references in taken.items() for reference in references}
    events |= {("clock", moment) for moment in _ticks(by_event, since)}
    verdict.events = len(events)
    for zap, reference in sorted(events):
        _judge_runs(verdict, zap, reference, by_event.get((zap, reference), []))
    for zap, reference in sorted(by_event.keys() - events):
        if zap != "clock":  # those before `since`
            verdict.find("a run that nobody asked for", zap, reference, by_event[zap, reference])
    _judge_effects(verdict, by_event, effects)
    for service in SERVICES:
        verdict.rows[service].effects = sum(count for due, count in effects.items() if due.service == service)
    return verdict


def _judge_runs(verdict: Verdict, zap: str, reference: str, runs: list[Ran]) -> None:
    """Each event is one run, which is done, or before a person where that may be."""
    verdict.states.update(run.state for run in runs)
    service = zap if zap in SERVICES else {"mails": "lookup", "pages": "lookup", "orders": "lagging"}.get(zap, "keys")
    row = verdict.rows[service]
    if not runs:
        row.lost += 1
        verdict.find("lost: accepted, and there is no run", zap, reference)
    elif len(runs) > 1:
        row.doubled += 1
        verdict.find("doubled: more than one run", zap, reference, runs)
    for run in runs:
        if run.state in (REVIEW, HELD) and (zap, run.step) == MAY_ASK:
            continue
        if run.state != DONE:
            verdict.find(f"the run is {run.state}", zap, reference, [run])


def _judge_effects(verdict: Verdict, by_event: Mapping[tuple[str, str], list[Ran]], effects: Counter[Due]) -> None:
    """Each run that is done has its effects; none came twice, and none that no run asked for."""
    asked: dict[Due, list[Ran]] = defaultdict(list)
    for runs in by_event.values():
        for run in runs:
            for due in effects_due(run.zap, run.reference, run.address):
                asked[due].append(run)
    for due, askers in asked.items():
        row, count = verdict.rows[due.service], effects[due]
        row.events += 1
        done = any(run.state == DONE for run in askers)
        open_ = any(run.state in (REVIEW, HELD) for run in askers)
        row.in_review += not done and open_ and due.action != "note"
        named = f"{due.service}.{due.action} {due.reference}"
        if count == 0 and not open_:
            row.lost += 1
            verdict.find(f"lost: no effect {named}", askers[0].zap, askers[0].reference, askers)
        if count > 1:
            row.doubled += 1
            verdict.find(f"doubled: {count} effects {named}", askers[0].zap, askers[0].reference, askers)
    for due in effects.keys() - asked.keys():
        verdict.rows[due.service].doubled += 1
        verdict.find("an effect that no run asked for", due.service, f"{due.action} {due.reference}")


def _ticks(by_event: Mapping[tuple[str, str], list[Ran]], since: datetime) -> list[str]:
    """When the clock must have fired: from its first time after `since` to the last that it fired, each one."""
    fired = sorted(reference for zap, reference in by_event if zap == "clock")
    if not fired:
        return []
    first, last = datetime.fromisoformat(fired[0]), datetime.fromisoformat(fired[-1])
    while first > since + EVERY:
        first -= EVERY
    moments = [first + EVERY * number for number in range(int((last - first) / EVERY) + 1)]
    return [moment.astimezone(UTC).isoformat().replace("+00:00", "Z") for moment in moments]


def _by_event(runs: Iterable[Ran]) -> dict[tuple[str, str], list[Ran]]:
    found: dict[tuple[str, str], list[Ran]] = defaultdict(list)
    for run in runs:
        found[run.zap, run.reference].append(run)
    return dict(found)


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
