"""Tokens for the API, as rows. Called by engine.people; the token itself is never stored, only its hash."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from engine.store import ids
from engine.store.encoding import clean
from engine.store.moments import from_ms, maybe, to_ms
from engine.store.tables_people import TokenRow


@dataclass(frozen=True)
class StoredToken:
    """One token for the API. `role` is what it was made with; its person may have lost it since."""

    id: str
    person_id: str
    name: str
    role: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


def add(
    session: Session,
    token_hash: str,
    person_id: str,
    *,
    name: str,
    role: str,
    expires_at: datetime | None,
    now: datetime,
) -> StoredToken:
    row = TokenRow(
        token_hash=token_hash,
        id=ids.new(),
        person_id=person_id,
        name=clean(name),
        role=role,
        created_at=to_ms(now),
        expires_at=None if expires_at is None else to_ms(expires_at),
    )
    session.add(row)
    session.flush()
    return _stored(row)


def by_hash(session: Session, token_hash: str) -> StoredToken | None:
    row = session.get(TokenRow, token_hash)
    return _stored(row) if row else None


def every(session: Session, person_id: str = "") -> list[StoredToken]:
    """Of one person, or of all; newest first."""
    wanted = select(TokenRow).order_by(col(TokenRow.id).desc())
    return [
        _stored(row) for row in session.exec(wanted.where(TokenRow.person_id == person_id) if person_id else wanted)
    ]


def used(session: Session, token_id: str, *, now: datetime) -> None:
    session.exec(update(TokenRow).where(col(TokenRow.id) == token_id).values(last_used_at=to_ms(now)))


def revoke(session: Session, token_id: str) -> StoredToken | None:
    """None if there is no such token."""
    row = session.exec(select(TokenRow).where(TokenRow.id == token_id)).first()
    if row is None:
        return None
    session.delete(row)
    session.flush()
    return _stored(row)


def revoke_all(session: Session, person_id: str) -> int:
    return session.exec(delete(TokenRow).where(col(TokenRow.person_id) == person_id)).rowcount


def _stored(row: TokenRow) -> StoredToken:
    return StoredToken(
        id=row.id,
        person_id=row.person_id,
        name=row.name,
        role=row.role,
        created_at=from_ms(row.created_at),
        last_used_at=maybe(row.last_used_at),
        expires_at=maybe(row.expires_at),
    )
