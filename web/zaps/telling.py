"""How a zap is doing, as one sentence: whether its trigger is looked at, what came of it, what is to be mended. Pure.

The most important thing is told, and only that: what a person must mend, then how the trigger stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_date, format_time

from engine.errors import NotFound
from engine.registry import Registry
from engine.sdk.connector import Scheduled, Webhook
from engine.store.moments import NEVER, from_ms
from engine.store.outlines import Outline
from engine.store.states import ZapState
from engine.store.watches import Watch
from engine.triggers import health
from engine.triggers.health import Health
from web import moments
from web.languages import words
from web.trees import shown
from web.vocabulary import Vocabulary

A_WEEK = 7  # days
MARK = "\x00"


@dataclass(frozen=True)
class Line:
    """A sentence with maybe one moment in it, which open pages keep true, and maybe a way to what it is about."""

    kind: str = ""
    icon: str = ""
    before: str = ""
    moment: datetime | None = None
    after: str = ""
    href: str = ""
    link: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known of one zap besides its outline. `broken` are the connections that must be repaired, by id; `gone`
    those of them that were disconnected."""

    watch: Watch | None
    broken: Mapping[str, str]
    last_call: datetime | None
    now: datetime
    paused: str = ""  # why it is paused
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Telling:
    """Tells one reader."""

    registry: Registry
    vocabulary: Vocabulary
    language: str
    timezone: str

    def of(self, zap: Outline, facts: Facts) -> Line:
        """The sentence."""
        return self._to_mend(zap, facts) or self._standing(zap, facts)

    def is_called(self, zap: Outline) -> bool:
        """Whether a service starts it by calling its address."""
        return self._kind(zap.uses.trigger) is Webhook

    def _to_mend(self, zap: Outline, facts: Facts) -> Line | None:
        _ = words(self.language).gettext
        account = next((one for one in zap.uses.connections if one in facts.broken), None)
        if account is not None and account in facts.gone:
            said = _("The account “%(name)s” was disconnected.") % {"name": shown(facts.broken[account])}
            return Line("bad", "unlink", said, href=f"/connections/{account}", link=_("Use another account"))
        if account is not None:
            said = _("“%(name)s” must be reconnected.") % {"name": shown(facts.broken[account])}
            return Line("bad", "unlink", said, href=f"/connections/{account}", link=_("Reconnect"))
        if zap.is_on and (missing := self._missing_app(zap)):
            said = _("The app “%(app)s” is not installed any more.") % {"app": shown(missing)}
            return Line("bad", "circle-alert", said, href="/apps", link=_("To the apps"))
        if zap.attention:
            return Line(
                "bad",
                "circle-alert",
                shown(self.vocabulary.error("", zap.attention)),
                href=f"/zaps/{zap.id}",
                link=_("Open"),
            )
        return None

    def _missing_app(self, zap: Outline) -> str:
        return next((app for app in zap.uses.apps if app not in self.registry.connectors), "")

    def _standing(self, zap: Outline, facts: Facts) -> Line:
        _ = words(self.language).gettext
        if zap.state == ZapState.DRAFT:
            return Line(before=_("Not published yet."))
        if zap.state == ZapState.OFF:
            return Line(before=_("Nothing starts it while it is off."))
        if zap.state == ZapState.PAUSED:
            said = shown(facts.paused) or _("Paused: what arrives is kept on hold.")
            return Line("warn", "circle-pause", said, href=f"/zaps/{zap.id}/paused", link=_("Let it go on"))
        return self._trigger(zap, facts)

    def _trigger(self, zap: Outline, facts: Facts) -> Line:
        _ = words(self.language).gettext
        kind, watch = self._kind(zap.uses.trigger), facts.watch
        if kind is Webhook:
            return self._calls(facts)
        state = Health.OFF if watch is None else health.of(watch, facts.now)
        if watch is None or state is Health.OFF:
            return Line("bad", "circle-alert", _("Its trigger is not watched. Switch it off and on again."))
        if state is not Health.OK:
            return self._ill(zap, watch, state, facts.now)
        return self._next(watch, facts.now) if kind is Scheduled else self._checked(watch)

    def _ill(self, zap: Outline, watch: Watch, state: Health, now: datetime) -> Line:
        """As the engine judges it."""
        _ = words(self.language).gettext
        if state is Health.RECONNECT:
            said = _("The account of its trigger must be reconnected.")
            return Line("bad", "unlink", said, href=f"/connections/{watch.waits_for}", link=_("Reconnect"))
        if watch.problem:
            return self._problem(zap, watch, state, now)
        since = watch.last_check_at or watch.last_success_at or watch.next_poll_at
        if state is Health.DELAYED:
            return _timed("warn", "clock", _("Delayed: it was last checked %(when)s."), since)
        return _timed("bad", "circle-alert", _("Not checked any more: the last time was %(when)s."), since)

    def _kind(self, use: str) -> Any:
        try:
            return type(self.registry.trigger(use))
        except NotFound:
            return None

    def _calls(self, facts: Facts) -> Line:
        _ = words(self.language).gettext
        if facts.last_call is None:
            return Line("good", "webhook", _("Waiting for the first call."))
        return _timed("good", "webhook", _("Waiting for calls, the last one came %(when)s."), facts.last_call)

    def _problem(self, zap: Outline, watch: Watch, state: Health, now: datetime) -> Line:
        _ = words(self.language).gettext
        problem = shown(self.vocabulary.error(zap.uses.trigger.partition(".")[0], watch.problem))
        kind = "bad" if state is Health.FAILING else "warn"
        icon = "circle-alert" if kind == "bad" else "rotate-ccw"
        if watch.last_success_at is None:
            return Line(kind, icon, problem)
        since = moments.short(watch.last_success_at, self.language, self.timezone, now=now)
        said = _("%(problem)s Last checked without a problem: %(when)s.") % {"problem": problem, "when": since}
        return Line(kind, icon, said)

    def _next(self, watch: Watch, now: datetime) -> Line:
        _ = words(self.language).gettext
        if watch.next_poll_at >= from_ms(NEVER):
            return Line("warn", "clock", _("There is no further time to start it."))
        return Line("good", "calendar-clock", _("Next: %(when)s.") % {"when": self.coming(watch.next_poll_at, now)})

    def _checked(self, watch: Watch) -> Line:
        _ = words(self.language).gettext
        icon = "ear" if watch.listening else "refresh-cw"
        if watch.last_check_at is None:
            return Line("", icon, _("The first check is under way."))
        text = _("Listening, checked %(when)s.") if watch.listening else _("Checked %(when)s.")
        return _timed("good", icon, text, watch.last_check_at)

    def coming(self, moment: datetime, now: datetime) -> str:
        """“today 14:00”, “Monday 09:00”, “21 Nov, 09:15”."""
        _ = words(self.language).gettext
        zone = moments.zone(self.timezone)
        local, today = moment.astimezone(zone), now.astimezone(zone).date()
        time, days = format_time(local, "HH:mm", locale=self.language), (local.date() - today).days
        if not 0 <= days < A_WEEK:
            return moments.short(moment, self.language, self.timezone, now=now)
        if days == 0:
            return _("today %(time)s") % {"time": time}
        if days == 1:
            return _("tomorrow %(time)s") % {"time": time}
        return f"{format_date(local, 'EEEE', locale=self.language)} {time}"


def _timed(kind: str, icon: str, text: str, moment: datetime) -> Line:
    before, _, after = (text % {"when": MARK}).partition(MARK)
    return Line(kind, icon, before, moment, after)
