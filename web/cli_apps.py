"""`zapwerk apps …`"""

from typing import Annotated, Any

import typer

from web import assignments, opening, telling
from web.options import Json, prints
from web.shapes import AppLine, AppShown, FieldShown

app = typer.Typer(help="Apps: what there is, and how this installation reaches it.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="APP", help="The app's key, as `apps list` shows it.", show_default=False)]


@app.command("list", epilog=prints(AppLine, many=True))
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Show all apps, and connectors that could not be loaded."""
    opening.without_httpx_command()
    from engine.registry import Registry
    from web import logs, views_apps

    logs.set_up("ERROR")
    found = views_apps.every(Registry.load(opening.settings(ctx).data / "connectors"))
    if json:
        telling.as_json(found)
        return
    rows = ((a.key, a.title, len(a.triggers), len(a.actions), len(a.searches), a.problem) for a in found)
    telling.table(("App", "Title", "Triggers", "Actions", "Searches", "Problem"), rows)


@app.command(epilog=prints(AppShown))
def show(ctx: typer.Context, key: Key, json: Json = False) -> None:
    """Show one app: its triggers and actions with their fields, ways to sign in, profiles."""
    from web import views_apps

    async def look(runtime: Any) -> AppShown:
        return views_apps.one(runtime.registry().connector(key), runtime.connections)

    found = opening.with_runtime(ctx, look)
    if json:
        telling.as_json(found)
    else:
        _draw(found)


@app.command("set")
def set_(
    ctx: typer.Context,
    key: Key,
    values: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", show_default=False)],
    profile: Annotated[str | None, typer.Option("--profile", help="Which one. Default: the app's first.")] = None,
) -> None:
    """Fill in how this installation reaches an app. FIELD=- asks for the value without showing it."""
    typed = assignments.read(values, hint="FIELD=VALUE")

    async def fill_in(runtime: Any) -> tuple[str, str | None]:
        connector = runtime.registry().connector(key)
        name = profile or next(iter(connector.profiles))
        problem: str | None = runtime.connections.set_profile(connector, name, typed, trusted=True).problem()
        return name, problem

    name, problem = opening.with_runtime(ctx, fill_in)
    telling.note(f"The profile “{name}” of {key} is saved.")
    if problem:
        telling.note(f"It cannot be used yet: {problem}")


def _draw(app: AppShown) -> None:
    telling.facts({"App": f"{app.title} ({app.key})", "About": app.description, "Version": app.version})
    for auth in app.auth:
        telling.write(f"\nSign in with --auth {auth.key}: {auth.title}. {auth.help}".rstrip())
        _draw_fields(auth.fields)
    for operation in app.operations:
        telling.write(f"\n{operation.kind.capitalize()} {operation.use}: {operation.title}")
        _draw_fields(operation.fields)
    for profile in app.profiles:
        telling.write(f"\nProfile {profile.name}" + (f": {profile.problem}" if profile.problem else ""))
        telling.facts({name: telling.shortened(value, 120) for name, value in profile.values.items()})


def _draw_fields(fields: list[FieldShown]) -> None:
    if fields:
        rows = ((f"  {f.name}", f.title, f.kind, f.required, f.help) for f in fields)
        telling.table(("  Field", "Title", "Kind", "Required", "Help"), rows)
