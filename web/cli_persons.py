"""`zapwerk persons find`, `erase`: what is kept about somebody, and erasing it.

Whom it is about is asked, or read from a pipe, and never an argument: so it stands in no shell's history.
"""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from web import opening, telling
from web.options import Json, Yes, prints

if TYPE_CHECKING:
    from engine.keeping.persons import Erased, Kept
    from engine.runtime import Runtime

app = typer.Typer(help="Somebody whose data came in: find what is kept about them, and erase it.", no_args_is_help=True)

ELSEWHERE = (
    "Backups keep what they have: make a new one and delete those made before. Other services and mailboxes keep "
    "theirs. Texts inside of attached files, and the machine's own log, are not read."
)
LONGEST_LINE = 1000  # characters; more is refused as too long in any case


@dataclass(frozen=True)
class About:
    """What is kept: how many of each; `going_on` are the runs of these that have not ended. `typed` zaps, `named`
    accounts in use and `ids` of records are not erased."""

    runs: int
    going_on: int
    files: int
    samples: int
    notices: int
    dispatches: int
    troubles: int
    audit: int
    bygone: int
    undoable: int
    typed: int
    named: int
    ids: int


@dataclass(frozen=True)
class Gone:
    """What was erased; `left` runs go on and keep their data, and `typed`, `named` and `ids` stay."""

    runs: int
    cancelled: int
    samples: int
    notices: int
    left: int
    dispatches: int
    troubles: int
    audit: int
    bygone: int
    undoable: int
    typed: int
    named: int
    ids: int


@app.command(epilog=prints(About))
def find(ctx: typer.Context, json: Json = False) -> None:
    """Count what is kept about somebody. Asks for an e-mail address or a name, or reads it from a pipe."""
    text = _asked()
    found = opening.with_runtime(ctx, lambda runtime: _found(runtime, text))
    if json:
        telling.as_json(found)
        return
    telling.facts({_words(name): count for name, count in vars(found).items() if count} or {"Kept": "nothing"})
    telling.note(ELSEWHERE)


@app.command(epilog=prints(Gone))
def erase(
    ctx: typer.Context,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Also cancel runs that have not ended; else they keep their data.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Erase what is kept about somebody for good. Asks for an e-mail address or a name, or reads it from a pipe."""
    text = _asked()
    telling.confirmed("Erase all that is kept about this person? It cannot be brought back.", yes)
    gone = opening.with_runtime(ctx, lambda runtime: _erased(runtime, text, cancel))
    if json:
        telling.as_json(gone)
        return
    telling.facts({_words(name): count for name, count in vars(gone).items() if count} or {"Erased": "nothing"})
    telling.note(f"Files and words of the index go within a day. {ELSEWHERE}")


async def _found(runtime: "Runtime", text: str) -> About:
    kept: Kept = runtime.persons.find(text)
    return About(
        runs=len(kept.runs),
        going_on=len(kept.going_on),
        files=kept.files,
        samples=len(kept.samples),
        notices=kept.notices,
        dispatches=kept.dispatches,
        troubles=kept.troubles,
        audit=kept.audit,
        bygone=kept.bygone,
        undoable=kept.undoable,
        typed=len(kept.typed),
        named=len(kept.named),
        ids=kept.ids,
    )


async def _erased(runtime: "Runtime", text: str, cancel: bool) -> Gone:
    from engine.people.audit import Action

    done: Erased = runtime.persons.erase(text, cancel=cancel)
    gone = Gone(**vars(done))
    runtime.people.audit.tell(Action.RUN_ERASED, person=None, details=vars(gone))
    return gone


def _asked() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("E-mail address or name", err=True))
    return sys.stdin.readline(LONGEST_LINE).strip()


def _words(name: str) -> str:
    """A count's name as people read it."""
    return name.replace("_", " ").capitalize()
