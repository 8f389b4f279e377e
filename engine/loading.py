"""Imports connectors: installed ones by entry point, and files or packages in the data folder's `connectors/`.

A `Source` is one thing that is imported as a whole and again when it was edited. Called by the registry, which puts
together what the sources give, and by `reloading`, which looks for edits.
"""

import importlib
import importlib.metadata
import importlib.util
import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Protocol

from engine.sdk.connector import Connector

ENTRY_POINTS = "zapwerk.connectors"
MODULE_PREFIX = "zapwerk_connector_"  # so that a file `json.py` in the folder shadows nothing
OURS = frozenset({"engine", "web", "zapwerk"})  # never imported a second time

Marks = frozenset[tuple[str, int, int, int]]
"""What tells an edit: path, time of the last change in ns, size in bytes and inode of every file."""

ENDS = (".", "!", "?")  # of a sentence

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Origin:
    """Where a connector comes from: the name of its file or entry point, the place (a path, or “module:attribute”),
    and for an installed one the package with its version.
    """

    name: str
    where: str
    package: str = ""


@dataclass(frozen=True)
class Loaded:
    """What is to be used, and why it is not the newest: a sentence, with file and line where they are known.

    With a reason, `connectors` are those of the last time that it worked, if it ever did.
    """

    origin: Origin
    connectors: tuple[Connector, ...] = ()
    reason: str = ""
    file: str = ""
    line: int | None = None


class Source(Protocol):
    """One thing that is imported as a whole."""

    @property
    def name(self) -> str:
        """The same at every look."""
        ...

    def marks(self) -> Marks:
        """Other marks mean that it was edited."""
        ...

    def load(self, before: Sequence[Loaded] = ()) -> tuple[Loaded, ...]:
        """Imports it, also a second time; `before` is what that gave the last time, and stays where this one fails.

        Never raises because of a connector.
        """
        ...


@dataclass(frozen=True)
class Local:
    """A file `*.py`, or a folder with an `__init__.py`. `beside` are the texts of a file in other languages."""

    path: Path
    beside: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        return str(self.path)

    def marks(self) -> Marks:
        if self.path.is_dir():
            return marks_of(self.path.rglob("*"))
        return marks_of([self.path, *self.beside])

    def load(self, before: Sequence[Loaded] = ()) -> tuple[Loaded, ...]:
        origin, name = Origin(self.path.stem, str(self.path)), MODULE_PREFIX + self.path.stem
        with _afresh(name, self.path.rglob("*.py") if self.path.is_dir() else ()) as kept:
            loaded = _loaded(origin, str(self.path), partial(_of_module, self.path, name))
            kept.good = not loaded.reason
        return _with_last_good([loaded], before)


@dataclass(frozen=True)
class Installed:
    """The entry points whose modules share a top-level package: they are only imported again together."""

    package: str
    entries: tuple[importlib.metadata.EntryPoint, ...]
    watched: bool = False

    @property
    def name(self) -> str:
        return f"package {self.package}"

    def marks(self) -> Marks:
        """Nothing, and so never edited, unless it is to be watched."""
        if not self.watched or self.package in OURS:
            return frozenset()
        return marks_of(_code_of(self.package))

    def load(self, before: Sequence[Loaded] = ()) -> tuple[Loaded, ...]:
        """Where one fails that worked before, everything stays as it was: the modules belong together."""
        if not before:
            return self._imported()
        with _afresh(self.package, _code_of(self.package)) as kept:
            loaded = self._imported()
            worked = {one.origin.name for one in before if one.connectors}
            kept.good = not any(one.reason for one in loaded if one.origin.name in worked)
        return _with_last_good(loaded, before, everywhere=not kept.good)

    def _imported(self) -> tuple[Loaded, ...]:
        return tuple(_loaded(_origin(entry), self.package, partial(_of_entry, entry)) for entry in self.entries)


def sources(folder: Path | None, *, packages: bool = False) -> list[Source]:
    """Everything there is to import, in order: what comes first keeps a key. `packages`: watch installed ones too."""
    return [*installed(packages), *local(folder)]


def installed(watched: bool) -> list[Source]:
    """The installed ones, by package and name."""
    grouped: dict[str, list[importlib.metadata.EntryPoint]] = {}
    for entry in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda one: one.name):
        grouped.setdefault(entry.module.partition(".")[0], []).append(entry)
    return [Installed(package, tuple(entries), watched) for package, entries in grouped.items()]


def local(folder: Path | None) -> list[Source]:
    """Files `*.py` and packages in the folder, in order, but what is private (“_…”, “.…”) or a test."""
    try:
        found = sorted(folder.iterdir()) if folder is not None else []
    except (FileNotFoundError, NotADirectoryError):
        return []
    texts: dict[str, list[Path]] = {}
    for path in found:
        if path.suffix == ".toml":
            texts.setdefault(path.name.partition(".")[0], []).append(path)
    return [Local(path, tuple(texts.get(path.stem, ()))) for path in found if is_connector(path)]


def is_connector(path: Path) -> bool:
    """Whether a path in the folder is looked at as a connector."""
    if path.name[0] in "._" or is_test(path):
        return False
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def is_test(path: Path) -> bool:
    """Tests may lie beside the connectors they are about."""
    return path.stem in ("conftest", "tests") or path.stem.startswith("test_") or path.stem.endswith("_test")


def marks_of(files: Iterable[Path]) -> Marks:
    """Only what can change a connector: code, and texts in other languages."""
    return frozenset(_marks(files))


def _marks(files: Iterable[Path]) -> Iterator[tuple[str, int, int, int]]:
    for path in files:
        if path.suffix in (".py", ".toml"):
            with suppress(OSError):  # it may be on its way out
                found = path.stat()
                yield str(path), found.st_mtime_ns, found.st_size, found.st_ino


class Unusable(Exception):
    """The module was imported, but what it holds cannot be used; the text is the sentence to show."""


def _with_last_good(
    loaded: Sequence[Loaded], before: Sequence[Loaded], *, everywhere: bool = False
) -> tuple[Loaded, ...]:
    """What failed with the connectors it had before; `everywhere`: what worked, too."""
    had = {one.origin.name: one.connectors for one in before}
    return tuple(
        replace(one, connectors=had.get(one.origin.name, ())) if one.reason or everywhere else one for one in loaded
    )


def _loaded(origin: Origin, own: str, load: Callable[[], Iterable[Connector]]) -> Loaded:
    """`own` is the path or the package whose code is the connector's."""
    try:
        return Loaded(origin, tuple(load()))
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        log.debug("connector “%s” (%s) cannot be loaded", origin.name, origin.where, exc_info=error)
        file, line = _place(error, own)
        return Loaded(origin, (), reason(error), file, line)


def reason(error: BaseException) -> str:
    """Why a module could not be loaded, as a sentence."""
    if isinstance(error, Unusable):
        return str(error)
    if isinstance(error, SyntaxError):
        return f"Its code has a syntax error in line {error.lineno}: {error.msg}."
    if isinstance(error, SystemExit):
        return "It tried to end the program while it was loaded."
    words = " ".join(_text_of(error).split()) or "no reason given"
    return f"It could not be loaded: {type(error).__name__}: {words}{'' if words.endswith(ENDS) else '.'}"


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a stranger's exception may not even have a text
        return ""


def _place(error: BaseException, own: str) -> tuple[str, int | None]:
    """File and line of the innermost code of the connector's own that was running."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    frames = [one for one in traceback.extract_tb(error.__traceback__) if _is_own(one.filename, own)]
    return (frames[-1].filename, frames[-1].lineno) if frames else ("", None)


def _is_own(file: str, own: str) -> bool:
    path = Path(file)
    return file.startswith(own) or own in path.parent.parts or path.stem == own


def _origin(entry: importlib.metadata.EntryPoint) -> Origin:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else ""
    return Origin(entry.name, entry.value, package)


def _of_entry(entry: importlib.metadata.EntryPoint) -> list[Connector]:
    found = entry.load()
    if not isinstance(found, Connector):
        raise Unusable(f"“{entry.value}” is no Connector but a {type(found).__name__}.")
    return [found]


def _of_module(path: Path, name: str) -> list[Connector]:
    found = {id(one): one for one in vars(_imported(path, name)).values() if isinstance(one, Connector)}
    if not found:
        raise Unusable(f"{path.name} holds no Connector.")
    return list(found.values())


class _Fresh(SourceFileLoader):
    """Reads the source each time: cached bytecode misses an edit within the same second."""

    def get_code(self, fullname: str) -> CodeType | None:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def _imported(path: Path, name: str) -> ModuleType:
    is_package = path.is_dir()
    file = path / "__init__.py" if is_package else path
    below = [str(path)] if is_package else None
    spec = importlib.util.spec_from_file_location(
        name, file, loader=_Fresh(name, str(file)), submodule_search_locations=below
    )
    if spec is None or spec.loader is None:
        raise Unusable(f"{path.name} is no Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class _Kept:
    """Whether what is imported now may stay."""

    modules: dict[str, ModuleType] = field(default_factory=dict)
    good: bool = False


@contextmanager
def _afresh(name: str, files: Iterable[Path]) -> Iterator[_Kept]:
    """While this is open, `name` and what lies below it is imported anew; unless that is good, all is as it was.

    Functions that are running keep the modules they came from.
    """
    for file in files:
        if file.suffix == ".py":
            _drop_bytecode(file)
    importlib.invalidate_caches()
    kept = _Kept(_below(name))
    _forget(name)
    try:
        yield kept
    finally:
        if not kept.good:
            _forget(name)
            sys.modules.update(kept.modules)


def _below(name: str) -> dict[str, ModuleType]:
    return {one: module for one, module in list(sys.modules.items()) if one == name or one.startswith(f"{name}.")}


def _forget(name: str) -> None:
    for loaded in _below(name):
        del sys.modules[loaded]


def _code_of(package: str) -> Iterator[Path]:
    """Every file of an installed package, without importing it."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # it is on its way out, or was never a real module
        return
    if spec is not None and spec.submodule_search_locations:
        for folder in spec.submodule_search_locations:
            yield from Path(folder).rglob("*")
    elif spec is not None and spec.origin:
        yield Path(spec.origin)


def _drop_bytecode(file: Path) -> None:
    """Python believes bytecode whose source has the same size and the same second."""
    with suppress(OSError, NotImplementedError):  # there is none, or this Python keeps no bytecode at all
        Path(importlib.util.cache_from_source(str(file))).unlink()
