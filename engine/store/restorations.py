"""What was restored from a backup, and what was decided since, zap by zap: one fact. Called by engine.backup, and by
whoever must not let a zap go on that waits for such a decision.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from engine.store import facts


@dataclass(frozen=True)
class Decided:
    """What was decided about a zap. `over` says that it goes on; before, what was missed is being found."""

    choice: str
    at: datetime
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
        id_: {"choice": one.choice, "at": one.at.isoformat(), "over": one.over} for id_, one in stored.decided.items()
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


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written)
