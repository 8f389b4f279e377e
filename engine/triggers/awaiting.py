"""Waiting for a call of a webhook, to draw a zap with what it brings. Begun and ended by the editor's pages.

While a zap takes nothing in, its address refuses calls. For ten minutes after somebody began to wait, `webhooks` reads
them by the draft's trigger instead, with every guard that real calls have, and keeps the records here: to be chosen as
the sample, and rehearsed with. Nothing fires. Calls to a zap that is on start it as always, also while somebody waits.

All of it stands in the database: with several processes it does not matter which of them is called.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.store import awaited, zaps
from engine.store.awaited import Wait
from engine.store.database import Database
from engine.store.moments import to_ms

__all__ = ["KEPT_FOR", "WAITS_FOR", "Awaiting", "Wait"]

WAITS_FOR = timedelta(minutes=10)
KEPT_FOR = timedelta(days=1)
AT_ONCE = 1000  # rows that beginning a wait deletes


@dataclass(frozen=True)
class Awaiting:
    """Waits for the zaps of one installation. Blocking."""

    database: Database
    now: Callable[[], datetime]

    def begin(self, zap_id: str) -> Wait:
        """Waits for the next ten minutes, also if somebody waited already. Raises `NotFound`."""
        now = self.now()
        with self.database.write() as session:
            zap = zaps.find(session, zap_id)
            awaited.forget(session.connection(), to_ms(now - KEPT_FOR), AT_ONCE)
            awaited.begin(session, zap.id, now + WAITS_FOR)
        return Wait(now + WAITS_FOR)

    def end(self, zap_id: str) -> None:
        """Waits no more. What came can still be chosen."""
        with self.database.write() as session:
            awaited.end(session, zap_id)

    def of(self, zap_id: str) -> Wait | None:
        """The last wait, also one whose time is over; None where there was none, or it was ended."""
        with self.database.read() as session:
            return awaited.of(session, zap_id)
