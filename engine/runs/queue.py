"""The port to whatever hands out due runs: one process's own loop (local.py), or workers on PostgreSQL."""

from typing import Protocol


class Queue(Protocol):
    """Executes due runs. The database is the queue; this only watches it."""

    async def start(self) -> None:
        """Begins, after taking over what an engine that is gone has left."""
        ...

    def ring(self) -> None:
        """Says that a run may be due now. From any thread."""
        ...

    async def stop(self, grace: float) -> None:
        """Takes no more runs, and waits up to `grace` seconds for those under way."""
        ...
