"""Warns while the disk is nearly full: then a notice can still be stored and sent. Called by the engine's clock.

What happens when it is full all the same is said in docs/reliability.md.
"""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.errors import Sentence
from engine.store import notices
from engine.store.database import Database

EVERY = 60.0  # seconds
LITTLE = 200_000_000  # bytes
PLENTY = 300_000_000  # bytes; from here on it is settled: more than LITTLE, so that it does not come and go
MATTER = "disk:space"
NEARLY_FULL = Sentence(
    "The disk that Zapwerk keeps its data on is nearly full. When it is full, nothing new is taken in. "
    "Please make room.",
    "Der Datenträger mit den Daten von Zapwerk ist fast voll. Wenn er voll ist, wird nichts Neues angenommen. "
    "Bitte schaffen Sie Platz.",
)


def free_bytes(data: Path) -> int:
    """What this user may still write where the data folder is."""
    return shutil.disk_usage(data).free


@dataclass
class Space:
    """Looks at one data folder; `free` says how many bytes there are. `_told` spares a write for each look."""

    database: Database
    free: Callable[[], int]
    now: Callable[[], datetime]
    _told: bool | None = None

    async def tick(self) -> None:
        await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Opens the notice, or settles it; between the two limits it stays as it is."""
        free = self.free()
        little = free < LITTLE if free < LITTLE or free >= PLENTY else self._told
        if little is None or little == self._told:
            return
        with self.database.write() as session:
            if little:
                notices.tell(session.connection(), MATTER, NEARLY_FULL, now=self.now())
            else:
                notices.settle(session.connection(), MATTER, now=self.now())
        self._told = little
