"""`zapwerk doctor`, `migrate`, `pause`, `resume`, `secrets rotate`: looking after an installation."""

from typing import TYPE_CHECKING

import typer

from web import opening, telling
from web.options import Json, prints
from web.shapes import Health

if TYPE_CHECKING:
    from engine.runtime import Runtime


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command(epilog=prints(Health))(doctor)
    app.command()(migrate)
    app.command()(pause)
    app.command()(resume)
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


def pause(ctx: typer.Context) -> None:
    """Let no run begin from now on. Triggers are still checked and calls are taken; what arrives waits."""
    opening.with_runtime(ctx, _pause)
    telling.note("Everything is paused. `zapwerk resume` lets it go on.")


def resume(ctx: typer.Context) -> None:
    """Let everything go on that `pause` stopped, the oldest first."""
    opening.with_runtime(ctx, _resume)
    telling.note("Everything goes on.")


async def _pause(runtime: "Runtime") -> None:
    from engine.people.audit import Action

    runtime.pausing.pause_all()
    runtime.people.audit.tell(Action.ALL_PAUSED, person=None)


async def _resume(runtime: "Runtime") -> None:
    from engine.people.audit import Action

    runtime.pausing.resume_all()
    runtime.people.audit.tell(Action.ALL_RESUMED, person=None)


def rotate(ctx: typer.Context) -> None:
    """Make a new key and seal all credentials with it, also while Zapwerk runs. May be repeated at any time."""
    from web import rotating

    with opening.database(ctx) as database:
        count = rotating.rotate(opening.settings(ctx), database)
    telling.note(f"There is a new key; {count} credentials are sealed with it. The old key is of no use any more.")


def _secrets() -> None:
    """So that `rotate` stays a command of its own group."""
