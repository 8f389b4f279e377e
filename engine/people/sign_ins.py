"""Signing in, and who is signed in. The front door asks `of` with every request and `begin` with every try.

A sign-in is a random token in a cookie and a row with its hash; so it can be ended from elsewhere, at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from engine.errors import NotFound
from engine.people import half_way, passwords
from engine.people.attempts import Attempts
from engine.people.audit import Action, Audit
from engine.people.links import Links, Purpose
from engine.people.noting import Noting
from engine.people.person import Person
from engine.people.refusals import CodeNeeded, DeadLink, WrongCode, WrongCredentials
from engine.people.second_factor import SecondFactor
from engine.people.secret_texts import derived, hash_of, new_token
from engine.people.sentences import Declined
from engine.store import people, sign_ins
from engine.store.database import Database
from engine.store.people import StoredPerson
from engine.store.sign_ins import StoredSignIn

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=90)
SEEN_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Begun:
    """A new sign-in. `token` belongs into a cookie and nowhere else; `id` is what pages call it by."""

    token: str
    id: str
    person: Person
    csrf: str
    expires_at: datetime


@dataclass(frozen=True)
class SignedIn:
    """Who a request comes from. `csrf` is what each of their forms must bring."""

    id: str
    person: Person
    csrf: str


@dataclass(frozen=True)
class SignIn:
    """One browser that is signed in, for the list of them."""

    id: str
    agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime

    @classmethod
    def of(cls, stored: StoredSignIn) -> "SignIn":
        return cls(stored.id, stored.agent, stored.address, stored.created_at, stored.last_seen_at)


@dataclass(frozen=True)
class SignIns:
    """The sign-ins of one installation. All of it blocks: `begin` for about a tenth of a second."""

    database: Database
    attempts: Attempts
    second_factor: SecondFactor
    links: Links
    audit: Audit
    now: Callable[[], datetime]
    noting: Noting = field(default_factory=Noting)

    def begin(self, email: str, password: str, code: str = "", *, address: str, agent: str) -> Begun:
        """Raises `WrongCredentials` (whatever is wrong), `CodeNeeded` (the password was right), `Throttled`."""
        attempt = self.attempts.begin(email, address)
        with self.database.read() as session:
            stored = people.by_email(session, email)
        if not passwords.fits(stored.password if stored else "", password) or stored is None:
            raise self._failed(stored, address)
        if stored.totp is not None and not code.strip():
            attempt.given_back()
            raise CodeNeeded(half_way.sealed(self.second_factor.vault, stored, now=self.now()))
        if stored.totp is not None and not self.second_factor.accepts(stored.id, code):
            raise self._failed(stored, address)
        attempt.succeeded()
        self._forget_old()
        fresh = passwords.hashed(password) if passwords.is_outdated(stored.password) else ""
        return self._verified(stored, fresh, address=address, agent=agent)

    def finish(self, note: str, code: str, *, address: str, agent: str) -> Begun:
        """The second step, with the note of `CodeNeeded`. Raises `WrongCode`, `Throttled`, and `Declined` when it took
        too long or the password was changed meanwhile: then begin again.
        """
        known = half_way.opened(self.second_factor.vault, note, now=self.now())
        with self.database.read() as session:
            stored = people.get(session, known.person_id)
        if stored is None or stored.removed_at is not None or not known.is_still(stored):
            raise Declined("sign_in_again")
        attempt = self.attempts.begin(stored.email, address)
        if stored.totp is not None and not self.second_factor.accepts(stored.id, code):
            self._failed(stored, address)
            raise WrongCode
        attempt.succeeded()
        return self._verified(stored, "", address=address, agent=agent)

    def begin_for(self, person: Person, *, address: str, agent: str) -> Begun:
        """Without asking: for somebody who just set up, joined, or came with a link. Raises `NotFound`.

        Asks for no second factor; after a new password let them sign in instead.
        """
        with self.database.write() as session:
            return self._begun(session, people.locked(session, person.id), address=address, agent=agent)

    def enter(self, token: str, *, address: str, agent: str) -> Begun:
        """With a sign-in link, which is used up. Raises `DeadLink`."""
        with self.database.write() as session:
            link = self.links.use_within(session, Purpose.SIGN_IN, token)
            try:
                return self._begun(session, people.locked(session, link.person_id), address=address, agent=agent)
            except NotFound as error:
                raise DeadLink from error

    def of(self, token: str) -> SignedIn | None:
        """Who is signed in with this cookie; None for one that is unknown, ended or too old."""
        now = self.now()
        with self.database.read() as session:
            stored = sign_ins.by_hash(session, hash_of(token))
            if stored is None or stored.expires_at <= now or stored.last_seen_at <= now - IDLE:
                return None
            holder = people.get(session, stored.person_id)
        if holder is None or holder.removed_at is not None:
            return None
        if stored.last_seen_at <= now - SEEN_NOTED_EVERY:
            self.noting.note(lambda: self._seen(stored, now))
        return SignedIn(stored.id, Person.of(holder), csrf_of(token))

    def every(self, person_id: str) -> list[SignIn]:
        """Where somebody is signed in; the one that was seen last at the front."""
        now = self.now()
        with self.database.read() as session:
            found = sign_ins.every(session, person_id)
        return [SignIn.of(one) for one in found if one.expires_at > now and one.last_seen_at > now - IDLE]

    def end(self, sign_in_id: str, *, person: Person, address: str = "") -> None:
        """Signs out: one of the person's own. One that ended already is no mistake."""
        with self.database.write() as session:
            if sign_ins.end(session, person.id, sign_in_id):
                self._tell(session, Action.SIGNED_OUT, person, address)

    def end_others(self, person: Person, *, but: str, address: str = "") -> int:
        """Ends all of the person's sign-ins but the one with the id `but`. How many there were."""
        with self.database.write() as session:
            count = sign_ins.end_all(session, person.id, but=but)
            self._tell(session, Action.SIGN_INS_ENDED, person, address, {"count": count})
        return count

    def end_all(self, person: Person, *, by: Person | None, address: str = "") -> int:
        """Ends all of somebody's sign-ins. How many there were."""
        with self.database.write() as session:
            count = sign_ins.end_all(session, person.id)
            details = {"count": count}
            self.audit.write(
                session,
                Action.SIGN_INS_ENDED,
                person=by,
                subject_id=person.id,
                subject=person.name,
                details=details,
                address=address,
            )
        return count

    def _verified(self, stored: StoredPerson, fresh: str, *, address: str, agent: str) -> Begun:
        """Looks again: the person may have been removed, or the password changed, while it was being verified."""
        with self.database.write() as session:
            try:
                person = people.locked(session, stored.id)
            except NotFound as error:
                raise WrongCredentials from error
            if person.password != stored.password:
                raise WrongCredentials
            if fresh:
                person = people.set_password(session, person.id, fresh)
            return self._begun(session, person, address=address, agent=agent)

    def _begun(self, session: Session, stored: StoredPerson, *, address: str, agent: str) -> Begun:
        token, now = new_token(), self.now()
        added = sign_ins.add(
            session, hash_of(token), stored.id, agent=agent, address=address, expires_at=now + ABSOLUTE, now=now
        )
        people.seen(session, stored.id, now=now)
        person = Person.of(people.find(session, stored.id))
        self._tell(session, Action.SIGNED_IN, person, address)
        return Begun(token, added.id, person, csrf_of(token), added.expires_at)

    def _forget_old(self) -> None:
        now = self.now()
        self.attempts.forget_old()
        with self.database.write() as session:
            sign_ins.end_old(session, seen_before=now - IDLE, now=now)

    def _seen(self, stored: StoredSignIn, now: datetime) -> None:
        with self.database.write() as session:
            people.seen(session, stored.person_id, now=now)
            sign_ins.seen(session, stored.id, now=now)

    def _failed(self, stored: StoredPerson | None, address: str) -> WrongCredentials:
        self.audit.failed(Person.of(stored) if stored else None, address=address)
        return WrongCredentials()

    def _tell(
        self, session: Session, action: Action, person: Person, address: str, details: dict[str, int] | None = None
    ) -> None:
        self.audit.write(
            session,
            action,
            person=person,
            subject_id=person.id,
            subject=person.name,
            details=details,
            address=address,
        )


def csrf_of(token: str) -> str:
    """What the forms of one sign-in bring along: whoever does not know the cookie cannot know it."""
    return derived(token, "zapwerk csrf")
