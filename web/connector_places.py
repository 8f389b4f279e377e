"""Finds the connector that somebody working on it means: by its key, or by the path of its file. Used by
`cli_connectors`.

What a connector prints while it is imported must not mix with what a command says, so it goes to stderr.
"""

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

from engine.errors import NotFound, Refused
from engine.loading import Loaded, Local, Origin, is_connector
from engine.registry import Registry
from engine.sdk.connector import Connector
from engine.settings import Settings
from engine.spelling import did_you_mean
from web.shapes_connectors import ConnectorLine


def folder(settings: Settings) -> Path:
    """Where this installation's own connectors lie."""
    return settings.data / "connectors"


def registry(settings: Settings) -> Registry:
    """Everything there is, loaded afresh."""
    with redirect_stdout(sys.stderr):
        return Registry.load(folder(settings))


def named(settings: Settings, name_or_path: str) -> Loaded:
    """One connector with where it comes from, or why it cannot be loaded. Raises `NotFound`, `Refused`."""
    if _is_path(name_or_path):
        return at(Path(name_or_path))
    found = registry(settings)
    if name_or_path in found.connectors:
        return Loaded(found.origins[name_or_path], (found.connectors[name_or_path],))
    for broken in found.broken:
        if broken.name == name_or_path:
            return Loaded(Origin(broken.name, broken.where), (), broken.reason, broken.file, broken.line)
    known = [*found.connectors, *(one.name for one in found.broken)]
    raise NotFound(f"There is no connector “{name_or_path}”.{did_you_mean(name_or_path, known)} A path works as well.")


def at(path: Path) -> Loaded:
    """What lies at a path, in the data folder or not. Raises `NotFound`, `Refused`."""
    if not path.exists():
        raise NotFound(f"There is no file {path}.")
    if path.suffix != ".py" and not (path / "__init__.py").is_file():
        raise Refused(f"{path} is no connector. Name a file that ends with .py, or a folder with an __init__.py.")
    with redirect_stdout(sys.stderr):
        (loaded,) = Local(path.resolve()).load()
    return loaded


def usable(settings: Settings, name_or_path: str) -> Connector:
    """The one connector there. Raises `Refused` with the reason when there is none, or more than one."""
    loaded = named(settings, name_or_path)
    if loaded.reason:
        place = f" ({shown(loaded.file)}:{loaded.line})" if loaded.file else ""
        raise Refused(f"“{loaded.origin.name}” cannot be used{place}. {loaded.reason}")
    if len(loaded.connectors) > 1:
        keys = ", ".join(connector.key for connector in loaded.connectors)
        raise Refused(f"{name_or_path} holds several connectors: {keys}. Put it into the data folder and name one.")
    return loaded.connectors[0]


def lines(found: Registry) -> Iterator[ConnectorLine]:
    """All connectors, by key; then those that cannot be loaded."""
    for key in sorted(found.connectors):
        connector, origin = found.connectors[key], found.origins[key]
        yield ConnectorLine(
            key=key,
            title=connector.title,
            version=connector.version,
            package=origin.package,
            where=origin.where,
            triggers=list(connector.triggers),
            webhooks=list(connector.webhooks),
            schedules=list(connector.schedules),
            actions=list(connector.actions),
            searches=list(connector.searches),
        )
    for one in found.broken:
        yield ConnectorLine(one.name, "", None, "", one.where, problem=one.reason, file=one.file, line=one.line)


def shown(file: str) -> str:
    """A path as short as it can be said from here."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _is_path(text: str) -> bool:
    return "/" in text or text.endswith(".py") or is_connector(Path(text))
