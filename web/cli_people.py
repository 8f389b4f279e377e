"""`zapwerk people …`: who may sign in. Whoever may use the command line on the data folder may do all of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from web import opening, telling
from web.options import Json, prints
from web.shapes_people import LinkShown, PersonLine

if TYPE_CHECKING:
    from engine.people.links import MadeLink
    from engine.people.person import Person
    from engine.runtime import Runtime

ROLES = ("owner", "editor", "viewer")

app = typer.Typer(help="People: who may sign in, and links for them.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.", show_default=False)]


@app.command("list", epilog=prints(PersonLine, many=True))
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Show who may sign in."""
    found = opening.with_runtime(ctx, _every)
    if json:
        telling.as_json(found)
    elif not found:
        telling.note(
            "There is nobody yet. Start Zapwerk and open the link that it prints, or: zapwerk people add EMAIL"
        )
    else:
        rows = ((p.name, p.email, p.role, p.second_factor, p.last_seen_at or "never") for p in found)
        telling.table(("Name", "E-mail", "Role", "Two steps", "Last seen"), rows)


@app.command(epilog=prints(LinkShown))
def add(
    ctx: typer.Context,
    email: Email,
    name: Annotated[str, typer.Option("--name", help="What they are called; they can change it.")] = "",
    role: Annotated[str, typer.Option("--role", help="owner, editor (builds zaps) or viewer (only looks).")] = "editor",
    json: Json = False,
) -> None:
    """Invite somebody: prints a link with which they choose a password. It is good once, for 7 days."""
    if role not in ROLES:
        raise typer.BadParameter(f"must be one of {', '.join(ROLES)}", param_hint="--role")
    _show(opening.with_runtime(ctx, lambda runtime: _invited(runtime, email, name, role)), json)


@app.command(epilog=prints(LinkShown))
def link(
    ctx: typer.Context,
    email: Email,
    without_second_factor: Annotated[
        bool,
        typer.Option("--without-second-factor", help="Also stop asking for a code: for a phone that was lost."),
    ] = False,
    json: Json = False,
) -> None:
    """Help somebody who is locked out: prints a link with which they choose a new password. Good once, for 24 hours."""
    _show(opening.with_runtime(ctx, lambda runtime: _helped(runtime, email, without_second_factor)), json)


async def _every(runtime: "Runtime") -> list[PersonLine]:
    return [
        PersonLine(
            id=one.id,
            email=one.email,
            name=one.name,
            role=str(one.role),
            second_factor=one.second_factor,
            created_at=one.created_at,
            last_seen_at=one.last_seen_at,
        )
        for one in runtime.people.accounts.every()
    ]


async def _invited(runtime: "Runtime", email: str, name: str, role: str) -> LinkShown:
    from engine.people.roles import Role

    made = runtime.people.accounts.invite(Role(role), name, email=email, by=None)
    return _shown(made, made.link.email, made.link.name, role)


async def _helped(runtime: "Runtime", email: str, without_second_factor: bool) -> LinkShown:
    people = runtime.people
    person: Person = people.accounts.find(email)
    if without_second_factor and person.second_factor:
        people.second_factor.take_off(person, by=None)
    return _shown(people.accounts.reset_link(person.id, by=None), person.email, person.name, str(person.role))


def _shown(made: "MadeLink", email: str, name: str, role: str) -> LinkShown:
    link = made.link
    return LinkShown(made.url, str(link.purpose), email, name, role, link.expires_at)


def _show(made: LinkShown, json: bool) -> None:
    if json:
        telling.as_json(made)
        return
    telling.note(f"For {made.name or made.email}; good once, until {made.expires_at.astimezone():%Y-%m-%d %H:%M}:")
    telling.write(made.url)
