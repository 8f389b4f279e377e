"""Tests of steps as the editor's panel shows them: what a test would do, with what, and what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.editing.draft import Draft
from engine.editing.founds import Found
from engine.editing.previews import Previews, PreviewState, references_of
from engine.editing.samples import DOUBTED, Sample, StepState
from engine.editing.titles import Titles
from engine.editing.tried import Remedy, Tried, TriedOutcome
from engine.editing.trying import Will
from engine.zaps.labels import label_of
from engine.zaps.model import ActionStep, FilterStep
from web import trees
from web.drafting import fields
from web.drafting.fields import Sent
from web.drafting.naming import Mend, Naming, place
from web.forms.fields import told
from web.languages import words
from web.states import Look
from web.trees import Tree, shown

GLANCE = 140  # characters of a record that is offered


@dataclass(frozen=True)
class Card:
    """One record to choose as the sample."""

    id: str
    label: str
    at: datetime | None
    glance: str
    warning: str
    chosen: bool


@dataclass(frozen=True)
class SampleShown:
    """The sample there is. `tested` says that it is of the step as it is drawn now, `doubted` that a later test of the
    step did not work."""

    label: str
    at: datetime
    real: bool
    tested: bool
    doubted: bool
    tree: Tree


@dataclass(frozen=True)
class Missing:
    """An earlier step whose data is used, and which has no sample yet."""

    title: str
    key: str
    href: str


@dataclass(frozen=True)
class Result:
    """What came of a test. `mends` lead to fields; `connection` is the account to look at, where that may help."""

    look: Look
    sentence: str
    remedy: str
    mends: tuple[Mend, ...]
    connection: str
    sent: tuple[Sent, ...]
    output: Tree | None
    took: timedelta


@dataclass(frozen=True)
class Trial:
    """What a test of a step would do. `button` is what it says; `problems` must be mended first."""

    key: str
    kind: str  # action, search or filter
    app: str
    sentence: str
    if_exists: str
    button: str
    changes: bool
    made_up: bool
    uses_quota: bool
    sent: tuple[Sent, ...]
    problems: tuple[Mend, ...]
    missing: tuple[Missing, ...]
    sample: SampleShown | None
    may_skip: bool


def card(found: Found) -> Card:
    return Card(
        id=found.id,
        label=shown(found.label),
        at=found.at,
        glance=shown(_glance(found.data, found.label)),
        warning=shown(found.warning),
        chosen=found.chosen,
    )


def sample_of(draft: Draft, key: str, naming: Naming) -> SampleShown | None:
    """What later steps are drawn with."""
    sample = draft.sample(key)
    return None if sample is None else _sample(sample, draft.state_of(key), key, naming.record(key))


def _sample(sample: Sample, state: StepState, key: str, titles: Titles) -> SampleShown:
    label = label_of(sample.record, key) if isinstance(sample.record, dict) else ""
    return SampleShown(
        label=shown(label),
        at=sample.at,
        real=sample.real,
        tested=state is StepState.TESTED,
        doubted=sample.real and sample.made_with == DOUBTED,
        tree=trees.tree(sample.record, f"sample-{key}", path=key, titles=titles),
    )


def trial(draft: Draft, key: str, will: Will, naming: Naming, previews: Previews) -> Trial:
    """The step as it would be tested now."""
    drawn = draft.step(key)
    assert isinstance(drawn, ActionStep | FilterStep)
    kind = "filter" if isinstance(drawn, FilterStep) else "action" if will.changes else "search"
    waits = [one for one in references_of(drawn) if one not in draft.scope(before=key)]
    problems = naming.mends(draft.id, draft.at(key))
    does = fields.does(naming, drawn.use) if isinstance(drawn, ActionStep) else ""
    return Trial(
        key=key,
        kind=kind,
        app="" if isinstance(drawn, FilterStep) else drawn.app,
        sentence=_sentence(will, kind, does, naming),
        if_exists=will.if_exists,
        button=_button(kind, does, naming.language),
        changes=will.changes,
        made_up=will.made_up,
        uses_quota=will.uses_quota,
        sent=() if isinstance(drawn, FilterStep) else tuple(_rendered(draft, drawn, naming, previews)),
        problems=problems,
        missing=tuple(
            Missing(naming.step(one), one, place(draft.id, one)) for one in waits if naming.drawn(one) is not None
        ),
        sample=None if isinstance(drawn, FilterStep) else sample_of(draft, key, naming),
        may_skip=isinstance(drawn, ActionStep) and draft.sample(key) is None,
    )


def _sentence(will: Will, kind: str, does: str, naming: Naming) -> str:
    _ = words(naming.language).gettext
    app = naming.vocabulary.app(will.app) if will.app in naming.registry.connectors else will.app
    parts = {"does": does, "app": app, "account": will.connection}
    if kind == "filter":
        return _("This looks whether the sample passes. Nothing is changed.")
    if kind == "search":
        named = _("This only looks in %(app)s (account %(account)s); nothing is changed.")
        return (named if will.connection else _("This only looks in %(app)s; nothing is changed.")) % parts
    if not will.connection:
        return _("This really happens in %(app)s: %(does)s.") % parts
    return _("This really happens in %(app)s (account %(account)s): %(does)s.") % parts


def _button(kind: str, does: str, language: str) -> str:
    _ = words(language).gettext
    if kind == "filter":
        return _("Test the filter")
    return _("Test: %(does)s") % {"does": does}


def _rendered(draft: Draft, drawn: ActionStep, naming: Naming, previews: Previews) -> Iterator[Sent]:
    """The input with the samples."""
    _ = words(naming.language).gettext
    for name, value in drawn.with_.items():
        if name == fields.IF_EXISTS:
            continue
        seen = previews.of(draft, drawn.key, name, value, naming.language)
        title = naming.field(drawn.key, name)
        note = _("No sample yet") if seen.state is PreviewState.NO_SAMPLE else ""
        problem = " ".join(told(one, naming.language, title) for one in seen.problems)
        yield Sent(title, shown(seen.text), note=note, problem=shown(problem), field=name)


def result(tried: Tried, naming: Naming, draft: Draft) -> Result:
    """What came of a test, in words."""
    language, app = naming.language, tried.use.partition(".")[0]
    look = LOOKS[tried.outcome]
    drawn = draft.step(tried.step)
    connection = getattr(drawn, "connection", None) or ""
    asks = tried.remedy is Remedy.CONNECTION and bool(connection)
    return Result(
        look=Look(look.kind, look.icon, words(language).gettext(look.word)),
        sentence=shown(naming.vocabulary.error(app, tried.sentence_in(language))),
        remedy=tried.remedy.value,
        mends=naming.mends(draft.id, tried.problems),
        connection=connection if asks else "",
        sent=fields.of_given(naming, tried.step, tried.input, f"sent-{tried.step}"),
        output=_came(tried, naming),
        took=tried.took,
    )


def _came(tried: Tried, naming: Naming) -> Tree | None:
    if tried.output is None:
        return None
    return trees.tree(tried.output, f"came-{tried.step}", path=tried.step, titles=naming.record(tried.step))


def _glance(data: Any, label: str) -> str:
    """The first texts of a record that read like language, and that its label does not say already."""
    if not isinstance(data, dict):
        return ""
    texts = [" ".join(value[: GLANCE * 2].split()) for value in _texts(data)]
    said: list[str] = []
    for text in texts:
        if " " in text and text not in label and text not in said:
            said.append(text)
        if sum(map(len, said)) > GLANCE:
            break
    return " · ".join(said)[:GLANCE]


def _texts(data: dict[str, Any], depth: int = 1) -> Iterator[str]:
    """The texts of a record, and of what it carries; headers say nothing about its contents."""
    for name, value in data.items():
        if isinstance(value, str):
            yield value
        elif depth and isinstance(value, dict) and name != "headers":
            yield from _texts(value, depth - 1)


def _(text: str) -> str:
    """Marks a text for translation; it is translated when it is shown."""
    return text


LOOKS: dict[TriedOutcome, Look] = {
    TriedOutcome.DONE: Look("good", "circle-check", _("Done")),
    TriedOutcome.EXISTS: Look("good", "circle-check", _("Already there")),
    TriedOutcome.FOUND: Look("good", "circle-check", _("Found")),
    TriedOutcome.NOTHING: Look("", "search", _("Nothing found")),
    TriedOutcome.PASSED: Look("good", "circle-check", _("Passed")),
    TriedOutcome.FILTERED: Look("", "filter", _("Filtered out")),
    TriedOutcome.STOPPED: Look("", "ban", _("Stopped")),
    TriedOutcome.PROBLEM: Look("bad", "circle-x", _("It did not work")),
    TriedOutcome.UNKNOWN: Look("bad", "circle-alert", _("Please check")),
}
