"""What failed for one reason, once that is mended: the runs of a zap that the newest version may do after all. Asked by
the pages and the API, which show what each would do now and have them replayed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.runs.control import MOST
from engine.store import failed, zaps
from engine.store.database import Database
from engine.store.failed import FailedRun

ONE_PROBLEM = timedelta(days=7)
"""Failures at one step that are further apart than that are two problems."""
LOOKED_AT = 5_000  # of the newest runs that failed


@dataclass(frozen=True)
class Since:
    """The runs that failed at one step since the problem began, the oldest first; as many as can be taken at once.

    `version` is the newest one, with which none of them was tried. `count` is how many there are, `at_least` that many
    where not all were counted.
    """

    zap_id: str
    zap: str
    step: str
    began: datetime
    version: int
    runs: tuple[str, ...]
    count: int
    at_least: bool

    @property
    def rest(self) -> int:
        """How many have to wait until these were taken."""
        return self.count - len(self.runs)


def of(database: Database, zap_id: str, step: str = "") -> Since | None:
    """Those that failed where the newest one did, or at this step; None where there is nothing to do again.

    Raises `NotFound`.
    """
    with database.read() as session:
        stored = zaps.find(session, zap_id)
        newest = stored.published or 0
        left = failed.left(session.connection(), stored.id, before_version=newest, limit=LOOKED_AT)
    found = list(_since_it_began(left, step or (left[0].step if left else "")))
    if not found:
        return None
    oldest_first = tuple(one.id for one in reversed(found))
    return Since(
        zap_id=stored.id,
        zap=stored.name,
        step=found[0].step,
        began=found[-1].at,
        version=newest,
        runs=oldest_first[:MOST],
        count=len(oldest_first),
        at_least=len(left) == LOOKED_AT and found[-1] is left[-1],
    )


def still_left(database: Database, zap_id: str, run_ids: Iterable[str]) -> list[str]:
    """Those of these runs that failed with an earlier version and were not replayed, in the same order."""
    with database.read() as session:
        newest = zaps.find(session, zap_id).published or 0
        left = failed.left(session.connection(), zap_id, before_version=newest, limit=LOOKED_AT)
    known = {one.id for one in left}
    return [run_id for run_id in run_ids if run_id in known]


def _since_it_began(newest_first: Iterable[FailedRun], step: str) -> Iterator[FailedRun]:
    later: FailedRun | None = None
    for one in newest_first:
        if one.step != step:
            continue
        if later is not None and later.at - one.at > ONE_PROBLEM:
            return
        yield one
        later = one
