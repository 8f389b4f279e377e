"""A long history is pruned while runs are executed at full rate: the longest slice, and what it costs the runs.

    python -m benchmarks.pruning [--zaps N] [--runs N] [--seconds S] [--json]

The history is the one of `history`, thirty days long. An engine in this process executes runs (webhook → `http.request`
to a sink in a process of its own), of which there are always some waiting. It does so for `--seconds`; then as long
while the data of what is older than a day and the runs older than two are deleted, with the rests that the engine takes
where it is busy; then as long again without. The share is runs a second of the middle by the mean of both sides, so
that a machine that drifts does not count. A slice is how long pruning holds the turn to write, with its commit.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figures import table
from benchmarks.history import Sizes, Stage, accept, executed, found, staged
from engine.keeping.keeping import RESTS_WHEN_BUSY
from engine.keeping.policy import Policy
from engine.keeping.pruning import Pruning

WAITING = 300  # runs that are always waiting, at least
AT_ONCE = 100
LOOKS = 0.1  # seconds between two looks
KEPT = Policy(contents_days=1, runs_days=2)


@dataclass
class Load:
    """Runs that never end: before the last ones are executed, more have come."""

    stage: Stage
    accepted: int = 0

    async def flow(self) -> None:
        while True:
            if self.accepted - await asyncio.to_thread(executed, self.stage) < WAITING:
                records = [found(f"p{self.accepted + number}") for number in range(AT_ONCE)]
                self.accepted += AT_ONCE
                await self.stage.engine.writer.write(partial(accept, self.stage, records))
                self.stage.engine.queue.ring()
            else:
                await asyncio.sleep(LOOKS)

    async def rate(self, seconds: float) -> float:
        """Runs a second for so long."""
        before, began = executed(self.stage), time.monotonic()
        await asyncio.sleep(seconds)
        return (executed(self.stage) - before) / (time.monotonic() - began)


@dataclass
class Deleting:
    """The engine's pruning, with the rests that it takes while runs are executed at full rate."""

    stage: Stage
    pruning: Pruning
    ended: bool = False

    async def go_on(self) -> None:
        slices = self.pruning.slices()
        while not self.ended:
            began = time.monotonic()
            self.ended = await asyncio.to_thread(next, slices, self) is self
            await asyncio.sleep((time.monotonic() - began) * RESTS_WHEN_BUSY)


async def measured(stage: Stage, seconds: float) -> dict[str, Any]:
    """The figures: before, during and after."""
    stage.runtime.policies.set_house(KEPT)
    stage.engine.keeping.stop()  # it would begin by itself after a minute
    await stage.engine.start()
    load, runtime = Load(stage), stage.runtime
    deleting = Deleting(stage, Pruning(runtime.database, runtime.blobs, runtime.now))
    async with _meanwhile(load.flow()):
        await load.rate(min(seconds, 2))  # until it goes at full rate
        before = await load.rate(seconds)
        async with _meanwhile(deleting.go_on()):
            during = await load.rate(seconds)
        after = await load.rate(seconds)
    await stage.engine.stop()
    await runtime.close()
    done = deleting.pruning.done
    return {
        "runs a second before": round(before, 1),
        "runs a second while it is pruned": round(during, 1),
        "runs a second afterwards": round(after, 1),
        "share of the rate that is left": round(during / ((before + after) / 2), 3),
        "longest slice, ms": round(done.longest * 1000, 1),
        "contents deleted": done.contents,
        "runs deleted": done.runs,
    }


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--zaps", type=int, default=200)
    options.add_argument("--runs", type=int, default=20_000)
    options.add_argument("--seconds", type=float, default=20.0)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    sizes = Sizes(given.zaps, given.runs)
    with tempfile.TemporaryDirectory(prefix="zapwerk-bench-") as folder, staged(Path(folder), sizes) as (stage, made):
        figures = {"runs": given.runs, **made, **asyncio.run(measured(stage, given.seconds))}
    print(json.dumps(figures, indent=1) if given.json else table(figures))


if __name__ == "__main__":
    main()
