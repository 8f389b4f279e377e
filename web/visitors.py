"""Who is asking: a person who is signed in, a program with a token, or nobody yet. `security` finds out; pages ask."""

from dataclasses import dataclass
from datetime import datetime

from engine.people.person import Person
from engine.people.roles import Role
from web.access import HELD_BY, Need


@dataclass(frozen=True)
class Visitor:
    """The one who made a request. `csrf` is empty for programs, which bring their token with every request."""

    language: str
    timezone: str
    address: str
    person: Person | None = None
    role: Role | None = None  # for a program perhaps less than the person's own
    sign_in_id: str = ""
    csrf: str = ""
    is_program: bool = False  # it came with a token that is good
    until: datetime | None = None  # when that token ends

    @property
    def somebody(self) -> Person:
        """The person, where the route's need says that there is one."""
        assert self.person is not None
        return self.person

    @property
    def name(self) -> str:
        return self.person.name if self.person else ""

    @property
    def signed_in(self) -> bool:
        return self.role is not None

    @property
    def need(self) -> Need:
        """The highest need this visitor fulfils."""
        return Need.ANYONE if self.role is None else HELD_BY[self.role]

    def may(self, need: Need) -> bool:
        return self.need >= need

    @property
    def may_edit(self) -> bool:
        return self.may(Need.EDITOR)

    @property
    def is_owner(self) -> bool:
        return self.may(Need.OWNER)
