"""What choosing an app brings with it: its only event, its only account. One change, so that undo takes it all back."""

from collections.abc import Iterable

from engine.editing.drafts import Drawing
from engine.runtime import Runtime
from engine.store import connections
from engine.zaps import drawing
from engine.zaps.model import TRIGGER, FilterStep, Zap


def app(runtime: Runtime, step: str, key: str) -> Drawing:
    """Chooses the app of a step; where it can do one thing only here, that too."""
    events = list(_events(runtime, step, key))
    account = _only_account(runtime, key)

    def draw(zap: Zap) -> tuple[Zap, str]:
        chosen, name = drawing.with_app(zap, step, key), step
        if len(events) == 1:
            chosen, name = drawing.with_event(chosen, step, events[0], _fields(runtime, events[0]))
        return _with_account(chosen, name, account), name

    return draw


def event(runtime: Runtime, step: str, use: str) -> Drawing:
    """Chooses what a step does. Raises `NotFound` for a use that no connector has."""
    fields, account = _fields(runtime, use), _only_account(runtime, use.partition(".")[0])

    def draw(zap: Zap) -> tuple[Zap, str]:
        chosen, name = drawing.with_event(zap, step, use, fields)
        return _with_account(chosen, name, account), name

    return draw


def _fields(runtime: Runtime, use: str) -> frozenset[str]:
    return frozenset(runtime.registry().operation(use).form.model_fields)


def _events(runtime: Runtime, step: str, key: str) -> Iterable[str]:
    connector = runtime.registry().connectors.get(key)
    if connector is None:
        return
    starts = (connector.triggers, connector.webhooks, connector.schedules)
    for table in starts if step == TRIGGER else (connector.actions, connector.searches):
        yield from (operation.use for operation in table.values())


def _only_account(runtime: Runtime, key: str) -> str | None:
    """The id of the one account there is of an app that cannot be used without."""
    connector = runtime.registry().connectors.get(key)
    if connector is None or not connector.needs_connection:
        return None
    with runtime.database.read() as session:
        mine = [one.id for one in connections.every(session) if one.app == key]
    return mine[0] if len(mine) == 1 else None


def _with_account(zap: Zap, step: str, account: str | None) -> Zap:
    drawn = drawing.step_of(zap, step)
    if account is None or isinstance(drawn, FilterStep) or drawn.connection:
        return zap
    return drawing.with_connection(zap, step, account)
