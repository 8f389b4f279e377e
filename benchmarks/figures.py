"""How benchmarks tell what they measured: times as a few figures, figures as a table. Called by the benchmarks."""

import argparse
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from typing import Any, TypeVar

Sizes = TypeVar("Sizes")


def command(doc: str | None, sizes: type[Sizes], measured: Callable[[Sizes], Mapping[str, Any]]) -> None:
    """A benchmark as a command: an option for each field of the dataclass `sizes`, which all have defaults; the figures
    go to standard output, as a table or with `--json`."""
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for size in fields(sizes):  # type: ignore[arg-type]
        options.add_argument(f"--{size.name}", type=type(size.default), default=size.default)
    options.add_argument("--json", action="store_true")
    given = vars(options.parse_args())
    as_json = given.pop("json")
    figures = measured(sizes(**given))
    print(json.dumps(figures, indent=1) if as_json else table(figures))


def spread(seconds: Collection[float]) -> dict[str, float]:
    """`p50`, `p99` and `max` in milliseconds; zeros for nothing."""
    ordered = sorted(seconds) or [0.0]
    return {
        "p50": _ms(ordered[(len(ordered) - 1) // 2]),
        "p99": _ms(ordered[(len(ordered) - 1) * 99 // 100]),
        "max": _ms(ordered[-1]),
    }


def table(figures: Mapping[str, Any]) -> str:
    """A line for each figure."""
    width = max(map(len, figures))
    return "\n".join(f"{name:{width}}  {shown(figure)}" for name, figure in figures.items())


def shown(figure: Any) -> str:
    """A figure as a person reads it."""
    if isinstance(figure, Mapping):
        return ", ".join(f"{name} {shown(one)}" for name, one in figure.items())
    return f"{figure:,}" if isinstance(figure, int | float) else str(figure)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
