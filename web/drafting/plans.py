"""What publishing and switching on will do, in sentences: what starts the zap, what it does, what is left alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from babel.dates import format_timedelta
from babel.numbers import format_decimal

from engine.editing.draft import Draft
from engine.editing.drafts import UNTITLED
from engine.editing.publishing import Confirmation, SourceChange
from engine.store.states import ZapState
from engine.triggers.switching import Switched
from engine.zaps.model import TRIGGER, ActionStep, FilterStep, Step, TriggerUse
from web.drafting import fields
from web.drafting.naming import Naming
from web.languages import words


@dataclass(frozen=True)
class StepLine:
    """One step in the sentence that a zap is."""

    lead: str
    app: str
    sentence: str
    account: str


@dataclass(frozen=True)
class Ways:
    """What can be done now. `on` publishes too, where the draft is not live; `publish` leaves the switch as it is."""

    on: bool
    publish: bool
    state: ZapState

    @property
    def any(self) -> bool:
        return self.on or self.publish

    @property
    def is_on(self) -> bool:
        return self.state in (ZapState.ON, ZapState.PAUSED)


@dataclass(frozen=True)
class Plan:
    """What will happen. `ignored` says what does not fire, and `may_choose` that some of it may be chosen after all."""

    steps: tuple[StepLine, ...]
    watched: str
    next: tuple[datetime, ...]
    ignored: str
    new_source: bool
    may_choose: bool
    held: str
    stay: str


def ways(draft: Draft) -> Ways:
    state = draft.stored.state
    return Ways(on=state != ZapState.ON, publish=draft.published is not None and draft.differs, state=state)


def plan(draft: Draft, confirmation: Confirmation, naming: Naming, accounts: Mapping[str, str]) -> Plan:
    """For a draft that can be published."""
    is_on = ways(draft).is_on
    return Plan(
        steps=tuple(lines(draft, naming, accounts)),
        watched=watched(confirmation, naming.language),
        next=confirmation.next,
        ignored=_ignored(confirmation, naming),
        new_source=confirmation.source is SourceChange.ANOTHER,
        may_choose=confirmation.kind == "polling" and confirmation.baseline and not is_on,
        held=_held(confirmation.held, naming.language),
        stay=_stay(draft, naming.language),
    )


def lines(draft: Draft, naming: Naming, accounts: Mapping[str, str]) -> Iterator[StepLine]:
    """The trigger and the steps, as a sentence reads."""
    yield _line(TRIGGER, draft.zap.trigger, naming, accounts)
    for step in draft.zap.steps:
        yield _line(step.key, step, naming, accounts)


def _line(key: str, step: TriggerUse | Step, naming: Naming, accounts: Mapping[str, str]) -> StepLine:
    _ = words(naming.language).gettext
    if isinstance(step, FilterStep):
        return StepLine(_("Only if"), "", step.title or _filter(step, naming.language), "")
    lead = _("When") if key == TRIGGER else _("Then")
    if isinstance(step, ActionStep):
        sentence = f"{fields.does(naming, step.use)} ({naming.vocabulary.app(step.app)})"
    else:
        sentence = naming.sentence(key)
    return StepLine(lead, step.app, step.title or sentence, accounts.get(step.connection or "", ""))


def _filter(step: FilterStep, language: str) -> str:
    count = len(step.filter.members)
    return words(language).ngettext("one condition holds", "%(num)d conditions hold", count) % {"num": count}


def watched(confirmation: Confirmation, language: str) -> str:
    """How the zap hears of something new: “It listens, and looks every minute besides.”"""
    _ = words(language).gettext
    match confirmation.kind:
        case "webhook":
            return _("It takes in at once what is sent to its address.")
        case "schedule":
            return _("It starts by the clock.")
        case _ if confirmation.every is None:
            return ""
        case _ if confirmation.listening:
            return _("It listens, and checks %(often)s besides.") % {"often": often(confirmation.every, language)}
        case _:
            return _("It checks %(often)s.") % {"often": often(confirmation.every, language)}


def often(every: timedelta, language: str) -> str:
    """“every minute”, “every 5 minutes”."""
    _ = words(language).gettext
    if every == timedelta(minutes=1):
        return _("every minute")
    if every == timedelta(hours=1):
        return _("every hour")
    span = format_timedelta(every, granularity="second", threshold=1.5, locale=language)
    if every == timedelta(seconds=1):
        return _("every second")
    return _("every %(span)s") % {"span": span}


def _ignored(confirmation: Confirmation, naming: Naming) -> str:
    _ = words(naming.language).gettext
    if confirmation.kind == "webhook":
        return ""
    if confirmation.kind == "schedule":
        return "" if confirmation.source is SourceChange.SAME else _("Times that have passed do not fire.")
    if confirmation.source is SourceChange.ANOTHER:
        return _another(there(confirmation, naming), naming.language)
    if confirmation.source is SourceChange.NEW:
        return _new(there(confirmation, naming), naming.language)
    if confirmation.baseline:
        return _("What arrived while it was off is ignored. Only what comes from now on starts it.")
    return _("It goes on from where it stands; nothing is missed and nothing comes twice.")


def _new(number: str, language: str) -> str:
    _ = words(language).gettext
    if not number:
        return _("What is there already is ignored. Only what comes from now on starts it.")
    said = _("What is there already (%(what)s) is ignored. Only what comes from now on starts it.")
    return said % {"what": number}


def _another(number: str, language: str) -> str:
    _ = words(language).gettext
    if not number:
        return _(
            "What is watched has changed, so it starts anew: what is already there is ignored, also what the former "
            "place still had."
        )
    said = _(
        "What is watched has changed, so it starts anew: what is already there (%(what)s) is ignored, also what the "
        "former place still had."
    )
    return said % {"what": number}


def there(confirmation: Confirmation, naming: Naming) -> str:
    """“12 e-mails”: what is there already, where the app told; its number alone where nobody named what it counts."""
    if not confirmation.there:
        return ""
    number = format_decimal(confirmation.there, locale=naming.language)
    operation = naming.registry.operation(naming.zap.trigger.use)
    named = getattr(operation.returns, "counted", ())
    if not named:
        return str(number)
    noun = named[0] if confirmation.there == 1 else named[-1]
    connector = naming.registry.connector_of(naming.zap.trigger.use)
    return f"{number} {naming.vocabulary.texts(connector).of(f'counted.{noun}', noun)}"


def _held(count: int, language: str) -> str:
    if not count:
        return ""
    ngettext = words(language).ngettext
    return ngettext(
        "One run that has waited since it was switched off goes on, with the version it began with.",
        "%(num)d runs that have waited since it was switched off go on, each with the version it began with.",
        count,
    ) % {"num": count}


def _stay(draft: Draft, language: str) -> str:
    if draft.published is None or not draft.differs:
        return ""
    said = words(language).gettext("Runs under way and on hold stay on version %(n)d.")
    return said % {"n": draft.published}


def is_untitled(draft: Draft) -> bool:
    return draft.published is None and any(draft.name.startswith(name) for name in UNTITLED.values())


def suggested_name(draft: Draft, naming: Naming) -> str:
    """“Gmail + Invoice2go: Create client”."""
    apps = [draft.zap.trigger.app, *(step.app for step in draft.zap.steps if isinstance(step, ActionStep))]
    titles = list(dict.fromkeys(naming.vocabulary.app(app) for app in apps if app))
    last = next((step for step in reversed(draft.zap.steps) if isinstance(step, ActionStep)), None)
    what = f": {naming.step(last.key)}" if last is not None else ""
    return f"{' + '.join(titles[:3])}{what}"[:200]


def told(switched: Switched, confirmation: Confirmation, language: str, *, on: bool) -> str:
    """What is said when it was done."""
    _, ngettext = words(language).gettext, words(language).ngettext
    if not on:
        return _("Version %(n)d is live. The zap is still off.") % {"n": switched.version}
    said = [_("On.") if switched.published is False else _("Version %(n)d is on.") % {"n": switched.version}]
    said.append(watched(confirmation, language))
    if switched.fired:
        fired = ngettext("One record was handed over.", "%(num)d records were handed over.", switched.fired)
        said.append(fired % {"num": switched.fired})
    return " ".join(one for one in said if one)
