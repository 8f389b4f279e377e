"""Who is told: each person with their wishes, language and time zone; and the webhook, which is told everything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session

from engine.notices.matters import OF_ACCOUNTS
from engine.store import notice_wishes, people
from engine.store.notice_wishes import EVERYTHING, Kept, Wish
from engine.store.notices import Notice
from engine.store.people import StoredPerson

HOOK = ""  # the webhook's id among the receivers
USUAL = {"owner": Wish.NOW, "editor": Wish.NOW, "viewer": Wish.NEVER}
"""What people wish who never said: who can do something about a matter is told."""
GETS_WEEKLY = frozenset({"owner"})
"""Who gets the weekly mail without having said so."""


@dataclass(frozen=True)
class Receiver:
    """One of those who are told. `wishes` are by zap; `usual` counts for all that have none."""

    id: str
    name: str
    email: str
    language: str
    zone: ZoneInfo
    usual: Wish
    weekly: bool
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)

    def wish(self, notice: Notice) -> Wish:
        """When to be told of this. An account that several zaps share is nobody's matter alone."""
        own = None if notice.kind in OF_ACCOUNTS else self.wishes.get(notice.zap_id)
        return own or self.usual


def every(session: Session) -> list[Receiver]:
    """All people who were not removed."""
    wishes, kept = notice_wishes.wishes(session), notice_wishes.kept(session)
    return [_receiver(one, wishes.get(one.id, {}), kept.get(one.id, Kept())) for one in people.every(session)]


def find(session: Session, person_id: str) -> Receiver:
    """Raises `NotFound`."""
    person = people.find(session, person_id)
    return _receiver(person, notice_wishes.of(session, person_id), notice_wishes.kept_of(session, person_id))


def hook(language: str, kept: Kept) -> Receiver:
    """The webhook as one of those who are told."""
    return Receiver(HOOK, "", "", language, ZoneInfo("UTC"), Wish.NOW, weekly=False, kept=kept)


def _receiver(person: StoredPerson, wishes: Mapping[str, Wish], kept: Kept) -> Receiver:
    return Receiver(
        id=person.id,
        name=person.name,
        email=person.email,
        language=person.language or kept.language or "en",
        zone=_zone(person.timezone or kept.timezone),
        usual=wishes.get(EVERYTHING) or USUAL.get(person.role, Wish.NEVER),
        weekly=person.role in GETS_WEEKLY if kept.weekly is None else kept.weekly,
        wishes={zap_id: wish for zap_id, wish in wishes.items() if zap_id != EVERYTHING},
        kept=kept,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
