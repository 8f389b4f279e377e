"""`zapwerk notices …`: what needs a person, and whether people can be reached."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from web import opening, telling
from web.options import Json, prints

if TYPE_CHECKING:
    from engine.runtime import Runtime

app = typer.Typer(help="Notices: what needs a person, and whether people can be reached.", no_args_is_help=True)


@dataclass(frozen=True)
class NoticeLine:
    """An open matter."""

    id: str
    matter: str
    sentence: str
    zap_id: str
    count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Tried:
    """What was tried: where the mail went, and whether the webhook was called."""

    mail: str
    hook: bool


@app.command("list", epilog=prints(NoticeLine, many=True))
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Show what is open."""
    found = opening.with_runtime(ctx, _open)
    if json:
        telling.as_json(found)
    elif not found:
        telling.note("Nothing needs you.")
    else:
        telling.table(("Since", "Times", "Notice"), ((one.created_at, one.count, one.sentence) for one in found))


@app.command("test", epilog=prints(Tried))
def try_(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="EMAIL", help="Who gets the mail. Default: the first owner.")] = "",
    json: Json = False,
) -> None:
    """Send a test mail and call the webhook, whichever is set up. Exit code 1 if one does not arrive."""
    tried = opening.with_runtime(ctx, lambda runtime: _tried(runtime, to))
    if json:
        telling.as_json(tried)
        return
    if tried.mail:
        telling.note(f"A test mail was sent to {tried.mail}.")
    if tried.hook:
        telling.note("The webhook was called.")


async def _open(runtime: "Runtime") -> list[NoticeLine]:
    from engine.notices import matters
    from engine.store import notices

    with runtime.database.read() as session:
        found = notices.still_open(session)
        names = runtime.notices.telling.names(session, "en")
    said = {one.id: matters.told([one], names, "en")[0].said for one in found}
    return [
        NoticeLine(one.id, one.matter, said[one.id], one.zap_id, one.count, one.created_at, one.updated_at)
        for one in found
    ]


async def _tried(runtime: "Runtime", to: str) -> Tried:
    """Raises `Refused` when nothing is set up, or what does not arrive."""
    from engine.errors import Refused
    from engine.people.roles import Role
    from engine.store.notice_ways import Kind

    accounts = runtime.people.accounts
    people = [accounts.find(to)] if to else [one for one in accounts.every() if one.role is Role.OWNER]
    ways = runtime.notices.ways.every()
    if not ways:
        raise Refused("No way to reach people is set up. Do it in the browser, under Settings, Notices.")
    if Kind.MAIL in ways and not people:
        raise Refused("There is nobody yet who could get a mail.")
    mail = await runtime.notices.test_mail(people[0].id) if Kind.MAIL in ways else ""
    if Kind.HOOK in ways:
        await runtime.notices.test_hook()
    return Tried(mail, Kind.HOOK in ways)
