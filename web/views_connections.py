"""What is shown of connections. Reads only; called by `cli_connections`."""

from sqlmodel import Session

from engine.store import connections, zaps
from engine.store.connections import StoredConnection
from web.shapes import ConnectionLine


def every(session: Session) -> list[ConnectionLine]:
    """All connections, by name."""
    return [line(session, stored) for stored in connections.every(session)]


def line(session: Session, stored: StoredConnection) -> ConnectionLine:
    """One of them."""
    return ConnectionLine(
        id=stored.id,
        name=stored.name,
        app=stored.app,
        auth=stored.auth,
        profile=stored.profile,
        state=str(stored.state),
        reason=stored.reason,
        account=stored.account_label,
        used_by=[zap.name for zap in zaps.using(session, stored.id)],
        created_at=stored.created_at,
        checked_at=stored.checked_at,
    )
