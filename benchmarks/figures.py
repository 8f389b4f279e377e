"""How benchmarks tell what they measured: times as a few figures, figures as a table. Called by the benchmarks."""

from collections.abc import Collection, Mapping
from typing import Any


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
