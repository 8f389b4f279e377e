"""`zapwerk doctor`, `migrate`, `secrets rotate`, `backup`: looking after an installation."""

from pathlib import Path
from typing import Annotated

import typer

from web import opening, telling
from web.options import Json, Yes, prints
from web.shapes import Health


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command(epilog=prints(Health))(doctor)
    app.command()(migrate)
    app.command()(backup)
    secrets = typer.Typer(help="The key that seals credentials.", no_args_is_help=True)
    secrets.callback()(_secrets)
    secrets.command()(rotate)
    app.add_typer(secrets, name="secrets")


def doctor(ctx: typer.Context, json: Json = False) -> None:
    """Look for what is wrong with this installation. Exit code 1 if something is."""
    opening.without_httpx_command()
    from web import diagnosis, logs

    logs.set_up("CRITICAL")
    health = diagnosis.of(opening.settings(ctx))
    if json:
        telling.as_json(health)
    else:
        marks = {"ok": "ok", "note": "note", "wrong": "WRONG"}
        telling.table(
            ("", "Matter", "What was found"), ((marks[f.state], f.matter, f.sentence) for f in health.findings)
        )
        wrong = sum(finding.state == "wrong" for finding in health.findings)
        telling.note("Everything is well." if health.ok else f"{wrong} to look after.")
    if not health.ok:
        raise typer.Exit(1)


def migrate(ctx: typer.Context) -> None:
    """Bring the database up to date. `serve` does it by itself."""
    from engine import folder
    from engine.store import migrate as migrations
    from engine.store.database import Database

    settings = opening.settings(ctx)
    folder.prepare(settings.data)
    database = Database(settings.database)
    try:
        with telling.waiting("Bringing the database up to date …"):
            changed = migrations.upgrade(database)
    finally:
        database.close()
    telling.note(f"The database {'was brought' if changed else 'is'} up to date (schema {migrations.HEAD}).")


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="What to write, like backup.tar.gz.", show_default=False)],
    yes: Yes = False,
) -> None:
    """Write everything into one file, also while Zapwerk runs. It holds the key: keep it as safe as the passwords.

    To restore: unpack it into an empty data folder with `tar -xzf`.
    """
    from web import keeping

    if file.exists():
        telling.confirmed(f"The file {file} exists. Replace it?", yes)
    with telling.waiting("Writing the backup …"):
        kept = keeping.back_up(opening.settings(ctx), file)
    telling.note(f"The backup is in {file} ({kept.files} files, {kept.size / 1e6:.1f} MB), and could be read again.")
    if not kept.with_key:
        telling.note("The key is not in it: keep ZAPWERK_SECRET_KEY as well, or the credentials cannot be opened.")


def rotate(ctx: typer.Context) -> None:
    """Make a new key and seal all credentials with it, also while Zapwerk runs. May be repeated at any time."""
    from web import rotating

    with opening.database(ctx) as database:
        count = rotating.rotate(opening.settings(ctx), database)
    telling.note(f"There is a new key; {count} credentials are sealed with it. The old key is of no use any more.")


def _secrets() -> None:
    """So that `rotate` stays a command of its own group."""
