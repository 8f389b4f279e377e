"""Tokens for the API: made by a person for a program, with at most that person's rights, at every moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.errors import NotFound, Problems
from engine.people.audit import Action, Audit
from engine.people.noting import Noting
from engine.people.person import Person
from engine.people.roles import Role
from engine.people.secret_texts import hash_of, new_token
from engine.people.sentences import Declined, PersonProblem
from engine.store import people, tokens
from engine.store.database import Database
from engine.store.tokens import StoredToken

PREFIX = "zw_"  # so that a scanner for leaked secrets knows one
USE_NOTED_EVERY = timedelta(minutes=1)
LONGEST_NAME = 100  # characters


@dataclass(frozen=True)
class Token:
    """A token without its secret."""

    id: str
    person_id: str
    name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def of(cls, stored: StoredToken) -> "Token":
        return cls(
            id=stored.id,
            person_id=stored.person_id,
            name=stored.name,
            role=Role(stored.role),
            created_at=stored.created_at,
            last_used_at=stored.last_used_at,
            expires_at=stored.expires_at,
        )


@dataclass(frozen=True)
class MadeToken:
    """A new token with its secret, which is not shown again."""

    token: Token
    secret: str


@dataclass(frozen=True)
class Bearer:
    """Who calls with a token, and what they may do: the lower of the token's role and the person's own."""

    person: Person
    role: Role
    token_id: str
    name: str
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Tokens:
    """The tokens of one installation."""

    database: Database
    audit: Audit
    now: Callable[[], datetime]
    noting: Noting = field(default_factory=Noting)

    def make(
        self, person: Person, name: str, role: Role, expires: datetime | None = None, *, address: str = ""
    ) -> MadeToken:
        """Raises `Problems` by field (name, role, expires)."""
        now, secret = self.now(), PREFIX + new_token()
        problems = _problems(name, expires, now)
        with self.database.write() as session:
            maker = Person.of(people.locked(session, person.id))
            if not maker.role.includes(role):
                problems.append(PersonProblem.of("role_too_high", "role"))
            if problems:
                raise Problems(problems)
            stored = tokens.add(
                session, hash_of(secret), maker.id, name=name.strip(), role=role, expires_at=expires, now=now
            )
            details = {"role": str(role), "expires": expires}
            self.audit.write(
                session,
                Action.TOKEN_MADE,
                person=maker,
                subject_id=stored.id,
                subject=stored.name,
                details=details,
                address=address,
            )
        return MadeToken(Token.of(stored), secret)

    def of(self, secret: str) -> Bearer | None:
        """Who calls; None for a token that is unknown, too old, or of somebody who was removed."""
        if not secret.startswith(PREFIX):
            return None
        now = self.now()
        with self.database.read() as session:
            stored = tokens.by_hash(session, hash_of(secret))
            if stored is None or (stored.expires_at is not None and stored.expires_at <= now):
                return None
            holder = people.get(session, stored.person_id)
        if holder is None or holder.removed_at is not None:
            return None
        if stored.last_used_at is None or stored.last_used_at <= now - USE_NOTED_EVERY:
            self.noting.note(lambda: self._used(stored, now))
        person = Person.of(holder)
        return Bearer(person, Role(stored.role).at_most(person.role), stored.id, stored.name, stored.expires_at)

    def _used(self, stored: StoredToken, now: datetime) -> None:
        with self.database.write() as session:
            tokens.used(session, stored.id, now=now)

    def every(self, person_id: str = "") -> list[Token]:
        """Of one person, or of all; newest first."""
        with self.database.read() as session:
            return [Token.of(one) for one in tokens.every(session, person_id)]

    def revoke(self, token_id: str, *, by: Person | None, address: str = "") -> None:
        """It stops working at once. An owner may revoke anybody's, others their own. Raises `NotFound`, `Declined`."""
        with self.database.write() as session:
            gone = tokens.revoke(session, token_id)
            if gone is None:
                raise NotFound("There is no such token.")
            if by is not None and by.id != gone.person_id and by.role is not Role.OWNER:
                raise Declined("owners_only")
            self.audit.write(
                session, Action.TOKEN_REVOKED, person=by, subject_id=gone.id, subject=gone.name, address=address
            )


def _problems(name: str, expires: datetime | None, now: datetime) -> list[PersonProblem]:
    found = []
    if not name.strip():
        found.append(PersonProblem.of("name_missing", "name"))
    if len(name.strip()) > LONGEST_NAME:
        found.append(PersonProblem.of("too_long", "name", most=LONGEST_NAME))
    if expires is not None and expires <= now:
        found.append(PersonProblem.of("expired_already", "expires"))
    return found
