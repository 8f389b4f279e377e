"""A backup that somebody asks for on the page: one at a time, in a thread of its own, and what came of it. Called by
`nightly.Backups` for the pages.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from engine.backup.making import Made, reason_of
from engine.errors import Sentence, ZapwerkError

log = logging.getLogger(__name__)

FAULT = Sentence(
    "A fault of Zapwerk; its log says more. Nothing was lost.",
    "Ein Fehler von Zapwerk; mehr steht in seinem Protokoll. Es ging nichts verloren.",
)


@dataclass(frozen=True)
class Attempt:
    """One backup that was asked for. `ended` is None while it is being made, then there is `made` or a `problem`."""

    began: datetime
    ended: datetime | None = None
    made: Made | None = None
    problem: Sentence | None = None


class OnRequest:
    """The backups that people ask this process for."""

    def __init__(self, make: Callable[[bool], Made], now: Callable[[], datetime]) -> None:
        """`make` writes one, with the key or without, and blocks until it was read again."""
        self._make = make
        self._now = now
        self._beginning = threading.Lock()
        self.latest: Attempt | None = None
        """The last one since this process started."""

    @property
    def under_way(self) -> bool:
        return self.latest is not None and self.latest.ended is None

    def begin(self, *, with_key: bool) -> bool:
        """Begins one; False while another is under way."""
        with self._beginning:
            if self.under_way:
                return False
            attempt = self.latest = Attempt(self._now())
        # A daemon: an engine that is told to stop does not wait for it, and what is half done was nothing yet.
        threading.Thread(target=self._work, args=(attempt, with_key), name="backup", daemon=True).start()
        return True

    def _work(self, attempt: Attempt, with_key: bool) -> None:
        try:
            made = self._make(with_key)
        except (ZapwerkError, OSError) as error:
            log.warning("the backup that was asked for could not be made: %s", error)
            self.latest = replace(attempt, ended=self._now(), problem=reason_of(error))
        except Exception:
            log.exception("the backup that was asked for could not be made")
            self.latest = replace(attempt, ended=self._now(), problem=FAULT)
        else:
            self.latest = replace(attempt, ended=self._now(), made=made)
