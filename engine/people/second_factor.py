"""The second step of signing in: codes of an authenticator app (TOTP), and recovery codes. The only user of `pyotp`.

Switching it on needs a code, so that nobody locks themselves out; until then the page keeps the new secret, sealed, and
nothing is stored. A code is good once: the time step it belongs to, and all before it, are used up with it.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from engine.connections.vault import Vault
from engine.errors import Problems, VaultError
from engine.people import passwords
from engine.people.attempts import Attempts
from engine.people.audit import Action, Audit
from engine.people.person import Person
from engine.people.secret_texts import hash_of
from engine.people.sentences import Declined, PersonProblem
from engine.store import people
from engine.store.database import Database
from engine.store.ids import ALPHABET
from engine.store.people import StoredPerson

ISSUER = "Zapwerk"
STEP = 30  # seconds
STEPS_AROUND = (0, -1, 1)  # clocks of phones are a little off
DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_GROUPS = 4  # of four signs each: 80 bits, so that a fast hash is enough
BEGUN_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class BegunFactor:
    """What the page shows: `uri` as a QR code, `secret` for typing. It gives `pending` back with the code."""

    pending: str
    secret: str
    uri: str


@dataclass(frozen=True)
class SecondFactor:
    """The second factors of one installation."""

    database: Database
    vault: Vault
    attempts: Attempts
    audit: Audit
    now: Callable[[], datetime]

    def begin(self, person: Person) -> BegunFactor:
        """A new secret, which is not stored yet. Raises `Declined` if it is on already."""
        if person.second_factor:
            raise Declined("second_factor_on")
        import pyotp

        secret = pyotp.random_base32()
        until = (self.now() + BEGUN_FOR).timestamp()
        pending = self.vault.seal({"totp": secret, "for": person.id, "until": until}).decode()
        return _begun(person, secret, pending)

    def begun(self, person: Person, pending: str) -> BegunFactor:
        """The same again, to show after a code was mistyped. Raises `Declined` if it is too old or another's."""
        return _begun(person, self._secret(person, pending), pending)

    def confirm(self, person: Person, pending: str, code: str, *, address: str = "") -> tuple[str, ...]:
        """Switches it on with a code of the new secret. Returns the recovery codes, which are not shown again.

        Raises `Problems` (code) and `Declined`; then nothing was changed.
        """
        secret = self._secret(person, pending)
        step = self._step(secret, code)
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
        with self.database.write() as session:
            if people.locked(session, person.id).totp is not None:
                raise Declined("second_factor_on")
            if step is None or not people.accept_step(session, person.id, step):
                raise Problems([PersonProblem.of("wrong_code", "code")])
            people.set_second_factor(session, person.id, self.vault.seal(secret), _hashes(codes))
            self._tell(session, Action.PERSON_SECOND_FACTOR_ON, person, person, address)
        return codes

    def renew_recovery(
        self,
        person: Person,
        *,
        password: str = "",
        code: str = "",
        address: str = "",
    ) -> tuple[str, ...]:
        """Ten new recovery codes; the old ones are worth nothing any more. Needs the password or a code."""
        self._prove(person, password, code, address)
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
        with self.database.write() as session:
            stored = people.locked(session, person.id)
            if stored.totp is None:
                raise Declined("second_factor_off")
            people.set_second_factor(session, person.id, stored.totp, _hashes(codes))
            self._tell(session, Action.PERSON_RECOVERY_RENEWED, person, person, address)
        return codes

    def off(self, person: Person, *, password: str = "", code: str = "", address: str = "") -> None:
        """Needs the password or a code. Raises `Problems` (password or code), `Throttled`."""
        self._prove(person, password, code, address)
        self.take_off(person, by=person, address=address)

    def take_off(self, person: Person, *, by: Person | None, address: str = "") -> None:
        """Without asking: for the command line, and an owner who helps somebody."""
        with self.database.write() as session:
            people.set_second_factor(session, person.id, None, ())
            self._tell(session, Action.PERSON_SECOND_FACTOR_OFF, by, person, address)

    def accepts(self, person_id: str, code: str) -> bool:
        """Uses up a code of the app, or a recovery code; False if it is neither, or was used before."""
        with self.database.write() as session:
            stored = people.locked(session, person_id)
            if stored.totp is None:
                return False
            step = self._step(self.vault.open(stored.totp), code)
            if step is not None:
                return people.accept_step(session, person_id, step)
            return people.use_recovery(session, person_id, hash_of(_bare(code)))

    def _prove(self, person: Person, password: str, code: str, address: str) -> None:
        attempt = self.attempts.begin(person.email, address)
        with self.database.read() as session:
            stored = people.find(session, person.id)
        if not self._proves(stored, password, code):
            raise Problems([PersonProblem.of("wrong_password_or_code", "password" if password else "code")])
        attempt.succeeded()

    def _proves(self, stored: StoredPerson, password: str, code: str) -> bool:
        if password:
            return passwords.fits(stored.password, password)
        return bool(code) and self.accepts(stored.id, code)

    def _step(self, secret: str, code: str) -> int | None:
        """The time step that a code belongs to, now or nearly now."""
        import pyotp

        typed = "".join(code.split())
        if len(typed) != DIGITS or not typed.isascii():
            return None
        totp, now = pyotp.TOTP(secret), int(self.now().timestamp()) // STEP
        around = (now + off for off in STEPS_AROUND)
        return next((step for step in around if hmac.compare_digest(totp.generate_otp(step), typed)), None)

    def _secret(self, person: Person, pending: str) -> str:
        try:
            begun = self.vault.open(pending.encode("utf-8", "surrogatepass"))
        except VaultError as error:
            raise Declined("begin_again") from error
        if not isinstance(begun, dict) or begun.get("for") != person.id or begun["until"] < self.now().timestamp():
            raise Declined("begin_again")
        return str(begun["totp"])

    def _tell(self, session: Session, action: Action, by: Person | None, person: Person, address: str) -> None:
        self.audit.write(session, action, person=by, subject_id=person.id, subject=person.name, address=address)


def _begun(person: Person, secret: str, pending: str) -> BegunFactor:
    import pyotp

    return BegunFactor(pending, secret, pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=ISSUER))


def _recovery_code() -> str:
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(RECOVERY_GROUPS))
    return "-".join(groups)


def _hashes(codes: tuple[str, ...]) -> list[str]:
    return [hash_of(_bare(code)) for code in codes]


def _bare(code: str) -> str:
    """However it was typed: hyphens and spaces do not matter, nor case, nor the signs that look alike."""
    kept = "".join(sign for sign in code.lower() if sign.isalnum())
    return kept.replace("o", "0").replace("i", "1").replace("l", "1")
