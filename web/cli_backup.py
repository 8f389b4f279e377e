"""`zapwerk backup`, `restore`, `restored …`, `adopt`: a copy, getting it back, which one is the original."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from web import opening, telling
from web.options import Json, Yes, prints
from web.shapes_backup import RestoredShown

if TYPE_CHECKING:
    from engine.backup.restored import Restoration
    from engine.runtime import Runtime

USUAL = "make"
CHOICES = ("skip", "hold", "run")


class _UsuallyMakes(TyperGroup):
    """`zapwerk backup FILE` is `zapwerk backup make FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = [USUAL, *args]
        return super().parse_args(ctx, args)


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    backups = typer.Typer(
        cls=_UsuallyMakes, help="Everything in one file. Short for `backup make FILE`: `backup FILE`."
    )
    backups.command(USUAL)(make)
    backups.command()(code)
    app.add_typer(backups, name="backup")
    app.command()(restore)
    decisions = typer.Typer(help="After a restore: how each zap goes on.", no_args_is_help=True)
    decisions.command("list", epilog=prints(RestoredShown))(list_)
    decisions.command()(decide)
    app.add_typer(decisions, name="restored")
    app.command()(adopt)


def make(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="What to write. Default: a file in DATA/backups.", show_default=False)
    ] = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Leave the key out: then keep it as well, in another place.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Write everything into one file, also while Zapwerk runs, and read it again.

    The key in it is sealed with the recovery code (`zapwerk backup code`).
    """
    opening.without_httpx_command()
    from datetime import UTC, datetime

    from engine.backup import making, nightly

    settings, now = opening.settings(ctx), datetime.now(UTC)
    if file is not None and file.exists():
        telling.confirmed(f"The file {file} exists. Replace it?", yes)
    with telling.waiting("Writing the backup …"):
        target = file or nightly.place_for(settings, now)
        made = making.make(settings, target, with_key=not without_key, now=now)
    telling.note(
        f"The backup is in {made.file} ({made.files} files, {made.size / 1e6:.1f} MB), and could be read again."
    )
    if made.missing:
        telling.note(f"{made.missing} attached files were gone before, so they are not in it.")
    if not made.with_key:
        telling.note("The key is not in it: keep it as well, or the credentials cannot be opened.")


def code(ctx: typer.Context) -> None:
    """Make a new recovery code and print it, this once. It opens the key in every backup made from now on."""
    said = opening.with_runtime(ctx, _new_code)
    telling.note("Keep this code where you keep important papers. It is shown only now:")
    telling.write(said)


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The backup.", show_default=False)],
    code: Annotated[str, typer.Option("--code", help="The recovery code; asked for if it is needed.")] = "",
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Without the credentials: accounts are connected again afterwards.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Move what is in the data folder aside, into a folder in it.")
    ] = False,
) -> None:
    """Put a backup into an empty data folder. All zaps are paused then; `zapwerk restored` says how they go on."""
    opening.without_httpx_command()
    from datetime import UTC, datetime

    from engine.backup import restoring

    settings = opening.settings(ctx)
    manifest = restoring.looked_at(file)
    if manifest.key and not code and not without_key:
        code = typer.prompt("Recovery code", err=True)
    with telling.waiting("Restoring …"):
        asked = restoring.Asked(file, code, without_key, replace)
        done = restoring.restore(settings, asked, now=datetime.now(UTC))
    telling.note(f"Restored as of {done.made_at.astimezone():%Y-%m-%d %H:%M} into {settings.data}.")
    if done.aside:
        telling.note(f"What was there before is in {done.aside}.")
    if not done.key_fits:
        telling.note("The key that opens the credentials is not there: put it back, or reconnect the accounts.")
    if done.zaps:
        telling.note(f"{done.zaps} zaps are paused. Decide how each goes on: zapwerk restored list")


def list_(ctx: typer.Context, json: Json = False) -> None:
    """Show what was restored, and what was decided about each zap."""
    found = opening.with_runtime(ctx, _shown)
    if found is None:
        telling.note("This installation was not restored from a backup.")
        return
    shown = RestoredShown.of(found)
    if json:
        telling.as_json(shown)
        return
    telling.note(f"Restored from {found.file}, made {telling.when(found.made_at)}.")
    rows = ((one.name, one.choice or "to be decided", one.open, one.to_look_at) for one in shown.zaps)
    telling.table(("Zap", "Decided", "Open in the backup", "Held for a look"), rows)


def decide(
    ctx: typer.Context,
    zap: Annotated[str, typer.Argument(help="Its name or id; “all” for all that wait.", show_default=False)],
    choice: Annotated[
        str,
        typer.Argument(
            help="hold: what is found again is held for a look. skip: begin now, pass over what came since the "
            "backup. run: run everything that is found."
        ),
    ] = "hold",
) -> None:
    """Say how a restored zap goes on."""
    if choice not in CHOICES:
        raise typer.BadParameter(f"must be one of {', '.join(CHOICES)}", param_hint="CHOICE")
    count = opening.with_runtime(ctx, lambda runtime: _decided(runtime, zap, choice))
    telling.note(f"Decided for {count} {'zap' if count == 1 else 'zaps'}: {choice}.")


def adopt(
    ctx: typer.Context,
    copy: Annotated[
        bool, typer.Option("--copy", help="This is a copy: it becomes an installation of its own, all zaps off.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Say that this data folder is the one, and that the other one is gone; or that it is a copy.

    For a folder that was copied or moved to another disk, where Zapwerk waits for this.
    """
    if not copy:
        telling.confirmed("Is the folder where Zapwerk ran before gone, or will never be started again?", yes)
    count = opening.with_runtime(ctx, lambda runtime: _adopted(runtime, copy))
    if copy:
        telling.note(f"This is an installation of its own now; {count} zaps were switched off.")
    else:
        telling.note("This is the one. A Zapwerk that waits for this begins within a second or two.")


async def _new_code(runtime: "Runtime") -> str:
    return runtime.backups.new_code()


async def _shown(runtime: "Runtime") -> "Restoration | None":
    return runtime.restored.show()


async def _decided(runtime: "Runtime", zap: str, choice: str) -> int:
    from engine.backup.restored import Choice

    found = runtime.restored.show()
    wanted = [one.zap_id for one in found.undecided] if zap == "all" and found else [zap]
    for zap_id in wanted:
        await runtime.restored.decide(zap_id, Choice(choice))
    return len(wanted)


async def _adopted(runtime: "Runtime", copy: bool) -> int:
    if copy:
        return runtime.place.part()
    runtime.place.take()
    return 0
