"""What /metrics says: the figures of this installation in the text format of Prometheus. Called by `app`."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.engine import Engine
from engine.runtime import Runtime
from engine.store import gauges
from engine.store.gauges import Gauges
from web.health import not_ready

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(runtime: Runtime, engine: Engine, version: str) -> str:
    """All figures. Blocks on the database."""
    with runtime.database.read() as session:
        found = gauges.read(session, runtime.now())
    lines = [*_house(runtime, engine, version), *_triggers(engine), *_runs(engine, found)]
    return "\n".join(lines) + "\n"


def _house(runtime: Runtime, engine: Engine, version: str) -> Iterator[str]:
    yield from _family("zapwerk_info", "gauge", "The version that runs.", {f'{{version="{version}"}}': 1})
    ready = int(not not_ready(runtime, engine))
    yield from _family("zapwerk_ready", "gauge", "Whether zaps run: 1, or 0 as /readyz explains.", {"": ready})


def _triggers(engine: Engine) -> Iterator[str]:
    counts = _labelled(engine.watchdog.counts)
    yield from _family("zapwerk_triggers", "gauge", "Triggers by how they do, looked at every half minute.", counts)


def _runs(engine: Engine, found: Gauges) -> Iterator[str]:
    yield from _family("zapwerk_runs", "gauge", "Runs that have not ended, by state.", _labelled(found.runs))
    ended = _labelled(found.ended)
    yield from _family("zapwerk_runs_ended_total", "counter", "Runs that came to their end, by state.", ended)
    under_way = {"": engine.queue.under_way}
    yield from _family("zapwerk_runs_under_way", "gauge", "Runs that this process executes now.", under_way)
    overdue = {"": found.run_overdue.total_seconds()}
    yield from _family("zapwerk_run_overdue_seconds", "gauge", "How long the longest due run waits.", overdue)
    late = {"": found.check_overdue.total_seconds()}
    yield from _family("zapwerk_check_overdue_seconds", "gauge", "How long the longest due check waits.", late)
    yield from _family("zapwerk_notices", "gauge", "Notices that are open.", {"": found.open_notices})


def _labelled(counts: Mapping[Any, int]) -> dict[str, float]:
    return {f'{{state="{state}"}}': count for state, count in counts.items()}


def _family(name: str, kind: str, help_: str, values: Mapping[str, float]) -> Iterator[str]:
    """One metric; `values` are by label."""
    yield f"# HELP {name} {help_}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{labels} {value:g}"
