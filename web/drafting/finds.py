"""Records that a person was shown to choose from, kept for some minutes so that choosing one asks no app again.

One `Finds` for a site. They live in this process alone: where another one answers, the app is asked again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.editing.founds import Found, Founds

MOST = 20  # zaps; a record may be a quarter of a megabyte
KEPT_FOR = 600.0  # seconds


@dataclass(frozen=True)
class _Kept:
    revision: int
    records: Mapping[str, Found]
    at: float


@dataclass
class Finds:
    """What was found last, by zap."""

    _kept: "OrderedDict[str, _Kept]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, zap_id: str, revision: int, founds: Founds) -> None:
        records = {one.id: one for one in founds.records}
        with self._lock:
            self._kept.pop(zap_id, None)
            self._kept[zap_id] = _Kept(revision, records, time.monotonic())
            self._forget_old()

    def of(self, zap_id: str, revision: int, ids: Collection[str]) -> tuple[Found, ...]:
        """Those of the records that were shown of this very draft."""
        with self._lock:
            self._forget_old()
            kept = self._kept.get(zap_id)
        if kept is None or kept.revision != revision:
            return ()
        return tuple(one for one in kept.records.values() if one.id in ids)

    def _forget_old(self) -> None:
        before = time.monotonic() - KEPT_FOR
        while self._kept and (len(self._kept) > MOST or next(iter(self._kept.values())).at < before):
            self._kept.popitem(last=False)
