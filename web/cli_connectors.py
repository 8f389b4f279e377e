"""`zapwerk connectors …`: for those who write connectors. (`apps` is for those who use them.)"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from web import assignments, opening, telling
from web.options import Json, prints
from web.shapes_connectors import Checked, ConnectorLine, FindingShown, Made, Tried

if TYPE_CHECKING:
    from engine.sdk.connector import Connector
    from engine.settings import Settings
    from web.connector_trying import Wish

app = typer.Typer(help="Connectors: the code behind apps. For those who write one.", no_args_is_help=True)

NameOrPath = Annotated[
    str, typer.Argument(metavar="NAME_OR_PATH", help="A connector's key, or its file or folder.", show_default=False)
]


@app.command("list", epilog=prints(ConnectorLine, many=True))
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Show all connectors, where they come from, and why one cannot be loaded."""
    opening.without_httpx_command()
    from web import connector_places, logs

    logs.set_up("ERROR")
    found = list(connector_places.lines(connector_places.registry(opening.settings(ctx))))
    if json:
        telling.as_json(found)
        return
    telling.table(("Connector", "Title", "Version", "From", "Triggers", "Actions", "Searches"), map(_row, found))
    for one in found:
        if one.problem:
            place = f"{connector_places.shown(one.file)}:{one.line}" if one.file else one.where
            telling.write(f"{one.key} cannot be loaded ({place}): {one.problem}")


@app.command(epilog=prints(Made))
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Its key, like tasko: it never changes.", show_default=False)],
    in_: Annotated[
        Path | None, typer.Option("--in", metavar="FOLDER", help="Where to. Default: connectors/ of the data folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a small connector that works, to begin with, and its test beside it."""
    opening.without_httpx_command()
    from engine import folder
    from web import connector_places, logs, scaffolding

    logs.set_up("ERROR")
    settings = opening.settings(ctx)
    if in_ is None:
        folder.prepare(settings.data)
    made = scaffolding.make(name, in_ or connector_places.folder(settings), connector_places.registry(settings))
    if json:
        telling.as_json(made)
        return
    telling.note(f"Written: {made.file} and {made.test}.")
    telling.note(f"Look it over with: zapwerk connectors check {name if in_ is None else made.file}")


@app.command(epilog=prints(Checked))
def check(ctx: typer.Context, connector: NameOrPath, json: Json = False) -> None:
    """Look a connector over: what must be mended, and what could be better. Exit code 1 if something must be mended."""
    opening.without_httpx_command()
    from engine import inspection
    from web import connector_places, logs

    logs.set_up("ERROR")
    found = inspection.of_loaded(connector_places.named(opening.settings(ctx), connector))
    checked = _checked(connector, found)
    if json:
        telling.as_json(checked)
    else:
        _draw(checked)
    if not checked.ok:
        raise typer.Exit(1)


@app.command("try", epilog=prints(Tried))
def try_(
    ctx: typer.Context,
    connector: NameOrPath,
    operation: Annotated[
        str,
        typer.Argument(
            help="check, the key of a trigger, search, action or webhook, or OPERATION.FIELD for what a field offers.",
            show_default=False,
        ),
    ],
    connection: Annotated[str | None, typer.Option("--connection", help="A connection's name or id.")] = None,
    credential: Annotated[
        list[str] | None,
        typer.Option("--credential", metavar="FIELD=VALUE", help="Instead of a connection; FIELD=- asks for it."),
    ] = None,
    auth: Annotated[str | None, typer.Option("--auth", help="Which way to sign in the credentials are for.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Which profile of the app.")] = None,
    with_: Annotated[
        list[str] | None, typer.Option("--with", metavar="FIELD=VALUE", help="The input; lists and models as JSON.")
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=100, help="How many records of a trigger.")] = 3,
    search: Annotated[str, typer.Option("--search", help="What to look for among what a field offers.")] = "",
    body: Annotated[
        Path | None, typer.Option("--body", metavar="FILE", help="What the service sends to a webhook.")
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", metavar="NAME=VALUE", help="A header that it sends.")
    ] = None,
    secret: Annotated[str, typer.Option("--secret", help="The secret that the webhook is signed with.")] = "",
    yes_do_it: Annotated[
        bool, typer.Option("--yes-do-it", help="For an action: really do what it does at the app.")
    ] = False,
    json: Json = False,
) -> None:
    """Call one thing of a connector for real, and show what a zap would get. Nothing is remembered."""
    from web import connector_places, connector_trying

    settings = opening.settings(ctx)
    wish = connector_trying.Wish(
        operation=operation,
        connection=connection,
        credentials=assignments.read(credential or (), hint="--credential"),
        auth=auth,
        profile=profile,
        given=assignments.read(with_ or (), hint="--with"),
        count=count,
        search=search,
        delivery=_delivery(body, header or []),
        secret=secret,
        yes=yes_do_it,
    )
    tried = _tried(settings, connector_places.usable(settings, connector), wish)
    if json:
        telling.as_json(tried)
    else:
        _draw_tried(tried)
    if tried.error:
        raise typer.Exit(1)


def _tried(settings: "Settings", connector: "Connector", wish: "Wish") -> Tried:
    from web import connector_trying

    with _installation(settings, wish) as chosen, telling.waiting(f"Trying {wish.operation} …"):
        return opening.run(chosen, connector, lambda runtime: connector_trying.tried(runtime, connector, wish))


@contextmanager
def _installation(settings: "Settings", wish: "Wish") -> "Iterator[Settings]":
    """The one there is, for its connections and profiles; else one that is thrown away: a try makes no data folder."""
    from tempfile import TemporaryDirectory

    if wish.connection or settings.database_url or (settings.data / "zapwerk.db").exists():
        yield settings
        return
    with TemporaryDirectory(prefix="zapwerk-try-") as folder:
        yield settings.model_copy(update={"data": Path(folder)})


def _delivery(body: Path | None, headers: list[str]) -> Any:
    if body is None:
        return None
    from engine.sdk.records import Delivery

    named = {name.strip().lower(): value.strip() for name, _, value in (one.partition("=") for one in headers)}
    kind = named.get("content-type", "application/json")
    return Delivery("POST", named, {}, body.read_bytes(), kind)


def _row(one: ConnectorLine) -> tuple[Any, ...]:
    triggers = [*one.triggers, *one.webhooks, *one.schedules]
    return one.key, one.title, one.version, one.package or one.where, triggers, one.actions, one.searches


def _checked(name: str, found: list[Any]) -> Checked:
    shown = [FindingShown(one.weight, one.subject, one.sentence, one.remedy, one.file, one.line) for one in found]
    return Checked(not any(one.weight == "problem" for one in found), name, shown)


def _draw(checked: Checked) -> None:
    from web.connector_places import shown

    for one in checked.findings:
        place = f"{shown(one.file)}:{one.line or 1}: " if one.file else ""
        telling.write(f"{place}{one.weight}: {one.subject}: {one.sentence} {one.remedy}".rstrip())
    problems = sum(one.weight == "problem" for one in checked.findings)
    hints = len(checked.findings) - problems
    telling.note(f"“{checked.connector}”: {_counted(problems, 'problem')}, {_counted(hints, 'hint')}.")


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _draw_tried(tried: Tried) -> None:
    for line in tried.log:
        telling.note(f"log: {line}")
    if tried.error:
        telling.note(f"{tried.problem}")
        telling.note(f"In a zap ({tried.error}): {tried.consequence}")
        return
    if tried.account:
        telling.note(f"Signed in as {tried.account}.")
    if tried.kind == "check":
        return
    if not tried.records:
        telling.note("It works, and found nothing.")
    for number, record in enumerate(tried.records, start=1):
        telling.write(f"{'' if number == 1 else chr(10)}{tried.kind} {number}")
        telling.facts({name: telling.shortened(value, 300) for name, value in _flat(record)})


def _flat(record: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """By the names that a zap's templates use: “sender.address”."""
    for name, value in record.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"  {above}{name}", value
