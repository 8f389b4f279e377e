"""Keeps what connectors print away from our own output, where a command writes JSON and a secret would stay for good.

The runtime wraps its life in `divided()`; `running` says whose code is running with `speaker`.
"""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TextIO, cast

MAX_LINE = 2000  # characters


@dataclass
class Speaker:
    """A connector that is running: its log, and the line it has begun to print."""

    log: logging.Logger
    begun: str = ""

    def say(self, text: str) -> None:
        """Whole lines go to the log."""
        *lines, self.begun = (self.begun + text).split("\n")
        if len(self.begun) > MAX_LINE:
            lines, self.begun = [*lines, self.begun], ""
        for line in lines:
            if line.strip():
                self.log.info("printed: %s", line[:MAX_LINE])


speaker: ContextVar[Speaker | None] = ContextVar("zapwerk_speaker", default=None)


class Divided:
    """Stands for stdout or stderr: a connector's words become lines of its log, all others pass."""

    def __init__(self, behind: TextIO) -> None:
        self._behind = behind

    def write(self, text: str) -> int:
        speaking = speaker.get()
        if speaking is None:
            return self._behind.write(text)
        # Cleared while we log: a handler that writes to this very stream must reach the stream.
        token = speaker.set(None)
        try:
            speaking.say(text)
        finally:
            speaker.reset(token)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)


@contextmanager
def divided() -> Iterator[None]:
    """While this is open, stdout and stderr are divided."""
    before = sys.stdout, sys.stderr
    ours = cast(TextIO, Divided(sys.stdout)), cast(TextIO, Divided(sys.stderr))
    sys.stdout, sys.stderr = ours
    try:
        yield
    finally:
        # Somebody may have put a stream of their own in the place of ours meanwhile; theirs stays.
        sys.stdout = before[0] if sys.stdout is ours[0] else sys.stdout
        sys.stderr = before[1] if sys.stderr is ours[1] else sys.stderr
