"""A real `zapwerk serve` with people in it, for tests in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.people.roles import Role
from engine.runtime import Runtime
from engine.settings import Settings
from tests.processes import Installation, Served

PASSWORD = "a quiet harbour at dawn"


@dataclass
class House:
    """A running installation. `cookies` sign the person of a role in, in a browser."""

    served: Served
    tokens: dict[Role, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.served.port}"

    @property
    def installation(self) -> Installation:
        return self.served.installation

    def cookies(self, role: Role = Role.OWNER) -> list[dict[str, Any]]:
        return [{"name": "zapwerk", "value": self.tokens[role], "url": self.url}]


@contextmanager
def house(folder: Path, *, people: bool = True, environ: dict[str, str] | None = None) -> Iterator[House]:
    """Serves a fresh data folder; with `people` an owner, an editor and a viewer are signed in."""
    data = folder / "data"
    tokens = signed_in(data) if people else {}
    installation = Installation(data, environ or {})
    with installation.serving() as served:
        yield House(served, tokens)


def signed_in(data: Path) -> dict[Role, str]:
    """People of all roles in a data folder, and the tokens of their cookies."""
    runtime = Runtime(Settings(data=data))
    try:
        with_people = runtime.people
        link = with_people.links.set_up()
        assert link is not None
        owner = with_people.accounts.set_up(link.token, "Olga Owner", "olga@zapwerk.example", PASSWORD, "", "")
        found = {Role.OWNER: owner}
        for role, name in ((Role.EDITOR, "Emil Editor"), (Role.VIEWER, "Vera Viewer")):
            invited = with_people.accounts.invite(role, by=owner)
            email = f"{name.split()[0].lower()}@zapwerk.example"
            found[role] = with_people.accounts.accept(invited.token, name, email, PASSWORD, "", "")
        return {
            role: with_people.sign_ins.begin_for(one, address="127.0.0.1", agent="tests").token
            for role, one in found.items()
        }
    finally:
        runtime.database.close()
