"""What a rehearsal finds, as frozen values: a row for each record, and in it what each step would do. Pure.

The command line and the pages draw these; `Count` sums them up.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.errors import Problem


class Would(StrEnum):
    """What a step would do, and what would become of a record."""

    DO = "would_do"  # an action would be performed
    EXISTS = "exists"  # there is one like it already, so the action is not performed
    PASSES = "passes"  # a filter lets it pass
    FILTERED = "filtered"
    FOUND = "found"  # a search found something
    NOT_FOUND = "not_found"
    STOPS = "stops"  # the run ends on purpose
    PROBLEM = "problem"  # the run would fail
    UNCHECKED = "unchecked"  # the service could not be asked
    LATER = "known_later"  # depends on what an earlier step gives when it is really done


_WEIGHTIEST_FIRST = (Would.PROBLEM, Would.UNCHECKED, Would.DO, Would.EXISTS, Would.STOPS, Would.FILTERED)
OUTCOMES = (
    Would.DO,
    Would.EXISTS,
    Would.PASSES,
    Would.FILTERED,
    Would.STOPS,
    Would.PROBLEM,
    Would.UNCHECKED,
)
"""What may become of a record, in the order in which it is summed up."""


@dataclass(frozen=True)
class Foreseen:
    """What one step would do with one record.

    `does` are the words for what it does (“create a client”). `sentence` says why; `field` is the input it is about,
    and `problems` are all that is wrong. `given` is the input as it would be sent, secrets blotted out, and `later` its
    further fields, each with the steps that must be done first. `record` is what was found or exists already;
    `if_exists` what follows from that: use, create, stop. `ends` says that the run goes no further. `uses_quota`: what
    it makes counts toward a quota of the plan, where that has one.
    """

    step: str
    use: str
    does: str
    outcome: Would
    sentence: str = ""
    field: str = ""
    problems: tuple[Problem, ...] = ()
    given: dict[str, Any] = dataclasses.field(default_factory=dict)
    later: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    record: dict[str, Any] | None = None
    if_exists: str = ""
    ends: bool = False
    uses_quota: bool = False


@dataclass(frozen=True)
class Row:
    """What the zap would do with one record. Rows are numbered from 1, the newest record first.

    `same_as` is an earlier row for which exactly the same would be done; each row is looked at as if it were alone.
    `warning` says what is odd about the record itself.
    """

    number: int
    record_id: str
    label: str
    at: datetime | None
    warning: str
    steps: tuple[Foreseen, ...]
    same_as: int | None = None

    @property
    def outcome(self) -> Would:
        """What would become of the record, in one word."""
        return judged(self.steps)

    @property
    def deciding(self) -> Foreseen | None:
        """The step that the word is about; None where nothing would be done."""
        return next((one for one in self.steps if _weight(one) is self.outcome), None)


@dataclass(frozen=True)
class Count:
    """How many rows of each outcome there are; `repeated` are those among `would_do` that equal an earlier row."""

    records: int
    by_outcome: dict[Would, int]
    repeated: int

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Count":
        counted = Counter(row.outcome for row in rows)
        by_outcome = {one: counted[one] for one in OUTCOMES}
        return cls(len(rows), by_outcome, sum(row.same_as is not None for row in rows))


@dataclass(frozen=True)
class Quota:
    """How many records one app would make that count toward a quota of its plan, where the plan has one.

    `exact` is False where it may be fewer: rows that equal an earlier one, or that could not be checked.
    """

    app: str
    count: int
    exact: bool


def quotas(rows: Sequence[Row]) -> tuple[Quota, ...]:
    """What counts, by app. How much of a quota is used nobody here knows."""
    found: dict[str, Quota] = {}
    for row in rows:
        for step in row.steps:
            if step.uses_quota and step.outcome in (Would.DO, Would.UNCHECKED):
                app, sure = step.use.partition(".")[0], step.outcome is Would.DO and row.same_as is None
                known = found.get(app, Quota(app, 0, exact=True))
                found[app] = Quota(app, known.count + 1, exact=known.exact and sure)
    return tuple(found.values())


def judged(steps: Iterable[Foreseen]) -> Would:
    """What would become of a record: the weightiest of what its steps would do."""
    found = {_weight(one) for one in steps}
    return next((one for one in _WEIGHTIEST_FIRST if one in found), Would.PASSES)


def _weight(step: Foreseen) -> Would:
    return Would.STOPS if step.outcome is Would.NOT_FOUND and step.ends else step.outcome
