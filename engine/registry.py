"""Finds connectors: installed ones by entry point, and files or packages in the data folder's `connectors/`.

The runtime loads one `Registry` at start; everything that needs a connector or one of its operations asks it.
A connector that cannot be loaded is reported in `broken` and skipped: it must not take the others with it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from engine import loading
from engine.errors import NotFound
from engine.loading import Loaded, Origin
from engine.sdk.connector import Action, Connector, Operation, Scheduled, Search, Trigger, Webhook
from engine.sdk.triggers import AnyTrigger
from engine.spelling import did_you_mean

log = logging.getLogger(__name__)

AnyOperation = Operation[Any, Any]
OperationT = TypeVar("OperationT", bound=AnyOperation)


@dataclass(frozen=True)
class Broken:
    """A connector that could not be loaded: its name, where it was found, and why, as a sentence.

    `file` and `line` say where in its code, if that is known. `kept` are the keys that are still served by the code of
    before the edit.
    """

    name: str
    where: str
    reason: str
    file: str = ""
    line: int | None = None
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registry:
    """All connectors of this installation, by key, and where they come from. Never changed: edits make a new one."""

    connectors: Mapping[str, Connector] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path | None = None) -> "Registry":
        """Every connector that is installed or lies in `folder`. Never raises because of a connector."""
        registry = cls.joined(one for source in loading.sources(folder) for one in source.load())
        for one in registry.broken:
            log.warning("connector “%s” (%s) was left out: %s", one.name, one.where, one.reason)
        return registry

    @classmethod
    def joined(cls, loaded: Iterable[Loaded]) -> "Registry":
        """What was loaded, in order: the first one with a key keeps it."""
        found = _Found()
        for one in loaded:
            found.take(one)
        return cls(MappingProxyType(found.connectors), tuple(found.broken), MappingProxyType(found.origins))

    @classmethod
    def of(cls, *connectors: Connector) -> "Registry":
        """A registry of just these."""
        return cls(MappingProxyType({connector.key: connector for connector in connectors}))

    def connector(self, key: str) -> Connector:
        """The connector with this key; `NotFound` names the nearest."""
        if not key:
            raise NotFound("No app is chosen yet.")
        try:
            return self.connectors[key]
        except KeyError:
            raise NotFound(self._missing(key)) from None

    def connector_of(self, use: str) -> Connector:
        """The connector of “tasko.create_task”."""
        return self.connector(use.partition(".")[0])

    def operation(self, use: str) -> AnyOperation:
        """The trigger, action, search or webhook that zap files call `use`."""
        connector = self.connector_of(use)
        title, known = connector.title, _operations(connector)
        if use == connector.key:
            raise NotFound(f"Nothing of {title} is chosen yet.")
        try:
            return known[use]
        except KeyError:
            raise NotFound(f"{title} has nothing called “{use}”.{did_you_mean(use, known)}") from None

    def trigger(self, use: str) -> AnyTrigger:
        """The trigger called `use`, of whichever kind."""
        operation = self.operation(use)
        if not isinstance(operation, Trigger | Webhook | Scheduled):
            raise NotFound(f"“{use}” is {kind_of(operation)}, not a trigger.")
        return operation

    def action(self, use: str) -> Action[Any, Any]:
        """The action called `use`."""
        return self._of_kind(use, Action)

    def search(self, use: str) -> Search[Any, Any]:
        """The search called `use`."""
        return self._of_kind(use, Search)

    def _missing(self, key: str) -> str:
        for one in self.broken:
            if one.name == key:
                return f"The connector “{key}” ({one.where}) cannot be used. {one.reason}"
        return f"There is no app “{key}”.{did_you_mean(key, self.connectors)}"

    def _of_kind(self, use: str, kind: type[OperationT]) -> OperationT:
        operation: Any = self.operation(use)
        if not isinstance(operation, kind):
            raise NotFound(f"“{use}” is {kind_of(operation)}, not {_KINDS[kind]}.")
        return operation


_KINDS: dict[type[Any], str] = {
    Trigger: "a polling trigger",
    Action: "an action",
    Search: "a search",
    Webhook: "a webhook trigger",
    Scheduled: "a scheduled trigger",
}


def until_unchanged(registry: Callable[[], Registry]) -> Iterator[Registry]:
    """The registry, to look at it more than once: an edit may be taken up between two looks, and then it comes again.

    What was found in the last round is all of the same code.
    """
    while True:
        current = registry()
        yield current
        if registry() is current:
            return


def kind_of(operation: AnyOperation) -> str:
    """“an action”, “a search” …: how sentences call an operation."""
    return _KINDS[type(operation)]


def _operations(connector: Connector) -> dict[str, AnyOperation]:
    return {operation.use: operation for operation in connector.operations}


class _Found:
    """What was put together so far."""

    def __init__(self) -> None:
        self.connectors: dict[str, Connector] = {}
        self.origins: dict[str, Origin] = {}
        self.broken: list[Broken] = []

    def take(self, loaded: Loaded) -> None:
        origin = loaded.origin
        if loaded.reason:
            kept = tuple(connector.key for connector in loaded.connectors)
            self.broken.append(Broken(origin.name, origin.where, loaded.reason, loaded.file, loaded.line, kept))
        for connector in loaded.connectors:
            if connector.key in self.connectors:
                taken = f"There is another connector with the key “{connector.key}”; that one is used."
                self.broken.append(Broken(origin.name, origin.where, taken))
            else:
                self.connectors[connector.key], self.origins[connector.key] = connector, origin
