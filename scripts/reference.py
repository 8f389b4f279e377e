"""Writes the tables of docs/reference/ from the code, and the pieces of the sample into docs/connectors/writing.md.

A page is written by hand; what stands between `<!-- begin NAME -->` and `<!-- end NAME -->` is made here.

    python scripts/reference.py            rewrites what is no longer true
    python scripts/reference.py --check    only tells, with exit code 1; a test runs this
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import sdk_reference  # beside this file
from typer import Context
from typer.main import get_command

import zapwerk
from engine import errors
from engine.sdk import errors as sdk_errors
from engine.sdk.fields import Kind
from engine.settings import PREFIX, Settings
from engine.zaps.conditions import OPERATORS
from engine.zaps.filters import FILTERS
from web.cli import app
from zapwerk import testing

DOCS = Path(__file__).parent.parent / "docs"
PAGES = (*sorted((DOCS / "reference").glob("*.md")), DOCS / "connectors" / "writing.md")
SAMPLE = DOCS / "connectors" / "samples" / "tasko.py"
BLOCK = re.compile(r"<!-- begin (?P<name>\w+) -->\n.*?<!-- end (?P=name) -->", re.DOTALL)


def settings() -> Iterator[str]:
    yield from _table("Variable", "Default", "Meaning")
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, frozenset()) else f"`{_plain(field.default)}`"
        yield _row(f"`{PREFIX}{name.upper()}`", default, field.description or "")


def commands() -> Iterator[str]:
    root = get_command(app)
    context = Context(root, info_name="zapwerk")
    yield from _options(root, context)
    for path, command, at in _below(root, context, ("zapwerk",)):
        yield f"\n## {' '.join(path)}\n"
        yield inspect.cleandoc(command.help or "").replace("\b\n", "")
        yield from _options(command, at)
        if command.epilog:
            yield f"\n{inspect.cleandoc(command.epilog)}"


def sdk() -> Iterator[str]:
    yield from sdk_reference.grouped(zapwerk)


def testing_names() -> Iterator[str]:
    yield from sdk_reference.listed(testing)


def kinds() -> Iterator[str]:
    yield ", ".join(f"`{kind}`" for kind in Kind)


def filters() -> Iterator[str]:
    yield from _table("Filter", "What it does", "Example")
    for one in FILTERS.values():
        yield _row(f"`{one.name}`", one.help, _code(one.example))


def comparisons() -> Iterator[str]:
    yield from _table("`is`", "In words", "Needs `to`")
    for name, operator in OPERATORS.items():
        yield _row(f"`{name}`", operator.words, "yes" if operator.compares else "no")


def connector_errors() -> Iterator[str]:
    yield from _errors(sdk_errors, sdk_errors.ConnectorError)


def engine_errors() -> Iterator[str]:
    yield from _errors(errors, errors.ZapwerkError)


BLOCKS: dict[str, Callable[[], Iterator[str]]] = {
    "settings": settings,
    "commands": commands,
    "sdk": sdk,
    "testing": testing_names,
    "kinds": kinds,
    "filters": filters,
    "comparisons": comparisons,
    "connector_errors": connector_errors,
    "engine_errors": engine_errors,
}


def sample(name: str) -> Iterator[str]:
    """A top-level definition of the sample, with its decorators."""
    source = SAMPLE.read_text("utf-8")
    found = next(node for node in ast.parse(source).body if _defines(node) == name)
    first = min([found.lineno, *(one.lineno for one in getattr(found, "decorator_list", ()))])
    yield "```python"
    yield from source.splitlines()[first - 1 : found.end_lineno]
    yield "```"


def rewritten(text: str) -> str:
    """A page with its blocks as they should be."""
    return BLOCK.sub(lambda found: _block(found["name"]), text)


def main(arguments: list[str]) -> int:
    stale = [page for page in PAGES if rewritten(page.read_text("utf-8")) != page.read_text("utf-8")]
    for page in stale:
        if arguments == ["--check"]:
            sys.stdout.write(f"{page.name} is no longer true; run: python scripts/reference.py\n")
        else:
            page.write_text(rewritten(page.read_text("utf-8")), "utf-8")
            sys.stdout.write(f"{page.name} was rewritten\n")
    return 1 if stale and arguments == ["--check"] else 0


def _block(name: str) -> str:
    lines = sample(name.removeprefix("sample_")) if name.startswith("sample_") else BLOCKS[name]()
    return f"<!-- begin {name} -->\n{chr(10).join(lines)}\n<!-- end {name} -->"


def _defines(node: ast.stmt) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node
    return getattr(target, "name", getattr(target, "id", ""))


def _below(group: Any, context: Context, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Context]]:
    """All commands, those of a group behind each other."""
    for name, command in getattr(group, "commands", {}).items():
        if command.hidden:
            continue
        at = Context(command, info_name=name, parent=context)
        if not hasattr(command, "commands") or getattr(command, "invoke_without_command", False):
            yield (*path, name), command, at
        yield from _below(command, at, (*path, name))


def _options(command: Any, context: Context) -> Iterator[str]:
    shown = [one for one in command.get_params(context) if not getattr(one, "hidden", False)]
    rows = [_row(_named(one), _meaning(one)) for one in shown if one.name != "help"]
    if rows:
        yield ""
        yield from _table("Argument or option", "Meaning")
        yield from rows


def _named(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`"
    return ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))


def _meaning(parameter: Any) -> str:
    choices = _choices(parameter.type_descriptor.annotation)
    words = [getattr(parameter, "help", None) or "", f"One of: {', '.join(choices)}." if choices else ""]
    default = parameter.default
    if default not in (None, False, "", (), []) and not callable(default):
        words.append(f"Default: `{_plain(default)}`.")
    return " ".join(word for word in words if word)


def _choices(annotation: Any) -> list[str]:
    """The values that an option knows."""
    if get_origin(annotation) is Literal:
        return [f"`{one}`" for one in get_args(annotation)]
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return [f"`{one.value}`" for one in annotation]
    return [one for inner in get_args(annotation) for one in _choices(inner)]


def _errors(module: Any, root: type[Exception]) -> Iterator[str]:
    found = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, root)]
    yield from _table("Error", "Is a", "What it says")
    for one in (one for one in found if one.__module__ == module.__name__):
        yield _row(f"`{one.__name__}`", f"`{one.__bases__[0].__name__}`", _first_line(one))


def _first_line(thing: Any) -> str:
    return " ".join(inspect.cleandoc(thing.__doc__ or "").partition("\n\n")[0].split())


def _plain(value: Any) -> str:
    return f"{value.total_seconds():g}" if hasattr(value, "total_seconds") else str(value)


def _code(text: str) -> str:
    template, gives, result = text.partition(" gives ")
    return f"`{template}`{gives}{result}" if text else ""


def _table(*titles: str) -> Iterable[str]:
    return _row(*titles), _row(*("---" for _ in titles))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace(chr(10), ' ').replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
