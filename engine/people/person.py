"""A person as everybody else sees one: without anything that they sign in with."""

from dataclasses import dataclass
from datetime import datetime

from engine.people.roles import Role
from engine.store.people import StoredPerson


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in. `language` and `timezone` are "" where the browser's are followed."""

    id: str
    email: str
    name: str
    role: Role
    language: str
    timezone: str
    second_factor: bool
    recovery_left: int
    """How many recovery codes are unused."""
    created_at: datetime
    last_seen_at: datetime | None

    @classmethod
    def of(cls, stored: StoredPerson) -> "Person":
        return cls(
            id=stored.id,
            email=stored.email,
            name=stored.name,
            role=Role(stored.role),
            language=stored.language,
            timezone=stored.timezone,
            second_factor=stored.totp is not None,
            recovery_left=len(stored.recovery),
            created_at=stored.created_at,
            last_seen_at=stored.last_seen_at,
        )
