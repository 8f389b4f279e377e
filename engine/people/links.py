"""Links that are good once: for setting up, invitations, new passwords, and the demo's sign-in.

Whoever holds one may do what it is for; so only its hash is stored, and it is shown when it is made and never again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from engine.people.refusals import DeadLink
from engine.people.roles import Role
from engine.people.secret_texts import hash_of, new_token
from engine.store import links, people
from engine.store.database import Database
from engine.store.links import NewLink, StoredLink

KEPT_FOR = timedelta(days=30)  # after they expired
_NOTE = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^@\s<>]+@[^@\s<>]+)>")


class Purpose(StrEnum):
    """What a link is for."""

    SET_UP = "set_up"
    INVITATION = "invitation"
    PASSWORD = "password"  # noqa: S105 - the name of a purpose
    SIGN_IN = "sign_in"


LIFETIME = {
    Purpose.SET_UP: timedelta(hours=24),
    Purpose.INVITATION: timedelta(days=7),
    Purpose.PASSWORD: timedelta(hours=24),
    Purpose.SIGN_IN: timedelta(hours=1),
}
PATHS = {
    Purpose.SET_UP: "welcome",
    Purpose.INVITATION: "join",
    Purpose.PASSWORD: "password",
    Purpose.SIGN_IN: "enter",
}


@dataclass(frozen=True)
class Link:
    """A link without its secret. `role` is what an invitation gives; `person_id` whom another link is for."""

    id: str
    purpose: Purpose
    role: Role | None
    person_id: str
    note: str
    created_by: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, stored: StoredLink) -> "Link":
        return cls(
            id=stored.id,
            purpose=Purpose(stored.purpose),
            role=Role(stored.role) if stored.role else None,
            person_id=stored.person_id,
            note=stored.note,
            created_by=stored.created_by,
            created_at=stored.created_at,
            expires_at=stored.expires_at,
        )

    @property
    def email(self) -> str:
        """The e-mail address that an invitation's note names, to fill in the form with; or ""."""
        found = _NOTE.fullmatch(self.note.strip())
        return found["email"] if found else ""

    @property
    def name(self) -> str:
        """The name beside it, or the whole note."""
        found = _NOTE.fullmatch(self.note.strip())
        return found["name"].strip() if found else self.note


def note_for(name: str, email: str) -> str:
    """Whom an invitation is for, so that `Link.name` and `Link.email` find both again."""
    return f"{name.strip()} <{email.strip()}>".strip()


@dataclass(frozen=True)
class MadeLink:
    """A link with its secret, which is not shown again: `url` is what to give to the person."""

    link: Link
    token: str
    url: str


@dataclass(frozen=True)
class Links:
    """`base` gives the address that this installation is reached at, without a slash at its end."""

    database: Database
    now: Callable[[], datetime]
    base: Callable[[], str]

    def make(
        self, purpose: Purpose, *, role: Role | None = None, person_id: str = "", note: str = "", created_by: str = ""
    ) -> MadeLink:
        """A new link. One for a person, or for setting up, replaces those that were made before."""
        with self.database.write() as session:
            return self.make_within(session, purpose, role=role, person_id=person_id, note=note, created_by=created_by)

    def make_within(
        self,
        session: Session,
        purpose: Purpose,
        *,
        role: Role | None = None,
        person_id: str = "",
        note: str = "",
        created_by: str = "",
    ) -> MadeLink:
        """As `make`, in a transaction of the caller's."""
        token, now = new_token(), self.now()
        links.forget(session, expired_before=now - KEPT_FOR)
        if purpose is not Purpose.INVITATION:
            links.withdraw_all(session, purpose, person_id=person_id)
        wanted = NewLink(purpose, now + LIFETIME[purpose], role or "", person_id, note, created_by)
        stored = links.add(session, hash_of(token), wanted, now=now)
        return MadeLink(Link.of(stored), token, self.url(purpose, token))

    def set_up(self) -> MadeLink | None:
        """A fresh link for the first owner, to be shown at each start; None once there is an owner."""
        with self.database.write() as session:
            if any(one.role == Role.OWNER for one in people.every(session)):
                return None
            return self.make_within(session, Purpose.SET_UP)

    def peek(self, purpose: Purpose, token: str) -> Link:
        """The link while it is good, for showing its page; does not use it up. Raises `DeadLink`."""
        with self.database.read() as session:
            return _alive(links.look(session, hash_of(token), purpose, now=self.now()))

    def use(self, purpose: Purpose, token: str) -> Link:
        """Uses it up, for one caller only. Raises `DeadLink`."""
        with self.database.write() as session:
            return self.use_within(session, purpose, token)

    def use_within(self, session: Session, purpose: Purpose, token: str) -> Link:
        """As `use`, in a transaction of the caller's: if that fails, the link is still good."""
        return _alive(links.use(session, hash_of(token), purpose, now=self.now()))

    def invitations(self) -> list[Link]:
        """Those that nobody used yet, newest first."""
        with self.database.read() as session:
            return [Link.of(one) for one in links.waiting(session, Purpose.INVITATION, now=self.now())]

    def url(self, purpose: Purpose, token: str) -> str:
        return f"{self.base()}/{PATHS[purpose]}/{token}"


def _alive(stored: StoredLink | None) -> Link:
    if stored is None:
        raise DeadLink
    return Link.of(stored)
