"""Options that many commands share, and how what is refused is told. Used by `cli` and the `cli_…` modules."""

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from engine.errors import Problems, ZapwerkError
from engine.sdk.errors import ConnectorError
from web import opening, shapes, telling


def _remember(ctx: typer.Context, value: bool) -> bool:
    opening.given(ctx).json = value
    return value


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.", callback=_remember)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def prints(shape: type, *, many: bool = False) -> str:
    """The end of a command's help: what `--json` prints."""
    kind = "an array of objects" if many else "an object"
    return f"With --json: {kind} with {shapes.names_of(shape)}."


class Sentences(TyperGroup):
    """The root group: tells what the engine refuses as a sentence, and ends with exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, TyperException, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get("ZAPWERK_LOG_LEVEL", "").upper() == "DEBUG":
                raise
            tell(ctx, error)
        raise typer.Exit(1)


def tell(ctx: typer.Context, error: Exception) -> None:
    """Says what went wrong: on stderr, or as JSON on stdout where JSON was asked for."""
    found = error.problems if isinstance(error, Problems) else ()
    if opening.given(ctx).json:
        rows = [{"step": p.step, "field": p.field, "message": p.message, "position": p.position} for p in found]
        telling.as_json({"error": sentence(error), "problems": rows})
    elif found:
        telling.note(f"Nothing was changed; {len(found)} {'thing is' if len(found) == 1 else 'things are'} to fix:")
        telling.problems(found)
    else:
        telling.note(sentence(error))
    sys.stdout.flush()


def sentence(error: Exception) -> str:
    """What a person reads."""
    if isinstance(error, ConnectorError):
        return error.sentence
    if isinstance(error, ZapwerkError):
        return str(error) or (type(error).__doc__ or "")
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'A file'}: {error.strerror}."
    if type(error).__module__.startswith("sqlalchemy"):
        return f"The database cannot be used: {getattr(error, 'orig', None) or error}"
    # Only the kind of error: its text may quote what was typed.
    kind = type(error).__name__
    return f"Something went wrong inside Zapwerk ({kind}). With ZAPWERK_LOG_LEVEL=DEBUG it tells where."
