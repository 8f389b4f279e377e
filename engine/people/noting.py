"""Notes that somebody was seen, beside what they asked for. Called by `sign_ins` and `tokens` with every request.

While nothing can be stored (a full disk, a database that another program keeps locked) a write waits for many seconds
and then fails. That must not keep people from looking, least of all then.
"""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

WAITS = 0.5  # seconds; usually a note takes some milliseconds, and is there before the answer

log = logging.getLogger(__name__)


class Noting:
    """One note at a time; what comes up meanwhile is noted with a later request."""

    def __init__(self) -> None:
        self._busy = threading.Lock()

    def note(self, write: Callable[[], None]) -> None:
        """Returns when it is written, or after a moment."""
        if not self._busy.acquire(blocking=False):
            return
        thread = threading.Thread(target=self._work, args=(write,), name="seen", daemon=True)
        thread.start()
        thread.join(WAITS)

    def _work(self, write: Callable[[], None]) -> None:
        try:
            write()
        except SQLAlchemyError as error:
            log.warning("who was seen could not be noted: %s", error)
        finally:
            self._busy.release()
