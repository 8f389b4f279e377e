"""The contents of runs, taken away: their events' data, their journals, and what the history's index knows of them. The
run itself stays. Called by engine.keeping.

The data of an event belong to all its runs, the first one and its replays: they go with the last of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.store import extracts, gathered, moves
from engine.store.hot import Statement
from engine.store.states import FINISHED, Contents

EMPTY = b"{}"
"""What stands in an event whose data are gone: a record without fields."""

_FINISHED = ", ".join(f"'{state}'" for state in sorted(FINISHED))


@dataclass(frozen=True)
class Ended:
    """A run that came to its end, and what it said to people."""

    run_id: str
    problem: str


def due(connection: Connection, zap_id: str, before: int, limit: int) -> list[Ended]:
    """The runs of a zap that ended before that moment and still have their contents, those that ended first first."""
    sql = (
        "SELECT id, problem FROM run WHERE zap_id = :zap_id AND contents = '' AND finished_at IS NOT NULL "
        "AND finished_at < :before ORDER BY finished_at LIMIT :most"
    )
    found = gathered.rows(connection, sql, ["id", "problem"], {"zap_id": zap_id, "before": before, "most": limit})
    return [Ended(run_id, problem) for run_id, problem in found]


def begin(connection: Connection) -> None:
    """Before contents are taken away in this transaction: nothing is indexed meanwhile."""
    moves.stand(connection, moves.READ)


def clear(connection: Connection, run_id: str, why: Contents, problem: str) -> bool:
    """Takes the contents of a run that came to its end, and leaves `problem` as what it said; False if it has none any
    more, or goes on."""
    if not _CLEARED(connection, id=run_id, why=why.value, problem=problem).rowcount:
        return False
    _NO_JOURNAL(connection, id=run_id)
    extracts.forget(connection, run_id)
    (event_id,) = _EVENT_OF(connection, id=run_id).fetchone()
    if _RELATIVE(connection, id=run_id).fetchone() is None:
        _EMPTIED(connection, id=event_id, payload=EMPTY)
    return True


def mark_erased(connection: Connection, run_id: str, problem: str) -> bool:
    """Notes that a run whose contents went by age was erased besides; False if that was known, or it goes on."""
    erased, deleted = Contents.ERASED.value, Contents.DELETED.value
    return bool(_MARKED(connection, id=run_id, erased=erased, deleted=deleted, problem=problem).rowcount)


def keep(connection: Connection, run_id: str) -> bool:
    """Holds on to the contents of a run until the transaction ends; False if they are gone."""
    return bool(_KEPT(connection, id=run_id).rowcount)


def zaps_with_some(connection: Connection) -> list[str]:
    """The ids of all zaps that may have runs, also of those that were deleted."""
    return gathered.texts(connection, "SELECT id FROM zap", "id", {})


def count_due(connection: Connection, before: dict[str, int]) -> int:
    """How many runs ended before these moments, by zap, and still have their contents."""
    sql = text("SELECT count(*) FROM run WHERE zap_id = :zap_id AND contents = '' AND finished_at IS NOT NULL "
               "AND finished_at < :before")  # fmt: skip
    values: Sequence[dict[str, object]] = [{"zap_id": zap_id, "before": moment} for zap_id, moment in before.items()]
    return sum(int(connection.execute(sql, each).scalar_one()) for each in values)


_CLEARED = Statement(
    "UPDATE run SET contents = :why, problem = :problem, field = '' "  # noqa: S608 - the states are ours
    f"WHERE id = :id AND contents = '' AND state IN ({_FINISHED})"
)
_MARKED = Statement("UPDATE run SET contents = :erased, problem = :problem WHERE id = :id AND contents = :deleted")
_KEPT = Statement("UPDATE run SET contents = '' WHERE id = :id AND contents = ''")
_NO_JOURNAL = Statement("DELETE FROM journal WHERE run_id = :id")
_EVENT_OF = Statement("SELECT event_id FROM run WHERE id = :id")
_EMPTIED = Statement("UPDATE event SET payload = :payload WHERE id = :id")
_RELATIVE = Statement(
    """
    WITH RECURSIVE above (id, replay_of) AS (
        SELECT id, replay_of FROM run WHERE id = :id
        UNION SELECT run.id, run.replay_of FROM above JOIN run ON run.id = above.replay_of
    ), family (id) AS (
        SELECT id FROM above WHERE replay_of IS NULL
        UNION SELECT run.id FROM family JOIN run ON run.replay_of = family.id
    )
    SELECT 1 FROM family JOIN run ON run.id = family.id WHERE run.contents = '' LIMIT 1
    """
)
