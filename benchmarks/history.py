"""The history at a thousand zaps and a million runs, while runs are executed: how long its pages take on the server.

    python -m benchmarks.history [--zaps N] [--runs N] [--rounds N] [--rate R] [--folder FOLDER] [--json]

Rows are inserted at once and indexed as an upgrade would; `--folder` keeps all that for the next time, or takes it from
there. Then an engine runs in this process and executes `--rate` runs a second (webhook → `http.request` to a sink in a
process of its own), and the questions that pages ask are asked in threads, one after the other, as a page would. Times
include waiting for the interpreter and the disk; what a page makes of the answers is not measured there. `cpu p95` is
processor time of the thread that asks, which no other program on the machine makes longer.

Then `zapwerk serve` runs over the same folder, and whole pages are asked for (see `pages`).
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Connection

from benchmarks import pages, sink
from benchmarks.bulk import Bulk, zap_id_of
from benchmarks.figures import table
from benchmarks.pages import Wanted
from benchmarks.scene import ZAP
from engine.engine import Engine
from engine.history.finding import Filter
from engine.history.indexing import Indexing
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store import intake, zaps
from engine.store.intake import Found
from engine.store.states import RunState
from tests.processes import Installation

FILLED = "filled"  # a file that says that the folder has everything
TICKS = 20  # a second: how often events arrive
OPEN = (RunState.FAILED, RunState.HELD, RunState.NEEDS_REVIEW)

Question = Callable[[], object]


@dataclass(frozen=True)
class Sizes:
    """How much there is, and how often each question is asked."""

    zaps: int = 1_000
    runs: int = 100_000
    rounds: int = 40
    rate: float = 100.0


@dataclass
class Stage:
    """An installation with its long history, and an engine in this process that executes runs of `zap_id`."""

    runtime: Runtime
    engine: Engine
    sizes: Sizes
    zap_id: str
    zap: str
    installation: Installation
    chance: random.Random = field(default_factory=lambda: random.Random(11))

    def questions(self) -> dict[str, Question]:
        """What pages ask, by name; each time about something else."""
        page, chance, now = self.runtime.history.page, self.chance, self.runtime.now()
        week, words = timedelta(days=7), ("anfrage", "rechnung", "muster", "erika", "kunde", "telefon")
        return {
            "figures of fifty zaps": lambda: self.runtime.figures.of_zaps(self._zaps(), timezone="Europe/Berlin"),
            "figures of all zaps": lambda: self.runtime.figures.of_zaps(timezone="Europe/Berlin"),
            "first page": lambda: page(Filter()),
            "a page far back": lambda: page(Filter(), before=self._run()),
            "of one zap": lambda: page(Filter(zap_ids=(self._zap(),))),
            "failed": lambda: page(Filter(states=(RunState.FAILED,))),
            "for a person": lambda: page(Filter(states=OPEN)),
            "of one zap, filtered out": lambda: page(Filter(zap_ids=(self._zap(),), states=(RunState.FILTERED,))),
            "of a folder, failed": lambda: page(Filter(folder="Folder 3", states=(RunState.FAILED,))),
            "on hold for a connection": lambda: page(Filter(hold="connection:office")),
            "a week, done": lambda: page(Filter(states=(RunState.SUCCEEDED,), since=now - 2 * week, until=now - week)),
            "a common word": lambda: page(Filter(text=chance.choice(words))),
            "a rare word": lambda: page(Filter(text=f"{chance.randrange(10**6)}")),
            "two words": lambda: page(Filter(text=f"{chance.choice(words)} {chance.choice(words)}")),
            "the beginning of a word": lambda: page(Filter(text=chance.choice(("anf", "rech", "must", "tele", "bre")))),
            "a word, one zap": lambda: page(Filter(text=chance.choice(words), zap_ids=(self._zap(),))),
            "a word, failed": lambda: page(Filter(text=chance.choice(words), states=(RunState.FAILED,))),
            "a word, a week": lambda: page(Filter(text="kunde", since=now - 2 * week, until=now - week)),
            "one run": lambda: self.runtime.details.of(self._run()),
            "what moved": lambda: self.runtime.changes.since(self.runtime.changes.marker()),
        }

    def _zap(self) -> str:
        return zap_id_of(self.chance.randrange(self.sizes.zaps))

    def _zaps(self) -> list[str]:
        return [zap_id_of(number) for number in self.chance.sample(range(self.sizes.zaps), min(50, self.sizes.zaps))]

    def _run(self) -> str:
        """A run anywhere in the history."""
        until = self.runtime.now() - timedelta(days=29) * self.chance.random()
        return self.runtime.history.ids(Filter(until=until), 1)[0]


async def measured(stage: Stage) -> dict[str, Any]:
    """The figures: with runs being executed."""
    before = _memory()
    await stage.engine.start()
    load = asyncio.create_task(_arrive(stage))
    await asyncio.sleep(2)
    begun, done = time.monotonic(), executed(stage)
    figures: dict[str, Any] = {}
    for name, question in stage.questions().items():
        asked = [await asyncio.to_thread(_timed, question) for _ in range(stage.sizes.rounds)]
        taken, worked = zip(*asked, strict=True)
        figures[name] = {**pages.spread(taken, "p50", "p95"), **pages.spread(worked, "cpu p50", "cpu p95")}
    took = time.monotonic() - begun
    told = {
        "runs a second meanwhile": round((executed(stage) - done) / took, 1),
        "memory before, MB": round(before),
        "memory after, MB": round(_memory()),
    }
    load.cancel()
    with suppress(asyncio.CancelledError):
        await load
    await stage.engine.stop()
    await stage.runtime.close()
    return {"slowest question p95, ms": max(figure["p95"] for figure in figures.values()), **figures, **told}


def _timed(question: Question) -> tuple[float, float]:
    """Seconds that it took, and of processor time."""
    time.sleep(0.02)  # as between two people's clicks: the engine's own work goes on
    begun, worked = time.perf_counter(), time.thread_time()
    question()
    return time.perf_counter() - begun, time.thread_time() - worked


async def _arrive(stage: Stage) -> None:
    """Events, as many a second as asked for."""
    number = 0
    share = max(round(stage.sizes.rate / TICKS), 1)
    while True:
        due = time.monotonic() + share / stage.sizes.rate
        names = range(number, number + share)
        records = [found(f"e{name}") for name in names]
        number += share
        await stage.engine.writer.write(partial(accept, stage, records))
        stage.engine.queue.ring()
        await asyncio.sleep(max(due - time.monotonic(), 0))


def found(name: str) -> Found:
    """What a call of this name is accepted as."""
    return Found(name, json.dumps({"id": name, "body": {"id": name, "text": "x" * 900}}).encode())


def accept(stage: Stage, records: Sequence[Found], connection: Connection) -> None:
    """Runs of the zap that is executed."""
    now = stage.runtime.now()
    intake.accept(connection, stage.zap_id, "webhook.catch:bench", records, flood_limit=None, now=now)


def executed(stage: Stage) -> int:
    """How many runs were executed so far."""
    return stage.runtime.figures.of_zaps([stage.zap_id])[stage.zap_id].total


def _memory() -> float:
    resident: int = psutil.Process().memory_info().rss
    return resident / 1e6


@contextmanager
def staged(folder: Path, sizes: Sizes) -> Iterator[tuple[Stage, dict[str, Any]]]:
    """The stage, and what making it showed."""
    data = folder / "data"
    with sink.running() as running:
        installation = Installation(
            data, {"ZAPWERK_ALLOW_PRIVATE_HOSTS": "127.0.0.1", "ZAPWERK_LOG_LEVEL": "WARNING"}, forked=False
        )
        name = f"bench {time.time_ns()}"
        installation.switch_on(ZAP.format(url=running.url).replace("name: bench", f"name: {name}"))
        runtime = Runtime(Settings(data=data, allow_private_hosts=frozenset({"127.0.0.1"})))
        made = {} if (folder / FILLED).exists() else _filled(runtime, sizes)
        (folder / FILLED).touch()
        Indexing(runtime.database, busy=lambda: False).catch_up()
        with runtime.database.read() as session:
            zap_id = zaps.find(session, name).id
        yield Stage(runtime, Engine(runtime), sizes, zap_id, name, installation), made


def _filled(runtime: Runtime, sizes: Sizes) -> dict[str, Any]:
    begun, empty = time.monotonic(), _size(runtime)
    Bulk(sizes.zaps, sizes.runs).fill(runtime.database)
    filled, plain = time.monotonic(), _size(runtime)
    Indexing(runtime.database, busy=lambda: False).catch_up()
    return {
        "filled, runs a second": round(sizes.runs / (filled - begun)),
        "indexed, runs a second": round(sizes.runs / (time.monotonic() - filled)),
        "bytes of database per run": round((plain - empty) / sizes.runs),
        "bytes of index per run": round((_size(runtime) - plain) / sizes.runs),
    }


def _size(runtime: Runtime) -> int:
    with runtime.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, free, size = (
            int(connection.exec_driver_sql(f"PRAGMA {what}").scalar_one())
            for what in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * size


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--zaps", type=int, default=Sizes.zaps)
    options.add_argument("--runs", type=int, default=Sizes.runs)
    options.add_argument("--rounds", type=int, default=Sizes.rounds)
    options.add_argument("--rate", type=float, default=Sizes.rate)
    options.add_argument("--folder", type=Path)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    sizes = Sizes(given.zaps, given.runs, given.rounds, given.rate)
    with tempfile.TemporaryDirectory(prefix="zapwerk-bench-") as passing:
        folder = given.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        with staged(folder, sizes) as (stage, made):
            asked = asyncio.run(measured(stage))
            wanted = Wanted(sizes.zaps, sizes.rounds, sizes.rate, stage.zap)
            figures = {"runs": sizes.runs, **made, **asked, **pages.measured(stage.installation, wanted, folder)}
    print(json.dumps(figures, indent=1) if given.json else table(figures))


if __name__ == "__main__":
    main()
