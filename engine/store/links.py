"""Links that are good once, as rows. Called by engine.people; the token itself is never stored, only its hash."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from engine.store import ids
from engine.store.encoding import clean
from engine.store.moments import from_ms, maybe, to_ms
from engine.store.tables_people import LinkRow


@dataclass(frozen=True)
class StoredLink:
    """One link. `role` and `note` are an invitation's; `person_id` is whom a new password or a sign-in is for."""

    id: str
    purpose: str
    role: str
    person_id: str
    note: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class NewLink:
    """What a link is to do."""

    purpose: str
    expires_at: datetime
    role: str = ""
    person_id: str = ""
    note: str = ""
    created_by: str = ""


def add(session: Session, token_hash: str, new: NewLink, *, now: datetime) -> StoredLink:
    row = LinkRow(
        token_hash=token_hash,
        id=ids.new(),
        purpose=new.purpose,
        role=new.role,
        person_id=new.person_id,
        note=clean(new.note),
        created_by=new.created_by,
        created_at=to_ms(now),
        expires_at=to_ms(new.expires_at),
    )
    session.add(row)
    session.flush()
    return _stored(row)


def look(session: Session, token_hash: str, purpose: str, *, now: datetime) -> StoredLink | None:
    """The link while it is good; looking does not use it up."""
    row = session.get(LinkRow, token_hash)
    good = row is not None and row.purpose == purpose and row.used_at is None and row.expires_at > to_ms(now)
    return _stored(row) if row is not None and good else None


def use(session: Session, token_hash: str, purpose: str, *, now: datetime) -> StoredLink | None:
    """Uses it up, for one caller only, however many come at once; None for everybody else."""
    good = (
        col(LinkRow.token_hash) == token_hash,
        col(LinkRow.purpose) == purpose,
        col(LinkRow.used_at).is_(None),
        col(LinkRow.expires_at) > to_ms(now),
    )
    if not session.exec(update(LinkRow).where(*good).values(used_at=to_ms(now))).rowcount:
        return None
    row = session.get_one(LinkRow, token_hash, populate_existing=True)
    return _stored(row)


def waiting(session: Session, purpose: str, *, now: datetime) -> list[StoredLink]:
    """Those that are still good, newest first."""
    good = (LinkRow.purpose == purpose, col(LinkRow.used_at).is_(None), LinkRow.expires_at > to_ms(now))
    return [_stored(row) for row in session.exec(select(LinkRow).where(*good).order_by(col(LinkRow.id).desc()))]


def withdraw(session: Session, link_id: str, purpose: str) -> StoredLink | None:
    """Ends one that was not used; None if there is no such link."""
    its = (LinkRow.id == link_id, LinkRow.purpose == purpose, col(LinkRow.used_at).is_(None))
    row = session.exec(select(LinkRow).where(*its)).first()
    if row is None:
        return None
    session.delete(row)
    session.flush()
    return _stored(row)


def withdraw_all(session: Session, purpose: str, *, person_id: str = "") -> int:
    """Ends all of this purpose that were not used; with a person, those for them."""
    unused = delete(LinkRow).where(col(LinkRow.purpose) == purpose, col(LinkRow.used_at).is_(None))
    return session.exec(unused.where(col(LinkRow.person_id) == person_id)).rowcount


def withdraw_of(session: Session, person_id: str) -> int:
    """Ends what is for this person, and what they gave out."""
    theirs = (col(LinkRow.person_id) == person_id) | (col(LinkRow.created_by) == person_id)
    return session.exec(delete(LinkRow).where(theirs, col(LinkRow.used_at).is_(None))).rowcount


def forget(session: Session, *, expired_before: datetime) -> int:
    """Drops what nobody can use any more."""
    return session.exec(delete(LinkRow).where(col(LinkRow.expires_at) <= to_ms(expired_before))).rowcount


def _stored(row: LinkRow) -> StoredLink:
    return StoredLink(
        id=row.id,
        purpose=row.purpose,
        role=row.role,
        person_id=row.person_id,
        note=row.note,
        created_by=row.created_by,
        created_at=from_ms(row.created_at),
        expires_at=from_ms(row.expires_at),
        used_at=maybe(row.used_at),
    )
