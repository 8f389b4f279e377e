"""`zapwerk connections …`"""

from typing import Annotated, Any

import typer

from web import assignments, opening, telling
from web.options import Json, Yes, prints, sentence
from web.shapes import ConnectionLine

app = typer.Typer(help="Connections: accounts at apps.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The connection's name or id.", show_default=False)]


@app.command("list", epilog=prints(ConnectionLine, many=True))
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Show all connections."""
    from web import views_connections

    with opening.database(ctx) as database, database.read() as session:
        found = views_connections.every(session)
    if json:
        telling.as_json(found)
    elif not found:
        telling.note("There are no connections yet. Add one: zapwerk connections add APP")
    else:
        rows = ((c.name, c.app, c.account, c.state, c.checked_at, c.used_by, c.reason) for c in found)
        telling.table(("Name", "App", "Account", "State", "Checked", "Used by", "Problem"), rows)


@app.command(epilog=prints(ConnectionLine))
def add(
    ctx: typer.Context,
    app_key: Annotated[str, typer.Argument(metavar="APP", help="The app's key.", show_default=False)],
    name: Annotated[str | None, typer.Option("--name", help="What to call it. Default: the app's title.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="May be repeated; FIELD=- asks without showing."),
    ] = None,
    auth: Annotated[str | None, typer.Option("--auth", help="Which way to sign in (`apps show` lists them).")] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Which profile of the app.")] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Sign in with a browser on another computer.")
    ] = False,
    json: Json = False,
) -> None:
    """Connect an account. It is really checked first; if that fails, nothing is saved."""
    from web import joining

    typed = assignments.read(set_ or (), hint="--set")
    wanted = joining.Wanted(app_key, name, typed, auth, profile, browser=not no_browser)
    added = opening.with_runtime(ctx, lambda runtime: joining.join(runtime, wanted))
    if json:
        telling.as_json(added)
    else:
        telling.note(f"“{added.name}” is connected: {added.account}.")


@app.command(epilog=prints(ConnectionLine))
def reconnect(
    ctx: typer.Context,
    name: Name,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="What is to change; FIELD=- asks without showing."),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Sign in with a browser on another computer.")
    ] = False,
    json: Json = False,
) -> None:
    """Give a connection new credentials, or sign in again. Zaps that waited for it go on from where they stood."""
    from web import joining

    typed = assignments.read(set_ or (), hint="--set")
    found = opening.with_runtime(ctx, lambda runtime: joining.join_again(runtime, name, typed, browser=not no_browser))
    if json:
        telling.as_json(found)
    else:
        telling.note(f"“{found.name}” is connected again: {found.account}.")


@app.command()
def check(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Which ones. Default: all.", show_default=False)] = None,
    json: Json = False,
) -> None:
    """Ask the apps whether the accounts are still accepted. One that works again is repaired.

    With --json: an array of objects with name, ok, account, problem.
    """
    results = opening.with_runtime(ctx, lambda runtime: _checked(runtime, names))
    if json:
        telling.as_json(results)
    else:
        for one in results:
            telling.note(f"“{one['name']}”: {one['account'] + ' works.' if one['ok'] else one['problem']}")
    if not all(one["ok"] for one in results):
        raise typer.Exit(1)


@app.command()
def remove(ctx: typer.Context, name: Name, yes: Yes = False) -> None:
    """Remove a connection and shred its credentials. Runs of zaps that use it are held from then on."""
    from engine.store import connections, zaps

    with opening.database(ctx) as database, database.read() as session:
        stored = connections.find(session, name)
        users = [zap.name for zap in zaps.using(session, stored.id)]
    used = f" It is used by {', '.join(f'“{user}”' for user in users)}; their runs will be held." if users else ""
    telling.confirmed(f"Remove “{stored.name}” ({stored.account_label})?{used}", yes)
    opening.with_runtime(ctx, lambda runtime: runtime.connecting.remove(stored.id))
    telling.note(f"“{stored.name}” is removed; its credentials are gone.")


async def _checked(runtime: Any, names: list[str] | None) -> list[dict[str, Any]]:
    from engine.store import connections

    with runtime.database.read() as session:
        rows = [connections.find(session, name) for name in names] if names else connections.every(session)
    return [await _check(runtime, row) for row in rows]


async def _check(runtime: Any, row: Any) -> dict[str, Any]:
    from engine.errors import ZapwerkError

    try:
        with telling.waiting(f"Checking “{row.name}” …"):
            account = await runtime.connecting.check(row.id)
    except ZapwerkError as error:
        return {"name": row.name, "ok": False, "account": row.account_label, "problem": sentence(error)}
    return {"name": row.name, "ok": True, "account": account.label, "problem": ""}
