"""What was restored from a backup, and what was decided since, zap by zap: one fact. Called by engine.backup, and by
whoever must not let a zap go on that waits for such a decision.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session

from engine.store import facts


@dataclass(frozen=True)
class Decided:
    """What was decided about a zap. `over` says that it goes on; before, what was missed is being found.

    `since` is when it was decided, or when a check last stopped before it had read everything.
    """

    choice: str
    since: datetime
    over: bool = False


@dataclass(frozen=True)
class Stored:
    """`zaps` are those that were on or paused in the backup, with that state."""

    made_at: datetime
    restored_at: datetime
    file: str
    zaps: dict[str, str]
    decided: dict[str, Decided] = field(default_factory=dict)

    def deciding(self, zap_id: str, decided: Decided) -> "Stored":
        return replace(self, decided={**self.decided, zap_id: decided})


def get(session: Session) -> Stored | None:
    """None for an installation that was never restored."""
    fact = facts.get(session, facts.RESTORED)
    if not fact:
        return None
    told = json.loads(fact)
    decided = {id_: Decided(one["choice"], _moment(one["at"]), one["over"]) for id_, one in told["decided"].items()}
    return Stored(_moment(told["made_at"]), _moment(told["restored_at"]), told["file"], told["zaps"], decided)


def put(session: Session, stored: Stored) -> None:
    decided: dict[str, Any] = {
        id_: {"choice": one.choice, "at": one.since.isoformat(), "over": one.over}
        for id_, one in stored.decided.items()
    }
    told = {
        "made_at": stored.made_at.isoformat(),
        "restored_at": stored.restored_at.isoformat(),
        "file": stored.file,
        "zaps": stored.zaps,
        "decided": decided,
    }
    facts.put(session, facts.RESTORED, json.dumps(told))


def waits(session: Session, zap_id: str) -> bool:
    """Whether nobody decided yet how this restored zap goes on."""
    stored = get(session)
    return stored is not None and zap_id in stored.zaps and zap_id not in stored.decided


def catches_up(session: Session, zap_id: str) -> bool:
    """Whether what a restored zap has missed is being found, so that nobody can tell it from what was done before."""
    return _unread(get(session), zap_id) is not None


def stopped_early(connection: Connection, zap_id: str, *, now: datetime) -> None:
    """A check of the zap ended before it had read everything: what was missed is not all found."""
    session = Session(connection)
    stored = get(session)
    decided = _unread(stored, zap_id)
    if stored is not None and decided is not None:
        put(session, stored.deciding(zap_id, replace(decided, since=now)))
        session.flush()


def _unread(stored: Stored | None, zap_id: str) -> Decided | None:
    decided = stored.decided.get(zap_id) if stored else None
    return decided if decided is not None and not decided.over else None


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written)
