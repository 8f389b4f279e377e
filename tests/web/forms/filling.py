"""A form as a browser has it: drawn by the one template, filled in, sent, read, and drawn again with what is wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

from engine.zaps import values
from engine.zaps.locales import Locale
from engine.zaps.values import ValueProblems
from web.forms.fields import Field, Form
from web.forms.posted import posted
from web.rendering import environment

LOCALES = {"en": Locale("en", "UTC"), "de": Locale("de", "Europe/Berlin", "DE")}
Sent = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What became of a form: the value, or the form again with the problems by field."""

    value: Any
    fields: tuple[Field, ...]
    problems: dict[str, str]

    def field(self, path: str) -> Field:
        return next(one for one in every(self.fields) if one.path == path)


def sent_to(model: type[BaseModel], sent: Iterable[tuple[str, str]], language: str = "en") -> Answer:
    """What a page does with a form that was sent."""
    raw = posted(model, sent)
    try:
        return Answer(values.read(model, raw, LOCALES[language]), Form(raw, language=language).fields(model), {})
    except ValueProblems as refused:
        fields = Form(raw, refused.problems, language).fields(model)
        return Answer(None, fields, {one.path: one.problem for one in every(fields) if one.problem})


def every(fields: Iterable[Field]) -> Iterable[Field]:
    """All fields, with those of groups and the rows of lists."""
    for one in fields:
        yield one
        yield from every(one.fields)
        yield from every(one.rows)


def drawn(fields: tuple[Field, ...], language: str = "en") -> str:
    """The HTML of a form."""
    return str(_template(language).render(fields=fields, around=SimpleNamespace(language=language)))


@cache
def _template(language: str) -> Any:
    text = '{% import "parts/forms.html" as forms with context %}{{ forms.form_fields(fields) }}'
    return environment(language).from_string(text)


def as_sent(html: str) -> Sent:
    """What a browser sends of this form when nobody touches it."""
    browser = _Browser()
    browser.feed(html)
    return browser.sent


class _Browser(HTMLParser):
    """Knows inputs, text areas and selects, and leaves out what stands in a template."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sent: Sent = []
        self._asleep = 0
        self._area: list[str] | None = None
        self._name = ""
        self._options: list[tuple[str, bool]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        self._asleep += tag == "template"
        if self._asleep:
            return
        if tag == "input" and (has.get("type") != "checkbox" or "checked" in has):
            self._send(has["name"], has.get("value", ""))
        elif tag == "textarea":
            self._name, self._area = has["name"], []
        elif tag == "select":
            self._name, self._options = has["name"], []
        elif tag == "option" and self._options is not None:
            self._options.append((has["value"], "selected" in has))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._asleep -= tag == "template"
        if tag == "textarea" and self._area is not None:
            text = "".join(self._area)
            self._send(self._name, text.removeprefix("\n"))  # as browsers drop the first line break
            self._area = None
        elif tag == "select" and self._options:
            chosen = [value for value, is_chosen in self._options if is_chosen]
            self._send(self._name, (chosen or [self._options[0][0]])[-1])
            self._options = None

    def _send(self, name: str, value: str) -> None:
        self.sent.append((name, value))
