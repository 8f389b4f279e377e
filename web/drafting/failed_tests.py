"""Tests of steps that did not work, kept for a while: a page that is loaded again still says what happened and what to
do, as long as the same test would be made again. A test that works, or a change of what it is made with, ends that.

One `FailedTests` for a site. They live in this process alone: where another one answers, a failure is only marked at
the step, not explained.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from engine.editing.draft import Draft
from engine.editing.previews import references_of
from engine.editing.samples import digest_of
from engine.editing.tried import Tried
from engine.store.excerpts import cut_to_size

MOST = 50  # what was sent may be a quarter of a megabyte each
KEPT_FOR = timedelta(hours=1)

_Made = tuple[str, tuple[tuple[str, datetime], ...]]


@dataclass(frozen=True)
class Failure:
    """A test that did not work, and when it was made."""

    tried: Tried
    at: datetime
    made_with: _Made


@dataclass
class FailedTests:
    """The last ones, by zap and step."""

    _kept: "OrderedDict[tuple[str, str], Failure]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, draft: Draft, tried: Tried, now: datetime) -> None:
        """What came of the last test of a step, drawn like this: only what did not work is kept."""
        place = (draft.id, tried.step)
        with self._lock:
            self._kept.pop(place, None)
            if tried.outcome.is_failure:
                kept = replace(tried, input=cut_to_size(tried.input))
                self._kept[place] = Failure(kept, now, _made_with(draft, tried.step))
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def forget(self, draft: Draft, step: str) -> None:
        with self._lock:
            self._kept.pop((draft.id, step), None)

    def of(self, draft: Draft, step: str, now: datetime) -> Failure | None:
        """The failure, if the same test would be made again."""
        with self._lock:
            found = self._kept.get((draft.id, step))
        if found is None or now - found.at > KEPT_FOR or found.made_with != _made_with(draft, step):
            return None
        return found


def _made_with(draft: Draft, step: str) -> _Made:
    """What a test is made with: the step as it is drawn, and the samples it uses."""
    drawn = draft.step(step)
    used = ((key, draft.samples[key].at) for key in references_of(drawn) if key in draft.samples)
    return digest_of(drawn), tuple(sorted(used))
