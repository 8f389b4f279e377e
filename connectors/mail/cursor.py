"""Where a trigger stands in a folder, and what becomes of that when the folder is rebuilt. Pure; used by `arrivals`.

A UID means something only within one UIDVALIDITY: after a rebuild, 17 is another mail. The fingerprints of recent
mails tell then which ones are known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from pydantic import BaseModel, ConfigDict

KEPT_FINGERPRINTS = 100


class Cursor(BaseModel):
    """Each mail up to `uid` was yielded or deliberately left out, except those in `pending`, which come next.

    `newest` is the arrival (seconds since 1970) of the newest mail seen; `doubtful` are mails that the server's own
    search did not find yet, with the time until which it is asked again: an index may lag behind the mailbox.
    """

    model_config = ConfigDict(frozen=True)

    uidvalidity: int
    uid: int
    fingerprints: tuple[str, ...] = ()
    newest: float = 0
    pending: tuple[int, ...] = ()
    doubtful: tuple[tuple[int, float], ...] = ()

    def past(self, uid: int, seen: Iterable["Sighting"]) -> "Cursor":
        """Behind the mail `uid`, having seen these."""
        seen = list(seen)
        done = {sighting.uid for sighting in seen}
        return self.model_copy(
            update={
                "uid": max(self.uid, uid),
                "fingerprints": _recent(self.fingerprints, seen),
                "newest": max([self.newest, *(sighting.arrived for sighting in seen)]),
                "pending": tuple(each for each in self.pending if each not in done),
            }
        )


@dataclass(frozen=True)
class Sighting:
    """A mail as far as a cursor needs to know it; `arrived` in seconds since 1970, 0 if the server does not say."""

    uid: int
    fingerprint: str
    arrived: float


@dataclass(frozen=True)
class Rebased:
    """What becomes of a cursor after a rebuild, and what its owner should read."""

    cursor: Cursor
    warning: str | None


def fingerprint(message_id: str, arrived: datetime | None, size: int) -> str:
    """What a mail is recognised by when its UID has changed."""
    when = arrived.timestamp() if arrived else 0
    return blake2b(f"{message_id}\0{when:.0f}\0{size}".encode("utf-8", "replace"), digest_size=8).hexdigest()


def start(uidvalidity: int, newest_uid: int, recent: Sequence[Sighting]) -> Cursor:
    """Behind everything there is."""
    return Cursor(uidvalidity=uidvalidity, uid=newest_uid).past(newest_uid, recent)


def rebased(old: Cursor, uidvalidity: int, newest_uid: int, recent: Sequence[Sighting]) -> Rebased:
    """A cursor for a folder whose UIDs were all given anew. `recent` are its newest mails, oldest first.

    If known mails are among them, the arrival times were kept, and what is unknown and not older than the newest
    known one is new. If none is known (the account was exchanged, or times were rewritten), nothing can be told apart,
    and counting all as new would be a flood: what is there then does not fire.
    """
    known = set(old.fingerprints)
    fresh = start(uidvalidity, newest_uid, recent)
    if not known or not any(sighting.fingerprint in known for sighting in recent):
        return Rebased(fresh, UNKNOWN if known or recent else None)
    new = tuple(s.uid for s in recent if s.fingerprint not in known and s.arrived >= old.newest)
    return Rebased(fresh.model_copy(update={"pending": new}), REBUILT)


REBUILT = (
    "The mail server rebuilt this folder and numbered its mails anew. Known mails were recognised and do not fire "
    "again; newer ones do."
)
UNKNOWN = (
    "The mail server rebuilt this folder, and none of its mails could be recognised. What is in it now does not fire; "
    "please look whether a mail of the last minutes was left out."
)


def _recent(known: tuple[str, ...], seen: Sequence[Sighting]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *(s.fingerprint for s in seen))))[-KEPT_FINGERPRINTS:]
