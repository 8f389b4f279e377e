"""`--set field=value` and `field=value`: values typed at the command line, with secrets kept out of it.

`field=-`, or the field's name alone, asks for the value without showing it, or reads one line of standard input where
there is no terminal: what stands on a command line can be read by others and stays in the shell's history.
"""

import sys
from collections.abc import Iterable

import typer

from web import telling

LONGEST_LINE = 100_000  # characters


def read(given: Iterable[str], *, hint: str) -> dict[str, str]:
    """The values by field. Raises `typer.BadParameter` (exit code 2) naming `hint`."""
    values: dict[str, str] = {}
    for text in given:
        field, separator, value = text.partition("=")
        field = field.strip()
        if not field.replace("_", "a").isalnum():
            raise typer.BadParameter(f"“{telling.plain(text)[:60]}” does not look like field=value.", param_hint=hint)
        if field in values:
            raise typer.BadParameter(f"“{field}” is given twice.", param_hint=hint)
        values[field] = asked(field) if not separator or value == "-" else value
    return values


def asked(field: str, *, hidden: bool = True) -> str:
    """A value from the person, or the next line of standard input."""
    if sys.stdin.isatty():
        answer: str = typer.prompt(telling.plain(field), hide_input=hidden, err=True, default="", show_default=False)
        return answer
    line = sys.stdin.readline(LONGEST_LINE)
    if not line:
        raise typer.BadParameter(f"There is no line for “{field}” on standard input.", param_hint=field)
    return line.removesuffix("\n").removesuffix("\r")
