"""What a contact form put into a mail: `read(text, html)` gives a mapping label → value. Pure; never raises.

Called by the triggers of `imap` and `gmail`; zaps use it as `trigger.labelled['E-Mail']`. Labels are kept as the
mail has them, without colon and asterisk, in their order; the lines of a value are joined by newline, and so are the
values of a repeated label.

`Labelled` looks keys up by `key`: case-folded, without blanks, colons and asterisks around them. In JSON it is a plain
object, and after the engine's journal it is a plain dict. The engine's mapping therefore looks into any mapping first
for the very key, then by the same rule (case-folded, stripped of blanks, colons and asterisks): both agree, because
labels are tidied here (no-break spaces, soft hyphens and typographic hyphens are gone).
"""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from connectors.mail import charsets, form_lines, form_words, html_lines, quoting
from connectors.mail.form_lines import Field
from connectors.mail.html_lines import Line

LONGEST_READ = 300_000  # characters of text and of html each: no form sends more

_BULLET = re.compile(r"(?:[-*•·–◦▪]|\d{1,3}[.)])\s+")
_STARRED = re.compile(r"(\*{1,2}|_{2})([^\s*_][^*]{0,80})\1\s*(.*)", re.DOTALL)
_FRAMED = re.compile(r"([-=])\1{1,40}\s{0,9}([^\s=-].{0,59}?)\s{0,9}\1{2,40}")  # “--- Name ---”


class Labelled(dict[str, str]):
    """A dict whose look-up does not regard case, colon, asterisk and blanks around a label."""

    def __getitem__(self, label: str) -> str:
        found = self._own(label)
        if found is None:
            raise KeyError(label)
        return super().__getitem__(found)

    def __contains__(self, label: object) -> bool:
        return isinstance(label, str) and self._own(label) is not None

    def get(self, label: str, default: Any = None) -> Any:
        found = self._own(label)
        return default if found is None else super().__getitem__(found)

    def _own(self, label: str) -> str | None:
        """The label as it is here."""
        if super().__contains__(label):
            return label
        wanted = key(label)
        return next((own for own in self if key(own) == wanted), None)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validated from, and serialised as, a plain object of texts."""
        texts = core_schema.dict_schema(core_schema.str_schema(), core_schema.str_schema())
        return core_schema.no_info_after_validator_function(
            cls, texts, serialization=core_schema.plain_serializer_function_ser_schema(dict, return_schema=texts)
        )


def key(label: str) -> str:
    """What two labels have in common that are the same: “ E-Mail*: ” and “e-mail”."""
    return form_lines.tidy(label).casefold()


def read(text: str, html: str) -> Labelled:
    """The fields of the mail, from its HTML where that tells more than its text."""
    of_text = form_lines.fields(_lines(text[:LONGEST_READ]))
    of_html = form_lines.fields(html_lines.read(html[:LONGEST_READ])) if html else []
    return _merged(of_html if _tells_more(of_html, of_text) else of_text)


def _tells_more(of_html: list[Field], of_text: list[Field]) -> bool:
    """Structure is certain, colons are not: HTML wins as soon as its structure has all that forms are known to ask."""
    structured = {key(each.label) for each in of_html if each.strong}
    wanted = {key(each.label) for each in of_text if form_words.is_known(each.label)}
    if len(structured) > 1 and structured >= wanted:
        return True
    return _filled(of_html) > _filled(of_text)


def _filled(fields: list[Field]) -> int:
    return len({key(each.label) for each in fields if each.value})


def _merged(fields: Iterable[Field]) -> Labelled:
    labels: dict[str, str] = {}
    values: dict[str, dict[str, None]] = {}
    for each in fields:
        folded = key(each.label)
        labels.setdefault(folded, each.label)
        values.setdefault(folded, {}).update({each.value: None} if each.value else {})
    return Labelled((charsets.clean(label), charsets.clean("\n".join(values[own]))) for own, label in labels.items())


def _lines(text: str) -> list[Line]:
    return [_line(line) for line in text.split("\n", form_lines.MOST_LINES)[: form_lines.MOST_LINES]]


def _line(text: str) -> Line:
    """A line of plain text; “*Name*” is bold."""
    text = text.strip("\r\t ")
    if text.startswith(">") or not text:
        return Line(text, quoted=bool(text))
    if (framed := _FRAMED.fullmatch(text)) and not quoting.is_marker(text):
        return Line(framed[2], bold=True, term=True)
    bullet = _BULLET.match(text)
    prefix = bullet[0] if bullet else ""
    rest = text[len(prefix) :]
    if starred := _STARRED.fullmatch(rest):
        label, value = starred[2], starred[3]
        return Line(f"{label} {value}".strip(), prefix, lead=label if value else "", bold=not value)
    return Line(rest.rstrip("* "), prefix)


__all__ = ["Labelled", "key", "read"]
