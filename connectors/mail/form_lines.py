"""Reads fields out of the lines of a mail: `fields(lines) -> [Field]`. Called by `labelled`, for text and HTML alike.

A field begins at a label: “Name: Max”, a bold “Name”, a cell before another cell, or a label above its value. Its
value goes on until the next label; only messages go on behind a blank line, and within a message only words that
forms use are labels, so that a customer's “Size: 3 m” stays in it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from connectors.mail import form_words, quoting
from connectors.mail.html_lines import Line

MOST_LINES = 5_000
MOST_FIELDS = 300

_TIDIED = re.compile(r"\s+")
_INVISIBLE = re.compile("[\xad\u200b-\u200f\u2060\ufeff]")
_HYPHENS = re.compile("[\u2010-\u2012\u2212]")
_MAIL_LINK = re.compile(r"\s{0,3}[<\[(]mailto:[^<>\[\]()\s]{1,320}[>\])]", re.IGNORECASE)
_SEPARATOR = re.compile(r"[-=_*~#–—]{3,}")
_AFTER_VALUE = re.compile(rf"|{_SEPARATOR.pattern}|map it|(?:auf |in )?(?:der )?karte anzeigen", re.IGNORECASE)
_EMOTICON = re.compile(r"[-)(DPp/|]")
_SENTENCES = re.compile(r"[!?] |\w{5}\. |[<>{}@=|\\]|//")
_FOOTER = re.compile(
    r"diese (?:e-?mail|nachricht|mail) wurde .{0,200}(?:gesendet|geschickt|versendet|verschickt|erzeugt|generiert"
    r"|erstellt|übermittelt)|this (?:e-?mail|message|mail) (?:was|has been) (?:sent|generated|created|submitted)"
    r"|gesendet (?:von|über) |sent (?:from|via) |powered by ",
    re.IGNORECASE,
)
_NO_LABELS = {
    "http", "https", "mailto", "tel", "ftp", "sms", "file", "data", "cid", "ps", "p.s.", "re", "aw", "wg", "fw", "fwd",
}  # fmt: skip
_TABLE_HEADS = {
    "feld",
    "feldname",
    "field",
    "field name",
    "name des feldes",
    "frage",
    "question",
    "label",
    "bezeichnung",
}


@dataclass
class Field:
    """One label with its value so far. `strong`: its place or type says that it is one, not only a colon;
    `above`: the label stood alone on its line.
    """

    label: str
    lines: list[str] = field(default_factory=list)
    strong: bool = False
    above: bool = False
    complete: bool = False

    @property
    def value(self) -> str:
        """Its lines, without blank ones, rules and links to a map around them."""
        lines = list(self.lines)
        while lines and _AFTER_VALUE.fullmatch(lines[-1].strip()):
            lines.pop()
        return _MAIL_LINK.sub("", "\n".join(line.rstrip() for line in lines)).strip()

    @property
    def long(self) -> bool:
        """Whether blank lines belong to it."""
        return form_words.is_long(self.label)

    def takes(self, *, after_blank: bool) -> bool:
        """Whether one more line may belong to it."""
        if self.complete:
            return False
        if not any(self.lines):
            return True
        return self.long or not (after_blank or form_words.is_one_line(self.label))


def tidy(label: str) -> str:
    """A label as people read it: one line, plain blanks and hyphens, without the colon and asterisk behind it."""
    label = _HYPHENS.sub("-", _INVISIBLE.sub("", label))
    return _TIDIED.sub(" ", label).strip(" :*：\t")


def fields(lines: Sequence[Line]) -> list[Field]:
    """The fields in their order."""
    own = quoting.without_quotes(lines[:MOST_LINES])
    reader = _Reader({line.table for line in own if _pairs(line)}, has_bold_labels=any(map(_is_bold_label, own)))
    reader.take_all(own)
    return [each for number, each in enumerate(reader.fields) if not _is_title(each, first=number == 0)]


def _is_title(field: Field, *, first: bool) -> bool:
    """Whether it only announces others: “The following was sent:”."""
    if first and field.above and field.value[-1:] in {".", ":", "!"} and not form_words.is_known(field.label):
        return True
    if field.value or field.complete or not field.above or (field.strong and not first):
        return False
    return len(form_words.words(field.label)) > (2 if first else 3) or (first and not form_words.is_known(field.label))


class _Reader:
    def __init__(self, form_tables: set[int], *, has_bold_labels: bool) -> None:
        self.form_tables = form_tables
        self.has_bold_labels = has_bold_labels
        self.fields: list[Field] = []
        self.current: Field | None = None
        self.after_blank = True

    def take_all(self, lines: Sequence[Line]) -> None:
        for number, line in enumerate(lines):
            self._take(line, lines[number + 1 : number + 3])

    def _take(self, line: Line, following: Sequence[Line]) -> None:
        text = line.text.strip()
        if line.cells:
            self._take_row(line)
        elif not text:
            self._take_blank()
        elif _SEPARATOR.fullmatch(text):
            self._take_separator(text)
        elif _FOOTER.match(text) and not _split(text):
            self.current = None
        elif begun := self._begins(line, following):
            self._begin(begun)
        else:
            self._go_on(line.prefix + line.text)
        self.after_blank = not text or _SEPARATOR.fullmatch(text) is not None

    def _begin(self, begun: Field) -> None:
        if len(self.fields) < MOST_FIELDS:
            self.fields.append(begun)
        self.current = begun

    def _go_on(self, text: str) -> None:
        if self.current and self.current.takes(after_blank=self.after_blank):
            self.current.lines.append(text)
        else:
            self.current = None

    def _take_blank(self) -> None:
        if self.current and self.current.long and self.current.lines:
            self.current.lines.append("")

    def _take_separator(self, text: str) -> None:
        """A message may contain a rule; what follows it decides."""
        if self.current and self.current.long and not self.current.strong:
            self.current.lines.append(text)
        elif self.current and self.current.lines:
            self.current = None

    def _take_row(self, line: Line) -> None:
        pairs = _pairs(line)
        if pairs and tidy(pairs[0][0]).casefold() in _TABLE_HEADS and line.bold and "\n" not in pairs[0][1]:
            return
        if pairs:
            for label, value in pairs:
                self._begin(Field(tidy(label), value.split("\n"), strong=True, complete=True))
        elif self._is_value_below(line):
            return
        elif self._is_empty_pair(line):
            self._begin(Field(tidy(line.cells[0]), strong=True, complete=True))
        else:
            self._take_cells(line)

    def _is_value_below(self, line: Line) -> bool:
        """Takes a row with nothing but a value, if the row above was nothing but a label."""
        seen, current = [cell for cell in line.cells if cell], self.current
        if len(seen) != 1 or line.cells[0] or not current or not current.above or any(current.lines):
            return False
        current.lines, current.complete = seen[0].split("\n"), True
        return True

    def _is_empty_pair(self, line: Line) -> bool:
        label, *others = line.cells
        if len(line.cells) != 2 or any(others) or not _is_label(label):
            return False
        return line.bold or line.table in self.form_tables or label[-1:] in ":*" or form_words.is_known(label)

    def _take_cells(self, line: Line) -> None:
        """A row that is no pair: its cells are lines like others (a value below its label, or mere layout)."""
        lines = [Line(text) for cell in line.cells for text in cell.split("\n")]
        lines = [each for number, each in enumerate(lines) if each.text or (number and lines[number - 1].text)]
        if lines and line.bold:
            lines[0] = replace(lines[0], bold=True)
        self.take_all(lines)

    def _begins(self, line: Line, following: Sequence[Line]) -> Field | None:
        """The field that begins with this line, if one does."""
        found = _bold_before_value(line) or self._bold_alone(line, following)
        if found is None and (split := _split(line.text)):
            label, value = split
            found = Field(label, [value] if value else [], strong=line.bold, above=not value)
        if found is None and self._may_stand_above(line, following):
            found = Field(tidy(line.text), above=True)
        return found if found and self._is_next(found) else None

    def _bold_alone(self, line: Line, following: Sequence[Line]) -> Field | None:
        """A bold line (or a term) above its value. Where no known label is bold, bold means something else."""
        if not _is_bold_alone(line):
            return None
        in_row = self.current is not None and self.current.strong and self.current.above
        is_sure = line.term or line.text.rstrip()[-1:] in ":*" or form_words.is_known(line.text)
        below = next((each for each in following if each.text), Line(""))
        if is_sure or (self.has_bold_labels and (in_row or _is_value(below))):
            return Field(tidy(line.text), strong=True, above=True)
        return None

    def _may_stand_above(self, line: Line, following: Sequence[Line]) -> bool:
        """A label without any sign of one: it must be known, and stand like one."""
        below = following[0] if following else Line("")
        at_beginning = self.after_blank or (self.current is not None and self.current.above and not self.current.long)
        if not at_beginning or not below.text or below.cells or not _is_label(line.text):
            return False
        return form_words.is_wholly_known(tidy(line.text)) and not _split(below.text)

    def _is_next(self, found: Field) -> bool:
        """Whether it ends the current field. A message contains lines that look like labels."""
        current = self.current
        if current is None or current.complete:
            return True
        if current.strong and not found.strong and (current.long or not any(current.lines)):
            return self.after_blank and form_words.is_wholly_known(found.label)
        if not current.long:
            return True
        if found.long and not found.strong and not self.after_blank:
            return False
        return form_words.is_known(found.label) or (found.strong and current.strong)


def _bold_before_value(line: Line) -> Field | None:
    """“**Name:** Max”, “**Name**: Max”, “**Name** Max”."""
    if not line.lead or not line.text.startswith(line.lead):
        return None
    rest = line.text[len(line.lead) :].strip()
    if not _is_label(line.lead) or ":" in line.lead.rstrip(": *"):
        return None
    if line.lead[-1] != ":" and rest[:1] != ":" and not form_words.is_known(line.lead):
        return None
    value = rest.removeprefix(":").strip()
    return Field(tidy(line.lead), [value] if value else [], strong=True, above=not value)


def _is_bold_alone(line: Line) -> bool:
    """Whether nothing but a label is on this line, and it looks like one. A heading must be a word of forms."""
    if not (line.bold or line.term or line.heading) or line.cells or not _is_label(line.text):
        return False
    if ":" in line.text.rstrip(": *"):
        return False
    return not line.heading or form_words.is_wholly_known(line.text)


def _is_bold_label(line: Line) -> bool:
    return _is_bold_alone(line) and form_words.is_wholly_known(line.text)


def _is_value(line: Line) -> bool:
    """Whether what stands below a bold line can be its value."""
    if line.cells:
        return not line.cells[0]
    return bool(line.text) and not (line.bold or line.heading)


def _split(text: str) -> tuple[str, str] | None:
    """“Label: value” in two, unless the colon belongs to an address, a time, a face or a sentence."""
    head, colon, value = text[: form_words.LONGEST_LABEL + 10].partition(":")
    value = text[len(head) + 1 :]
    label = tidy(head)
    if not colon or not _is_label(head) or label.casefold() in _NO_LABELS:
        return None
    if value and not value[0].isspace() and (value[0] in "/\\:" or (head[-1].isdigit() and value[0].isdigit())):
        return None
    if head[-1] == " " and _EMOTICON.match(value):
        return None
    if label[0].islower() and len(form_words.words(label)) > 1 and not form_words.is_known(label):
        return None
    return label, value.strip()


def _is_label(text: str) -> bool:
    """Whether it has the shape of a label: short, with a letter, and no sentence."""
    label = tidy(text)
    if not label or len(label) > form_words.LONGEST_LABEL or "\n" in text.strip() or _SENTENCES.search(label):
        return False
    return len(label.split()) <= form_words.MOST_WORDS and any(map(str.isalpha, label)) and label[-1] not in ".!,;"


def _pairs(line: Line) -> list[tuple[str, str]]:
    """The label and value cells of a row: two of them, or four where both labels are known."""
    if line.quoted or not line.cells or not line.cells[0]:
        return []
    seen = [cell for cell in line.cells if cell]
    labels, values = seen[::2], seen[1::2]
    if len(seen) not in {2, 4} or not all(map(_is_label, labels)):
        return []
    if len(seen) == 4 and not all(label[-1] == ":" or form_words.is_wholly_known(label) for label in labels):
        return []
    return [] if _is_layout(values) else list(zip(labels, values, strict=True))


def _is_layout(values: Iterable[str]) -> bool:
    """Whether a “value” is itself a list of fields."""
    lines = [line for value in values for line in value.split("\n")[:20]]
    split = [found for line in lines if (found := _split(line))]
    return sum(form_words.is_wholly_known(label) for label, _ in split) >= 2
