"""Zaps as the API gives them, made from what the engine knows. All of it blocks."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from engine.editing.draft import Draft
from engine.errors import NotFound, Problem
from engine.history.figures import ZapFigures
from engine.store import watches, zaps
from engine.store.moments import NEVER, from_ms
from engine.store.outlines import Outline
from engine.store.watches import Watch
from engine.triggers import health
from engine.triggers.health import Health as HealthState
from engine.zaps.model import TRIGGER
from engine.zaps.remarks import remark
from web.api.schemas import ProblemAt
from web.api.secrets import blotted
from web.api.zap_schemas import Day, DraftShown, Figures, Health, LastRun, StepStanding, ZapLine, ZapShown
from web.site import Site


def lines(here: Site, outlines: Sequence[Outline]) -> list[ZapLine]:
    """These zaps, in this order; a few queries for all of them together."""
    ids = [one.id for one in outlines]
    figures = here.runtime.figures.of_zaps(ids)
    with here.runtime.database.read() as session:
        watched = watches.of_zaps(session, ids)
    now = here.runtime.now()
    return [_line(one, watched.get(one.id), figures.get(one.id), now) for one in outlines]


def one(here: Site, zap_id: str) -> ZapShown:
    """Raises `NotFound`."""
    with here.runtime.database.read() as session:
        stored = zaps.find(session, zap_id)
        live = zaps.live(session, stored.id)
        found = here.runtime.outlines.some(session, [stored.id])
    if not found:
        raise NotFound(remark("unknown_zap", name=zap_id))
    shown = lines(here, found)[0]
    seen = blotted(live, here.runtime.registry()) if live else None
    return ZapShown(**dict(shown), revision=stored.revision, live=seen)


def draft(here: Site, found: Draft, language: str) -> DraftShown:
    steps = [TRIGGER, *(step.key for step in found.zap.steps)]
    return DraftShown(
        id=found.id,
        revision=found.revision,
        differs=found.differs,
        zap=blotted(found.zap, here.runtime.registry()),
        problems=problems(found.problems, language),
        steps=[StepStanding(step=step, state=found.state_of(step)) for step in steps],
        can_undo=found.can_undo,
        can_redo=found.can_redo,
    )


def problems(found: Iterable[Problem], language: str) -> list[ProblemAt]:
    return [ProblemAt(step=one.step, field=one.field, message=one.within(language)) for one in found]


def _line(zap: Outline, watch: Watch | None, figures: ZapFigures | None, now: datetime) -> ZapLine:
    return ZapLine(
        id=zap.id,
        name=zap.name,
        state=zap.state,
        attention=zap.attention,
        folder=zap.folder,
        version=zap.published,
        changed=zap.differs,
        trigger=zap.uses.trigger,
        apps=list(zap.uses.apps),
        connections=list(zap.uses.connections),
        updated_at=zap.updated_at,
        deleted_at=zap.deleted_at,
        health=health_of(watch, now) if watch else None,
        figures=_figures(figures) if figures else Figures(),
    )


def health_of(watch: Watch, now: datetime) -> Health:
    state = health.of(watch, now)
    watched = state not in (HealthState.OFF, HealthState.RECONNECT)
    return Health(
        state=state,
        since=watch.failing_since if state in (HealthState.DELAYED, HealthState.FAILING) else None,
        watched=watched,
        listening=watched and watch.listening,
        every_seconds=timedelta(milliseconds=watch.every_ms).total_seconds() or None,
        last_check_at=watch.last_check_at,
        last_success_at=watch.last_success_at,
        next_check_at=watch.next_poll_at if watched and watch.next_poll_at < from_ms(NEVER) else None,
        failures=watch.failures,
        problem=watch.problem,
        warning=watch.warning,
    )


def _figures(found: ZapFigures) -> Figures:
    last = found.last_run
    days = [Day(day=one.day, counts={str(state): count for state, count in one.counts.items()}) for one in found.days]
    return Figures(
        last_run=LastRun.model_validate(last) if last else None,
        days=days,
        held=found.held,
        review=found.review,
        failed=found.failed,
    )
