"""`zapwerk demo`, and the hidden `zapwerk sandbox` that it starts its stand-ins with."""

from pathlib import Path
from typing import Annotated

import typer

from web import opening, telling

FOLDER = Path("demo-data")

Folder = Annotated[Path, typer.Option("--folder", help="Where the demo keeps its data.")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(invoke_without_command=True)
    group.callback()(demo)
    group.command()(send)
    app.add_typer(group, name="demo")
    app.command(hidden=True)(sandbox)


def demo(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Send one mail, show the client, and end.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin afresh: forget what is in the folder.")] = False,
    folder: Folder = FOLDER,
) -> None:
    """See it work: a mail becomes a client in Invoice2go, everything on this computer.

    Starts a mailbox, a sandbox of Invoice2go and Zapwerk with a zap between them, in a folder of its own.
    """
    if ctx.invoked_subcommand is not None:
        return
    opening.without_httpx_command()
    from web import demo as demos

    try:
        if once:
            demos.once(folder, fresh=fresh)
        else:
            demos.keep_running(folder, fresh=fresh)
    except KeyboardInterrupt:
        telling.note("\nThe demo has ended.")
        raise typer.Exit(130 if once else 0) from None


def send(
    name: Annotated[str | None, typer.Option("--name", help="Who asks. Default: somebody new.")] = None,
    email: Annotated[str | None, typer.Option("--email")] = None,
    phone: Annotated[str, typer.Option("--phone")] = "",
    street: Annotated[str, typer.Option("--street", help="Street and number.")] = "",
    postal_code: Annotated[str, typer.Option("--postal-code")] = "",
    city: Annotated[str, typer.Option("--city")] = "",
    message: Annotated[str, typer.Option("--message")] = "",
    subject: Annotated[str | None, typer.Option("--subject", help="The zap takes those with “Anfrage”.")] = None,
    folder: Folder = FOLDER,
) -> None:
    """Send a mail of the contact form to the running demo."""
    from web import demo as demos
    from web import demo_folder, demo_mail

    state = demo_folder.running(folder)
    enquiry = None
    if name or email:
        given = name or str(email).partition("@")[0]
        address = email or demo_mail.address_of(given)
        enquiry = demo_mail.Enquiry(given, address, phone, street, postal_code, city, message)
    _, sent = demos.send(state, enquiry, subject)
    telling.note(f"Sent, from {sent.name} <{sent.email}>. The demo's terminal shows what becomes of it.")


def sandbox(
    app: Annotated[str, typer.Argument(metavar="APP")],
    folder: Annotated[Path, typer.Option("--folder")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 0,
) -> None:
    """Run the sandbox of an app until whoever started it is gone."""
    opening.without_httpx_command()
    from web import sandboxes

    sandboxes.run(app, folder, port)
