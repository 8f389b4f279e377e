"""What choosing an app or an event brings with it: the app's only event, its only account. Each is one change of a
draft, so that one undo takes all of it back. Called by `engine.editing.drafts`, and by the API for what it is sent.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session

from engine.registry import Registry
from engine.sdk.connector import Connector
from engine.store import connections
from engine.store.database import Database
from engine.store.states import ConnectionState
from engine.zaps import drawing
from engine.zaps.model import TRIGGER, ActionStep, FilterStep, TriggerUse, Zap

User = TypeVar("User", TriggerUse, ActionStep)

Choice = Callable[[Zap], tuple[Zap, str]]
"""From one zap to the next, and the key that the step has then."""


def usable(session: Session) -> Mapping[str, list[str]]:
    """The ids of the accounts that are signed in, by app."""
    found: dict[str, list[str]] = {}
    for one in connections.every(session):
        if one.state == ConnectionState.ACTIVE:
            found.setdefault(one.app, []).append(one.id)
    return found


@dataclass(frozen=True)
class Choosing:
    """Of one installation."""

    database: Database
    registry: Callable[[], Registry]

    def app(self, step: str, key: str) -> Choice:
        """Chooses the app of a step; where it can do one thing only there, that too."""
        events, account = list(self._events(step, key)), self._only_account(key)

        def draw(zap: Zap) -> tuple[Zap, str]:
            chosen, name = drawing.with_app(zap, step, key), step
            if len(events) == 1:
                chosen, name = drawing.with_event(chosen, step, events[0], self._fields(events[0]))
            return _with_account(chosen, name, account), name

        return draw

    def event(self, step: str, use: str) -> Choice:
        """Chooses what a step does. Raises `NotFound` for a use that no connector has."""
        fields, account = self._fields(use), self._only_account(use.partition(".")[0])

        def draw(zap: Zap) -> tuple[Zap, str]:
            chosen, name = drawing.with_event(zap, step, use, fields)
            return _with_account(chosen, name, account), name

        return draw

    def where_left_out(self, zap: Zap) -> Zap:
        """The zap with the only account wherever nothing at all is said of one; where it says none, there is none."""
        trigger = self._completed(zap.trigger)
        steps = tuple(step if isinstance(step, FilterStep) else self._completed(step) for step in zap.steps)
        return zap.model_copy(update={"trigger": trigger, "steps": steps})

    def _completed(self, user: User) -> User:
        if "connection" in user.model_fields_set:
            return user
        return user.model_copy(update={"connection": self._only_account(user.app)})

    def _only_account(self, key: str) -> str | None:
        """The id of the one account that is signed in to an app, if the app cannot be used without."""
        connector = self._connector(key)
        if connector is None or not connector.needs_connection:
            return None
        with self.database.read() as session:
            mine = usable(session).get(key, [])
        return mine[0] if len(mine) == 1 else None

    def _events(self, step: str, key: str) -> Iterator[str]:
        connector = self._connector(key)
        if connector is None:
            return
        starts = (connector.triggers, connector.webhooks, connector.schedules)
        for table in starts if step == TRIGGER else (connector.actions, connector.searches):
            yield from (operation.use for operation in table.values())

    def _fields(self, use: str) -> frozenset[str]:
        return frozenset(self.registry().operation(use).form.model_fields) if "." in use else frozenset()

    def _connector(self, key: str) -> Connector | None:
        return self.registry().connectors.get(key)


def _with_account(zap: Zap, step: str, account: str | None) -> Zap:
    if account is None or drawing.using(zap, step).connection:
        return zap
    return drawing.with_connection(zap, step, account)
