"""`zapwerk serve`"""

from typing import Annotated

import typer

from web import opening


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(serve)


def serve(
    ctx: typer.Context,
    host: Annotated[
        str | None, typer.Option("--host", help="The address to listen on. Default: $ZAPWERK_HOST, else 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65535, help="The port. Default: $ZAPWERK_PORT, else 8000. 0 takes a free one."
        ),
    ] = None,
    allow_public: Annotated[
        bool, typer.Option("--allow-public", help="Listen on an address that others can reach.")
    ] = False,
    reload_connectors: Annotated[
        bool,
        typer.Option(
            "--reload-connectors",
            help="Also take up edits of connectors installed as packages; those in the data folder always are.",
        ),
    ] = False,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
) -> None:
    """Run Zapwerk: check triggers, execute runs, answer at http://HOST:PORT."""
    opening.without_httpx_command()
    settings = opening.settings(ctx, host=host, port=port, reload_connectors=reload_connectors or None)
    from web import serving

    serving.must_be_private(settings.host, allow_public)
    serving.serve(settings, with_parent=with_parent)
