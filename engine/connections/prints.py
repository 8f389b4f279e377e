"""Keeps what connectors print away from our own output, where a command writes JSON and a secret would stay for good.

The runtime wraps its life in `divided()`; `Calls` says whose code is running with `speaker`.
"""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

MAX_LINE = 2000  # characters

speaker: ContextVar[logging.Logger | None] = ContextVar("zapwerk_speaker", default=None)


class Divided(io.TextIOBase):
    """Stands for stdout or stderr: a connector's words become lines of its log, all others pass."""

    def __init__(self, behind: Any) -> None:
        self.behind = behind

    def write(self, text: str) -> int:
        log = speaker.get()
        if log is None:
            return int(self.behind.write(text))
        # Cleared while we log: a handler that writes to this very stream must reach the stream.
        token = speaker.set(None)
        try:
            for line in text.splitlines():
                if line.strip():
                    log.info("printed: %s", line[:MAX_LINE])
        finally:
            speaker.reset(token)
        return len(text)

    def flush(self) -> None:
        self.behind.flush()

    def isatty(self) -> bool:
        return bool(self.behind.isatty())

    def fileno(self) -> int:
        return int(self.behind.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


@contextmanager
def divided() -> Iterator[None]:
    """While this is open, stdout and stderr are divided."""
    before = sys.stdout, sys.stderr
    ours = sys.stdout, sys.stderr = Divided(sys.stdout), Divided(sys.stderr)
    try:
        yield
    finally:
        for name, own, other in zip(("stdout", "stderr"), ours, before, strict=True):
            if getattr(sys, name) is own:
                setattr(sys, name, other)
