"""How the command line speaks: JSON or tables on stdout, sentences on stderr. Used by every `cli_…` module.

What comes from outside (a mail's subject, a service's words) may hold control characters that a terminal would obey:
everything passes through `plain` or is escaped as JSON. Rich is imported when something is drawn, not before.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

import typer

if TYPE_CHECKING:
    from rich.console import Console

GAP = 3  # columns between two cells
LEAST = 8  # columns of a cell that is cut
WIDTH_OF_FILES = 200  # columns of a table that goes into a file or a pipe
RECENT = 24 * 60 * 60  # seconds; older moments are shown as a date

# C0 but tab and newline, DEL, C1, and what reorders text; lone surrogates cannot be written at all.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` without what a terminal would obey."""
    return _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n"))


def as_json(value: Any) -> None:
    """One JSON document on stdout."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_jsonable)
    sys.stdout.write(_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def write(text: str) -> None:
    """A result for people, on stdout."""
    sys.stdout.write(plain(text) + "\n")


def note(sentence: str) -> None:
    """A message for people, on stderr; where nobody reads it any more, the work goes on all the same."""
    with suppress(OSError):
        sys.stderr.write(plain(sentence) + "\n")
        sys.stderr.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, error: bool = False) -> None:
    """A table; cells are texts, moments, or anything with a text."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell(one)) for one in row))
    console(error=error).print(drawn)


def lines(columns: Mapping[str, int], rows: Iterable[Sequence[Any]]) -> None:
    """A table with one line for each row. A column with 0 has the width it needs; the others share what is left, by
    their numbers, and what is too wide for them is cut.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    cells = [[" ".join(cell(one).split()) for one in row] for row in rows]
    screen = console()
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column, width in _widths(columns, cells, screen.width).items():
        drawn.add_column(column, width=width, no_wrap=True, overflow="ellipsis")
    for row in cells:
        drawn.add_row(*(Text(one) for one in row))
    screen.print(drawn)


def _widths(columns: Mapping[str, int], rows: Sequence[Sequence[str]], room: int) -> dict[str, int]:
    from rich.cells import cell_len

    wide = {texts[0]: max(map(cell_len, texts)) for texts in zip(columns, *rows, strict=True)}
    room -= GAP * len(columns) + sum(wide[name] for name, share in columns.items() if not share)
    shares = sum(columns.values())
    for name, share in columns.items():
        if share:
            wide[name] = min(wide[name], max(room * share // shares, LEAST))
            room, shares = room - wide[name], shares - share
    return wide


def facts(pairs: Mapping[str, Any]) -> None:
    """Names and values below each other; empty values are left out."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table.grid(padding=(0, 2))
    drawn.add_column(no_wrap=True, style="bold")
    drawn.add_column(overflow="fold")
    for name, value in pairs.items():
        if value not in (None, ""):
            drawn.add_row(Text(name), Text(cell(value)))
    console().print(drawn)


def problems(found: Iterable[Any]) -> None:
    """Everything that must be fixed, by step and field."""
    table(("Step", "Field", "Problem"), ((one.step, one.field, one.message) for one in found), error=True)


@contextmanager
def waiting(sentence: str) -> Iterator[Callable[[str], None]]:
    """Says what is being waited for while the block runs, on a terminal. Yields how to say something else."""
    if not sys.stderr.isatty():
        yield lambda _sentence: None
        return
    with console(error=True).status(plain(sentence)) as status:
        yield lambda sentence: status.update(plain(sentence))


def confirmed(question: str, yes: bool) -> None:
    """Asks once. Ends the command (exit code 1) unless the answer, or `--yes`, is yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        note(f"{question} Repeat the command with --yes to do it.")
        raise typer.Exit(1)
    if not typer.confirm(plain(question), err=True):
        note("Nothing was changed.")
        raise typer.Exit(1)


def when(moment: datetime | None, now: datetime | None = None) -> str:
    """A moment as people say it: “3 min ago”, “in 40 s”, or the local date and time."""
    if moment is None:
        return "never"
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    if abs(seconds) >= RECENT:
        return f"{moment.astimezone():%Y-%m-%d %H:%M}"
    span = _span(abs(seconds))
    return f"in {span}" if seconds > 0 else f"{span} ago"


def dates(moments: Sequence[datetime]) -> str:
    """Moments to come as a calendar has them, in their own zone: “Mon 23 Nov 09:00, … (Europe/Berlin)”."""
    written = ", ".join(f"{one:%a} {one.day} {one:%b} {_year(one)}{one:%H:%M}" for one in moments)
    zone = getattr(moments[0].tzinfo, "key", "") if moments else ""
    return f"{written} ({zone})" if zone else written


def _year(moment: datetime) -> str:
    return "" if moment.year == datetime.now(moment.tzinfo).year else f"{moment.year} "


def cell(value: Any) -> str:
    """A value as a table shows it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return when(value)
        case list() | tuple():
            return ", ".join(cell(one) for one in value)
        case _:
            return plain(str(value))


def shortened(value: Any, length: int) -> str:
    """A value on one line, cut where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_jsonable)
    text = " ".join(plain(text).split())
    return text if len(text) <= length else text[: length - 1] + "…"


def console(*, error: bool = False) -> "Console":
    """For drawing; wide where the output is a file."""
    from rich.console import Console

    stream: TextIO = sys.stderr if error else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else WIDTH_OF_FILES, highlight=False, soft_wrap=False)


def _span(seconds: float) -> str:
    units: tuple[tuple[float, str, Callable[[float], float]], ...] = (
        (90, "s", lambda s: s),
        (90 * 60, "min", lambda s: s / 60),
        (RECENT, "h", lambda s: s / 3600),
    )
    name, count = next((name, turn(seconds)) for limit, name, turn in units if seconds < limit)
    return f"{round(count)} {name}"


def _jsonable(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
