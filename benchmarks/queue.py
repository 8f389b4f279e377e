"""A long queue: many webhooks are accepted while no effect gets through; then the engine is killed, and drains it.

    python -m benchmarks.queue [--runs N] [--few N] [--json]

The sink holds each answer back for so long that next to nothing goes through, but no call times out. Memory is sampled
while the requests are accepted. Then SIGKILL, a new start, and the sink answers at once: how fast the queue drains,
beside a short queue that was drained before. Every effect must have arrived once, whatever happened to its run.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.figures import table
from benchmarks.scene import Scene, staged
from benchmarks.sink import Arrived

HOLD = 20.0  # seconds; a step may take 30
SAMPLES_EVERY = 0.5  # seconds
WARM_UP = 500  # runs


@dataclass(frozen=True)
class Accepted:
    """What taking in so many requests showed."""

    a_second: float
    memory: tuple[float, ...]


def measured(runs: int, few: int) -> dict[str, Any]:
    """The figures. Raises `SystemExit` when an effect is missing or came twice."""
    with tempfile.TemporaryDirectory(prefix="zapwerk-bench-") as folder, staged(Path(folder)) as scene:
        scene.loaded(scene.order("w", min(WARM_UP, few)))
        scene.until_effects(min(WARM_UP, few))
        short = _short(scene, few)
        accepted = _accept(scene, "q", runs)
        ready = _restarted(scene)
        freed, memory = time.monotonic(), [scene.memory()]
        scene.sink.behave()
        scene.until_effects(runs, lambda _: memory.append(scene.memory()))
        drained = [one.first for one in _each_once(scene, runs).values() if one.first > freed]
        return {
            "queued": runs,
            "accepted a second": round(accepted.a_second, 1),
            "memory at the beginning, MB": round(accepted.memory[0]),
            "memory at a tenth, MB": round(accepted.memory[len(accepted.memory) // 10]),
            "memory at most, MB": round(max(accepted.memory)),
            "ready after SIGKILL, seconds": round(ready, 2),
            "drained after the restart": len(drained),
            "drained a second": _rate(drained),
            "drained a second, first tenth": _rate(sorted(drained)[: len(drained) // 10]),
            "drained a second, last tenth": _rate(sorted(drained)[-(len(drained) // 10) :]),
            f"drained a second, from a queue of {few}": short,
            "memory at most while draining, MB": round(max(memory)),
            "states of runs": scene.at_rest(),
        }


def _short(scene: Scene, few: int) -> float:
    """How fast a short queue drains, without a restart."""
    _accept(scene, "s", few)
    freed = time.monotonic()
    scene.sink.behave()
    scene.until_effects(few)
    return _rate([one.first for one in _each_once(scene, few).values() if one.first > freed])


def _accept(scene: Scene, prefix: str, requests: int) -> Accepted:
    """Has requests accepted while the sink holds its answers back."""
    scene.sink.forget()
    scene.sink.behave(hold=HOLD)
    loading = load.begun(scene.order(prefix, requests), scene.folder / prefix)
    memory = [scene.memory()]
    while loading.poll() is None:
        time.sleep(SAMPLES_EVERY)
        memory.append(scene.memory())
    told = load.ended(loading)
    if told["accepted"] != requests:
        raise SystemExit(f"not every request was accepted: {told}")
    return Accepted(told["accepted a second"], tuple(memory))


def _restarted(scene: Scene) -> float:
    """Kills the engine and starts it; seconds until it was ready."""
    scene.serve.kill()
    begun = time.monotonic()
    scene.serve.start()
    return time.monotonic() - begun


def _each_once(scene: Scene, count: int) -> dict[str, Arrived]:
    effects = scene.sink.effects()
    twice = [name for name, arrived in effects.items() if arrived.times > 1]
    if len(effects) != count or twice:
        raise SystemExit(f"{len(effects)} of {count} effects came, {len(twice)} of them twice")
    return effects


def _rate(moments: Collection[float]) -> float:
    """How many a second, from the first to the last."""
    return round((len(moments) - 1) / (max(moments) - min(moments)), 1) if len(moments) > 1 else 0.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=100_000)
    options.add_argument("--few", type=int, default=2_000)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    figures = measured(given.runs, given.few)
    print(json.dumps(figures, indent=1) if given.json else table(figures))


if __name__ == "__main__":
    main()
