"""The small forms about people: what stands in each field, and what is wrong with it. Drawn by parts/inputs.html.

They are written by hand rather than drawn from a model, because browsers and password managers must know what each
field is for (`autocomplete`). A password is never among the texts that go back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine import signs
from engine.errors import Problem, Problems, Refused
from web.forms.fields import told
from web.languages import words


@dataclass(frozen=True)
class Typed:
    """`texts` and `problems` are by field; `above` is what is wrong with the whole form."""

    texts: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    above: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        return self.texts.get(name, "")

    def problem(self, name: str) -> str:
        return self.problems.get(name, "")


def refused(error: Refused, language: str, texts: Mapping[str, str]) -> Typed:
    """The same form again, with what is wrong in the reader's language."""
    if not isinstance(error, Problems):
        return Typed(texts, above=(sentence(error, language),))
    by_field: dict[str, str] = {}
    for one in error.problems:
        by_field.setdefault(one.field, told(one, language))
    above = (by_field.pop("", ""),)
    return Typed(texts, by_field, tuple(one for one in above if one))


def sentence(error: Refused, language: str) -> str:
    """Why something was refused, in the reader's language where that is known."""
    within = getattr(error, "within", None)
    return str(within(language)) if within else str(error)


def must_be_readable(texts: Mapping[str, str], language: str) -> None:
    """Raises `Problems` for signs that nobody can see: they would make one name look like another."""
    _ = words(language).gettext
    message = _("There are invisible signs in this. Please type it again instead of pasting it.")
    found = [Problem(message, field=name) for name, text in texts.items() if signs.hidden(text)]
    if found:
        raise Problems(found)


def chosen(value: str, allowed: Iterable[str]) -> str:
    """A choice that exists, else ""."""
    return value if value in set(allowed) else ""
