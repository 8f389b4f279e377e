"""What a zap's trigger is, ready to be called: the connector's trigger, the connection, the input, and the *source*.

The source names what is watched: the account, the trigger, and the inputs that name a place. Another source has a
baseline of its own. Called by whoever polls, listens, tests or switches on.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from engine.connections.contexts import Asked, LiveConnection, Purpose
from engine.connections.stored import Connections
from engine.registry import Registry
from engine.sdk.connector import Trigger
from engine.store.encoding import plain
from engine.zaps import values
from engine.zaps.model import Zap


@dataclass(frozen=True)
class Source:
    """One trigger with its input, on one connection."""

    trigger: Trigger[Any, Any]
    connection: LiveConnection
    given: BaseModel

    @property
    def name(self) -> str:
        """Stable and short: the same for every zap that watches the same thing."""
        account = self.connection.account.id if self.connection.account else ""
        places = plain({name: getattr(self.given, name) for name in self.trigger.places})
        said = json.dumps([account, self.trigger.use, places], sort_keys=True)
        return f"{self.trigger.use}:{hashlib.sha256(said.encode()).hexdigest()[:24]}"

    @property
    def listens(self) -> str:
        """Zaps with the same value share a listener; “” where there is none."""
        return f"{self.connection.id}/{self.name}" if self.trigger.listen else ""

    def asked(self, cursor: Any = None, *, purpose: Purpose = Purpose.TRIGGER, **more: Any) -> Asked:
        """What a call of the trigger is given."""
        return Asked(connection=self.connection, purpose=purpose, cursor=cursor, **more)


@dataclass(frozen=True)
class Sources:
    """Finds the source of a zap."""

    registry: Callable[[], Registry]
    connections: Connections

    def of(self, zap: Zap) -> Source:
        """Blocking. Raises `NotFound`, `NotUsable`, and `ValueProblems` for an input that cannot be read."""
        registry = self.registry()
        trigger = registry.trigger(zap.trigger.use)
        if zap.trigger.connection is None:
            live = self.connections.without(registry.connector_of(zap.trigger.use))
        else:
            live = self.connections.live(zap.trigger.connection)
        return Source(trigger, live, values.read(trigger.given, zap.trigger.with_, zap.locale))
