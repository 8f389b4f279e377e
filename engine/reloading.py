"""Takes up new, edited and removed connectors while zaps run. The runtime has one `Connectors`; its `registry` is what
everybody asks, and is swapped as a whole.

Only what was edited is imported again, beside what is in use: functions that are running end in the code they began
with, and connectors that nobody touched keep their sessions. An edit that cannot be loaded changes nothing but
`Registry.broken`.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import loading
from engine.loading import Loaded, Marks, Source
from engine.registry import Broken, Registry

LOOK_EVERY = 0.5  # seconds; an edit is taken up when two looks found the same
STOPS_WITHIN = 2.0  # seconds; a connector whose import hangs is left behind

Changed = Callable[[frozenset[str]], None]
"""Told in a thread which connectors, by key, are not what they were: new, edited, or gone."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Known:
    """A source as it was when it was imported the last time."""

    marks: Marks
    loaded: tuple[Loaded, ...]


class Connectors:
    """The connectors of one process."""

    def __init__(self, folder: Path, *, packages: bool = False) -> None:
        """Imports everything; `packages`: installed ones are looked at for edits as well."""
        self._folder = folder
        self._installed = loading.installed(packages)
        self._seen: dict[str, Marks] = {}
        self._known: dict[str, _Known] = {}
        for source in self._sources():
            marks = source.marks()  # before it is read: what comes during that is an edit
            self._seen[source.name] = marks
            self._known[source.name] = _Known(marks, source.load())
        self.registry = self._joined()
        _report((), self.registry.broken)

    def look(self) -> frozenset[str]:
        """Takes up what was edited and has settled since the last look; the keys of what is not what it was."""
        sources = {source.name: source for source in self._sources()}
        seen = {name: source.marks() for name, source in sources.items()}
        settled = {name for name in {*seen, *self._known} if seen.get(name) == self._seen.get(name)}
        self._seen = seen
        edited = [name for name, marks in seen.items() if name in settled and self._differs(name, marks)]
        gone = [name for name in self._known if name in settled and name not in seen]
        if not edited and not gone:
            return frozenset()
        for name in edited:
            self._known[name] = _Known(seen[name], self._load(sources[name]))
        self._known = {name: known for name, known in self._in_order(sources) if name not in gone}
        return self._swap()

    def _sources(self) -> Sequence[Source]:
        return [*self._installed, *loading.local(self._folder)]

    def _differs(self, name: str, marks: Marks) -> bool:
        return name not in self._known or self._known[name].marks != marks

    def _load(self, source: Source) -> tuple[Loaded, ...]:
        known = self._known.get(source.name)
        return source.load(known.loaded if known else ())

    def _in_order(self, sources: dict[str, Source]) -> list[tuple[str, _Known]]:
        """As at a start, so that the same one keeps a key."""
        places = {name: place for place, name in enumerate(sources)}
        return sorted(self._known.items(), key=lambda one: places.get(one[0], len(places)))

    def _joined(self) -> Registry:
        return Registry.joined(one for known in self._known.values() for one in known.loaded)

    def _swap(self) -> frozenset[str]:
        before, after = self.registry, self._joined()
        self.registry = after
        _report(before.broken, after.broken)
        both = {*before.connectors, *after.connectors}
        changed = frozenset(key for key in both if before.connectors.get(key) is not after.connectors.get(key))
        for key in sorted(changed):
            log.info("connector “%s” %s", key, _what_happened(key, before, after))
        return changed


class Fixed:
    """Connectors that were given, for tests and tries: nothing is looked for."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def look(self) -> frozenset[str]:
        return frozenset()


class Watching:
    """Looks again and again, in a thread of its own: importing may take long."""

    def __init__(self, connectors: Connectors | Fixed, changed: Changed, *, every: float = LOOK_EVERY) -> None:
        self._connectors = connectors
        self._changed = changed
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="connectors", daemon=True)

    def start(self) -> None:
        if isinstance(self._connectors, Connectors):
            self._thread.start()

    def stop(self) -> None:
        """Returns soon, also when a connector never stops being imported."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOPS_WITHIN)

    def _watch(self) -> None:
        while not self._stopping.wait(self._every):
            try:
                changed = self._connectors.look()
                if changed and not self._stopping.is_set():
                    self._changed(changed)
            except Exception:
                log.exception("the connectors could not be looked at; the next look tries again")


def _report(before: Sequence[Broken], after: Sequence[Broken]) -> None:
    for one in after:
        if one not in before:
            used = "what was loaded before stays in use" if one.kept else "it is left out"
            place = f"{one.file}:{one.line}" if one.file else one.where
            log.warning("connector “%s” (%s): %s %s", one.name, place, one.reason, f"Until it is mended {used}.")


def _what_happened(key: str, before: Registry, after: Registry) -> str:
    if key not in after.connectors:
        return "is gone; zaps that use it need attention until it is back"
    what = "was loaded again" if key in before.connectors else "is new"
    return f"{what} (version {after.connectors[key].version}, {after.origins[key].where})"
