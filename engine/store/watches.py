"""The watches: which trigger is due, who is checking it, and what its last check said. Called by engine.triggers.

A watch is leased while it is checked. The token is the fence: what a checker writes is conditional on it, so a checker
whose lease ran out changes nothing any more.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, update
from sqlmodel import Session

from engine.store import ids
from engine.store.encoding import clean
from engine.store.moments import NEVER, from_ms, maybe, to_ms
from engine.store.tables import WatchRow


@dataclass(frozen=True)
class Watch:
    """What is remembered about one zap's trigger. `cursor` is the trigger's own JSON value."""

    zap_id: str
    connection_id: str
    source: str
    listens: str
    listening: bool
    active: bool
    waits_for: str
    generation: int
    cursor: Any
    every_ms: int
    token: str
    next_poll_at: datetime
    last_check_at: datetime | None
    last_success_at: datetime | None
    failures: int
    problem: str
    warning: str


_COLUMNS = WatchRow.__table__.c  # type: ignore[attr-defined]


def claim(
    connection: Connection,
    *,
    now: datetime,
    until: datetime,
    limit: int,
    asked: bool = True,
    set_back: bool = False,
) -> list[Watch]:
    """Leases up to `limit` due watches, the longest due first: of those that are `asked` every so often, or the others.

    A check planned later than it could have been planned is due too, for then the clock was set back. Looking for
    these takes reading every watch, so it is done only where the clock may have been `set_back`.
    """
    moment, table = to_ms(now), _COLUMNS
    due = table.next_poll_at <= moment
    if set_back:
        due = or_(due, table.next_poll_at > moment + table.wait)
    return _leased(connection, due & (table.every > 0 if asked else table.every == 0), now, until, limit)


def claim_these(
    connection: Connection, zap_ids: Collection[str], *, now: datetime, until: datetime, limit: int
) -> list[Watch]:
    """Leases up to `limit` of these, due or not."""
    return _leased(connection, _COLUMNS.zap_id.in_(list(zap_ids)), now, until, limit)


def _leased(
    connection: Connection, wanted: ColumnElement[bool], now: datetime, until: datetime, limit: int
) -> list[Watch]:
    moment, table = to_ms(now), _COLUMNS
    due = (
        select(table.zap_id)
        .where(table.active, table.waits_for == "", table.lease_until < moment, wanted)
        .order_by(table.next_poll_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    leased = (
        update(WatchRow)
        .where(table.zap_id.in_(due))
        .values(lease_token=ids.new(), lease_until=to_ms(until))
        .returning(*table)
    )
    return [_watch(row) for row in connection.execute(leased)]


def renew(connection: Connection, watch: Watch, *, until: datetime) -> bool:
    """Keeps the lease; False if it was lost."""
    return _change(connection, watch, {"lease_until": to_ms(until)})


def report(connection: Connection, watch: Watch, problem: str, *, now: datetime) -> bool:
    """Says that a check failed before it is over."""
    values = {"problem": clean(problem), "failures": watch.failures + 1, "last_check_at": to_ms(now)}
    return _change(connection, watch, values)


def release(
    connection: Connection,
    watch: Watch,
    *,
    now: datetime,
    wait_ms: int | None,
    problem: str = "",
    waits_for: str = "",
) -> bool:
    """Ends a check: the next one is due `wait_ms` from now, None for never.

    `problem` says why it failed, “” that it succeeded.
    """
    moment = to_ms(now)
    values: dict[str, Any] = {
        "lease_token": "",
        "lease_until": 0,
        "last_check_at": moment,
        **_due(moment, wait_ms),
        "problem": clean(problem),
        "waits_for": waits_for,
    }
    if problem:
        values["failures"] = watch.failures + 1
    else:
        values |= {"failures": 0, "last_success_at": moment}
    return _change(connection, watch, values)


def move_cursor(connection: Connection, watch: Watch, cursor: Any, *, until: datetime, warning: str | None) -> bool:
    """Stores the cursor and keeps the lease; False, and nothing is changed, if the lease was lost."""
    values: dict[str, Any] = {"cursor": json.dumps(cursor), "lease_until": to_ms(until)}
    if warning is not None:
        values["warning"] = clean(warning)
    return _change(connection, watch, values)


def adopt(connection: Connection, watch: Watch, *, every_ms: int, listens: str) -> None:
    """What the trigger's connector says now, which may be another version than the one the zap was switched on with."""
    if (every_ms, listens) != (watch.every_ms, watch.listens):
        _change(connection, watch, {"every": every_ms, "listens": listens})


def of_apps(session: Session, apps: Collection[str]) -> list[str]:
    """The zaps whose trigger, being watched, is one of these apps'."""
    return [watch.zap_id for watch in every(session).values() if watch.active and watch.source.split(".")[0] in apps]


def free_all(connection: Connection) -> None:
    """Ends every lease and forgets who listened: for the start of the only engine on this data folder."""
    connection.execute(update(WatchRow).where(_COLUMNS.lease_until > 0).values(lease_token="", lease_until=0))
    connection.execute(update(WatchRow).where(_COLUMNS.listening).values(listening=False))


def set_listening(connection: Connection, zap_ids: Collection[str], listening: bool) -> None:
    """Notes for these whether something listens for them, for people to see."""
    connection.execute(update(WatchRow).where(_COLUMNS.zap_id.in_(list(zap_ids))).values(listening=listening))


def begin(
    session: Session,
    zap_id: str,
    *,
    connection_id: str,
    source: str,
    listens: str,
    cursor: Any,
    every_ms: int,
    wait_ms: int | None,
    now: datetime,
) -> None:
    """Starts watching from this baseline; whoever checks it at the moment loses the lease. See `release`."""
    old, due = session.get(WatchRow, zap_id), _due(to_ms(now), wait_ms)
    row = WatchRow(
        zap_id=zap_id,
        connection_id=connection_id,
        source=source,
        listens=listens,
        generation=(old.generation + 1) if old else 1,
        cursor=json.dumps(cursor),
        every=every_ms,
        last_success_at=to_ms(now),
        next_poll_at=due["next_poll_at"],
        wait=due["wait"],
    )
    session.merge(row)


def resume(
    session: Session,
    zap_id: str,
    *,
    connection_id: str,
    listens: str,
    every_ms: int,
    wait_ms: int | None,
    now: datetime,
) -> None:
    """Goes on watching from where it stood, maybe through another connection to the same account. See `release`."""
    values = {"connection_id": connection_id, "listens": listens, "every": every_ms, **_due(to_ms(now), wait_ms)}
    _set(session, zap_id, active=True, waits_for="", **values)


def stop(session: Session, zap_id: str) -> None:
    """Stops watching; cursor and memory stay. Whoever checks it at the moment loses the lease."""
    _set(session, zap_id, active=False)


def repaired(session: Session, connection_id: str, *, now: datetime) -> None:
    """Lets the watches that waited for a connection go on."""
    waiting = update(WatchRow).where(_COLUMNS.waits_for == connection_id)
    session.execute(waiting.values(waits_for="", next_poll_at=to_ms(now), wait=0, failures=0))


def get(session: Session, zap_id: str) -> Watch | None:
    row = session.execute(select(*_COLUMNS).where(_COLUMNS.zap_id == zap_id)).one_or_none()
    return _watch(row) if row else None


def every(session: Session) -> dict[str, Watch]:
    """All watches, by zap."""
    return {row.zap_id: _watch(row) for row in session.execute(select(*_COLUMNS))}


def of_zaps(session: Session, zap_ids: Collection[str]) -> dict[str, Watch]:
    """The watches of these, by zap."""
    mine = select(*_COLUMNS).where(_COLUMNS.zap_id.in_(list(zap_ids)))
    return {row.zap_id: _watch(row) for row in session.execute(mine)}


def listening(session: Session) -> Sequence[Watch]:
    """Every watch that wants a listener now."""
    wanted = select(*_COLUMNS).where(_COLUMNS.active, _COLUMNS.waits_for == "", _COLUMNS.listens != "")
    return [_watch(row) for row in session.execute(wanted)]


def _due(moment: int, wait_ms: int | None) -> dict[str, int]:
    """When the next check is due, and how far ahead that is; with both in the year 9999 it never is."""
    if wait_ms is None:
        return {"next_poll_at": NEVER, "wait": NEVER}
    return {"next_poll_at": moment + wait_ms, "wait": wait_ms}


def _set(session: Session, zap_id: str, **values: Any) -> None:
    row = session.get(WatchRow, zap_id)
    if row is None:
        return
    row.generation += 1
    row.lease_token, row.lease_until = "", 0
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)


def _change(connection: Connection, watch: Watch, values: dict[str, Any]) -> bool:
    fenced = update(WatchRow).where(
        _COLUMNS.zap_id == watch.zap_id,
        _COLUMNS.lease_token == watch.token,
        _COLUMNS.generation == watch.generation,
    )
    return connection.execute(fenced.values(**values)).rowcount == 1


def _watch(row: Row[Any]) -> Watch:
    return Watch(
        zap_id=row.zap_id,
        connection_id=row.connection_id,
        source=row.source,
        listens=row.listens,
        listening=row.listening,
        active=row.active,
        waits_for=row.waits_for,
        generation=row.generation,
        cursor=json.loads(row.cursor),
        every_ms=row.every,
        token=row.lease_token,
        next_poll_at=from_ms(row.next_poll_at),
        last_check_at=maybe(row.last_check_at),
        last_success_at=maybe(row.last_success_at),
        failures=row.failures,
        problem=row.problem,
        warning=row.warning,
    )


def last_successes(session: Session) -> dict[str, datetime]:
    """When a check last succeeded through each connection, by its id."""
    table = _COLUMNS
    used = select(table.connection_id, func.max(table.last_success_at)).where(
        table.connection_id != "", table.last_success_at.is_not(None)
    )
    return {id_: from_ms(at) for id_, at in session.execute(used.group_by(table.connection_id))}
