"""An installation's people for tests: the real parts over a fresh database, with a clock that the test moves."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pyotp

from engine.connections.vault import Vault, new_key
from engine.people.audit import Action
from engine.people.links import MadeLink
from engine.people.people import People
from engine.people.person import Person
from engine.people.roles import Role
from engine.people.sign_ins import Begun, SignedIn
from engine.store.audit import Entry
from engine.store.database import Database

PASSWORD = "four plain garden words"
ADDRESS = "203.0.113.7"
BASE = "https://zaps.example.com"

T = TypeVar("T")


@dataclass
class House:
    """The people of one installation. Everybody is called by their e-mail's first part, and has `PASSWORD`."""

    database: Database
    vault: Vault = field(default_factory=lambda: Vault([new_key()]))
    time: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.people = People.of(self.database, self.vault, lambda: self.time, lambda: BASE)

    def later(self, **span: float) -> None:
        self.time += timedelta(**span)

    def owner(self, email: str = "olga@example.com") -> Person:
        """Sets the installation up."""
        link = self.people.links.set_up()
        assert link is not None
        return self.people.accounts.set_up(link.token, email.partition("@")[0], email, PASSWORD)

    def join(self, email: str, role: Role = Role.EDITOR) -> Person:
        """Somebody more, by invitation."""
        made = self.people.accounts.invite(role, by=None)
        return self.accept(made, email)

    def accept(self, made: MadeLink, email: str) -> Person:
        return self.people.accounts.accept(made.token, email.partition("@")[0], email, PASSWORD)

    def sign_in(self, email: str = "olga@example.com", password: str = PASSWORD, code: str = "") -> Begun:
        return self.people.sign_ins.begin(email, password, code, address=ADDRESS, agent="Firefox")

    def who(self, begun: Begun) -> SignedIn | None:
        return self.people.sign_ins.of(begun.token)

    def again(self, person: Person) -> Person:
        """The person as they are now."""
        return self.people.accounts.find(person.id)

    def with_app(self, person: Person) -> tuple["Authenticator", tuple[str, ...]]:
        """Switches on the second factor: the app with its secret, and the recovery codes."""
        begun = self.people.second_factor.begin(person)
        app = Authenticator(begun.secret, self)
        return app, self.people.second_factor.confirm(person, begun.pending, app.code())

    def told(self, action: str = "") -> list[Entry]:
        """The audit log, newest first."""
        return list(self.people.audit.page(action=action).entries)

    def actions(self) -> list[Action]:
        return [Action(one.action) for one in self.told()]


@dataclass
class Authenticator:
    """Somebody's phone, whose clock may be off."""

    secret: str
    house: House

    def code(self, seconds: float = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.house.time + timedelta(seconds=seconds))


def at_once(work: Callable[[], T], times: int) -> list[T | Exception]:
    """What `work` gives or raises in so many threads at the same time."""

    def outcome(_number: int) -> T | Exception:
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(outcome, range(times)))


def fields(error: BaseException) -> dict[str, str]:
    """The problems of a refusal: their codes, by field."""
    return {problem.field: problem.code for problem in error.problems}  # type: ignore[attr-defined]
