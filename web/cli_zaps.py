"""`zapwerk zaps …`"""

from pathlib import Path
from typing import Annotated, Any

import typer

from web import cli_rehearse, opening, telling
from web.options import Json, Yes, prints
from web.shapes import CheckLine, ZapLine, ZapShown

app = typer.Typer(help="Zaps: import, look at, test, switch on and off.", no_args_is_help=True)

CHECKS_DRAWN = 5

Name = Annotated[str, typer.Argument(help="The zap's name or id.", show_default=False)]


@app.command("list", epilog=prints(ZapLine, many=True))
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Show all zaps."""
    from web import views_zaps

    with opening.database(ctx) as database, database.read() as session:
        found = views_zaps.every(session)
    if json:
        telling.as_json(found)
    elif not found:
        telling.note("There are no zaps yet. Import one: zapwerk zaps import FILE")
    else:
        rows = ((z.name, z.state, z.trigger, z.last_success_at, z.problem or z.attention) for z in found)
        telling.table(("Name", "State", "Trigger", "Last checked", "Problem"), rows)


@app.command(epilog=prints(ZapShown))
def show(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """Show one zap: how its trigger does, its steps, its versions."""
    from engine import folder
    from engine.registry import Registry
    from web import views_zaps

    registry = Registry.load(opening.settings(ctx).data / "connectors")
    with opening.database(ctx) as database, database.read() as session:
        found = views_zaps.one(session, name, registry)
        called = views_zaps.is_called(found, registry)
        received_at = views_zaps.last_received(session, found.id) if called else None
    if called:
        url = opening.with_runtime(ctx, lambda runtime: _address(runtime, found.id))
        found = views_zaps.with_url(found, url, received_at)
    if json:
        telling.as_json(found)
    else:
        _draw(found)
        if found.trigger.watched and folder.owner(opening.settings(ctx).data) is None:
            telling.note("Zapwerk does not run, so nothing is checked. Start it with: zapwerk serve")


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A zap file; “-” reads standard input.", show_default=False)],
    enable: Annotated[bool, typer.Option("--enable", help="Switch it on at once.")] = False,
    json: Json = False,
) -> None:
    """Import a zap file. All its problems are shown at once, and then nothing is imported."""
    from web import zap_files

    text = zap_files.read(file)
    imported = opening.with_runtime(ctx, lambda runtime: zap_files.imported(runtime, text, enable=enable))
    if json:
        telling.as_json(imported)
    else:
        telling.note(f"“{imported.name}” is imported{' and switched on' if imported.enabled else ''}.")
        if not enable:
            telling.note(f"Switch it on with: zapwerk zaps enable {imported.id}")


@app.command()
def export(
    ctx: typer.Context,
    name: Name,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead.")] = None,
    yes: Yes = False,
) -> None:
    """Print a zap as a file."""
    from web import zap_files

    with opening.database(ctx) as database:
        text = zap_files.exported(database, name)
    if output is None:
        typer.echo(text, nl=False)
        return
    if output.exists():
        telling.confirmed(f"The file {output} exists. Replace it?", yes)
    output.write_text(text, encoding="utf-8")
    telling.note(f"“{name}” was written to {output}.")


@app.command()
def enable(
    ctx: typer.Context,
    name: Name,
    catch_up: Annotated[
        bool, typer.Option("--catch-up", help="Also take what arrived while it was switched off.")
    ] = False,
) -> None:
    """Switch a zap on: the version that is live, or what was built if there is none yet. What exists does not fire."""
    with telling.waiting("Looking at what exists already …"):
        switched, next_times = opening.with_runtime(ctx, lambda runtime: _switched_on(runtime, name, catch_up))
    news = f"version {switched.version} is published and" if switched.published else f"version {switched.version}"
    telling.note(f"“{name}”: {news} is switched on. {_starts(switched.new_baseline)}")
    if switched.unpublished_changes:
        telling.note("Its latest changes are not published: zapwerk zaps publish")
    if next_times:
        telling.note(f"Next: {telling.dates(next_times)}")


@app.command()
def publish(ctx: typer.Context, name: Name) -> None:
    """Make a zap's latest changes its live version. It stays on or off as it is."""

    async def published(runtime: Any) -> Any:
        return await runtime.switching.publish(_stored(runtime, name).id)

    with telling.waiting("Looking at what exists already …"):
        switched = opening.with_runtime(ctx, published)
    if switched.published:
        telling.note(f"“{name}”: version {switched.version} is live.")
    else:
        telling.note(f"“{name}”: version {switched.version} is live already, and there is nothing newer.")


@app.command()
def disable(
    ctx: typer.Context,
    name: Name,
    hold_waiting: Annotated[bool, typer.Option("--hold-waiting", help="Also hold runs that have not begun.")] = False,
) -> None:
    """Switch a zap off. Runs that have begun end as they are."""

    async def switch(runtime: Any) -> int:
        held: int = runtime.switching.off(_stored(runtime, name).id, hold_waiting=hold_waiting)
        return held

    held = opening.with_runtime(ctx, switch)
    telling.note(f"“{name}” is switched off." + (f" {held} waiting runs are held." if held else ""))


@app.command()
def delete(ctx: typer.Context, name: Name, yes: Yes = False) -> None:
    """Delete a zap. Its history stays, and runs that have begun end as they are."""
    from engine.store import zaps

    with opening.database(ctx) as database, database.read() as session:
        stored = zaps.find(session, name)
    telling.confirmed(f"Delete the zap “{stored.name}”? It cannot be brought back.", yes)

    async def gone(runtime: Any) -> None:
        runtime.switching.delete(stored.id)

    opening.with_runtime(ctx, gone)
    telling.note(f"“{stored.name}” is deleted.")


@app.command("test")
def try_(
    ctx: typer.Context,
    name: Name,
    step: Annotated[str | None, typer.Option("--step", help="Perform this step with the newest record.")] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=50, help="How many records to show.")] = 3,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Show the newest records of a zap's trigger; with --step, really perform one of its steps with the newest.

    With --json: an array of records, or with --step an object: step, use, given, outcome, record.
    """
    from web import trying

    if step is not None:
        opening.with_runtime(ctx, lambda runtime: trying.step(runtime, name, step, yes=yes, json=json))
    else:
        opening.with_runtime(ctx, lambda runtime: trying.show(runtime, name, count, json=json))


@app.command()
def address(
    ctx: typer.Context,
    name: Name,
    new: Annotated[
        bool, typer.Option("--new", help="Make another address; the old one stops working at once.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Print the address that starts a zap with a webhook. Whoever knows it can."""
    if new:
        telling.confirmed(f"Give “{name}” another address? Whoever sends to the old one is turned away.", yes)
    typer.echo(opening.with_runtime(ctx, lambda runtime: _address_of(runtime, name, new=new)))


async def _address_of(runtime: Any, name: str, *, new: bool) -> str:
    from engine.errors import Refused
    from engine.sdk.triggers import Webhook
    from engine.store import zaps

    with runtime.database.read() as session:
        stored = zaps.find(session, name)
    if not isinstance(runtime.registry().operation(stored.draft.trigger.use), Webhook):
        raise Refused(f"“{stored.name}” is not started by a webhook, so it has no address.")
    url: str = runtime.addresses.renew(stored.id) if new else runtime.addresses.of(stored.id)
    return url


async def _address(runtime: Any, zap_id: str) -> str:
    url: str = runtime.addresses.of(zap_id)
    return url


cli_rehearse.add_to(app)


async def _switched_on(runtime: Any, name: str, catch_up: bool) -> Any:
    from engine.store import zaps
    from engine.triggers import schedules

    stored = _stored(runtime, name)
    begin = runtime.switching.on if stored.published is None else runtime.switching.live_on
    switched = await begin(stored.id, catch_up=catch_up)
    with runtime.database.read() as session:
        live = zaps.version(session, stored.id, switched.version)
    return switched, schedules.upcoming(live, runtime.registry(), runtime.now())


def _stored(runtime: Any, name: str) -> Any:
    from engine.store import zaps

    with runtime.database.read() as session:
        return zaps.find(session, name)


def _starts(new_baseline: bool) -> str:
    return "What exists now does not fire." if new_baseline else "It goes on from where it stood."


def _draw(zap: ZapShown) -> None:
    trigger = zap.trigger
    every = f", every {trigger.every_seconds:g} s" if trigger.every_seconds else ""
    telling.facts(
        {
            "Zap": f"{zap.name} ({zap.id})",
            "State": zap.state + (", with unpublished changes" if zap.unpublished_changes and zap.versions else ""),
            "Needs attention": zap.attention,
            "Trigger": f"{trigger.use}{every}",
            "Address": trigger.url,
            "Connection": trigger.connection,
            "Input": telling.shortened(trigger.given, 300) if trigger.given else "",
            "Health": trigger.health.replace("_", " "),
            "Listening": trigger.listening,
            "Last check": trigger.last_check_at,
            "Last received" if trigger.url else "Last success": trigger.last_success_at,
            "Next": telling.dates(trigger.next) if trigger.next else "",
            "Next check": None if trigger.next else trigger.next_check_at,
            "Problem": f"{trigger.problem} ({trigger.failures} checks failed)" if trigger.problem else "",
            "Last news": trigger.cursor_at,
            "Failing since": trigger.failing_since,
            "Warning": trigger.warning,
            "Versions": ", ".join(f"{v.number}{' (live)' if v.live else ''}" for v in zap.versions),
            "Runs": ", ".join(f"{count} {state}" for state, count in zap.runs.items()),
        }
    )
    rows = (
        (
            s.key,
            s.use or ("filter" if s.filter else "not chosen yet"),
            s.connection,
            telling.shortened(s.given or s.filter, 200),
        )
        for s in zap.steps
    )
    telling.table(("Step", "Does", "Connection", "Input"), rows)
    _draw_checks(trigger.checks[:CHECKS_DRAWN])


def _draw_checks(checks: list[CheckLine]) -> None:
    """The newest of them; --json has all that are kept."""
    if checks:
        rows = (
            (x.since, x.until, x.checks, x.outcome, x.problem or (f"{x.found} new" if x.found else "")) for x in checks
        )
        telling.table(("Checks from", "until", "Count", "Outcome", "Said"), rows)
