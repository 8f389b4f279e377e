"""Zap files in and out: connections are named in a file and referred to by id inside."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from engine.errors import Problem, Problems
from engine.registry import Registry
from engine.store import connections, samples, zaps
from engine.store.zaps import StoredZap
from engine.zaps import check, files, sealing
from engine.zaps.check import ConnectionFacts
from engine.zaps.model import Zap


def problems(session: Session, zap: Zap, registry: Registry, zap_id: str = "") -> list[Problem]:
    """Everything that must be fixed before a stored zap (its connections referred to by id) can be switched on.

    `zap_id` is whose samples tell which further fields there are.
    """
    known = {one.id: _facts(one) for one in (*connections.removed(session), *connections.every(session))}
    return check.problems(zap, registry, known, samples.real(session, zap_id) if zap_id else {})


def bring_in(
    session: Session, text: str, registry: Registry, *, now: datetime, sealed: Callable[[Zap], Zap]
) -> StoredZap:
    """Stores the zap of a file as a new draft, `sealed`. Raises `Problems` with all of them; then nothing is stored.

    A name that is taken gets a number: a file imported twice is two zaps.
    """
    zap = files.load(text)
    by_name = {one.name.lower(): one for one in connections.every(session)}
    named = {name: by_name[name.lower()] for name in zap.connections() if name and name.lower() in by_name}
    found = check.problems(zap, registry, {name: _facts(one) for name, one in named.items()})
    if found:
        raise Problems(found)
    renamed = zap.with_connections(lambda name: named[name].id)
    free = renamed.model_copy(update={"name": zaps.free_name(session, zap.name)})
    return zaps.create(session, sealed(free), now=now)


def take_out(session: Session, stored: StoredZap) -> str:
    """The draft as a file, without its secrets."""
    names = {one.id: one.name for one in connections.every(session)}
    return files.dump(sealing.without(stored.draft).with_connections(lambda id_: names.get(id_, id_)))


def _facts(one: connections.StoredConnection) -> ConnectionFacts:
    return ConnectionFacts(one.name, one.app, one.state)
