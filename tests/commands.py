"""The command line in this process, for tests and benchmarks: a process of its own takes two seconds to begin."""

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from typer.testing import CliRunner, Result

from web.cli import app


def invoke(*words: str, environ: Mapping[str, str] | None = None, said: str = "") -> Result:
    """`zapwerk` with these words; `said` is its standard input.

    In a thread of its own, because the one that drives a browser has an event loop already.
    """
    with logging_as_it_was(), ThreadPoolExecutor(1) as thread:  # it logs to the stream it was given, which ends with it
        return thread.submit(CliRunner().invoke, app, words, input=said, env=environ).result()


@contextmanager
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
