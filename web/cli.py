"""The command `zapwerk`. Each noun has a module of its own (`cli_zaps` …); this one puts them together.

Exit codes: 0 done, 1 refused or failed (the sentence on stderr says why), 2 the command was written wrongly.
"""

from pathlib import Path
from typing import Annotated

import typer

from web import (
    cli_apps,
    cli_backup,
    cli_connections,
    cli_connectors,
    cli_demo,
    cli_notices,
    cli_people,
    cli_persons,
    cli_runs,
    cli_serve,
    cli_upkeep,
    cli_where,
    cli_zaps,
    opening,
)
from web.options import Sentences

app = typer.Typer(
    name="zapwerk",
    cls=Sentences,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="When something happens in one app, do something in others. Exactly once, and you can see that it did.",
    epilog="Exit codes: 0 done, 1 refused or failed, 2 the command was written wrongly.",
)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"zapwerk {version('zapwerk')}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    data: Annotated[
        Path | None, typer.Option("--data", help="The data folder. Default: $ZAPWERK_DATA, else “data”.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    ctx.obj = opening.Given(data=data)


cli_serve.add_to(app)
cli_demo.add_to(app)
cli_upkeep.add_to(app)
cli_where.add_to(app)
cli_backup.add_to(app)
app.add_typer(cli_apps.app, name="apps")
app.add_typer(cli_connections.app, name="connections")
app.add_typer(cli_connectors.app, name="connectors")
app.add_typer(cli_zaps.app, name="zaps")
app.add_typer(cli_runs.app, name="runs")
app.add_typer(cli_people.app, name="people")
app.add_typer(cli_persons.app, name="persons")
app.add_typer(cli_notices.app, name="notices")


def main() -> None:
    """The entry point of the distribution."""
    app()


if __name__ == "__main__":
    main()
