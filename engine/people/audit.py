"""The audit log: who did what, when and from where. Told by the engine about people and by the front door about zaps.

An action is a code; what it says in words is left to the pages. Names are kept as they were at that time.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from engine.people.person import Person
from engine.store import audit
from engine.store.audit import Entry, NewEntry
from engine.store.database import Database

COMMAND_LINE = "command line"
"""Who did it, where nobody was signed in."""
PAGE_SIZE = 50
BLOTTED = "••••••"

# Names of details that would hold a secret; a count or a flag with such a name may stay.
_SECRET = re.compile(r"passw|secret|token|code|credential|otp|cookie|authorization", re.IGNORECASE)


class Action(StrEnum):
    """Everything that is written down."""

    ZAP_CREATED = "zap.created"
    ZAP_EDITED = "zap.edited"
    ZAP_RENAMED = "zap.renamed"
    ZAP_MOVED = "zap.moved"
    ZAP_PUBLISHED = "zap.published"
    ZAP_SWITCHED_ON = "zap.switched_on"
    ZAP_SWITCHED_OFF = "zap.switched_off"
    ZAP_PAUSED = "zap.paused"
    ZAP_DELETED = "zap.deleted"
    ZAP_RESTORED = "zap.restored"
    ZAP_COPIED = "zap.copied"
    ZAP_IMPORTED = "zap.imported"
    ZAP_EXPORTED = "zap.exported"
    ZAP_TESTED = "zap.tested"
    ZAP_REHEARSED = "zap.rehearsed"
    ZAP_ADDRESS_RENEWED = "zap.address_renewed"
    ALL_PAUSED = "zap.all_paused"
    ALL_RESUMED = "zap.all_resumed"
    CONNECTION_ADDED = "connection.added"
    CONNECTION_RENAMED = "connection.renamed"
    CONNECTION_RECONNECTED = "connection.reconnected"
    CONNECTION_REMOVED = "connection.removed"
    CONNECTION_REPLACED = "connection.replaced"
    APP_CONFIGURED = "app.configured"
    RUN_REPLAYED = "run.replayed"
    RUN_RELEASED = "run.released"
    RUN_CANCELLED = "run.cancelled"
    RUN_DECIDED = "run.decided"
    RUN_PASSED = "run.passed"
    RUN_ERASED = "run.erased"
    ZAP_DECIDED = "zap.decided"
    BACKUP_MADE = "backup.made"
    BACKUP_DOWNLOADED = "backup.downloaded"
    BACKUP_CODE_MADE = "backup.code_made"
    SETTINGS_CHANGED = "settings.changed"
    SETTINGS_ADOPTED = "settings.adopted"
    SETTINGS_PARTED = "settings.parted"
    PERSON_SET_UP = "person.set_up"
    PERSON_INVITED = "person.invited"
    PERSON_INVITATION_WITHDRAWN = "person.invitation_withdrawn"
    PERSON_JOINED = "person.joined"
    PERSON_CHANGED = "person.changed"
    PERSON_EMAIL_CHANGED = "person.email_changed"
    PERSON_ROLE_CHANGED = "person.role_changed"
    PERSON_REMOVED = "person.removed"
    PERSON_PASSWORD_CHANGED = "person.password_changed"  # noqa: S105 - the name of an action
    PERSON_PASSWORD_LINK_MADE = "person.password_link_made"  # noqa: S105 - the name of an action
    PERSON_SECOND_FACTOR_ON = "person.second_factor_on"
    PERSON_SECOND_FACTOR_OFF = "person.second_factor_off"
    PERSON_RECOVERY_RENEWED = "person.recovery_renewed"
    TOKEN_MADE = "token.made"  # noqa: S105 - the name of an action
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - the name of an action
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_INS_ENDED = "sign_ins_ended"
    SIGN_IN_FAILED = "sign_in_failed"


@dataclass(frozen=True)
class Page:
    """Some entries, newest first. `next` is what to ask with for those before them, None at the end."""

    entries: tuple[Entry, ...]
    next: int | None


@dataclass(frozen=True)
class Audit:
    """The audit log of one installation."""

    database: Database
    now: Callable[[], datetime]

    def tell(
        self,
        action: Action,
        *,
        person: Person | None,
        subject_id: str = "",
        subject: str = "",
        details: Mapping[str, Any] | None = None,
        address: str = "",
    ) -> None:
        """Writes down what was done. `person` None stands for the command line."""
        with self.database.write() as session:
            self.write(
                session,
                action,
                person=person,
                subject_id=subject_id,
                subject=subject,
                details=details,
                address=address,
            )

    def write(
        self,
        session: Session,
        action: Action,
        *,
        person: Person | None,
        subject_id: str = "",
        subject: str = "",
        details: Mapping[str, Any] | None = None,
        address: str = "",
    ) -> None:
        """As `tell`, together with the change itself: both are stored, or none."""
        entry = NewEntry(
            action=action,
            person_id=person.id if person else "",
            person=person.name if person else COMMAND_LINE,
            subject_id=subject_id,
            subject=subject,
            address=address,
            details=without_secrets(details or {}),
        )
        audit.add(session, entry, now=self.now())

    def failed(self, person: Person | None, *, address: str) -> None:
        """A sign-in that failed, as this person if there is one. What was typed is not kept: a password typed into
        the wrong field would stay here for ever.
        """
        entry = NewEntry(
            action=Action.SIGN_IN_FAILED,
            subject_id=person.id if person else "",
            subject=person.name if person else "",
            address=address,
        )
        with self.database.write() as session:
            audit.add(session, entry, now=self.now())

    def page(
        self,
        *,
        before: int | None = None,
        person_id: str = "",
        action: str = "",
        subject_id: str = "",
        size: int = PAGE_SIZE,
    ) -> Page:
        """Newest first. `action` is an action or how several begin, like “zap.”."""
        with self.database.read() as session:
            found = audit.page(
                session, limit=size + 1, before=before, person_id=person_id, action=action, subject_id=subject_id
            )
        shown = tuple(found[:size])
        return Page(shown, shown[-1].id if len(found) > size else None)


def without_secrets(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details whose name sounds like a secret are blotted out, however deep they are."""
    return {name: BLOTTED if _is_secret(name, value) else _cleaned(value) for name, value in details.items()}


def _is_secret(name: str, value: Any) -> bool:
    return not isinstance(value, int | float | None) and _SECRET.search(name) is not None


def _cleaned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_secrets(value)
    if isinstance(value, list | tuple):
        return [_cleaned(one) for one in value]
    return value
