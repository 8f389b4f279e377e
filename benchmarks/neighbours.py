"""What zaps with dead services cost the others: one that works, alone and beside many that have long queues.

    python -m benchmarks.neighbours [--zaps N] [--backlog N] [--runs N] [--rate R] [--json]

The zap that works is the one of `throughput`, loaded at a steady rate. The others send to an address where nobody
listens (each run tries three times within five seconds, then rests), or to a sink that holds each answer back. Each of
them has its whole queue accepted, and has had a run that ended, before the measuring begins.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import sink
from benchmarks.figures import command, spread
from benchmarks.load import Order
from benchmarks.scene import CONNECTIONS, ZAP, Scene, staged
from tests.waiting import free_port, wait_until

HOLD = 10.0  # seconds
KNOWN_WITHIN = 300.0  # seconds
HAVE_ENDED = (
    "SELECT count(DISTINCT zap_id) FROM run JOIN zap ON zap.id = zap_id "
    "WHERE zap.name LIKE ? AND run.state NOT IN ('queued', 'running')"
)


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    zaps: int = 8
    backlog: int = 400
    runs: int = 1_000
    rate: float = 50.0


def measured(sizes: Sizes) -> dict[str, Any]:
    """The figures, by what the neighbours' service does."""
    told = {neighbours: _beside(neighbours, sizes) for neighbours in ("alone", "refusing", "hanging")}
    return {
        "zaps with a dead service": sizes.zaps,
        "runs waiting of each": sizes.backlog,
        **{f"{neighbours}: {name}": figure for neighbours, found in told.items() for name, figure in found.items()},
    }


def _beside(neighbours: str, sizes: Sizes) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="zapwerk-bench-") as folder,
        _address(neighbours) as url,
        staged(Path(folder)) as scene,
    ):
        if url:
            _begin(scene, url, sizes)
        return _round(scene, sizes)


@contextmanager
def _address(neighbours: str) -> Iterator[str]:
    """Where the neighbours send to; “” if there are none."""
    match neighbours:
        case "refusing":
            yield f"http://127.0.0.1:{free_port()}"
        case "hanging":
            with sink.running() as hanging:
                hanging.behave(hold=HOLD)
                yield hanging.url
        case _:
            yield ""


def _begin(scene: Scene, url: str, sizes: Sizes) -> None:
    """Switches the neighbours on and fills their queues."""
    for number in range(sizes.zaps):
        name = f"neighbour {number}"
        scene.installation.switch_on(ZAP.format(url=url).replace("name: bench", f"name: {name}"))
        hook = scene.installation.show("zaps", "show", name)["trigger"]["url"]
        accepted, _ = scene.loaded(Order(hook, sizes.backlog, CONNECTIONS, prefix=f"n{number}-"))
        if accepted["accepted"] != sizes.backlog:
            raise SystemExit(f"not every request was accepted: {accepted}")
    wait_until(lambda: _known(scene) == sizes.zaps, KNOWN_WITHIN, what="a run of each neighbour to end")


def _known(scene: Scene) -> int:
    """How many neighbours have had a run that ended."""
    ((count,),) = scene.read(HAVE_ENDED, "neighbour %")
    return int(count)


def _round(scene: Scene, sizes: Sizes) -> dict[str, Any]:
    """What the zap that works does at the rate."""
    told, shots = scene.loaded(scene.order("r", sizes.runs, rate=sizes.rate))
    state = scene.until_effects(sizes.runs)
    effects = scene.sink.effects()
    waiting = sum(count for name, count in scene.runs().items() if name in {"queued", "running"})
    return {
        "runs a second": round(sizes.runs / (state["last"] - told["begun"]), 1),
        "accept to effect, ms": spread([effects[shot.id].first - shot.answered for shot in shots]),
        "runs of the neighbours still waiting": waiting,
    }


if __name__ == "__main__":
    command(__doc__, Sizes, measured)
