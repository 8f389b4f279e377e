"""Browsers that are signed in, as rows. Called by engine.people; the token itself is never stored, only its hash."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from engine.store import ids
from engine.store.encoding import clean
from engine.store.moments import from_ms, to_ms
from engine.store.tables_people import SignInRow

LONGEST = 300  # characters of what a browser says about itself


@dataclass(frozen=True)
class StoredSignIn:
    """One browser that is signed in."""

    id: str
    person_id: str
    agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


def add(
    session: Session,
    token_hash: str,
    person_id: str,
    *,
    agent: str,
    address: str,
    expires_at: datetime,
    now: datetime,
) -> StoredSignIn:
    row = SignInRow(
        token_hash=token_hash,
        id=ids.new(),
        person_id=person_id,
        agent=clean(agent)[:LONGEST],
        address=clean(address),
        created_at=to_ms(now),
        last_seen_at=to_ms(now),
        expires_at=to_ms(expires_at),
    )
    session.add(row)
    session.flush()
    return _stored(row)


def by_hash(session: Session, token_hash: str) -> StoredSignIn | None:
    row = session.get(SignInRow, token_hash)
    return _stored(row) if row else None


def every(session: Session, person_id: str) -> list[StoredSignIn]:
    """All of one person, the one that was seen last at the front."""
    of_person = select(SignInRow).where(SignInRow.person_id == person_id)
    return [_stored(row) for row in session.exec(of_person.order_by(col(SignInRow.last_seen_at).desc()))]


def seen(session: Session, sign_in_id: str, *, now: datetime) -> None:
    """Notes it, unless the sign-in was ended meanwhile."""
    its = update(SignInRow).where(col(SignInRow.id) == sign_in_id)
    session.exec(its.values(last_seen_at=to_ms(now)))


def end(session: Session, person_id: str, sign_in_id: str) -> bool:
    """False if this person has no such sign-in."""
    its = delete(SignInRow).where(col(SignInRow.id) == sign_in_id, col(SignInRow.person_id) == person_id)
    return bool(session.exec(its).rowcount)


def end_all(session: Session, person_id: str, *, but: str = "") -> int:
    """How many were ended; the one with the id `but` stays."""
    others = delete(SignInRow).where(col(SignInRow.person_id) == person_id, col(SignInRow.id) != but)
    return session.exec(others).rowcount


def end_old(session: Session, *, seen_before: datetime, now: datetime) -> int:
    """Forgets those that are no longer good."""
    old = (col(SignInRow.last_seen_at) <= to_ms(seen_before)) | (col(SignInRow.expires_at) <= to_ms(now))
    return session.exec(delete(SignInRow).where(old)).rowcount


def _stored(row: SignInRow) -> StoredSignIn:
    return StoredSignIn(
        id=row.id,
        person_id=row.person_id,
        agent=row.agent,
        address=row.address,
        created_at=from_ms(row.created_at),
        last_seen_at=from_ms(row.last_seen_at),
        expires_at=from_ms(row.expires_at),
    )
