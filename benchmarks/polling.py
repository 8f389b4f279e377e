"""Measures how late triggers are checked: many switched-on zaps, each to be checked every minute, on one core.

    python -m benchmarks.polling [--zaps 100,1000,10000] [--every 60] [--seconds 120] [--at-once] [--json]

`zapwerk serve` runs pinned to one core, with a connector from the data folder whose trigger costs next to nothing: it
notes that it was called and yields one record that is known. Lateness is that moment less the time at which the check
was due, which is read from the database from outside. First checks lie all over one interval, as they do in an
installation that has run for a while; with `--at-once` all are due at the start, as after a long time without power.
One interval is for warming up.
"""

import argparse
import asyncio
import json
import os
import random
import sqlite3
import tempfile
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figures import shown, spread
from engine.connections.connecting import Wish
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store import intake, watches, zaps
from engine.store.moments import span_ms
from engine.store.states import ZapState
from engine.triggers import kinds
from engine.triggers.sources import Source
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.processes import Installation

SAMPLES = 6  # looks at what is due, in one interval
SAME = 0.002  # seconds; the database keeps whole milliseconds

CONNECTOR = '''
"""An app that costs nothing: it notes that it was asked, and has one record."""
import os
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pydantic import BaseModel, Field
from zapwerk import Account, ApiKey, Connector, Context, Record

beat = Connector("beat", title="Beat", auth=[ApiKey()])
notes = os.open(os.environ["BEAT_NOTES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

class Number(BaseModel):
    number: int = Field(title="Number")

class Beat(Record):
    title: str = ""

@beat.check
async def account(ctx: Context) -> Account:
    return Account("1", "beats")

@beat.trigger(every=timedelta(seconds={every}))
async def beaten(ctx: Context, given: Number) -> AsyncIterator[Beat]:
    """A beat."""
    os.write(notes, f"{{given.number}} {{time.time():.4f}}\\n".encode())
    yield Beat(id="1", title="beat")

@beat.action(repeatable=True)
async def keep(ctx: Context, given: Number) -> Beat:
    """Keeps it."""
    return Beat(id="1")
'''


@dataclass(frozen=True)
class Order:
    """What is measured: so many zaps, each every so many seconds, for so long."""

    zaps: int
    every: float
    seconds: float
    at_once: bool = False


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--zaps", default="100,1000,10000")
    options.add_argument("--every", type=float, default=60.0)
    options.add_argument("--seconds", type=float, default=120.0)
    options.add_argument("--at-once", action="store_true")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    orders = [Order(int(count), given.every, given.seconds, given.at_once) for count in given.zaps.split(",")]
    figures = {f"{order.zaps:,} zaps": measured(order) for order in orders}
    if given.json:
        print(json.dumps(figures, indent=1))
    else:
        for name, one in figures.items():
            print(f"{name:14} " + "  ".join(f"{what}: {shown(figure)}" for what, figure in one.items()))


def measured(order: Order) -> dict[str, Any]:
    """The figures of one installation that runs for so long."""
    with tempfile.TemporaryDirectory(prefix="zapwerk-bench-") as base:
        folder = Path(base)
        notes = folder / "notes"
        os.environ["BEAT_NOTES"] = str(notes)
        installation = Installation(folder / "data", {"ZAPWERK_LOG_LEVEL": "WARNING"}, forked=False)
        numbers = asyncio.run(drawn(installation.data, order))
        with on_one_core() as unpin, installation.serving() as served:
            unpin()
            assert served.process is not None
            return watched(order, installation.data / "zapwerk.db", notes, numbers, psutil.Process(served.process.pid))


def watched(
    order: Order, database: Path, notes: Path, numbers: dict[str, int], process: psutil.Process
) -> dict[str, Any]:
    """Looks on from outside while the engine works."""
    begin = time.time() + (0 if order.at_once else order.every)
    until = begin + order.seconds
    dues: defaultdict[int, set[float]] = defaultdict(set)
    worked = 0.0
    while (now := time.time()) < until:
        for number, due in looked(database, numbers):
            dues[number].add(due)
        if not worked and now >= begin:
            worked, counted_from = sum(process.cpu_times()[:2]), now
        time.sleep(min(order.every / SAMPLES, 5.0))
    taken = sum(process.cpu_times()[:2]) - worked
    end, calls = time.time(), called(notes)
    late = list(lateness(dues, calls, begin, end))
    checks = sum(begin <= at <= end for moments in calls.values() for at in moments)
    return {
        "lateness, ms": spread(late),
        "checks a second": round(checks / (end - begin), 1),
        "core used, %": round(100 * taken / (end - counted_from)),
        "a check, ms of the core": round(1000 * taken / checks, 2) if checks else None,
        "memory, MB": round(process.memory_info().rss / 1e6),
    }


def lateness(dues: dict[int, set[float]], calls: dict[int, list[float]], begin: float, end: float) -> Iterator[float]:
    """Of each check that was due in this time; one that did not come yet is late up to the end."""
    for number, times in dues.items():
        for due in times:
            if begin <= due < end:
                place = bisect_left(calls[number], due - SAME)
                yield max((calls[number][place] if place < len(calls[number]) else end) - due, 0.0)


def looked(database: Path, numbers: dict[str, int]) -> list[tuple[int, float]]:
    """When each zap is due now, by number; seconds since 1970."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        rows = connection.execute("SELECT zap_id, next_poll_at FROM watch").fetchall()
    return [(numbers[zap_id], due / 1000) for zap_id, due in rows]


def called(notes: Path) -> dict[int, list[float]]:
    """When each zap's trigger was called, in order."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    for line in notes.read_text().splitlines():
        number, at = line.split()
        found[int(number)].append(float(at))
    return found


async def drawn(data: Path, order: Order) -> dict[str, int]:
    """Writes an installation with so many zaps switched on, without asking anything of each; numbers by id."""
    (data / "connectors").mkdir(parents=True, mode=0o700)
    data.chmod(0o700)
    (data / "connectors" / "beat.py").write_text(CONNECTOR.format(every=order.every))
    runtime = Runtime(Settings(data=data))
    try:
        connection = await runtime.connecting.add(Wish("beat", "beats", {"key": "k"}))
        return await asyncio.to_thread(_written, runtime, connection.id, order)
    finally:
        await runtime.close()


def _written(runtime: Runtime, connection_id: str, order: Order) -> dict[str, int]:
    numbers: dict[str, int] = {}
    source = runtime.sources.of(_zap(0, connection_id))  # the same for all: their number names no place
    with runtime.database.write() as session:
        for number in range(order.zaps):
            zap = _zap(number, connection_id)
            now = datetime.now(UTC)
            zap_id = zaps.create(session, zap, now=now).id
            numbers[zap_id] = number
            zaps.publish(session, zap_id, {"beat": 1}, now=now)
            zaps.set_state(session, zap_id, ZapState.ON, now=now)
            _watched(session, source, zap_id, order, now)
    return numbers


def _watched(session: Any, source: Source, zap_id: str, order: Order, now: datetime) -> None:
    wait = 0.0 if order.at_once else random.uniform(0, order.every)
    watches.begin(
        session,
        zap_id,
        connection_id=source.connection.id,
        source=source.name,
        listens=source.listens,
        cursor=None,
        every_ms=kinds.every_ms(source),
        wait_ms=span_ms(timedelta(seconds=wait)),
        now=now,
    )
    intake.remember(session.connection(), zap_id, source.name, ["1"], now=now)


def _zap(number: int, connection_id: str) -> Zap:
    trigger = TriggerUse(use="beat.beaten", connection=connection_id, with_={"number": number})
    step = ActionStep(key="keep", use="beat.keep", connection=connection_id, with_={"number": number})
    return Zap(name=f"beat {number}", trigger=trigger, steps=(step,))


@contextmanager
def on_one_core() -> Iterator[Any]:
    """What is started in this block runs on one core, until its value is called for this process."""
    cores = os.sched_getaffinity(0)

    def unpin() -> None:
        os.sched_setaffinity(0, cores - {max(cores)} or cores)

    os.sched_setaffinity(0, {max(cores)})
    try:
        yield unpin
    finally:
        os.sched_setaffinity(0, cores)


if __name__ == "__main__":
    main()
