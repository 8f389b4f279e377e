"""What the benchmarks of webhooks stand on: a sink, and a fresh installation with one zap from a webhook to the sink.

Used by `throughput` and `queue`.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from benchmarks import load, sink
from benchmarks.load import Order
from benchmarks.sink import Sink
from tests.processes import Installation, Served
from tests.waiting import wait_until

CONNECTIONS = 50
LOOKS_EVERY = 0.2  # seconds
STALLED_AFTER = 60.0  # seconds without any effect
MOVING = frozenset({"queued", "running"})

ZAP = """
zapwerk: 1
name: bench
flood_limit: null
trigger: {{use: webhook.catch}}
steps:
  - key: send
    use: http.request
    with:
      method: POST
      url: {url}/
      body: "{{{{ trigger.body }}}}"
"""


@dataclass
class Scene:
    """One installation under load."""

    installation: Installation
    serve: Served
    sink: Sink
    folder: Path

    @cached_property
    def hook(self) -> str:
        """The address of the zap's webhook."""
        address: str = self.installation.show("zaps", "show", "bench")["trigger"]["url"]
        return address

    def order(self, prefix: str, requests: int, **more: Any) -> Order:
        """A load on the webhook; ids begin with the prefix."""
        return Order(self.hook, requests, CONNECTIONS, prefix=prefix, **more)

    def loaded(self, order: Order) -> tuple[dict[str, Any], list[load.Shot]]:
        """Has the load done, in its own process; what it told, and each request."""
        note = self.folder / f"{order.prefix}.jsonl"
        told = load.ended(load.begun(order, note))
        return told, load.noted(note)

    def until_effects(self, count: int, each_look: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
        """Waits until so many different effects have come; the sink's state then. Raises `SystemExit` when none comes
        any more."""
        moved, known = time.monotonic(), -1
        while (state := self.sink.state())["different"] < count:
            if each_look:
                each_look(state)
            if state["different"] != known:
                moved, known = time.monotonic(), state["different"]
            if time.monotonic() > moved + STALLED_AFTER:
                raise SystemExit(f"only {known} of {count} effects came; runs: {self.runs()}")
            time.sleep(LOOKS_EVERY)
        return state

    def runs(self) -> dict[str, int]:
        """How many runs stand in each state."""
        return dict(self.read("SELECT state, count(*) FROM run GROUP BY state ORDER BY state"))

    def read(self, question: str, *values: Any) -> list[Any]:
        """Rows of the database, read from outside, which costs the engine nothing."""
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(question, values).fetchall()

    def at_rest(self) -> dict[str, int]:
        """`runs`, when none is queued or executed any more. Raises `AssertionError` when that does not come."""

        def found() -> dict[str, int] | None:
            time.sleep(LOOKS_EVERY)
            runs = self.runs()
            return None if MOVING & runs.keys() else runs

        return wait_until(found, STALLED_AFTER, what="all runs to end")

    def memory(self) -> float:
        """Resident memory of the engine's process, MB."""
        assert self.serve.process is not None
        resident: int = psutil.Process(self.serve.process.pid).memory_info().rss
        return resident / 1e6

    def worked(self) -> float:
        """Seconds of processor time that the engine's process has taken so far."""
        assert self.serve.process is not None
        times = psutil.Process(self.serve.process.pid).cpu_times()
        return float(times.user + times.system)

    def database_size(self) -> int:
        """Bytes, with everything moved from the log into the database."""
        with closing(sqlite3.connect(self._database, timeout=30)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        log = self._database.with_name(self._database.name + "-wal")
        return self._database.stat().st_size + (log.stat().st_size if log.exists() else 0)

    @property
    def _database(self) -> Path:
        return self.installation.data / "zapwerk.db"


@contextmanager
def staged(folder: Path, environ: dict[str, str] | None = None) -> Iterator[Scene]:
    """A sink and a serving installation with the zap switched on."""
    with sink.running() as running:
        private = {"ZAPWERK_ALLOW_PRIVATE_HOSTS": "127.0.0.1", "ZAPWERK_LOG_LEVEL": "WARNING"}
        installation = Installation(folder / "data", {**private, **(environ or {})}, forked=False)
        installation.switch_on(ZAP.format(url=running.url))
        with installation.serving() as serve:
            yield Scene(installation, serve, running, folder)
