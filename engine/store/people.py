"""People as rows: who may sign in, and with what. Called by engine.people, which decides; this only keeps.

One who was removed keeps id, name and e-mail for the audit log, and loses everything that opens a door.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from unicodedata import normalize

from sqlalchemy import text
from sqlmodel import Session, col, select

from engine.errors import NotFound
from engine.store import ids
from engine.store.encoding import clean
from engine.store.moments import from_ms, maybe, to_ms
from engine.store.tables_people import PersonRow


@dataclass(frozen=True)
class StoredPerson:
    """One person with what they sign in with: for engine.people alone, never for a page."""

    id: str
    email: str
    name: str
    role: str
    language: str
    timezone: str
    created_at: datetime
    last_seen_at: datetime | None
    removed_at: datetime | None
    totp_used: int
    password: str = field(repr=False)
    totp: bytes | None = field(repr=False)
    recovery: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class NewPerson:
    """Somebody who was let in. `password` is a hash."""

    email: str
    name: str
    role: str
    language: str
    timezone: str
    password: str = field(repr=False)


def alone(session: Session) -> None:
    """Until the end of this transaction nobody else adds, removes or changes people.

    To be called before the first look: SQLite's writing transaction is alone anyway, PostgreSQL must be told.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE"))


def add(session: Session, new: NewPerson, *, now: datetime) -> StoredPerson:
    row = PersonRow(
        id=ids.new(),
        email=clean(new.email),
        name=clean(new.name),
        role=new.role,
        language=new.language,
        timezone=new.timezone,
        password=new.password,
        totp_used=0,
        created_at=to_ms(now),
    )
    session.add(row)
    session.flush()
    return _stored(row)


def get(session: Session, person_id: str) -> StoredPerson | None:
    """Also one who was removed; None if there never was one."""
    row = session.get(PersonRow, person_id)
    return _stored(row) if row else None


def find(session: Session, person_id: str) -> StoredPerson:
    """One who was not removed. Raises `NotFound`."""
    found = get(session, person_id)
    if found is None or found.removed_at is not None:
        raise NotFound("There is no such person.")
    return found


def locked(session: Session, person_id: str) -> StoredPerson:
    """As `find`; the row stays as it is until the end of this transaction."""
    return _stored(_row(session, person_id))


def by_email(session: Session, email: str) -> StoredPerson | None:
    """Without regard to case, among those who were not removed.

    Compared here and not in the database: SQLite knows the case of ASCII only. An installation has few people.
    """
    wanted = same(email)
    alive = select(PersonRow.id, PersonRow.email).where(col(PersonRow.removed_at).is_(None))
    found = [person_id for person_id, address in session.exec(alive) if same(address) == wanted]
    return get(session, found[0]) if found else None


def same(email: str) -> str:
    """What two ways of writing one e-mail address have in common."""
    return normalize("NFC", clean(email).strip()).casefold()


def every(session: Session) -> list[StoredPerson]:
    """All who were not removed, by name."""
    alive = select(PersonRow).where(col(PersonRow.removed_at).is_(None))
    return [_stored(row) for row in sorted(session.exec(alive), key=lambda row: (row.name.casefold(), row.id))]


def set_profile(session: Session, person_id: str, *, name: str, language: str, timezone: str) -> StoredPerson:
    return _set(session, person_id, name=clean(name), language=language, timezone=timezone)


def set_email(session: Session, person_id: str, email: str) -> StoredPerson:
    return _set(session, person_id, email=clean(email))


def set_role(session: Session, person_id: str, role: str) -> StoredPerson:
    return _set(session, person_id, role=role)


def set_password(session: Session, person_id: str, password: str) -> StoredPerson:
    """`password` is a hash."""
    return _set(session, person_id, password=password)


def set_second_factor(session: Session, person_id: str, sealed: bytes | None, recovery: Sequence[str]) -> StoredPerson:
    """The sealed secret and the hashes of the recovery codes; None and nothing to switch it off.

    The last time step that was accepted stays: a code that was used is not good again for another secret either.
    """
    return _set(session, person_id, totp=sealed, recovery=json.dumps(list(recovery)))


def accept_step(session: Session, person_id: str, step: int) -> bool:
    """Uses up a time step; False if it, or a later one, was used already."""
    if locked(session, person_id).totp_used >= step:
        return False
    _set(session, person_id, totp_used=step)
    return True


def use_recovery(session: Session, person_id: str, code_hash: str) -> bool:
    """Uses up a recovery code; False if it is none, or was used already."""
    left = locked(session, person_id).recovery
    if code_hash not in left:
        return False
    _set(session, person_id, recovery=json.dumps([one for one in left if one != code_hash]))
    return True


def seen(session: Session, person_id: str, *, now: datetime) -> None:
    row = session.get_one(PersonRow, person_id)
    row.last_seen_at = to_ms(now)
    session.add(row)


def remove(session: Session, person_id: str, *, now: datetime) -> None:
    """Shreds what they signed in with; the name stays for the audit log."""
    _set(session, person_id, password="", totp=None, recovery="[]", removed_at=to_ms(now))


def sealed(session: Session) -> dict[str, bytes]:
    """Every sealed second factor, by person."""
    having = select(PersonRow.id, PersonRow.totp).where(col(PersonRow.totp).is_not(None))
    return {person_id: secret for person_id, secret in session.exec(having) if secret is not None}


def set_sealed(session: Session, person_id: str, secret: bytes) -> None:
    """The same second factor, sealed with another key."""
    _set(session, person_id, totp=secret)


def _row(session: Session, person_id: str) -> PersonRow:
    alive = select(PersonRow).where(PersonRow.id == person_id, col(PersonRow.removed_at).is_(None))
    row = session.exec(alive.with_for_update().execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound("There is no such person.")
    return row


def _set(session: Session, person_id: str, **values: object) -> StoredPerson:
    row = _row(session, person_id)
    for name, value in values.items():
        setattr(row, name, value)
    row.revision += 1
    session.add(row)
    session.flush()
    return _stored(row)


def _stored(row: PersonRow) -> StoredPerson:
    return StoredPerson(
        id=row.id,
        email=row.email,
        name=row.name,
        role=row.role,
        language=row.language,
        timezone=row.timezone,
        created_at=from_ms(row.created_at),
        last_seen_at=maybe(row.last_seen_at),
        removed_at=maybe(row.removed_at),
        totp_used=row.totp_used,
        password=row.password,
        totp=row.totp,
        recovery=tuple(json.loads(row.recovery)),
    )
