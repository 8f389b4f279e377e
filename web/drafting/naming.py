"""What the steps and fields of a zap are called, and where a problem is mended. Asked by all that surrounds a draft."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from urllib.parse import urlencode

from engine.editing import titles
from engine.editing.titles import Titles
from engine.editing.words import Words
from engine.errors import NotFound, Problem
from engine.registry import AnyOperation, Registry
from engine.sdk.fields import fields_of
from engine.zaps import drawing
from engine.zaps.model import TRIGGER, ActionStep, FilterStep, Step, TriggerUse, Zap
from web.forms.fields import told
from web.languages import words
from web.trees import shown
from web.vocabulary import Vocabulary


@dataclass(frozen=True)
class Mend:
    """Something to be mended: what is wrong, and the place of the editor where it is put right."""

    step: str
    step_title: str
    field: str
    field_title: str
    sentence: str
    href: str


@dataclass(frozen=True)
class Naming:
    """The names of one zap in one language. `kept` is another state of the zap, whose steps may be gone by now."""

    zap: Zap
    registry: Registry
    language: str
    kept: Zap | None = None

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.registry, self.language)

    def drawn(self, key: str) -> TriggerUse | Step | None:
        """None for a step that the zap does not have."""
        for zap in (self.zap, self.kept):
            try:
                if zap is not None:
                    return drawing.step_of(zap, key)
            except NotFound:
                continue
        return None

    def number(self, key: str) -> int:
        """Counted from 1, the trigger included; 0 for none."""
        keys = [TRIGGER, *(step.key for step in self.zap.steps)]
        return keys.index(key) + 1 if key in keys else 0

    def step(self, key: str) -> str:
        """What a step is called: its own name, else what it does."""
        _ = words(self.language).gettext
        drawn = self.drawn(key)
        if drawn is None:
            return key or _("The zap")
        if drawn.title:
            return drawn.title
        if isinstance(drawn, FilterStep):
            return _("Filter")
        if drawn.is_chosen:
            return self.vocabulary.operation(drawn.use).title
        if drawn.app:
            return self.vocabulary.app(drawn.app)
        return _("Trigger") if key == TRIGGER else _("New step")

    def sentence(self, key: str) -> str:
        """What a step does, with what was filled in: “a new e-mail arrives in INBOX”."""
        drawn = self.drawn(key)
        if drawn is None or isinstance(drawn, FilterStep) or not drawn.is_chosen:
            return self.step(key)
        given = {name: value for name, value in drawn.with_.items() if "{{" not in str(value)}
        return self.vocabulary.sentence(drawn.use, given)

    def app(self, key: str) -> str:
        """The key of the app; “” for a filter."""
        drawn = self.drawn(key)
        return drawn.app if isinstance(drawn, TriggerUse | ActionStep) else ""

    def operation(self, key: str) -> AnyOperation | None:
        drawn = self.drawn(key)
        if not isinstance(drawn, TriggerUse | ActionStep):
            return None
        return Words(self.registry, self.language).operation_of(drawn)

    def record(self, key: str) -> Titles:
        """What the values are called that a step gives."""
        return titles.of_record(Words(self.registry, self.language), self.operation(key))

    def given(self, key: str, field: str) -> Titles:
        """What the values are called that a step is given in one of its fields."""
        known = titles.of_input(Words(self.registry, self.language), self.operation(key))
        return lambda names: known((field, *names)) if names else ""

    def field(self, key: str, path: str) -> str:
        """What a field of a step is called; “” for the step itself."""
        _ = words(self.language).gettext
        own = {
            "use": _("Event"), "connection": _("Account"), "filter": _("Conditions"), "title": _("Name of the step"),
            "note": _("Note"), "if_empty": _("If nothing is found"),
        }  # fmt: skip
        head, _dot, rest = path.partition(".")
        if not head or head in own:
            return own.get(head, "")
        operation = self.operation(key)
        found = {name: info for name, info, _shape in fields_of(operation.form)} if operation else {}
        if operation is None or head not in found:
            return path
        title = Words(self.registry, self.language).field(operation, head, found[head])
        return f"{title} · {rest}" if rest else title

    def mends(self, zap_id: str, problems: Iterable[Problem]) -> tuple[Mend, ...]:
        """The problems of a zap, each with the way to its field."""
        return tuple(self._mend(zap_id, one) for one in problems)

    def _mend(self, zap_id: str, problem: Problem) -> Mend:
        title = self.field(problem.step, problem.field)
        sentence = told(problem, self.language, title, partial(self.vocabulary.error, self.app(problem.step)))
        return Mend(
            step=problem.step,
            step_title=self.step(problem.step),
            field=problem.field,
            field_title=title,
            sentence=shown(sentence),
            href=place(zap_id, problem.step, problem.field),
        )


def place(zap_id: str, step: str, field: str = "") -> str:
    """The address of a step in the editor, with one of its fields chosen."""
    query = {name: value for name, value in (("step", step), ("field", field)) if value}
    return f"/zaps/{zap_id}?{urlencode(query)}" if query else f"/zaps/{zap_id}"
