"""What differs between two states of a zap, by step and field, in words. For the versions and for publishing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.editing.versions import Changed, Difference
from engine.zaps.model import TRIGGER
from web.drafting.mapped import Part, Titles
from web.drafting.naming import Naming
from web.languages import words
from web.pages.editor_panel import operators
from web.trees import shown

MOST_IN_SHORT = 3


def _(text: str) -> str:
    """Marks a text for translation; it is translated when it is shown."""
    return text


SWITCHED: dict[str, dict[Any, str]] = {
    "while_running": {"wait": _("what comes is run as well"), "skip": _("what comes is skipped")},
    "auto_pause": {True: _("on"), False: _("off")},
}
"""Settings with a few values, in words."""


@dataclass(frozen=True)
class FieldChange:
    """One field. `kind` is added, removed or changed."""

    title: str
    kind: str
    before: tuple[Part, ...]
    after: tuple[Part, ...]


@dataclass(frozen=True)
class StepChange:
    """One step, or the zap itself. `kind` is added, removed, moved or changed; `said` tells it in a sentence."""

    key: str
    title: str
    app: str
    kind: str
    said: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class Comparing:
    """Compares a state with an `older` one. `accounts` are the names of connections."""

    naming: Naming
    titles: Titles
    accounts: dict[str, str]

    def changes(self, found: Sequence[Difference]) -> tuple[StepChange, ...]:
        """In the order in which the steps stand; what is gone comes last."""
        keys = list(dict.fromkeys(one.step for one in found))
        order = {"": -1, TRIGGER: 0} | {step.key: at for at, step in enumerate(self.naming.zap.steps, 1)}
        keys.sort(key=lambda key: order.get(key, len(order)))
        return tuple(self._step(key, [one for one in found if one.step == key]) for key in keys)

    def in_short(self, found: Sequence[Difference]) -> str:
        """“New step: Filter · Create client: Name, E-mail”."""
        _ = words(self.naming.language).gettext
        said = [self._short(one) for one in self.changes(found)]
        more = len(said) - MOST_IN_SHORT
        if more > 0:
            rest = words(self.naming.language).ngettext("and one more", "and %(num)d more", more)
            return " · ".join(said[:MOST_IN_SHORT]) + " " + rest % {"num": more}
        return " · ".join(said)

    def _short(self, change: StepChange) -> str:
        if change.kind != Changed.CHANGED:
            return change.said
        return f"{change.title}: {', '.join(one.title for one in change.fields[:4])}"

    def _step(self, key: str, found: Sequence[Difference]) -> StepChange:
        whole = next((one for one in found if key and not one.field), None)
        title = shown(self.naming.step(key))
        return StepChange(
            key=key,
            title=title,
            app=self.naming.app(key) if key else "",
            kind=whole.kind.value if whole else Changed.CHANGED.value,
            said=self._said(whole, title) if whole else "",
            fields=tuple(self._field(key, one) for one in found if one.field),
        )

    def _said(self, whole: Difference, title: str) -> str:
        _ = words(self.naming.language).gettext
        match whole.kind:
            case Changed.ADDED:
                return _("New step: %(title)s") % {"title": title}
            case Changed.REMOVED:
                return _("Removed: %(title)s") % {"title": title}
            case _:
                places = {"title": title, "before": (whole.before or 0) + 2, "after": (whole.after or 0) + 2}
                return _("Moved: %(title)s, from place %(before)d to %(after)d") % places

    def _field(self, key: str, one: Difference) -> FieldChange:
        title = shown(self.naming.field(key, one.field) if key else self._setting(one.field))
        return FieldChange(title, one.kind.value, self._value(key, one, one.before), self._value(key, one, one.after))

    def _setting(self, name: str) -> str:
        _ = words(self.naming.language).gettext
        return {
            "name": _("Name"), "language": _("Language"), "timezone": _("Time zone"), "country": _("Country"),
            "concurrency": _("Runs at once"), "flood_limit": _("Flood limit"),
            "while_running": _("While a run goes on"), "auto_pause": _("Pause it when nearly all runs fail"),
        }.get(name, name)  # fmt: skip

    def _value(self, key: str, one: Difference, value: Any) -> tuple[Part, ...]:
        if value is None:
            return ()
        if not key and one.field in SWITCHED:
            return (Part(words(self.naming.language).gettext(SWITCHED[one.field][value])),)
        if one.field == "connection":
            return (Part(shown(self.accounts.get(str(value), str(value)))),)
        if one.field == "use":
            return (Part(shown(self.naming.vocabulary.operation(str(value)).title)),)
        if one.field == "filter":
            return self.conditions(value)
        return self.titles.parts(value)

    def conditions(self, group: Any) -> tuple[Part, ...]:
        """The conditions of a filter, one after the other, as they read."""
        named = {one.key: one for one in operators(self.naming.language)}
        _ = words(self.naming.language).gettext
        join = _("or") if isinstance(group, dict) and "any" in group else _("and")
        parts: list[Part] = []
        members = (group.get("any") or group.get("all") or []) if isinstance(group, dict) else []
        for at, one in enumerate(members):
            if at:
                parts.append(Part(f" {join} "))
            if isinstance(one, dict) and ("all" in one or "any" in one):
                parts += [Part("("), *self.conditions(one), Part(")")]
                continue
            operator = named.get(one.get("is", ""))
            parts += self.titles.parts(one.get("value"))
            parts.append(Part(f" {operator.words if operator else one.get('is', '')} "))
            if operator is None or operator.compares:
                parts += self.titles.parts(one.get("to"))
        return tuple(parts)
