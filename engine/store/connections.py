"""Connections as rows: who is signed in where, with the credentials sealed. engine.connections opens them."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, update
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from engine.errors import NotFound, Refused, Sentence
from engine.store import ids
from engine.store.encoding import clean
from engine.store.moments import from_ms, maybe, to_ms
from engine.store.states import ConnectionState
from engine.store.tables import ConnectionRow, WatchRow

LONGEST_NAME = 100  # characters


@dataclass(frozen=True)
class StoredConnection:
    """One account at an app. `sealed` is None once the connection was removed."""

    id: str
    name: str
    app: str
    auth: str
    profile: str
    state: ConnectionState
    reason: str
    account_id: str
    account_label: str
    sealed: bytes | None
    allowed_hosts: frozenset[str]
    created_at: datetime
    checked_at: datetime | None


@dataclass(frozen=True)
class NewConnection:
    """What a person connected, after the check."""

    name: str
    app: str
    auth: str
    profile: str
    account_id: str
    account_label: str
    sealed: bytes
    allowed_hosts: frozenset[str]


def add(session: Session, new: NewConnection, *, now: datetime) -> StoredConnection:
    """Raises `Refused` if another connection has the name."""
    check_name(session, new.name)
    moment = to_ms(now)
    row = ConnectionRow(
        id=ids.new(),
        name=new.name,
        app=new.app,
        auth=new.auth,
        profile=new.profile,
        state=ConnectionState.ACTIVE,
        account_id=new.account_id,
        account_label=new.account_label,
        sealed=new.sealed,
        allowed_hosts=json.dumps(sorted(new.allowed_hosts)),
        created_at=moment,
        updated_at=moment,
        checked_at=moment,
    )
    session.add(row)
    session.flush()
    return _stored(row)


def check_name(session: Session, name: str, *, but: str = "") -> None:
    """Raises `Refused` if the name is empty, too long, not for reading, or taken by another one than `but`."""
    if not name.strip():
        raise Refused(Sentence("A connection needs a name.", "Eine Verknüpfung braucht einen Namen."))
    if len(name) > LONGEST_NAME:
        raise Refused(
            Sentence(
                f"The name is too long; at most {LONGEST_NAME} characters are allowed.",
                f"Der Name ist zu lang; höchstens {LONGEST_NAME} Zeichen sind erlaubt.",
            )
        )
    if not name.isprintable():
        raise Refused(
            Sentence(
                "There is a line break or another invisible character in the name.",
                "Im Namen steht ein Zeilenumbruch oder ein anderes unsichtbares Zeichen.",
            )
        )
    taken = session.exec(_named(name)).first()
    if taken is not None and taken.id != but:
        raise Refused(
            Sentence(
                f"There is a connection “{name}” already. Please choose another name.",
                f"Eine Verknüpfung „{name}“ gibt es schon. Bitte wählen Sie einen anderen Namen.",
            )
        )


def rename(session: Session, connection_id: str, name: str, *, now: datetime) -> StoredConnection:
    """Raises `Refused` as `check_name`."""
    row = _row(session, connection_id)
    check_name(session, name, but=row.id)
    row.name = name
    _changed(session, row, now)
    return _stored(row)


def find(session: Session, name_or_id: str) -> StoredConnection:
    """By id (also a removed one), or by name without regard to case. Raises `NotFound`."""
    return _stored(_row(session, name_or_id))


def every(session: Session) -> list[StoredConnection]:
    """All that were not removed, by name."""
    alive = (
        select(ConnectionRow).where(col(ConnectionRow.deleted_at).is_(None)).order_by(func.lower(ConnectionRow.name))
    )
    return [_stored(row) for row in session.exec(alive)]


def removed(session: Session) -> list[StoredConnection]:
    """The tombstones, by name."""
    gone = select(ConnectionRow).where(col(ConnectionRow.deleted_at).is_not(None))
    return [_stored(row) for row in session.exec(gone.order_by(func.lower(ConnectionRow.name)))]


def set_sealed(session: Session, connection_id: str, sealed: bytes, *, now: datetime) -> None:
    """Replaces the credentials (a refreshed token, another key)."""
    row = _row(session, connection_id)
    if row.deleted_at is None:
        row.sealed = sealed
        _changed(session, row, now)


def set_credentials(
    session: Session, connection_id: str, sealed: bytes, allowed_hosts: frozenset[str], *, now: datetime
) -> None:
    """Replaces what a person typed, and the private hosts that are allowed by it."""
    row = _row(session, connection_id)
    row.allowed_hosts = json.dumps(sorted(allowed_hosts))
    set_sealed(session, row.id, sealed, now=now)


def set_state(session: Session, connection_id: str, state: ConnectionState, reason: str, *, now: datetime) -> bool:
    """True if this changed it."""
    row = _row(session, connection_id)
    if row.deleted_at is not None or (row.state, row.reason) == (state, reason):
        return False
    before, row.state, row.reason = row.state, state, clean(reason)
    row.checked_at = to_ms(now)
    _changed(session, row, now)
    return before != state


def set_checked(session: Session, connection_id: str, *, now: datetime) -> None:
    """The app has just accepted the account."""
    row = _row(session, connection_id)
    row.checked_at = to_ms(now)
    session.add(row)
    session.flush()


def refuse(connection: Connection, connection_id: str, reason: str, *, now: datetime) -> None:
    """The app no longer accepts this account: it needs reconnecting, and the triggers on it wait."""
    row, watch = ConnectionRow.__table__.c, WatchRow.__table__.c  # type: ignore[attr-defined]
    active = update(ConnectionRow).where(row.id == connection_id, row.state == ConnectionState.ACTIVE)
    values = {
        "state": ConnectionState.RECONNECT,
        "reason": clean(reason),
        "updated_at": to_ms(now),
        "checked_at": to_ms(now),
    }
    if connection.execute(active.values(**values, revision=row.revision + 1)).rowcount:
        on_it = update(WatchRow).where(watch.connection_id == connection_id, watch.active)
        connection.execute(on_it.values(waits_for=connection_id))


def is_active(connection: Connection, connection_id: str) -> bool:
    """Whether the account can be used; stays true until the end of this transaction."""
    row = ConnectionRow.__table__.c  # type: ignore[attr-defined]
    active = select(row.id).where(row.id == connection_id, row.state == ConnectionState.ACTIVE)
    return connection.execute(active.with_for_update(read=True)).first() is not None


def remove(session: Session, connection_id: str, *, now: datetime) -> None:
    """Shreds the secrets; a tombstone stays, so that its runs can say what they wait for."""
    row = _row(session, connection_id)
    row.sealed, row.state, row.deleted_at = None, ConnectionState.REMOVED, to_ms(now)
    _changed(session, row, now)


def _row(session: Session, name_or_id: str) -> ConnectionRow:
    row = session.get(ConnectionRow, name_or_id) or session.exec(_named(name_or_id)).first()
    if row is None:
        raise NotFound(f"There is no connection “{name_or_id}”.")
    return row


def _named(name: str) -> SelectOfScalar[ConnectionRow]:
    return select(ConnectionRow).where(
        func.lower(ConnectionRow.name) == name.lower(), col(ConnectionRow.deleted_at).is_(None)
    )


def _changed(session: Session, row: ConnectionRow, now: datetime) -> None:
    row.revision += 1
    row.updated_at = to_ms(now)
    session.add(row)
    session.flush()


def _stored(row: ConnectionRow) -> StoredConnection:
    return StoredConnection(
        id=row.id,
        name=row.name,
        app=row.app,
        auth=row.auth,
        profile=row.profile,
        state=ConnectionState(row.state),
        reason=row.reason,
        account_id=row.account_id,
        account_label=row.account_label,
        sealed=row.sealed,
        allowed_hosts=frozenset(json.loads(row.allowed_hosts)),
        created_at=from_ms(row.created_at),
        checked_at=maybe(row.checked_at),
    )
