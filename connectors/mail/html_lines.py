"""Reads HTML as lines that a person would see, keeping what says “this is a label”: bold, headings, table cells, lists.

Called by `message` (text of mails that have only HTML) and `labelled`. One pass over the tags, without a tree: a
real HTML parser takes 200 s for 1 MB of “<div>”, because every tag looks up through all that are open; here each tag
costs the same. Broken nesting is no error: a tag only ever ends the line, the cell or the row before it.
"""

import html as entities
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

LONGEST_HTML = 1_000_000  # characters that are read
DEEPEST_TABLES = 40  # deeper ones are read as plain blocks

_TAG = re.compile(r"</?[a-zA-Z][^\s<>/]*+(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>")
_PLAIN_TAG = re.compile(r"</?[a-zA-Z][^<>]*+>")
_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])")
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,20})")
_BLANKS = re.compile(r"[ \t\r\n\f\v\xa0\u2000-\u200a\u202f\u3000]+")
_INVISIBLE = re.compile("[\xad\u200b-\u200f\u2060\ufeff\u034f]")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}(?![0-9])|#[xX][0-9a-fA-F]{1,6}(?![0-9a-fA-F])|[a-zA-Z][a-zA-Z0-9]{1,31});?")
_IS_BOLD = re.compile(r"font-weight\s{0,9}:\s{0,9}(?:bold|[6-9]00)", re.IGNORECASE)
_IS_NOT_BOLD = re.compile(r"font-weight\s{0,9}:\s{0,9}(?:normal|lighter|[1-5]00)", re.IGNORECASE)
_IS_HIDDEN = re.compile(r"display\s{0,9}:\s{0,9}none", re.IGNORECASE)
_IS_QUOTE = re.compile(r"type\s{0,9}=\s{0,9}[\"']?cite|class\s{0,9}=\s{0,9}[\"'][^\"']{0,200}quote", re.IGNORECASE)

_UNSEEN = {"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math", "select", "audio"}
_UNSEEN_ENDS = {name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE) for name in _UNSEEN}
_HEADINGS = {"h1", "h2", "h3"}
_BOLD = {"b", "strong", "th", "dt", "h4", "h5", "h6"}
_STYLED = _BOLD | _HEADINGS | {"span", "div", "p", "td", "font", "a", "label"}
_HIDDEN = {"span", "div"}
_ENDING_THE_ONE_BEFORE = {"p", "dt", "th", "td"}
_PARAGRAPHS = {"p", "ul", "ol", "dl", "pre", "blockquote", "hr", "fieldset", "form", "h4", "h5", "h6"} | _HEADINGS
_BLOCKS = _PARAGRAPHS | {
    "div", "br", "li", "dt", "dd", "section", "article", "header", "footer", "main", "aside", "nav", "address", "body",
    "center", "legend", "figure", "figcaption", "option", "textarea", "caption", "details", "summary", "head", "html",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line as seen. `lead` is its bold beginning if something that is not bold follows; `cells` those of a row
    of a table (which may have several lines each), `heading` one of the large headings.
    """

    text: str
    prefix: str = ""
    lead: str = ""
    bold: bool = False
    heading: bool = False
    term: bool = False
    quoted: bool = False
    cells: tuple[str, ...] = ()
    table: int = 0


BLANK = Line("")


def read(html: str) -> list[Line]:
    """The lines of `html`; two blank ones never follow each other."""
    page = _Page()
    for name, tag, text in _tokens(html[:LONGEST_HTML]):
        if text:
            page.say(text)
        if name:
            page.meet(name, tag)
    return page.end()


def text(html: str) -> str:
    """`html` as readable lines."""
    return shown(read(html))


def shown(lines: list[Line]) -> str:
    """`lines` as text."""
    return "\n".join((("> " if line.quoted else "") + line.prefix + line.text).rstrip() for line in lines).strip()


def _tokens(html: str) -> Iterator[tuple[str, str, str]]:
    """(name of the tag, the whole tag, text before it). Whatever has no end reaches to the end, and is met once."""
    position, pattern = 0, _TAG
    while markup := _MARKUP.search(html, position):
        start, text = markup.start(), html[position : markup.start()]
        name = _NAME.match(html, start)
        found = pattern.match(html, start) if name else None
        if name and not found and pattern is _TAG:  # a quote that never ends: from here on, quotes mean nothing
            pattern = _PLAIN_TAG
            found = pattern.match(html, start)
        if name and found:
            yield ("/" if html[start + 1] == "/" else "") + name[1].lower(), found[0], text
            position = _after_unseen(html, name, found.end())
        else:
            yield "", "", text
            position = start + 1 if name else _after_markup(html, start)
    yield "", "", html[position:]


def _after_unseen(html: str, name: re.Match[str], position: int) -> int:
    """Behind the content of a tag whose content is not for people."""
    end_pattern = _UNSEEN_ENDS.get(name[1].lower()) if name[0][1] != "/" else None
    if end_pattern is None:
        return position
    end = end_pattern.search(html, position)
    return end.start() if end else len(html)


def _after_markup(html: str, start: int) -> int:
    """Behind a comment or declaration that begins at `start`."""
    comment = html.startswith("<!--", start)
    end = html.find("-->" if comment else ">", start + 2)
    return end + (3 if comment else 1) if end >= 0 else len(html)


class _Style(NamedTuple):
    bold: bool
    hidden: bool
    quoted: bool


@dataclass
class _Table:
    number: int
    row: list[list[Line]] = field(default_factory=list)
    in_cell: bool = False


@dataclass
class _Page:
    """The lines so far. Tables are read inside out: an open cell collects its own lines."""

    sinks: list[list[Line]] = field(default_factory=lambda: [[]])
    tables: list[_Table] = field(default_factory=list)
    said: list[tuple[str, bool]] = field(default_factory=list)
    styles: dict[str, list[_Style]] = field(default_factory=dict)  # of the open tags, by their name
    bold: int = 0
    hidden: int = 0
    quoted: int = 0
    heading: int = 0
    preformatted: int = 0
    ignored_tables: int = 0
    met_tables: int = 0
    prefix: str = ""
    term: bool = False

    def say(self, text: str) -> None:
        if self.hidden:
            return
        text = _INVISIBLE.sub("", _unescaped(text))
        if not self.preformatted:
            self.said.append((_BLANKS.sub(" ", text), self.bold > 0))
            return
        first, *others = text.split("\n")
        self.said.append((first, self.bold > 0))
        for line in others:
            if not self.end_line():
                self.blank()
            self.said.append((line, self.bold > 0))

    def meet(self, name: str, tag: str) -> None:
        closing, name = name[0] == "/", name.lstrip("/")
        if name in _TABLE_TAGS:
            _TABLE_TAGS[name](self, closing)
        elif name in _BLOCKS:
            seen = self.end_line()
            if name in _PARAGRAPHS or (name == "br" and not seen):
                self.blank()
            self._block(name, closing)
        if name in _STYLED or name == "blockquote":
            self._style(name, tag, closing)

    def _block(self, name: str, closing: bool) -> None:
        if name == "hr" and self.sinks[-1]:
            self.sinks[-1].extend((Line("---"), BLANK))
        elif name == "li":
            self.prefix = "" if closing else "- "
        elif name == "dt":
            self.term = not closing
        elif name == "dd":
            self.term = False
            self._style("dt", "", closing=True)
        elif name == "pre":
            self.preformatted = max(self.preformatted + (-1 if closing else 1), 0)
        elif name in _HEADINGS:
            self.heading = 0 if closing else 1

    def _style(self, name: str, tag: str, closing: bool) -> None:
        open_ones = self.styles.setdefault(name, [])
        if open_ones and (closing or name in _ENDING_THE_ONE_BEFORE):  # these end the one before by themselves
            self._count(open_ones.pop(), -1)
        if not closing:
            open_ones.append(_style_of(name, tag[:2_000]))
            self._count(open_ones[-1], 1)

    def _count(self, style: _Style, by: int) -> None:
        self.bold += by * style.bold
        self.hidden += by * style.hidden
        self.quoted += by * style.quoted

    def end_line(self) -> bool:
        """Whether there was anything to see on it."""
        line = _line(self.said) if self.said else None
        self.said = []
        if line is None:
            return False
        text, lead, bold = line
        quoted, heading, term = self.quoted > 0, self.heading > 0, self.term
        self.sinks[-1].append(Line(text, self.prefix, lead, bold, heading, term, quoted))
        self.prefix, self.term = "", False
        return True

    def blank(self) -> None:
        lines = self.sinks[-1]
        if lines and lines[-1] is not BLANK:
            lines.append(BLANK)

    def table(self, closing: bool) -> None:
        self.end_line()
        if closing and self.ignored_tables:
            self.ignored_tables -= 1
        elif closing and self.tables:
            self._end_row()
            self.tables.pop()
            self.blank()
        elif not closing and len(self.tables) >= DEEPEST_TABLES:
            self.ignored_tables += 1
        elif not closing:
            self.blank()
            self.met_tables += 1
            self.tables.append(_Table(self.met_tables))

    def row(self, closing: bool) -> None:
        self.end_line()
        if self.tables and not self.ignored_tables:
            self._end_row()

    def cell(self, closing: bool) -> None:
        self.end_line()
        if not self.tables or self.ignored_tables:
            return
        self._end_cell()
        if not closing:
            self._style("th", "", closing=True)
            table = self.tables[-1]
            table.row.append([])
            table.in_cell = True
            self.sinks.append(table.row[-1])

    def _end_cell(self) -> None:
        if self.tables[-1].in_cell:
            self.tables[-1].in_cell = False
            self.sinks.pop()

    def _end_row(self) -> None:
        self._end_cell()
        table = self.tables[-1]
        cells = [_trimmed(lines) for lines in table.row]
        table.row = []
        if len(cells) > 1 and _is_row(cells):
            self.sinks[-1].append(_row(cells, table.number, quoted=self.quoted > 0))
        else:
            for lines in cells:
                self.sinks[-1].extend(lines)

    def end(self) -> list[Line]:
        self.end_line()
        while self.tables:
            self._end_row()
            self.tables.pop()
        return _trimmed(self.sinks[0])


_TABLE_TAGS: dict[str, Callable[[_Page, bool], None]] = {
    "table": _Page.table, "tr": _Page.row, "td": _Page.cell, "th": _Page.cell,
}  # fmt: skip


def _style_of(name: str, tag: str) -> _Style:
    bold = (name in _BOLD or _IS_BOLD.search(tag) is not None) and _IS_NOT_BOLD.search(tag) is None
    hidden = name in _HIDDEN and _IS_HIDDEN.search(tag) is not None
    return _Style(bold, hidden, name == "blockquote" and _IS_QUOTE.search(tag) is not None)


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda found: entities.unescape(found[0]), text) if "&" in text else text


def _line(said: list[tuple[str, bool]]) -> tuple[str, str, bool] | None:
    """Text, bold beginning, and whether all is bold; None if nothing can be seen."""
    text = _BLANKS.sub(" ", "".join(part for part, _ in said)).strip()
    if not text:
        return None
    seen = [(part, bold) for part, bold in said if part.strip()]
    count = next((number for number, (_, bold) in enumerate(seen) if not bold), len(seen))
    if count == len(seen):
        return text, "", True
    return text, _BLANKS.sub(" ", "".join(part for part, _ in seen[:count])).strip(), False


def _trimmed(lines: list[Line]) -> list[Line]:
    start = 1 if lines and lines[0] is BLANK else 0
    return lines[start : len(lines) - (1 if len(lines) > start and lines[-1] is BLANK else 0)]


def _is_row(cells: list[list[Line]]) -> bool:
    """Whether it is data, not layout: no table within, something to see, and a beginning of one line."""
    seen = [lines for lines in cells if lines]
    return bool(seen) and not any(line.cells for lines in seen for line in lines) and len(cells[0]) < 2


def _row(cells: list[list[Line]], table: int, *, quoted: bool) -> Line:
    texts = tuple("\n".join(line.prefix + line.text for line in lines) for lines in cells)
    first = cells[0]
    bold = bool(first) and all(line.bold for line in first if line.text)
    seen = [text for text in texts if text]
    between = " " if seen and seen[0].endswith(":") else " | "
    return Line(between.join(seen), bold=bold, quoted=quoted, cells=texts, table=table)
