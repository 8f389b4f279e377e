"""What a zap's trigger is, ready to be used: the connector's trigger, the connection, the input, and the *source*.

The source names what is watched: the account, the trigger, and the inputs that name a place. Another source has a
baseline of its own. Each kind of trigger has its kind of `Source`; what the engine does with it is in `kinds`. Called
by whoever polls, listens, receives, tests or switches on.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from engine.connections.calls import ConnectorBug
from engine.connections.contexts import Asked, LiveConnection, Purpose
from engine.connections.stored import Connections
from engine.errors import ZapwerkError
from engine.registry import Registry, until_unchanged
from engine.sdk.connector import Scheduled, Trigger, Webhook
from engine.sdk.errors import ConnectorError
from engine.sdk.schedules import Schedule
from engine.sdk.triggers import AnyTrigger
from engine.store.encoding import plain
from engine.triggers.times import Timetable
from engine.zaps import values
from engine.zaps.locales import Locale
from engine.zaps.model import Zap


@dataclass(frozen=True)
class Source:
    """One trigger with its input, on one connection."""

    trigger: AnyTrigger
    connection: LiveConnection
    given: BaseModel

    @property
    def name(self) -> str:
        """Stable and short: the same for every zap that watches the same thing."""
        account = self.connection.account.id if self.connection.account else ""
        said = json.dumps([account, self.trigger.use, self.place], sort_keys=True)
        return f"{self.trigger.use}:{hashlib.sha256(said.encode()).hexdigest()[:24]}"

    @property
    def place(self) -> Any:
        """What is watched on the account, as JSON."""
        return plain({name: getattr(self.given, name) for name in self.trigger.places})

    @property
    def listens(self) -> str:
        """Zaps with the same value share a listener; “” where there is none."""
        return ""

    def asked(self, cursor: Any = None, *, purpose: Purpose = Purpose.TRIGGER, **more: Any) -> Asked:
        """What a call of the trigger is given."""
        return Asked(connection=self.connection, purpose=purpose, cursor=cursor, **more)


@dataclass(frozen=True)
class PollingSource(Source):
    """One that is asked every so often."""

    trigger: Trigger[Any, Any]

    @property
    def listens(self) -> str:
        return f"{self.connection.id}/{self.name}" if self.trigger.listen else ""


@dataclass(frozen=True)
class WebhookSource(Source):
    """One that calls us."""

    trigger: Webhook[Any, Any]


@dataclass(frozen=True)
class ScheduleSource(Source):
    """One that is due at times. Another schedule is another source: it begins now, and has no times in the past."""

    trigger: Scheduled[Any]
    table: Timetable
    locale: Locale

    @property
    def place(self) -> Any:
        return [self.table.zone.key, repr(replace(self.table.schedule, zone="", missed="once"))]


@dataclass(frozen=True)
class Sources:
    """Finds the source of a zap."""

    registry: Callable[[], Registry]
    connections: Connections

    def of(self, zap: Zap, opened: LiveConnection | None = None) -> Source:
        """Blocking. `opened` is the zap's connection, where it is at hand and nothing of it was changed.

        Raises `NotFound`, `NotUsable`, and `ValueProblems` for an input that cannot be read.
        """
        trigger, live = self._found(zap, opened)
        given = self.connections.typed.opened(zap.trigger).with_
        return _source(trigger, live, values.read(trigger.given, given, zap.locale), zap.locale)

    def is_current(self, source: Source) -> bool:
        """False when the connector was edited or removed since."""
        connector = source.connection.connector
        return self.registry().connectors.get(connector.key) is connector

    def _found(self, zap: Zap, opened: LiveConnection | None) -> tuple[AnyTrigger, LiveConnection]:
        """Both of the same code."""
        for registry in until_unchanged(self.registry):
            trigger = registry.trigger(zap.trigger.use)
            if opened is not None and opened.connector is registry.connector_of(zap.trigger.use):
                live = opened
            elif zap.trigger.connection is None:
                live = self.connections.without(registry.connector_of(zap.trigger.use))
            else:
                live = self.connections.live(zap.trigger.connection)
        return trigger, live


def _source(trigger: AnyTrigger, live: LiveConnection, given: BaseModel, locale: Locale) -> Source:
    match trigger:
        case Trigger():
            return PollingSource(trigger, live, given)
        case Webhook():
            return WebhookSource(trigger, live, given)
        case Scheduled():
            return ScheduleSource(trigger, live, given, timetable(trigger, given, locale), locale)


def timetable(scheduled: Scheduled[Any], given: BaseModel, locale: Locale) -> Timetable:
    """The schedule that the connector says, in its own zone or the zap's. Raises its errors and `ConnectorBug`."""
    schedule = _schedule(scheduled, given)
    return Timetable(schedule, ZoneInfo(schedule.zone) if schedule.zone else locale.zone)


def _schedule(scheduled: Scheduled[Any], given: BaseModel) -> Schedule:
    try:
        schedule = scheduled(given)
    except (ConnectorError, ZapwerkError):
        raise
    except Exception as error:
        said = f"{scheduled.key} failed with {type(error).__name__}: {error}"
        raise ConnectorBug(f"The connector “{scheduled.connector}” is faulty: {said}") from error
    if not isinstance(schedule, Schedule):
        raise ConnectorBug(f"The connector “{scheduled.connector}” is faulty: {scheduled.key} returned no Schedule.")
    return schedule
