"""The addresses that webhooks are sent to. Called by engine.triggers; the token itself is never stored in the open."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlmodel import Session
from sqlmodel import select as select_rows

from engine.store.hot import Statement
from engine.store.moments import to_ms
from engine.store.states import ZapState
from engine.store.tables import HookRow


@dataclass(frozen=True)
class Standing:
    """What a token leads to at this moment."""

    zap_id: str
    state: ZapState
    published: int | None
    generation: int | None
    """Of the zap's watch: another one when it was switched or published."""
    revision: int | None
    """Of the connection it is taken in with, if there is one."""

    @property
    def takes_in(self) -> bool:
        """Paused zaps take in too: their runs are held."""
        return self.published is not None and self.state in (ZapState.ON, ZapState.PAUSED)


_STANDING = Statement(
    """
    SELECT zap.id, zap.state, zap.published, watch.generation, connection.revision
    FROM hook JOIN zap ON zap.id = hook.zap_id
        LEFT JOIN watch ON watch.zap_id = zap.id
        LEFT JOIN connection ON connection.id = watch.connection_id
    WHERE hook.token_hash = :token_hash AND zap.deleted_at IS NULL
    """
)


def standing(connection: Connection, token_hash: str) -> Standing | None:
    """None for a token that leads nowhere, or to a zap that was deleted."""
    found = _STANDING(connection, token_hash=token_hash).fetchone()
    return Standing(found[0], ZapState(found[1]), *found[2:]) if found else None


def sealed_token(session: Session, zap_id: str) -> bytes | None:
    """The token of a zap's address, as it was sealed."""
    row = session.get(HookRow, zap_id)
    return row.sealed if row else None


def put(session: Session, zap_id: str, token_hash: str, sealed: bytes, *, now: datetime) -> None:
    """Gives a zap its address; an older one stops working."""
    session.merge(HookRow(zap_id=zap_id, token_hash=token_hash, sealed=sealed, created_at=to_ms(now)))


def every(session: Session) -> dict[str, bytes]:
    """Every sealed token, by zap."""
    return {row.zap_id: row.sealed for row in session.exec(select_rows(HookRow))}


def set_sealed(session: Session, zap_id: str, sealed: bytes) -> None:
    """The same token, sealed with another key."""
    row = session.get_one(HookRow, zap_id)
    row.sealed = sealed
    session.add(row)
