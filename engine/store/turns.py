"""Whose turn it is to write: one fair lock per process and SQLite database, which lets the journal go first.

SQLite's own busy-waiting is not fair and stalled the journal for up to a second; this lock does for some milliseconds.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """First come, first served, but urgent ones before the others. Not reentrant."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._taken = False
        self._urgent: deque[threading.Event] = deque()
        self._patient: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, *, urgent: bool = False) -> Iterator[None]:
        """Waits for a turn and gives it back at the end of the block."""
        self._wait(self._urgent if urgent else self._patient)
        try:
            yield
        finally:
            self._pass_on()

    def _wait(self, line: deque[threading.Event]) -> None:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            called = threading.Event()
            line.append(called)
        called.wait()

    def _pass_on(self) -> None:
        with self._mutex:
            line = self._urgent or self._patient
            if line:
                line.popleft().set()
            else:
                self._taken = False
