"""Plain values that say how often: the engine does the counting."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Rate:
    """At most `calls` per `per`, for each connection."""

    calls: int
    per: timedelta = timedelta(seconds=1)

    def __post_init__(self) -> None:
        if self.calls < 1 or self.per <= timedelta(0):
            raise ValueError("a rate needs at least one call in a positive time")
