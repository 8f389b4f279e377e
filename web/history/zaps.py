"""What the history needs to know of zaps: their names, the apps they use, and the app of a step. Asked by its views."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.runtime import Runtime
from engine.store import zaps
from engine.store.outlines import Uses
from web.sorting import by_name

MOST_APPS = 4  # icons in a row
MOST_FOUND = 50


@dataclass(frozen=True)
class ZapShown:
    """A zap in a row. `apps` by the key of the step that uses it; `icons` are those apps, each once."""

    name: str
    icons: tuple[str, ...] = ()
    apps: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False


@dataclass(frozen=True)
class ZapChoice:
    """One zap to filter by."""

    id: str
    name: str


def shown(runtime: Runtime, named: Iterable[tuple[str, str]]) -> dict[str, ZapShown]:
    """The zaps of (id, name) pairs, by id."""
    names = dict(named)
    with runtime.database.read() as session:
        known = {zap.id: zap.uses for zap in runtime.outlines.some(session, names)}
    return {zap_id: _of(name, known.get(zap_id)) for zap_id, name in names.items()}


def name_of(runtime: Runtime, zap_id: str) -> str:
    """What a zap is or was called; its id for one that never was."""
    with runtime.database.read() as session:
        return zaps.name_of(session, zap_id) or zap_id


def matching(runtime: Runtime, text: str) -> list[ZapChoice]:
    """The zaps whose name has this text, also deleted ones, whose runs are still there."""
    with runtime.database.read() as session:
        names = zaps.names(session)
    wanted = text.casefold().strip()
    found = [ZapChoice(zap_id, name) for zap_id, name in names.items() if wanted in name.casefold()]
    return sorted(found, key=lambda one: by_name(one.name))[:MOST_FOUND]


def _of(name: str, uses: Uses | None) -> ZapShown:
    return ZapShown(name, deleted=True) if uses is None else ZapShown(name, uses.apps[:MOST_APPS], uses.steps)
