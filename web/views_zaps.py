"""What is shown of zaps. Reads only; called by `cli_zaps`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from engine.errors import NotFound
from engine.sdk.fields import Kind, fields_of
from engine.store import checks, connections, runs, watches, zaps
from engine.store.moments import NEVER, from_ms
from engine.store.watches import Watch
from engine.store.zaps import StoredZap
from engine.triggers import health
from engine.zaps import mapping, sealing
from engine.zaps.model import ActionStep, FilterStep, Step, TriggerUse, Zap
from web.shapes import CheckLine, StepShown, TriggerHealth, VersionLine, ZapLine, ZapShown

if TYPE_CHECKING:
    from engine.registry import Registry

BLOT = "••••••"


def every(session: Session) -> list[ZapLine]:
    """All zaps, by name."""
    known = watches.every(session)
    return [_line(session, zap, known.get(zap.id)) for zap in zaps.every(session)]


def one(session: Session, name_or_id: str, registry: "Registry") -> ZapShown:
    """Raises `NotFound`."""
    stored = zaps.find(session, name_or_id)
    live = zaps.live(session, stored.id)
    shown, watch = live or stored.draft, watches.get(session, stored.id)
    words = _Words(registry, {row.id: row.name for row in connections.every(session)})
    return ZapShown(
        id=stored.id,
        name=stored.name,
        state=str(stored.state),
        attention=stored.attention,
        unpublished_changes=live != stored.draft,
        trigger=replace(
            _trigger(shown.trigger, watch, words), next=_next_times(shown, registry), checks=_checks(session, watch)
        ),
        steps=[_step(step, words) for step in shown.steps],
        versions=_versions(session, stored),
        runs={str(state): count for state, count in sorted(runs.counts(session, stored.id).items())},
        created_at=stored.created_at,
        updated_at=stored.updated_at,
    )


def is_called(zap: ZapShown, registry: "Registry") -> bool:
    """Whether a service starts it by calling its address."""
    connector = registry.connectors.get(zap.trigger.use.partition(".")[0])
    return connector is not None and zap.trigger.use in {hook.use for hook in connector.webhooks.values()}


def last_received(session: Session, zap_id: str) -> datetime | None:
    """When the last run of a zap was made."""
    newest = runs.find(session, runs.Wanted(zap_id=zap_id, limit=1))
    return newest[0].created_at if newest else None


def with_url(zap: ZapShown, url: str, received_at: datetime | None) -> ZapShown:
    """The same with its address, and when something came there last."""
    return replace(zap, trigger=replace(zap.trigger, url=url, last_success_at=received_at))


@dataclass(frozen=True)
class _Words:
    """What ids are called, and which inputs are secret."""

    registry: "Registry"
    connections: Mapping[str, str]

    def connection(self, connection_id: str | None) -> str | None:
        if connection_id is None:
            return None
        return self.connections.get(connection_id, "(removed)")

    def given(self, user: TriggerUse | ActionStep) -> dict[str, Any]:
        secret = self._secret_fields(user.use)
        given = sealing.blotted(user.with_)
        return {name: _hidden(value) if name in secret else value for name, value in given.items()}

    def _secret_fields(self, use: str) -> set[str]:
        try:
            form = self.registry.operation(use).form
        except NotFound:
            return set()
        return {name for name, _, shape in fields_of(form) if shape.kind is Kind.SECRET}


def _hidden(value: Any) -> Any:
    return value if mapping.has_template(value) else BLOT


def _line(session: Session, zap: StoredZap, watch: Watch | None) -> ZapLine:
    return ZapLine(
        id=zap.id,
        name=zap.name,
        state=str(zap.state),
        attention=zap.attention,
        trigger=zap.draft.trigger.use,
        version=zap.published,
        unpublished_changes=_live(session, zap) != zap.draft,
        last_success_at=watch.last_success_at if watch else None,
        problem=watch.problem if watch and watch.active else "",
        updated_at=zap.updated_at,
    )


def _live(session: Session, zap: StoredZap) -> Zap | None:
    return None if zap.published is None else zaps.version(session, zap.id, zap.published)


def _trigger(use: TriggerUse, watch: Watch | None, words: _Words) -> TriggerHealth:
    bare = TriggerHealth(use.use, words.connection(use.connection), words.given(use), watched=False, listening=False)
    if watch is None:
        return bare
    watched = watch.active and not watch.waits_for
    return TriggerHealth(
        use=bare.use,
        connection=bare.connection,
        given=bare.given,
        watched=watched,
        listening=watched and watch.listening,
        every_seconds=timedelta(milliseconds=watch.every_ms).total_seconds(),
        last_check_at=watch.last_check_at,
        last_success_at=watch.last_success_at,
        next_check_at=watch.next_poll_at if watched and watch.next_poll_at < from_ms(NEVER) else None,
        failures=watch.failures,
        problem=watch.problem,
        warning=watch.warning,
        health=str(health.of(watch, datetime.now(UTC))),
        failing_since=watch.failing_since,
        cursor_at=watch.cursor_at,
    )


def _checks(session: Session, watch: Watch | None) -> list[CheckLine]:
    lines = checks.lines(session, watch.zap_id, watch.tally) if watch else []
    return [CheckLine(str(x.outcome), x.problem, x.since, x.until, x.checks, x.found) for x in lines]


def _next_times(zap: Zap, registry: "Registry") -> list[datetime]:
    """Of a zap that is due at times, in its zone; counting is loaded only where there is something to count."""
    connector = registry.connectors.get(zap.trigger.use.partition(".")[0])
    if connector is None or not connector.schedules:
        return []
    from engine.triggers import schedules

    return schedules.upcoming(zap, registry, datetime.now(UTC))


def _step(step: Step, words: _Words) -> StepShown:
    if isinstance(step, FilterStep):
        drawn = step.filter.model_dump(mode="json", by_alias=True, exclude_none=True)
        return StepShown(step.key, "", None, {}, drawn, step.note)
    return StepShown(step.key, step.use, words.connection(step.connection), words.given(step), {}, step.note)


def _versions(session: Session, stored: StoredZap) -> list[VersionLine]:
    made = zaps.versions(session, stored.id)
    return [VersionLine(number, moment, number == stored.published) for number, moment in made.items()]
