"""Sets up logging, once per process: readable lines on stderr, without the secrets of connections.

Called by `opening` for every command that may run a connector's code, and by `serving`.
"""

import logging
import sys

from engine.connections.redaction import CurrentRedaction

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
CHATTY = ("aiohttp", "alembic", "apscheduler", "asyncio", "httpx", "httpcore", "imapclient", "imaplib", "uvicorn")


def set_up(level: str) -> None:
    """Replaces whatever handlers there were. Libraries speak from WARNING on, whatever the level."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine(FORMAT))
    handler.addFilter(CurrentRedaction())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


class _OneLine(logging.Formatter):
    """The message on one line, so that nobody outside can forge lines of the log; a traceback follows on its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in record.message)
        return super().formatMessage(record)
