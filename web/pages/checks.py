"""The checks of one zap: how its trigger does, what its last checks said, and how many there were each hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from fastapi import Request
from fastapi.responses import HTMLResponse

from engine.errors import NotFound
from engine.sdk.connector import Webhook
from engine.store import checks, watches
from engine.store.checks import Hour, Outcome
from engine.store.moments import NEVER, from_ms
from engine.store.watches import Watch
from engine.triggers import health
from engine.triggers.health import Health
from web import guarded
from web.languages import words
from web.rendering import Page, page
from web.site import By, Here, Site
from web.trees import shown
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = guarded.router()

HOURS_SHOWN = 24


@dataclass(frozen=True)
class Look:
    """A state as it is drawn."""

    kind: str
    icon: str
    word: str


@dataclass(frozen=True)
class LineShown:
    """Checks in a row that went alike, in words."""

    look: Look
    said: str
    checks: int
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Standing:
    """How the trigger stands. Moments are None where there are none: `due` for a trigger that is never due."""

    look: Look
    problem: str
    listens: bool
    listening: bool
    failures: int
    failing_since: datetime | None
    checked: datetime | None
    succeeded: datetime | None
    due: datetime | None
    moved: datetime | None


@dataclass(frozen=True)
class ChecksPage(Page):
    """`standing` is None for a zap that was never switched on; `called` says that it is started by calls."""

    template: ClassVar[str] = "zaps/checks.html"
    nav: ClassVar[str] = "zaps"
    zap_id: str
    name: str
    called: bool
    standing: Standing | None
    lines: tuple[LineShown, ...]
    hours: tuple[Hour, ...]


@router.get("/zaps/{zap_id}/checks")
def log(request: Request, here: Here, by: By, zap_id: str) -> HTMLResponse:
    """The log."""
    return page(request, _page(here, by, zap_id))


def _page(here: Site, by: Visitor, zap_id: str) -> ChecksPage:
    with here.runtime.database.read() as session:
        found = here.runtime.outlines.some(session, [zap_id])
        if not found:
            raise NotFound(f"There is no zap “{zap_id[:60]}”.")
        watch = watches.get(session, zap_id)
        lines = checks.lines(session, zap_id, watch.tally) if watch else []
        hours = checks.hours(session, zap_id, watch.tally)[:HOURS_SHOWN] if watch else []
    [zap] = found
    words_of = _Words(Vocabulary(here.runtime.registry(), by.language), zap.uses.trigger, by.language)
    return ChecksPage(
        zap.id,
        zap.name,
        _is_called(here, zap.uses.trigger),
        words_of.standing(watch, here.runtime.now()) if watch else None,
        tuple(words_of.lines(lines)),
        tuple(hours),
    )


def _is_called(here: Site, use: str) -> bool:
    try:
        return isinstance(here.runtime.registry().trigger(use), Webhook)
    except NotFound:
        return False


@dataclass(frozen=True)
class _Words:
    """Tells one reader of one zap's trigger."""

    vocabulary: Vocabulary
    use: str
    language: str

    def standing(self, watch: Watch, now: datetime) -> Standing:
        watched = watch.active and not watch.waits_for
        never = watch.next_poll_at >= from_ms(NEVER)
        return Standing(
            look=self._state(health.of(watch, now)),
            problem=self._problem(watch.problem),
            listens=bool(watch.listens),
            listening=watched and watch.listening,
            failures=watch.failures,
            failing_since=watch.failing_since,
            checked=watch.last_check_at,
            succeeded=watch.last_success_at,
            due=watch.next_poll_at if watched and not never else None,
            moved=watch.cursor_at,
        )

    def lines(self, found: Sequence[checks.Line]) -> list[LineShown]:
        return [LineShown(self._outcome(one), self._said(one), one.checks, one.since, one.until) for one in found]

    def _state(self, state: Health) -> Look:
        _ = words(self.language).gettext
        looks = {
            Health.OK: Look("good", "circle-check", _("Checked as planned")),
            Health.DELAYED: Look("warn", "clock", _("Delayed")),
            Health.FAILING: Look("bad", "circle-alert", _("Not checked any more")),
            Health.RECONNECT: Look("bad", "unlink", _("Needs reconnecting")),
            Health.OFF: Look("", "circle-pause", _("Switched off")),
        }
        return looks[state]

    def _outcome(self, line: checks.Line) -> Look:
        _ = words(self.language).gettext
        looks = {
            Outcome.QUIET: Look("", "check", _("Nothing new")),
            Outcome.NEWS: Look("good", "circle-check", _("Something new")),
            Outcome.FAILED: Look("bad", "circle-alert", _("Failed")),
        }
        return looks[line.outcome]

    def _said(self, line: checks.Line) -> str:
        if line.outcome is Outcome.FAILED:
            return self._problem(line.problem)
        if line.outcome is Outcome.QUIET:
            return ""
        said: Any = words(self.language).ngettext("%(count)s event", "%(count)s events", line.found)
        return str(said % {"count": line.found})

    def _problem(self, problem: str) -> str:
        return shown(self.vocabulary.error(self.use.partition(".")[0], problem)) if problem else ""
