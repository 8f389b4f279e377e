"""The watches: which trigger is due, who is checking it, and what its last check said. Called by engine.triggers.

A watch is leased while it is checked. The token is the fence: what a checker writes is conditional on it, so a checker
whose lease ran out changes nothing any more.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, literal, or_, select, update
from sqlmodel import Session

from engine.store import checks, ids
from engine.store.checks import Check, Tally
from engine.store.encoding import clean
from engine.store.moments import NEVER, from_ms, maybe, to_ms
from engine.store.tables import WatchRow


@dataclass(frozen=True)
class Watch:
    """What is remembered about one zap's trigger. `cursor` is the trigger's own JSON value.

    `cursor_at` says when something new came last, or the cursor moved; `alarmed_at` when people were told that nothing
    is heard of it; before `watched_since` nobody could have heard anything. `tally` is the newest part of its log.
    """

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
    watched_since: datetime | None = None
    failing_since: datetime | None = None
    cursor_at: datetime | None = None
    alarmed_at: datetime | None = None
    tally: Tally = field(default_factory=Tally)


_COLUMNS = WatchRow.__table__.c  # type: ignore[attr-defined]
_MOMENTS = ("last_check_at", "last_success_at", "failing_since", "cursor_at", "alarmed_at")


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
    """Says that a check failed, before it is over: its thread may hang."""
    return _log(connection, watch, Check(to_ms(now), problem=clean(problem)), {"last_check_at": to_ms(now)})


def release(
    connection: Connection,
    watch: Watch,
    *,
    now: datetime,
    wait_ms: int | None,
    found: int = 0,
) -> bool:
    """Ends a check that succeeded and found so many new events: the next one is due `wait_ms` from now, None for never.

    False, and nothing is changed, if the lease was lost.
    """
    moment = to_ms(now)
    values = _over(moment, wait_ms) | {"last_success_at": moment, "waits_for": ""}
    return _log(connection, watch, Check(moment, found), values)


def give_up(connection: Connection, watch: Watch, *, now: datetime, wait_ms: int | None, waits_for: str = "") -> bool:
    """Ends a check whose failure was reported; it may wait for a connection. Else as `release`."""
    return _change(connection, watch, _over(to_ms(now), wait_ms) | {"waits_for": waits_for})


def move_cursor(
    connection: Connection,
    watch: Watch,
    cursor: Any,
    *,
    now: datetime,
    until: datetime,
    warning: str | None,
    moved: bool = True,
) -> bool:
    """Stores the cursor and keeps the lease; False, and nothing is changed, if the lease was lost.

    `moved` says whether that is progress: another cursor, or something new.
    """
    values: dict[str, Any] = {"cursor": json.dumps(cursor), "lease_until": to_ms(until)}
    if moved:
        values["cursor_at"] = to_ms(now)
    if warning is not None:
        values["warning"] = clean(warning)
    return _change(connection, watch, values)


def adopt(connection: Connection, watch: Watch, *, every_ms: int, listens: str) -> None:
    """What the trigger's connector says now, which may be another version than the one the zap was switched on with."""
    if (every_ms, listens) != (watch.every_ms, watch.listens):
        _change(connection, watch, {"every": every_ms, "listens": listens})


def start_anew(connection: Connection, *, now: datetime) -> None:
    """Lets silence count from now on: nobody was there to hear, or the clock was set. Moments ahead of it are past."""
    moment = to_ms(now)
    connection.execute(update(WatchRow).values(watched_since=moment))
    for name in _MOMENTS:
        connection.execute(update(WatchRow).where(_COLUMNS[name] > moment).values({name: moment}))


def set_alarmed(connection: Connection, watch: Watch, *, at: datetime | None) -> bool:
    """Notes when people were told of its silence, None for not (any more); False if a check succeeded meanwhile."""
    table, heard = _COLUMNS, watch.last_success_at
    as_judged = table.last_success_at.is_(None) if heard is None else table.last_success_at == to_ms(heard)
    same = update(WatchRow).where(table.zap_id == watch.zap_id, as_judged)
    return connection.execute(same.values(alarmed_at=to_ms(at) if at else 0)).rowcount == 1


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
        watched_since=to_ms(now),
        cursor_at=to_ms(now),
        alarmed_at=old.alarmed_at if old else 0,
        **(checks.end_line(session.connection(), zap_id, _tally(old)).columns if old else {}),
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
    _set(session, zap_id, active=True, waits_for="", watched_since=to_ms(now), **values)


def stop(session: Session, zap_id: str) -> None:
    """Stops watching; cursor and memory stay. Whoever checks it at the moment loses the lease."""
    _set(session, zap_id, active=False)


def repaired(session: Session, connection_id: str, *, now: datetime) -> None:
    """Lets the watches that waited for a connection go on."""
    waiting = update(WatchRow).where(_COLUMNS.waits_for == connection_id)
    session.execute(waiting.values(waits_for="", next_poll_at=to_ms(now), wait=0, failures=0, watched_since=to_ms(now)))


def get(session: Session, zap_id: str) -> Watch | None:
    row = session.execute(select(*_COLUMNS).where(_COLUMNS.zap_id == zap_id)).one_or_none()
    return _watch(row) if row else None


def every(session: Session) -> dict[str, Watch]:
    """All watches, by zap."""
    return {row.zap_id: _watch(row) for row in session.execute(select(*_COLUMNS))}


def without_cursors(session: Session) -> list[Watch]:
    """All watches, but for their cursors: a thousand mailboxes have megabytes of them."""
    columns = [column for column in _COLUMNS if column.name != "cursor"]
    return [_watch(row) for row in session.execute(select(*columns, literal("null").label("cursor")))]


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


def _over(moment: int, wait_ms: int | None) -> dict[str, Any]:
    return {"lease_token": "", "lease_until": 0, "last_check_at": moment, **_due(moment, wait_ms)}


def _log(connection: Connection, watch: Watch, check: Check, values: dict[str, Any]) -> bool:
    """Changes the watch and, in the same statement, counts a check in its log."""
    tally, failed = watch.tally.and_then(check), bool(check.problem)
    values = values | tally.columns | {"problem": check.problem, "failures": watch.failures + 1 if failed else 0}
    values["failing_since"] = to_ms(watch.failing_since or from_ms(check.at)) if failed else 0
    ours = _change(connection, watch, values)
    if ours:
        checks.turn_over(connection, watch.zap_id, watch.tally, tally)
    return ours


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
        watched_since=_some(row.watched_since),
        failing_since=_some(row.failing_since),
        cursor_at=_some(row.cursor_at),
        alarmed_at=_some(row.alarmed_at),
        tally=_tally(row),
    )


def _some(milliseconds: int) -> datetime | None:
    return from_ms(milliseconds) if milliseconds else None


def _tally(row: Any) -> Tally:
    return Tally(
        line_number=row.line_number,
        line_outcome=row.line_outcome,
        line_since=row.line_since,
        line_checks=row.line_checks,
        line_found=row.line_found,
        hour=row.hour,
        hour_checks=row.hour_checks,
        hour_failed=row.hour_failed,
        hour_found=row.hour_found,
        problem=row.problem,
        until=row.last_check_at or 0,
    )


def last_successes(session: Session) -> dict[str, datetime]:
    """When a check last succeeded through each connection, by its id."""
    table = _COLUMNS
    used = select(table.connection_id, func.max(table.last_success_at)).where(
        table.connection_id != "", table.last_success_at.is_not(None)
    )
    return {id_: from_ms(at) for id_, at in session.execute(used.group_by(table.connection_id))}
