"""How many rows a slice takes: as many as the turn to write may be held for. One for each kind of work."""

from dataclasses import dataclass

HELD_FOR = 0.008  # seconds, besides the disk's sync
LEAST, MOST = 2, 200  # rows


@dataclass
class Pace:
    """Learns from how long the last slice took."""

    rows: int = 8

    def took(self, seconds: float) -> None:
        fitting = self.rows * HELD_FOR / max(seconds, 1e-6)
        self.rows = max(LEAST, min(MOST, int(fitting), self.rows * 2))
