"""Finds connectors: installed ones by entry point, and files or packages in the data folder's `connectors/`.

The runtime loads one `Registry` at start; everything that needs a connector or one of its operations asks it.
A connector that cannot be loaded is reported in `broken` and skipped: it must not take the others with it.
"""

import importlib.metadata
import importlib.util
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, MappingProxyType, ModuleType
from typing import Any, TypeVar

from engine.errors import NotFound
from engine.sdk.connector import Action, Connector, Operation, Search, Trigger, Webhook
from engine.spelling import did_you_mean

ENTRY_POINTS = "zapwerk.connectors"
MODULE_PREFIX = "zapwerk_connector_"  # so that a file `json.py` in the folder shadows nothing

log = logging.getLogger(__name__)

AnyOperation = Operation[Any, Any]
OperationT = TypeVar("OperationT", bound=AnyOperation)


@dataclass(frozen=True)
class Broken:
    """A connector that could not be loaded: its name, where it was found, and why, as a sentence."""

    name: str
    where: str
    reason: str


@dataclass(frozen=True)
class Registry:
    """All connectors of this installation, by key."""

    connectors: Mapping[str, Connector] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()

    @classmethod
    def load(cls, folder: Path | None = None) -> "Registry":
        """Every connector that is installed or lies in `folder`. Never raises because of a connector."""
        found = _Found()
        for entry in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda one: one.name):
            found.take(entry.name, entry.value, _of_entry_point(entry))
        for path in _sources(folder):
            found.take(path.stem, str(path), _of_path(path))
        return cls(MappingProxyType(found.connectors), tuple(found.broken))

    @classmethod
    def of(cls, *connectors: Connector) -> "Registry":
        """A registry of just these."""
        return cls(MappingProxyType({connector.key: connector for connector in connectors}))

    def connector(self, key: str) -> Connector:
        """The connector with this key; `NotFound` names the nearest."""
        try:
            return self.connectors[key]
        except KeyError:
            raise NotFound(f"There is no app “{key}”.{did_you_mean(key, self.connectors)}") from None

    def connector_of(self, use: str) -> Connector:
        """The connector of “tasko.create_task”."""
        return self.connector(use.partition(".")[0])

    def operation(self, use: str) -> AnyOperation:
        """The trigger, action, search or webhook that zap files call `use`."""
        known = _operations(self.connector_of(use))
        try:
            return known[use]
        except KeyError:
            title = self.connector_of(use).title
            raise NotFound(f"{title} has nothing called “{use}”.{did_you_mean(use, known)}") from None

    def trigger(self, use: str) -> Trigger[Any, Any]:
        """The polling trigger called `use`."""
        return self._of_kind(use, Trigger)

    def action(self, use: str) -> Action[Any, Any]:
        """The action called `use`."""
        return self._of_kind(use, Action)

    def search(self, use: str) -> Search[Any, Any]:
        """The search called `use`."""
        return self._of_kind(use, Search)

    def webhook(self, use: str) -> Webhook[Any, Any]:
        """The webhook trigger called `use`."""
        return self._of_kind(use, Webhook)

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
}


def kind_of(operation: AnyOperation) -> str:
    """“an action”, “a search” …: how sentences call an operation."""
    return _KINDS[type(operation)]


def _operations(connector: Connector) -> dict[str, AnyOperation]:
    tables = (connector.triggers, connector.webhooks, connector.actions, connector.searches)
    return {operation.use: operation for table in tables for operation in table.values()}


class _Found:
    """What loading has gathered so far."""

    def __init__(self) -> None:
        self.connectors: dict[str, Connector] = {}
        self.broken: list[Broken] = []

    def take(self, name: str, where: str, load: Callable[[], Iterable[Connector]]) -> None:
        try:
            for connector in load():
                self._add(connector, name, where)
        except (Exception, SystemExit) as error:  # a stranger's module may raise anything
            log.warning("connector “%s” (%s) was left out", name, where, exc_info=error)
            self.broken.append(Broken(name, where, _reason(error)))

    def _add(self, connector: Connector, name: str, where: str) -> None:
        if connector.key in self.connectors:
            raise _Unusable(f"There is another connector with the key “{connector.key}”; that one is used.")
        self.connectors[connector.key] = connector


class _Unusable(Exception):
    """The module was loaded, but what it holds cannot be used; the text is the sentence to show."""


def _reason(error: BaseException) -> str:
    if isinstance(error, _Unusable):
        return str(error)
    if isinstance(error, SyntaxError):
        return f"Its code has a syntax error in line {error.lineno}: {error.msg}."
    if isinstance(error, SystemExit):
        return "It tried to end the program while it was loaded."
    words = " ".join(_text_of(error).split()) or "no reason given"
    return f"It could not be loaded: {type(error).__name__}: {words}"


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a stranger's exception may not even have a text
        return ""


def _of_entry_point(entry: importlib.metadata.EntryPoint) -> Callable[[], Iterator[Connector]]:
    def load() -> Iterator[Connector]:
        found = entry.load()
        if not isinstance(found, Connector):
            raise _Unusable(f"“{entry.value}” is no Connector but a {type(found).__name__}.")
        yield found

    return load


def _sources(folder: Path | None) -> list[Path]:
    """Files `*.py` and packages in the folder, in order; hidden ones and those with a leading “_” are private."""
    if folder is None or not folder.is_dir():
        return []
    candidates = [path for path in sorted(folder.iterdir()) if path.name[0] not in "._"]
    return [path for path in candidates if path.suffix == ".py" or (path / "__init__.py").is_file()]


def _of_path(path: Path) -> Callable[[], Iterator[Connector]]:
    def load() -> Iterator[Connector]:
        module = _imported(path)
        found = {id(one): one for one in vars(module).values() if isinstance(one, Connector)}
        if not found:
            raise _Unusable(f"{path.name} holds no Connector.")
        yield from found.values()

    return load


class _Fresh(SourceFileLoader):
    """Reads the source each time: cached bytecode misses an edit within the same second."""

    def get_code(self, fullname: str) -> CodeType | None:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def _imported(path: Path) -> ModuleType:
    name = MODULE_PREFIX + path.stem
    is_package = path.is_dir()
    file = path / "__init__.py" if is_package else path
    below = [str(path)] if is_package else None
    spec = importlib.util.spec_from_file_location(
        name, file, loader=_Fresh(name, str(file)), submodule_search_locations=below
    )
    if spec is None or spec.loader is None:
        raise _Unusable(f"{path.name} is no Python module.")
    _forget(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _forget(name)
        raise
    return module


def _forget(name: str) -> None:
    for loaded in [one for one in sys.modules if one == name or one.startswith(name + ".")]:
        del sys.modules[loaded]
