"""Checks of accounts under way, with the ticks a waiting person sees. One `Checks` for a site; `connecting` begins one,
the page asks for it by its id meanwhile.

They live in this process alone: where another one answers, the person sees that the check runs, and no ticks.
"""

import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from engine.sdk.connecting import ProgressState

MOST = 200  # checks that are remembered
KEPT_FOR = 600.0  # seconds
MOST_TICKS = 20
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Tick:
    """One step of a check. `state` is begun, done or failed; `text` is English, with placeholders for `values`."""

    step: str
    text: str
    state: str
    values: dict[str, str | int] = field(default_factory=dict)


@dataclass
class Check:
    """One check of one person. `progress` is told from whatever thread the connector runs in."""

    app: str
    begun_at: float = field(default_factory=time.monotonic)
    _ticks: dict[str, Tick] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def progress(self, step: str, text: str, state: ProgressState = "done", **values: str | int) -> None:
        with self._lock:
            if step in self._ticks or len(self._ticks) < MOST_TICKS:
                self._ticks[step] = Tick(step, text, state, values)

    def failed(self) -> None:
        """What was begun has come to nothing."""
        with self._lock:
            for step, tick in self._ticks.items():
                if tick.state == "begun":
                    self._ticks[step] = replace(tick, state="failed")

    @property
    def ticks(self) -> tuple[Tick, ...]:
        with self._lock:
            return tuple(self._ticks.values())


@dataclass
class Checks:
    """Those of the last minutes, by person and the id that the page made up."""

    _kept: "OrderedDict[tuple[str, str], Check]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, person_id: str, check_id: str, app: str) -> Check:
        """A fresh one; without an id that is one, nobody can ask for it."""
        check = Check(app)
        if _ID.fullmatch(check_id):
            with self._lock:
                self._kept[person_id, check_id] = check
                self._forget_old()
        return check

    def of(self, person_id: str, check_id: str) -> Check | None:
        with self._lock:
            return self._kept.get((person_id, check_id))

    def _forget_old(self) -> None:
        before = time.monotonic() - KEPT_FOR
        while self._kept and (len(self._kept) > MOST or next(iter(self._kept.values())).begun_at < before):
            self._kept.popitem(last=False)
