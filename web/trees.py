"""A value as a tree that people can read: what parts/tree.html draws. Made for the history and for the editor's tests.

Values come from strangers: they are cut to a size that a page can show, and it is said. What looks like a page of HTML
may be shown as one, by an address that the caller gives.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from engine.editing.titles import Titles, untitled
from engine.store.encoding import clean
from web import amounts

MAX_DEPTH = 12
MAX_NODES = 600  # of one tree; each costs about 400 bytes of markup
MAX_TEXT = 20_000  # characters of one text
MAX_RAW = 200_000  # characters of the whole as JSON
LONG = 280  # characters from which on a text is clamped
SEARCHED_FROM = 15  # nodes from which on a search helps
OPEN_UP_TO = 8  # rows of a mapping or list that is open from the first
SUMMARY = 80  # characters

Segment = str | int
Place = tuple[Segment, ...]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOMENT = re.compile(
    r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
_MARKUP = re.compile(r"<(html|body|div|p|table|br|span|h[1-6]|ul|ol)\b[^>]*>", re.IGNORECASE)
_REF = re.compile(r"sha256:[0-9a-f]{64}")
# Controls that would change or hide what stands around them, but for tabs and line ends.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Node:
    """One value. `kind` is mapping, list, text, moment, day, number, yes_no, none or file.

    `title` is what people call it: its name where nobody said. `path` is how a zap maps it (“trigger.sender.name”),
    `pointer` its JSON pointer in the whole. `moment` is what a text says that is a moment or a day. `count` is how many
    rows there are, `missing` how many of them are not shown. `cut` says that a text goes on. `href` leads to a file,
    `page` to the text shown as the page that it is.
    """

    name: str
    title: str
    path: str
    pointer: str
    kind: str
    text: str = ""
    moment: date | None = None
    rows: tuple["Node", ...] = ()
    count: int = 0
    missing: int = 0
    is_open: bool = False
    is_long: bool = False
    cut: bool = False
    href: str = ""
    size: int = 0
    page: str = ""


@dataclass(frozen=True)
class Tree:
    """A whole value. `id` is its own on the page; `cut` says that the value itself is larger than what is shown."""

    id: str
    root: Node
    raw: str
    raw_cut: bool
    cut: bool
    size: int
    searched: bool

    @property
    def is_empty(self) -> bool:
        return self.root.kind in ("mapping", "list") and not self.root.count


@dataclass(frozen=True)
class Links:
    """Where values lead: to a file by its ref, and to a text shown as a page by its JSON pointer; “” for nowhere."""

    file: Callable[[str], str] = lambda ref: ""
    page: Callable[[str], str] = lambda pointer: ""


NO_LINKS = Links()


def tree(
    value: Any,
    id: str,
    *,
    path: str = "",
    titles: Titles = untitled,
    links: Links = NO_LINKS,
    cut: bool = False,
    size: int = 0,
) -> Tree:
    """`value` for the page; `path` is how a zap maps the whole (“trigger”), “” for what cannot be mapped."""
    grown = _Growing(links, titles)
    root = grown.node("", value, _Where(path, ""), depth=0)
    raw = _raw(value)
    return Tree(
        id=id,
        root=root,
        raw=raw[:MAX_RAW],
        raw_cut=len(raw) > MAX_RAW,
        cut=cut,
        size=size,
        searched=grown.made >= SEARCHED_FROM,
    )


def at(value: Any, pointer: str) -> Any:
    """What stands at a JSON pointer; None for nothing."""
    for segment in pointer.split("/")[1:]:
        name = segment.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and (index := amounts.number(name)) is not None and index < len(value):
            value = value[index]
        else:
            return None
    return value


def is_page(text: str) -> bool:
    """Whether a text is HTML that was made to be looked at."""
    start = text[:4_000]
    return "</" in start and len(_MARKUP.findall(start)) > 1


def is_file(value: Any) -> bool:
    """Whether it describes a file that the engine keeps."""
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("ref"), str)
        and _REF.fullmatch(value["ref"]) is not None
        and isinstance(value.get("name"), str)
    )


def files_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """The descriptions of all files in a value."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if is_file(one):
            yield one
        elif isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def shown(text: str) -> str:
    """A stranger's text as it can be put into a page: nothing that cannot be written, nothing that hides."""
    return _CONTROLS.sub("\ufffd", clean(text))


class _Base(NamedTuple):
    """What every node begins with."""

    name: str
    title: str
    path: str
    pointer: str


@dataclass(frozen=True)
class _Where:
    """A place, as zaps map it and as JSON pointers say it; `names` are those on the way, without places in lists;
    it is `named` where it is not such a place itself."""

    path: str
    pointer: str
    names: tuple[str, ...] = ()
    named: bool = False

    def below(self, segment: Segment) -> "_Where":
        name = str(segment).replace("~", "~0").replace("/", "~1")
        path, pointer = _mapped(self.path, segment) if self.path else "", f"{self.pointer}/{name}"
        if isinstance(segment, int):
            return _Where(path, pointer, self.names)
        return _Where(path, pointer, (*self.names, segment), named=True)


class _Growing:
    """Grows one tree, up to so many nodes."""

    def __init__(self, links: Links, titles: Titles) -> None:
        self._links = links
        self._titles = titles
        self.made = 0

    def node(self, name: str, value: Any, where: _Where, depth: int) -> Node:
        self.made += 1
        title = self._titles(where.names) if where.named else ""
        base = _Base(shown(name[:200]), shown(title or name[:200]), shown(where.path), shown(where.pointer))
        if is_file(value):
            return self._file(base, value)
        if isinstance(value, Mapping):
            return self._many(base, "mapping", list(value.items()), where, depth)
        if isinstance(value, list | tuple):
            return self._many(base, "list", list(enumerate(value)), where, depth)
        if isinstance(value, str):
            return self._text(base, value, where)
        kind, text = _scalar(value)
        return Node(*base, kind=kind, text=text)

    def _many(self, base: _Base, kind: str, rows: Sequence[tuple[Any, Any]], where: _Where, depth: int) -> Node:
        grown: list[Node] = []
        for key, value in rows if depth < MAX_DEPTH else ():
            if self.made >= MAX_NODES:
                break
            name = str(key + 1) if kind == "list" else str(key)
            grown.append(self.node(name, value, where.below(key), depth + 1))
        return Node(
            *base,
            kind=kind,
            text=_summary(value for _, value in rows),
            rows=tuple(grown),
            count=len(rows),
            missing=len(rows) - len(grown),
            is_open=depth == 0 or (depth == 1 and len(rows) <= OPEN_UP_TO),
        )

    def _text(self, base: _Base, text: str, where: _Where) -> Node:
        moment = _moment(text, declared=base.title != base.name)
        if moment is not None:
            kind = "moment" if isinstance(moment, datetime) else "day"
            return Node(*base, kind=kind, text=text, moment=moment)
        return Node(
            *base,
            kind="text",
            text=shown(text[:MAX_TEXT]),
            is_long=len(text) > LONG or text.count("\n", 0, LONG) > 4,
            cut=len(text) > MAX_TEXT,
            page=self._links.page(where.pointer) if is_page(text) else "",
        )

    def _file(self, base: _Base, file: Mapping[str, Any]) -> Node:
        size = file.get("size")
        return Node(
            *base,
            kind="file",
            text=shown(file["name"][:200]),
            href=self._links.file(file["ref"]),
            size=size if isinstance(size, int) else 0,
        )


def _scalar(value: Any) -> tuple[str, str]:
    if isinstance(value, bool):
        return "yes_no", "true" if value else "false"
    if value is None:
        return "none", ""
    return ("number" if isinstance(value, int | float) else "text"), shown(str(value)[:MAX_TEXT])


def _moment(text: str, *, declared: bool) -> date | None:
    """The moment that a text is, with its distance from UTC; a day only in a field that somebody declared: elsewhere
    it may be anything."""
    try:
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text)
        return date.fromisoformat(text) if declared and _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _summary(values: Iterator[Any]) -> str:
    """The first short values in a line, for what is folded."""
    said: list[str] = []
    for value in values:
        bulky = _MOMENT.fullmatch(value) if isinstance(value, str) else _is_bulky(value)
        text = "" if bulky else " ".join(str(value)[:SUMMARY].split())
        if text:
            said.append(text)
        if sum(map(len, said)) > SUMMARY:
            break
    return shown(" · ".join(said)[:SUMMARY])


def _is_bulky(value: Any) -> bool:
    return value is None or isinstance(value, Mapping | list | tuple | bool)


def _mapped(path: str, segment: Segment) -> str:
    if isinstance(segment, int):
        return f"{path}[{segment}]"
    if _NAME.fullmatch(segment):
        return f"{path}.{segment}"
    mark = '"' if "'" in segment else "'"
    return f"{path}[{mark}{segment}{mark}]"


def _raw(value: Any) -> str:
    """Lone surrogates and controls stay escaped, so that what is copied is what there was."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", clean(text))


def query(pointer: str) -> str:
    """A JSON pointer as it stands in an address."""
    return quote(clean(pointer), safe="")
