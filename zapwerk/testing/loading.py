"""`load_connector`: for tests that lie beside the file they are about."""

from pathlib import Path

from engine.loading import Local
from engine.sdk.connector import Connector


def load_connector(path: Path | str) -> Connector:
    """The connector in a file `*.py` or a folder with an `__init__.py`, imported as a running Zapwerk does it.

    Raises `ImportError` with the reason, file and line when it cannot be loaded, or holds more than one.
    """
    (loaded,) = Local(Path(path).resolve()).load()
    if loaded.reason:
        raise ImportError(f"{path}: {loaded.reason} ({loaded.file}:{loaded.line})")
    if len(loaded.connectors) > 1:
        raise ImportError(f"{path} holds {len(loaded.connectors)} connectors; put each into a file of its own.")
    return loaded.connectors[0]
