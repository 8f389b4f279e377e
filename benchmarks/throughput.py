"""Webhook → `http.request`: how many runs a second, from request to effect, beside what a bare FastAPI app accepts.

    python -m benchmarks.throughput [--runs N] [--calm N] [--rate R] [--bare N] [--json]

Real processes: the load generator, `zapwerk serve` on a fresh folder, the sink. Every step is journaled with
synchronous=FULL, and a request is answered when its run is stored. Runs are counted until every effect has arrived.

Under full load requests come faster than effects go out, so the way from accept to effect is mostly waiting in the
queue; what the way itself takes is measured afterwards at a calm rate. Times are of the clock that all processes share:
an accept from when its request was due to its answer, an effect from that answer to its arrival at the sink.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import limits
from benchmarks.figures import command, spread
from benchmarks.scene import Scene, staged

WARM_UP = 500  # runs


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    runs: int = 10_000
    calm: int = 2_000
    rate: float = 100.0
    bare: int = 5_000


def measured(sizes: Sizes) -> dict[str, Any]:
    """The figures. The bare app is measured before and after ours, because the machine's own speed changes."""
    before = limits.bare_fastapi(sizes.bare)
    with tempfile.TemporaryDirectory(prefix="zapwerk-bench-") as folder, staged(Path(folder)) as scene:
        ours = _ours(scene, sizes)
    bare = mean((before, limits.bare_fastapi(sizes.bare)))
    return {
        "bare FastAPI, POSTs a second": round(bare),
        "share of bare FastAPI": round(ours["runs a second"] / bare, 3),
        **ours,
    }


def _ours(scene: Scene, sizes: Sizes) -> dict[str, Any]:
    _round(scene, "w", min(WARM_UP, sizes.runs))
    scene.at_rest()
    before, worked, size = scene.memory(), scene.worked(), scene.database_size()
    full = _round(scene, "r", sizes.runs)
    states = scene.at_rest()
    after, work, grown = scene.memory(), scene.worked() - worked, scene.database_size() - size
    calm = _round(scene, "c", sizes.calm, rate=sizes.rate)
    return {
        **full,
        "processor time of the engine per run, ms": round(work / sizes.runs * 1000, 2),
        "memory before, MB": round(before),
        "memory after, MB": round(after),
        "bytes of database per run": round(grown / sizes.runs),
        f"at {sizes.rate:g} a second: accept, ms": calm["accept, ms"],
        f"at {sizes.rate:g} a second: accept to effect, ms": calm["accept to effect, ms"],
        "states of runs": states,
    }


def _round(scene: Scene, prefix: str, requests: int, **more: Any) -> dict[str, Any]:
    """One load, until its last effect."""
    scene.sink.forget()
    told, shots = scene.loaded(scene.order(prefix, requests, **more))
    if told["accepted"] != requests:
        raise SystemExit(f"not every request was accepted: {told}")
    state = scene.until_effects(requests)
    effects = scene.sink.effects()
    return {
        "runs": requests,
        "runs a second": round(requests / (state["last"] - told["begun"]), 1),
        "accepted a second": told["accepted a second"],
        "effects": state["effects"],
        "different effects": state["different"],
        "accept, ms": told["answer, ms"],
        "accept to effect, ms": spread([effects[shot.id].first - shot.answered for shot in shots]),
    }


if __name__ == "__main__":
    command(__doc__, Sizes, measured)
