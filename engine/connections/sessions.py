"""Long-lived sessions of one connection, `ctx.sessions`: a mail server's, kept open between calls.

Each name has one session, lent to one caller at a time in the order they asked. Blocking; used from threads.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.sdk.errors import TemporaryFailure

IDLE_FOR = 600.0  # seconds until an unused session is closed
WAIT_FOR = 180.0  # seconds a caller waits for another to give the session back

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass
class _Kept:
    """One name: its open session, if any, and who waits for it."""

    session: Any = None
    close: Callable[[Any], None] | None = None
    lent: bool = False
    by: "Borrower | None" = None
    left: bool = False
    """Whoever has it is not waited for any more: others have another one of that name."""
    used_at: float = 0.0
    waiting: deque[threading.Event] = field(default_factory=deque)


class KeptSessions:
    """The sessions of one connection."""

    def __init__(self, *, wait_for: float = WAIT_FOR, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()
        self._wait_for = wait_for
        self._clock = clock
        self._closed = False

    @contextmanager
    def borrow(
        self, name: str, open: Callable[[], T], close: Callable[[T], None], *, by: "Borrower | None" = None
    ) -> Iterator[T]:
        """As `engine.sdk.context.Sessions.borrow`."""
        kept = self._take(name)
        kept.by = by
        try:
            if kept.session is None:
                kept.session, kept.close = open(), close
            yield kept.session
        except BaseException:
            self._drop(kept)
            raise
        finally:
            self._give_back(kept)

    def leave_to(self, by: "Borrower") -> None:
        """Others get another session in place of each that this one has; it is closed when it comes back."""
        with self._lock:
            for name, kept in list(self._kept.items()):
                if kept.by is by:
                    kept.left = True
                    del self._kept[name]

    def sweep(self, *, idle_for: float = IDLE_FOR) -> int:
        """Close what has not been used for `idle_for` seconds. How many were closed."""
        before = self._clock() - idle_for
        return self._close_unused(lambda kept: kept.used_at <= before)

    def close(self) -> None:
        """Close all; one that is lent now is closed when it comes back."""
        self._closed = True
        self._close_unused(lambda kept: True)

    def _take(self, name: str) -> _Kept:
        with self._lock:
            kept = self._kept.setdefault(name, _Kept())
            if not kept.lent and not kept.waiting:
                kept.lent = True
                return kept
            mine = threading.Event()
            kept.waiting.append(mine)
        if mine.wait(self._wait_for):
            return kept
        with self._lock:
            if mine.is_set():
                return kept
            kept.waiting.remove(mine)
        raise TemporaryFailure("Another check of this account has not finished yet.")

    def _give_back(self, kept: _Kept) -> None:
        kept.by = None
        if self._closed or kept.left:
            self._drop(kept)
        with self._lock:
            kept.used_at = self._clock()
            if kept.waiting:
                kept.waiting.popleft().set()
            else:
                kept.lent = False

    def _close_unused(self, due: Callable[[_Kept], bool]) -> int:
        """One after the other, each taken just before: one whose closing hangs keeps no other."""
        count = 0
        while (kept := self._unused(due)) is not None:
            self._drop(kept)
            self._give_back(kept)
            count += 1
        return count

    def _unused(self, due: Callable[[_Kept], bool]) -> _Kept | None:
        with self._lock:
            for kept in self._kept.values():
                if not kept.lent and kept.session is not None and due(kept):
                    kept.lent = True
                    return kept
        return None

    def _drop(self, kept: _Kept) -> None:
        session, close = kept.session, kept.close
        kept.session = kept.close = None
        if session is None or close is None:
            return
        try:
            close(session)
        except Exception as error:  # noqa: BLE001  a session that broke often cannot be closed properly
            _log.debug("A session could not be closed: %s", type(error).__name__)


class Borrower:
    """The sessions as one call has them that may be given up before it ends: one that hangs must keep none from its
    successor."""

    def __init__(self, sessions: KeptSessions) -> None:
        self._sessions = sessions
        self._over = False

    def borrow(self, name: str, open: Callable[[], T], close: Callable[[T], None]) -> AbstractContextManager[T]:
        """As `engine.sdk.context.Sessions.borrow`."""
        if self._over:
            raise TemporaryFailure("The time for this call was over.")
        return self._sessions.borrow(name, open, close, by=self)

    def give_up(self) -> None:
        """The call gets none any more, and those it has are left to it."""
        self._over = True
        self._sessions.leave_to(self)
