"""What an address names, or a form sent, about connecting an account. Nothing in it is trusted yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from web.security import safe_next

LONGEST = 20_000  # characters of a text that is looked at at all


@dataclass(frozen=True)
class Asked:
    """`step` is “first” while only the first field was asked for. `known` is the name that the page proposed: it gives
    way to another proposal. `check` is the id under which the page asks for ticks, `allow` a private host that an owner
    allows. `given` are the pairs of the form, as they came.
    """

    app: str = ""
    profile: str = ""
    auth: str = ""
    name: str = ""
    step: str = ""
    known: str = ""
    check: str = ""
    allow: str = ""
    next: str = ""
    embed: bool = False
    given: tuple[tuple[str, str], ...] = ()

    def address(self, path: str = "/connections/new", **more: str) -> str:
        """The page that asks this again."""
        named = {
            "app": self.app,
            "profile": self.profile,
            "auth": self.auth,
            "embed": "1" if self.embed else "",
            "next": self.next,
            **more,
        }
        query = urlencode({name: value for name, value in named.items() if value})
        return f"{path}?{query}" if query else path


def of_address(request: Request) -> Asked:
    """What stands in the address."""
    return _read(request.query_params.multi_items())


async def of_form(request: Request) -> Asked:
    """What was posted."""
    return _read((await request.form(max_fields=5_000)).multi_items())


def _read(sent: Iterable[tuple[str, Any]]) -> Asked:
    pairs = [(name, value[:LONGEST]) for name, value in sent if isinstance(value, str)]
    found = dict(pairs)
    return Asked(
        **{name: found.get(name, "") for name in ("app", "profile", "auth", "name", "step", "known", "check", "allow")},
        next="" if not found.get("next") else safe_next(found["next"]),
        embed=found.get("embed") == "1",
        given=tuple((name, value) for name, value in pairs if name.startswith("given.")),
    )
