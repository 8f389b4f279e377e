"""What the zap editor shows, as frozen values: the header, the flow of cards, what is to fix. Built for `editor`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, ClassVar

from engine.editing.draft import Draft
from engine.registry import Registry
from engine.sdk.connector import Search
from engine.store.states import ZapState
from engine.zaps.model import TRIGGER, FilterStep, Step, TriggerUse
from web import states
from web.drafting.naming import Mend, Naming
from web.languages import words
from web.pages.editor_panel import Panel
from web.rendering import Page
from web.states import Look
from web.vocabulary import Vocabulary


@dataclass(frozen=True)
class Card:
    """One step in the flow. `lead` is “When”, “Only if” or “Then”; `state` that of StepState, “” for a blank one."""

    key: str
    number: int
    kind: str
    lead: str
    app: str
    app_title: str
    title: str
    sentence: str
    connection: str
    connection_state: str
    note: str
    state: str
    to_fix: int
    problem: str
    chosen: bool
    first: bool
    last: bool


@dataclass(frozen=True)
class Head:
    """The header: name, state, what can be undone, what is missing."""

    zap_id: str
    name: str
    name_problem: str
    look: Look
    on: bool
    published: int | None
    differs: bool
    to_fix: tuple[Mend, ...]
    can_undo: bool
    can_redo: bool
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True)
class EditorPage(Page):
    """The zap editor. `panel` is the chosen step; `saved` what the scripts send along with each change."""

    template: ClassVar[str] = "editor/page.html"
    nav: ClassVar[str] = "zaps"
    zap_id: str
    revision: int
    head: Head
    cards: tuple[Card, ...]
    panel: Panel | None
    may_edit: bool

    @cached_property
    def print_of_cards(self) -> str:
        """The same as long as the flow looks the same: scripts send it along, and the flow is not drawn again."""
        return sha256(repr((self.cards, self.may_edit)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Known:
    """What names stand for: connections and people by id."""

    connections: Mapping[str, tuple[str, str]]
    people: Mapping[str, str]


def naming_of(draft: Draft, registry: Registry, language: str) -> Naming:
    return Naming(draft.zap, registry, language)


def head_of(draft: Draft, registry: Registry, known: Known, language: str) -> Head:
    problems = [replace(one, step=one.step or TRIGGER) for one in draft.problems]
    return Head(
        zap_id=draft.id,
        name=draft.name,
        name_problem="",
        look=states.of_zap(draft.stored.state, language),
        on=draft.stored.state in (ZapState.ON, ZapState.PAUSED),
        published=draft.published,
        differs=draft.differs,
        to_fix=naming_of(draft, registry, language).mends(draft.id, problems),
        can_undo=draft.can_undo,
        can_redo=draft.can_redo,
        changed_by=known.people.get(draft.changed_by, ""),
        changed_at=draft.changed_at,
    )


def cards_of(draft: Draft, registry: Registry, known: Known, language: str, chosen: str) -> Iterable[Card]:
    """The trigger and the steps, in order."""
    naming = naming_of(draft, registry, language)
    drawn: list[tuple[str, TriggerUse | Step]] = [(TRIGGER, draft.zap.trigger)]
    drawn += [(step.key, step) for step in draft.zap.steps]
    last = len(drawn) - 1
    for number, (key, step) in enumerate(drawn):
        yield _card(draft, key, step, naming, known, number, chosen == key, number == last)


def _card(
    draft: Draft,
    key: str,
    step: TriggerUse | Step,
    naming: Naming,
    known: Known,
    number: int,
    chosen: bool,
    last: bool,
) -> Card:
    _ = words(naming.language).gettext
    problems = naming.mends(draft.id, draft.at(key))
    name, state = known.connections.get(getattr(step, "connection", None) or "", ("", ""))
    blank = not isinstance(step, FilterStep) and not step.use
    return Card(
        key=key,
        number=number + 1,
        kind=kind_of(step, naming.registry),
        lead=_lead(step, _),
        app="" if isinstance(step, FilterStep) else step.app,
        app_title="" if isinstance(step, FilterStep) or not step.app else naming.vocabulary.app(step.app),
        title=step.title,
        sentence=sentence_of(step, naming.vocabulary, naming.language),
        connection=name,
        connection_state=state,
        note=step.note,
        state="" if blank else str(draft.state_of(key)),
        to_fix=len(problems),
        problem=problems[0].sentence if problems and not blank else "",
        chosen=chosen,
        first=number <= 1,
        last=last,
    )


def kind_of(step: TriggerUse | Step, registry: Registry) -> str:
    """trigger, action, search or filter."""
    if isinstance(step, TriggerUse):
        return "trigger"
    if isinstance(step, FilterStep):
        return "filter"
    connector = registry.connectors.get(step.app)
    operation = connector and connector.searches.get(step.use.partition(".")[2])
    return "search" if isinstance(operation, Search) else "action"


def sentence_of(step: TriggerUse | Step, vocabulary: Vocabulary, language: str) -> str:
    """What a step does, in a few words."""
    _ = words(language).gettext
    if isinstance(step, FilterStep):
        count = len(step.filter.members)
        if not count:
            return _("go on only if conditions hold")
        return words(language).ngettext("one condition holds", "%(num)d conditions hold", count) % {"num": count}
    if not step.use:
        return _("choose what starts the zap") if isinstance(step, TriggerUse) else _("choose what happens next")
    if not step.is_chosen:
        return _("choose what happens in %(app)s") % {"app": vocabulary.app(step.app)}
    return vocabulary.sentence(step.use, step.with_)


def _lead(step: TriggerUse | Step, _: Any) -> str:
    if isinstance(step, TriggerUse):
        return str(_("When"))
    return str(_("Only if") if isinstance(step, FilterStep) else _("Then"))
