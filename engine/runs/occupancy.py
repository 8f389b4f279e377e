"""Who holds the places for executing, and for how long: what the queue needs to know for fair turns."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

SLOW = 2.0
"""Seconds. A run that takes longer waits for something; most take a tenth of a second, with a first quick try one."""

HANGS = 120.0
"""Seconds; a step with its quick tries takes less at the usual time-out. A run that takes longer waits for something
that may never come, such as a thread that hangs: it gives its place up, and goes on when it can."""


@dataclass(frozen=True)
class _Tenure:
    zap_id: str
    since: float


class Occupancy:
    """The runs that one process executes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._clock = clock
        self._held: dict[str, _Tenure] = {}
        self._counts: Counter[str] = Counter()
        self._was_slow: set[str] = set()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many runs of each zap are under way."""
        return dict(self._counts)

    def hanging(self) -> Mapping[str, int]:
        """How many of them have given up their places."""
        before = self._clock() - HANGS
        return Counter(tenure.zap_id for tenure in self._held.values() if tenure.since < before)

    def places(self) -> int:
        """How many places are taken."""
        return len(self._held) - sum(self.hanging().values())

    def slow_zaps(self) -> frozenset[str]:
        """Zaps of which a run is slow now, or of which the last one was."""
        before = self._clock() - SLOW
        return frozenset(self._was_slow | {tenure.zap_id for tenure in self._held.values() if tenure.since < before})

    def begin(self, run_id: str, zap_id: str) -> None:
        self._held[run_id] = _Tenure(zap_id, self._clock())
        self._counts[zap_id] += 1

    def end(self, run_id: str) -> None:
        tenure = self._held.pop(run_id)
        self._counts -= Counter((tenure.zap_id,))
        if self._clock() - tenure.since > SLOW:
            self._was_slow.add(tenure.zap_id)
        else:
            self._was_slow.discard(tenure.zap_id)
