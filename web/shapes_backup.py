"""What `--json` prints about a restored installation, as in `shapes`. Loading it imports nothing of the engine."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.backup.restored import Restoration


@dataclass(frozen=True)
class RestoredZap:
    """A zap that was on in the backup. `choice` is skip, hold, run, or “” until somebody decided."""

    id: str
    name: str
    choice: str
    open: int
    to_look_at: int


@dataclass(frozen=True)
class RestoredShown:
    """What was restored, and what was decided about each zap."""

    file: str
    made_at: datetime
    restored_at: datetime
    zaps: list[RestoredZap]

    @classmethod
    def of(cls, found: "Restoration") -> "RestoredShown":
        zaps = [RestoredZap(one.zap_id, one.name, str(one.choice or ""), one.open, one.held) for one in found.zaps]
        return cls(found.file, found.made_at, found.restored_at, zaps)
