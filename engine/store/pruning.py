"""What is deleted when its time is over: runs, names of deliveries, old lines of the audit log, what was seen at
sources that nobody asks any more. Called by engine.keeping, a few rows at a time.

A run goes after its replays, so that all runs of an event can always be found from the first one. What a trigger that
is asked returned is never forgotten here: it is what stops a second run.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.store import extracts, gathered, hot
from engine.store.hot import Statement
from engine.store.states import FINISHED, Contents

_FINISHED = ", ".join(f"'{state}'" for state in sorted(FINISHED))


@dataclass(frozen=True)
class Place:
    """What a zap was switched on with once, and is not any more."""

    zap_id: str
    source: str


def runs_over(connection: Connection, zap_id: str, floor: str, ended_before: int, limit: int) -> list[str]:
    """The oldest runs of a zap that may go: made before `floor`, ended before that moment, without replays."""
    found: list[str] = []
    for state in sorted(FINISHED):
        values = {"zap_id": zap_id, "state": state.value, "floor": floor, "ended": ended_before, "most": limit}
        sql = _OVER if connection.dialect.name == "sqlite" else hot.without_hints(_OVER)
        found += gathered.texts(connection, sql, "id", values)
        if len(found) >= limit:
            break
    return found[:limit]


def newest_but(connection: Connection, most: int, zap_id: str | None = None) -> str:
    """The id of the oldest of the newest `most` runs, of all or of one zap; “” if there are not more."""
    of_zap = "" if zap_id is None else "WHERE zap_id = :zap_id"
    sql = text(f"SELECT id FROM run {of_zap} ORDER BY id DESC LIMIT 1 OFFSET :past")  # noqa: S608 - built here
    return str(connection.execute(sql, {"zap_id": zap_id, "past": most - 1}).scalar() or "")


def drop_run(connection: Connection, run_id: str) -> bool:
    """Deletes a run with all that belongs to it; False if it goes on, or has replays."""
    if not _LOCKED(connection, id=run_id, deleted=Contents.DELETED.value).rowcount:
        return False
    gone = _DROPPED(connection, id=run_id).fetchone()
    if gone is None:
        return False
    event_id, replay_of = gone
    _NO_JOURNAL(connection, id=run_id)
    extracts.forget(connection, run_id)
    if replay_of is None:
        _NO_EVENT(connection, id=event_id)
    return True


def deliveries(connection: Connection, before: int, limit: int) -> int:
    """Deletes names of deliveries that came before that moment."""
    found = text("SELECT zap_id, key FROM delivery WHERE received_at < :before ORDER BY received_at LIMIT :most")
    rows = connection.execute(found, {"before": before, "most": limit}).all()
    for zap_id, key in rows:
        _NO_DELIVERY(connection, zap_id=zap_id, key=key)
    return len(rows)


def audit(connection: Connection, before: int, limit: int) -> int:
    """Deletes the oldest lines of the audit log, as far as they were written before that moment."""
    rows = connection.execute(text("SELECT id, at FROM audit ORDER BY id LIMIT :most"), {"most": limit}).all()
    old = [row.id for row in rows if row.at < before]
    for one in old:
        _NO_AUDIT(connection, id=one)
    return len(old)


def hours(connection: Connection, before: int, limit: int) -> int:
    """Deletes tallies of hours before that one; those of days stay."""
    rows = connection.execute(
        text("SELECT hour, zap_id, state FROM tally_hour WHERE hour < :before ORDER BY hour LIMIT :most"),
        {"before": before, "most": limit},
    ).all()
    for hour, zap_id, state in rows:
        _NO_HOUR(connection, hour=hour, zap_id=zap_id, state=state)
    return len(rows)


def places_left(connection: Connection, deleted_before: int) -> Iterator[Place]:
    """Sources with seen ids that nobody asks any more: of zaps deleted before that moment, former ones of others."""
    zaps = connection.execute(
        text(
            "SELECT zap.id, zap.deleted_at, watch.source FROM zap LEFT JOIN watch ON watch.zap_id = zap.id "
            "WHERE zap.deleted_at IS NULL OR zap.deleted_at < :before"
        ),
        {"before": deleted_before},
    ).all()
    for zap_id, deleted_at, watched in zaps:
        for source in _sources(connection, zap_id):
            if deleted_at is not None or (watched is not None and source != watched):
                yield Place(zap_id, source)


def forget_seen(connection: Connection, place: Place, before: int, limit: int) -> int:
    """Forgets ids seen before that moment at a place that nobody asks any more. A deleted zap's watch goes first:
    should the zap come back, it begins with what is there then."""
    _NO_WATCH(connection, zap_id=place.zap_id)
    (watched,) = _IS_WATCHED(connection, zap_id=place.zap_id, source=place.source).fetchone()
    if watched:
        return 0
    rows = connection.execute(
        text(
            "SELECT record_id FROM seen WHERE zap_id = :zap_id AND source = :source AND seen_at < :before LIMIT :most"
        ),
        {"zap_id": place.zap_id, "source": place.source, "before": before, "most": limit},
    ).all()
    for (record_id,) in rows:
        _NO_SEEN(connection, zap_id=place.zap_id, source=place.source, record_id=record_id)
    return len(rows)


def _sources(connection: Connection, zap_id: str) -> Iterator[str]:
    """Each once: a zap may have seen millions of ids."""
    sql = text("SELECT min(source) FROM seen WHERE zap_id = :zap_id AND source > :after")
    after = ""
    while (found := connection.execute(sql, {"zap_id": zap_id, "after": after}).scalar()) is not None:
        yield found
        after = found


_OVER = """
    SELECT id FROM run INDEXED BY run_rested
    WHERE zap_id = :zap_id AND state = :state AND state <> 'queued' AND state <> 'running'
        AND id < :floor AND finished_at < :ended
        AND NOT EXISTS (SELECT 1 FROM run AS replay WHERE replay.replay_of = run.id)
    ORDER BY id LIMIT :most
"""
_LOCKED = Statement(
    "UPDATE run SET contents = CASE WHEN contents = '' THEN :deleted ELSE contents END "  # noqa: S608
    f"WHERE id = :id AND state IN ({_FINISHED})"
)
_DROPPED = Statement(
    "DELETE FROM run WHERE id = :id AND NOT EXISTS (SELECT 1 FROM run AS replay WHERE replay.replay_of = :id) "
    "RETURNING event_id, replay_of"
)
_NO_JOURNAL = Statement("DELETE FROM journal WHERE run_id = :id")
_NO_EVENT = Statement("DELETE FROM event WHERE id = :id")
_NO_DELIVERY = Statement("DELETE FROM delivery WHERE zap_id = :zap_id AND key = :key")
_NO_AUDIT = Statement("DELETE FROM audit WHERE id = :id")
_NO_HOUR = Statement("DELETE FROM tally_hour WHERE hour = :hour AND zap_id = :zap_id AND state = :state")
_NO_SEEN = Statement("DELETE FROM seen WHERE zap_id = :zap_id AND source = :source AND record_id = :record_id")
_NO_WATCH = Statement(
    "DELETE FROM watch WHERE zap_id = :zap_id "
    "AND EXISTS (SELECT 1 FROM zap WHERE zap.id = watch.zap_id AND zap.deleted_at IS NOT NULL)"
)
_IS_WATCHED = Statement("SELECT count(*) FROM watch WHERE zap_id = :zap_id AND source = :source")
