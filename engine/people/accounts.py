"""People: the first owner, invitations, what they change about themselves, and what an owner changes about others.

There is always an owner: the last one can be neither removed nor made anything less. Each change is written into the
audit log in the same transaction.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from engine.errors import NotFound, Problem, Problems
from engine.people import particulars, passwords
from engine.people.attempts import Attempts
from engine.people.audit import Action, Audit
from engine.people.links import Links, MadeLink, Purpose, note_for
from engine.people.person import Person
from engine.people.refusals import DeadLink, OwnersOnly
from engine.people.roles import Role
from engine.people.sentences import Declined, PersonProblem
from engine.store import links, people, sign_ins, tokens
from engine.store.database import Database
from engine.store.people import NewPerson

LONGEST_NOTE = 200  # characters


@dataclass(frozen=True)
class Accounts:
    """The people of one installation. All of it blocks; what hashes a password takes about a tenth of a second."""

    database: Database
    links: Links
    attempts: Attempts
    audit: Audit
    now: Callable[[], datetime]

    def every(self) -> list[Person]:
        """All who were not removed, by name."""
        with self.database.read() as session:
            return [Person.of(one) for one in people.every(session)]

    def find(self, id_or_email: str) -> Person:
        """Raises `NotFound`."""
        with self.database.read() as session:
            found = people.by_email(session, id_or_email) if "@" in id_or_email else None
            return Person.of(found or people.find(session, id_or_email))

    def has_owner(self) -> bool:
        """Whether this installation was set up, so that somebody owns it."""
        with self.database.read() as session:
            return bool(_owners(session))

    def set_up(
        self,
        token: str,
        name: str,
        email: str,
        password: str,
        language: str = "",
        timezone: str = "",
        *,
        address: str = "",
    ) -> Person:
        """Makes the first owner. Raises `Problems` by field (the link stays good), `DeadLink`, `Declined`."""
        self.links.peek(Purpose.SET_UP, token)
        new = self._checked(name, email, password, language, timezone)
        with self.database.write() as session:
            people.alone(session)
            self.links.use_within(session, Purpose.SET_UP, token)
            if _owners(session):
                raise Declined("set_up_already")
            return self._add(session, new, Role.OWNER, Action.PERSON_SET_UP, address)

    def accept(
        self,
        token: str,
        name: str,
        email: str,
        password: str,
        language: str = "",
        timezone: str = "",
        *,
        address: str = "",
    ) -> Person:
        """Joins with an invitation. Raises `Problems` by field (the link stays good), `DeadLink`."""
        self.links.peek(Purpose.INVITATION, token)
        new = self._checked(name, email, password, language, timezone)
        with self.database.write() as session:
            people.alone(session)
            link = self.links.use_within(session, Purpose.INVITATION, token)
            return self._add(session, new, link.role or Role.VIEWER, Action.PERSON_JOINED, address)

    def invite(self, role: Role, note: str = "", *, email: str = "", by: Person | None, address: str = "") -> MadeLink:
        """A link with which somebody joins. `note` says whom it is for; with an e-mail address it is their name.

        Raises `Problems`: `name` for a note that is too long, `email` for an address that is none, or of somebody who
        is here already.
        """
        _must_own(by)
        _raise(particulars.email_problems(email) if email else ())
        if len(note.strip()) > LONGEST_NOTE:
            raise Problems([PersonProblem.of("too_long", "name", most=LONGEST_NOTE)])
        meant = note_for(note, email) if email else note.strip()
        with self.database.write() as session:
            if email:
                _must_be_free(session, email)
            made = self.links.make_within(
                session, Purpose.INVITATION, role=role, note=meant, created_by=by.id if by else ""
            )
            self._tell(session, Action.PERSON_INVITED, by, made.link.id, meant, address, {"role": str(role)})
        return made

    def withdraw(self, invitation_id: str, *, by: Person | None, address: str = "") -> None:
        """Ends an invitation. Raises `NotFound`."""
        _must_own(by)
        with self.database.write() as session:
            gone = links.withdraw(session, invitation_id, Purpose.INVITATION)
            if gone is None:
                raise NotFound("There is no such invitation.")
            self._tell(session, Action.PERSON_INVITATION_WITHDRAWN, by, gone.id, gone.note, address)

    def change_profile(self, person: Person, *, name: str, language: str, timezone: str, address: str = "") -> Person:
        """Raises `Problems` by field."""
        _raise(particulars.problems(name=name, language=language, timezone=timezone))
        with self.database.write() as session:
            stored = people.set_profile(session, person.id, name=name.strip(), language=language, timezone=timezone)
            self._tell(session, Action.PERSON_CHANGED, person, person.id, stored.name, address)
        return Person.of(stored)

    def change_email(self, person: Person, email: str, password: str, *, address: str = "") -> Person:
        """Needs the password. Raises `Problems` by field, `Throttled`."""
        _raise(particulars.email_problems(email))
        self._prove(person, password, "password", address)
        with self.database.write() as session:
            people.alone(session)
            _must_be_free(session, email, person.id)
            stored = people.set_email(session, person.id, email.strip())
            links.withdraw_all(session, Purpose.PASSWORD, person_id=person.id)
            self._tell(session, Action.PERSON_EMAIL_CHANGED, person, person.id, person.name, address)
        return Person.of(stored)

    def change_password(self, person: Person, old: str, new: str, *, keep: str = "", address: str = "") -> None:
        """Needs the old one; ends all other sign-ins than the one with the id `keep`.

        Raises `Problems` by field (old, new), `Throttled`.
        """
        self._prove(person, old, "old", address)
        self._set_password(person, new, "new", keep=keep, address=address)

    def reset_link(self, person_id: str, *, by: Person | None, address: str = "") -> MadeLink:
        """A link with which somebody who is locked out sets a new password. Raises `NotFound`, and `Declined` for one's
        own: a program with one's token could take the account with it."""
        _must_own(by)
        if by is not None and by.id == person_id:
            raise Declined("own_link")
        with self.database.write() as session:
            stored = people.locked(session, person_id)
            made = self.links.make_within(
                session, Purpose.PASSWORD, person_id=stored.id, created_by=by.id if by else ""
            )
            self._tell(session, Action.PERSON_PASSWORD_LINK_MADE, by, stored.id, stored.name, address)
        return made

    def new_password(self, token: str, password: str, *, address: str = "") -> Person:
        """Sets a password with such a link, and ends all sign-ins. Raises `Problems` (password), `DeadLink`.

        The second factor stays, so let them sign in afterwards.
        """
        link = self.links.peek(Purpose.PASSWORD, token)
        try:
            person = self.find(link.person_id)
        except NotFound as error:
            raise DeadLink from error
        self._set_password(person, password, "password", address=address, token=token)
        self.attempts.forget(person.email, address)
        return person

    def change_role(self, person_id: str, role: Role, *, by: Person | None, address: str = "") -> Person:
        """Raises `NotFound`, and `Declined` for the last owner."""
        _must_own(by)
        with self.database.write() as session:
            people.alone(session)
            before = people.find(session, person_id)
            if role is not Role.OWNER:
                _must_not_be_last(session, person_id)
                links.withdraw_of(session, person_id)
            stored = people.set_role(session, person_id, role)
            details = {"before": before.role, "after": str(role)}
            self._tell(session, Action.PERSON_ROLE_CHANGED, by, person_id, stored.name, address, details)
        return Person.of(stored)

    def remove(self, person_id: str, *, by: Person | None, address: str = "") -> None:
        """Ends their sign-ins, tokens and links at once. Raises `NotFound`, and `Declined` for the last owner."""
        _must_own(by)
        with self.database.write() as session:
            people.alone(session)
            gone = people.find(session, person_id)
            _must_not_be_last(session, person_id)
            people.remove(session, person_id, now=self.now())
            sign_ins.end_all(session, person_id)
            tokens.revoke_all(session, person_id)
            links.withdraw_of(session, person_id)
            self._tell(session, Action.PERSON_REMOVED, by, gone.id, gone.name, address)

    def _checked(self, name: str, email: str, password: str, language: str, timezone: str) -> NewPerson:
        """The role comes from the link."""
        _raise(
            (
                *particulars.problems(name=name, language=language, timezone=timezone),
                *particulars.email_problems(email),
                *passwords.problems(password, email=email, name=name),
            )
        )
        return NewPerson(email.strip(), name.strip(), "", language, timezone, passwords.hashed(password))

    def _add(self, session: Session, new: NewPerson, role: Role, action: Action, address: str) -> Person:
        _must_be_free(session, new.email)
        wanted = NewPerson(new.email, new.name, role, new.language, new.timezone, new.password)
        person = Person.of(people.add(session, wanted, now=self.now()))
        self._tell(session, action, person, person.id, person.name, address, {"role": str(role)})
        return person

    def _prove(self, person: Person, password: str, field: str, address: str) -> None:
        attempt = self.attempts.begin(person.email, address)
        with self.database.read() as session:
            stored = people.find(session, person.id)
        if not passwords.fits(stored.password, password):
            raise Problems([PersonProblem.of("wrong_password", field)])
        attempt.succeeded()

    def _set_password(
        self, person: Person, password: str, field: str, *, address: str, keep: str = "", token: str = ""
    ) -> None:
        _raise(passwords.problems(password, email=person.email, name=person.name, field=field))
        hashed = passwords.hashed(password)
        with self.database.write() as session:
            if token:
                self.links.use_within(session, Purpose.PASSWORD, token)
            people.set_password(session, person.id, hashed)
            sign_ins.end_all(session, person.id, but=keep)
            links.withdraw_all(session, Purpose.PASSWORD, person_id=person.id)
            self._tell(session, Action.PERSON_PASSWORD_CHANGED, person, person.id, person.name, address)

    def _tell(
        self,
        session: Session,
        action: Action,
        by: Person | None,
        subject_id: str,
        subject: str,
        address: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.audit.write(
            session,
            action,
            person=by,
            subject_id=subject_id,
            subject=subject,
            details=details,
            address=address,
        )


def _owners(session: Session) -> set[str]:
    return {one.id for one in people.every(session) if one.role == Role.OWNER}


def _must_own(by: Person | None) -> None:
    """None is the command line, which may do everything."""
    if by is not None and by.role is not Role.OWNER:
        raise OwnersOnly


def _must_not_be_last(session: Session, person_id: str) -> None:
    if _owners(session) == {person_id}:
        raise Declined("last_owner")


def _must_be_free(session: Session, email: str, person_id: str = "") -> None:
    holder = people.by_email(session, email)
    if holder is not None and holder.id != person_id:
        raise Problems([PersonProblem.of("email_taken", "email")])


def _raise(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if found:
        raise Problems(found)
