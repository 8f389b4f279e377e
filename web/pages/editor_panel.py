"""What the editor shows of the chosen step, as frozen values: app and event, account, fields or conditions, words."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from engine.editing.data import DataField, DataGroup
from engine.editing.draft import Draft
from engine.errors import NotFound
from engine.registry import AnyOperation, Registry
from engine.runtime import Runtime
from engine.sdk.connector import Connector, Search
from engine.store.connections import StoredConnection
from engine.store.states import ConnectionState
from engine.zaps.conditions import OPERATORS, Condition, Group
from engine.zaps.model import TRIGGER, FilterStep, Step, TriggerUse
from web.forms.fields import Field, Form
from web.languages import words
from web.pages import mapping_texts
from web.vocabulary import Vocabulary

SHOWN = 5  # fields that are shown at once, unless the connector says otherwise
STARTS, STEPS = ("triggers", "webhooks", "schedules"), ("actions", "searches")


@dataclass(frozen=True)
class AppChoice:
    """An app that has something to choose at this place."""

    key: str
    title: str
    description: str
    chosen: bool


@dataclass(frozen=True)
class EventChoice:
    """Something an app can start or do. `kind` is trigger, webhook, schedule, action or search."""

    use: str
    kind: str
    title: str
    description: str
    chosen: bool


@dataclass(frozen=True)
class ConnectionChoice:
    """An account that may serve the step."""

    id: str
    name: str
    account: str
    broken: bool
    chosen: bool


@dataclass(frozen=True)
class ConditionView:
    """One condition, or a group of them (`members`), at its place like “all.0”."""

    place: str
    join: str = ""
    members: tuple["ConditionView", ...] = ()
    value: str = ""
    operator: str = ""
    to: str = ""
    compares: bool = True
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operator:
    """A way to compare. `compares` is False where there is nothing to compare with."""

    key: str
    words: str
    compares: bool


@dataclass(frozen=True)
class Used:
    """Where a step's data is used later."""

    step: str
    step_title: str


@dataclass(frozen=True)
class Panel:
    """The chosen step. `problems` are those that belong to no field shown; `data` is what pills may use, as JSON."""

    key: str
    kind: str
    number: int
    title: str
    own_title: str
    note: str
    app: str
    app_title: str
    use: str
    event_title: str
    event_description: str
    known: bool
    apps: tuple[AppChoice, ...]
    events: tuple[EventChoice, ...]
    event_problem: str
    connections: tuple[ConnectionChoice, ...]
    connection: str
    connection_needed: bool
    connection_possible: bool
    connection_problem: str
    fields: tuple[Field, ...]
    problems: tuple[str, ...]
    group: ConditionView | None
    operators: tuple[Operator, ...]
    if_empty: str
    used_by: tuple[Used, ...]
    data: str
    can_test: bool

    @property
    def is_chosen(self) -> bool:
        return "." in self.use

    @property
    def account_ready(self) -> bool:
        """Whether fields can be filled in: lists of choices need an account."""
        return bool(self.connection) or not self.connection_needed


@dataclass(frozen=True)
class Drawing:
    """What a panel is built from."""

    runtime: Runtime
    draft: Draft
    key: str
    language: str
    connections: tuple[StoredConnection, ...]
    with_data: bool = True

    @property
    def registry(self) -> Registry:
        return self.runtime.registry()

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.registry, self.language)


def panel_of(drawing: Drawing, number: int, kind: str, title: str, used_by: tuple[Used, ...]) -> Panel:
    """Everything there is to do at one step."""
    draft, key = drawing.draft, drawing.key
    step = draft.step(key)
    uses = not isinstance(step, FilterStep)
    use = step.use if not isinstance(step, FilterStep) else ""
    app = use.partition(".")[0]
    operation = _operation(drawing.registry, use)
    event = drawing.vocabulary.operation(use) if use else None
    connector = drawing.registry.connectors.get(app)
    fields, elsewhere = _form(drawing, step, operation)
    return Panel(
        key=key,
        kind=kind,
        number=number,
        title=title,
        own_title=step.title,
        note=step.note,
        app=app,
        app_title=drawing.vocabulary.app(app) if app else "",
        use=use,
        event_title=event.title if event and "." in use else "",
        event_description=event.description if event and operation else "",
        known=operation is not None,
        apps=tuple(_apps(drawing, app)) if uses else (),
        events=tuple(_events(drawing, app, use)) if uses and app else (),
        event_problem=_problem(drawing, "use") if "." in use or app else "",
        connections=tuple(_connections(drawing, app, getattr(step, "connection", None))),
        connection=getattr(step, "connection", None) or "",
        connection_needed=connector.needs_connection if connector else False,
        connection_possible=_takes_connection(connector),
        connection_problem=_problem(drawing, "connection"),
        fields=fields,
        problems=elsewhere,
        group=_group(drawing, step.filter) if isinstance(step, FilterStep) else None,
        operators=tuple(operators(drawing.language)) if isinstance(step, FilterStep) else (),
        if_empty=getattr(step, "if_empty", "") if isinstance(operation, Search) else "",
        used_by=used_by,
        data=data_json(drawing) if drawing.with_data and key != TRIGGER else "",
        can_test=operation is not None,
    )


def _operation(registry: Registry, use: str) -> AnyOperation | None:
    try:
        return registry.operation(use)
    except NotFound:
        return None


def _form(
    drawing: Drawing, step: TriggerUse | Step, operation: AnyOperation | None
) -> tuple[tuple[Field, ...], tuple[str, ...]]:
    problems = [one for one in drawing.draft.at(drawing.key) if one.field not in ("use", "connection")]
    if operation is None or isinstance(step, FilterStep):
        if isinstance(step, FilterStep):
            problems = [one for one in problems if one.field in ("", "filter")]
        return (), tuple(one.within(drawing.language) for one in problems)
    form = Form(
        step.with_,
        problems,
        drawing.language,
        drawing.vocabulary.fields(step.use),
        errors=partial(drawing.vocabulary.error, operation.connector),
    )
    return _folded(form.fields(operation.form)), form.elsewhere(operation.form)


def _folded(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Where a connector folds nothing itself, what is optional, empty and far down is folded away."""
    if len(fields) <= SHOWN or any(one.more for one in fields):
        return fields
    return tuple(
        replace(one, more=not (one.required or one.given or one.problem)) if at >= SHOWN else one
        for at, one in enumerate(fields)
    )


def _problem(drawing: Drawing, field: str) -> str:
    return " ".join(one.within(drawing.language) for one in drawing.draft.at(drawing.key, field))


def _tables(drawing: Drawing) -> tuple[str, ...]:
    return STARTS if drawing.key == TRIGGER else STEPS


def _apps(drawing: Drawing, chosen: str) -> Iterator[AppChoice]:
    """Those with anything for this place, by name."""
    vocabulary, tables = drawing.vocabulary, _tables(drawing)
    found = [key for key, one in drawing.registry.connectors.items() if any(getattr(one, table) for table in tables)]
    for key in sorted(found, key=lambda one: vocabulary.app(one).lower()):
        yield AppChoice(key, vocabulary.app(key), vocabulary.app_description(key), key == chosen)


def _events(drawing: Drawing, app: str, chosen: str) -> Iterator[EventChoice]:
    connector = drawing.registry.connectors.get(app)
    if connector is None:
        return
    for table in _tables(drawing):
        for operation in getattr(connector, table).values():
            said = drawing.vocabulary.operation(operation.use)
            kind = table.rstrip("s") if table != "searches" else "search"
            yield EventChoice(operation.use, kind, said.title, said.description, operation.use == chosen)


def _connections(drawing: Drawing, app: str, chosen: str | None) -> Iterator[ConnectionChoice]:
    for one in drawing.connections:
        if one.app == app and app:
            broken = one.state != ConnectionState.ACTIVE
            yield ConnectionChoice(one.id, one.name, one.account_label, broken, one.id == chosen)


def _takes_connection(connector: Connector | None) -> bool:
    return connector is not None and any(kind.key != "none" for kind in connector.auth.values())


def _group(drawing: Drawing, group: Group, place: str = "") -> ConditionView:
    join = "all" if group.all is not None else "any"
    members = tuple(_member(drawing, one, f"{place}.{join}.{at}".lstrip(".")) for at, one in enumerate(group.members))
    return ConditionView(place, join, members)


def _member(drawing: Drawing, member: Condition | Group, place: str) -> ConditionView:
    if isinstance(member, Group):
        return _group(drawing, member, place)
    operator = OPERATORS.get(member.is_)
    problems = drawing.draft.at(drawing.key, f"filter.{place}")
    return ConditionView(
        place=place,
        value=_template(member.value),
        operator=member.is_,
        to=_template(member.to),
        compares=operator.compares if operator else True,
        problems=tuple(one.within(drawing.language) for one in problems),
    )


def _template(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def operators(language: str) -> Iterable[Operator]:
    """All ways to compare, in words."""
    _ = words(language).gettext
    said = {
        "is": _("is"),
        "is_not": _("is not"),
        "contains": _("contains"),
        "does_not_contain": _("does not contain"),
        "starts_with": _("starts with"),
        "ends_with": _("ends with"),
        "is_one_of": _("is one of"),
        "matches": _("matches the pattern"),
        "greater_than": _("is more than"),
        "less_than": _("is less than"),
        "at_least": _("is at least"),
        "at_most": _("is at most"),
        "before": _("is before"),
        "after": _("is after"),
        "exists": _("has a value"),
        "does_not_exist": _("has no value"),
        "is_true": _("is yes"),
        "is_false": _("is no"),
    }
    for key, operator in OPERATORS.items():
        yield Operator(key, said.get(key, operator.words), operator.compares)


def data_json(drawing: Drawing) -> str:
    """What the step may use, for the scripts; safe within a <script type="application/json">."""
    groups = drawing.runtime.editing.data.of(drawing.draft, drawing.key, drawing.language)
    found = {
        "groups": [_group_json(one, number) for number, one in enumerate(groups, 1)],
        "texts": texts(drawing.language),
    }
    return json.dumps(found, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")


def _group_json(group: DataGroup, number: int) -> dict[str, Any]:
    return {
        "step": group.step,
        "number": number,
        "title": group.title,
        "app": group.app,
        "icon": f"/apps/{group.app}/icon.svg",
        "hasSample": group.has_sample,
        "real": group.real,
        "fields": [_field_json(one) for one in group.fields],
    }


def _field_json(field: DataField) -> dict[str, Any]:
    return {
        "path": field.path,
        "title": field.title,
        "kind": field.kind,
        "sample": field.sample,
        "children": [_field_json(one) for one in field.children],
    }


def texts(language: str) -> dict[str, str]:
    """The words of the mapping field, by the English ones that its scripts have."""
    translate = words(language).gettext
    return {english: translate(english) for english in mapping_texts.TEXTS}
