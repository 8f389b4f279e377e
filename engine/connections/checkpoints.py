"""`ctx.checkpoint` where the engine gives none, and its blocking face. Called by `contexts`."""

from dataclasses import dataclass, field
from typing import Any

from engine.sdk.context import Checkpoint
from engine.sdk.http import Waits


@dataclass(frozen=True)
class Notes:
    """Notes that live as long as the call: for tries, lookups and checks."""

    values: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        """What was put under `key`, or None."""
        return self.values.get(key)

    async def put(self, key: str, value: Any) -> None:
        """Kept until the call ends."""
        self.values[key] = value


@dataclass(frozen=True)
class Waiting:
    """A checkpoint for blocking functions; `put` returns when the note is durable."""

    checkpoint: Checkpoint
    wait: Waits

    def get(self, key: str) -> Any:
        """What was put under `key`, or None."""
        return self.checkpoint.get(key)

    def put(self, key: str, value: Any) -> None:
        """As `Checkpoint.put`."""
        self.wait(self.checkpoint.put(key, value))
