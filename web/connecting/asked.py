"""What an address names, or a form sent, about connecting an account. Nothing in it is trusted yet."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from web.bodies import form_of
from web.security import safe_next

_WINDOW = re.compile("[0-9a-z]{1,64}")
LONGEST = 20_000  # characters of a text; of a longer one only so much is looked at that it is refused


@dataclass(frozen=True)
class Asked:
    """`step` is “first” while only the first field was asked for. `known` is the name that the page proposed: it gives
    way to another proposal. `embed` is the id that a page gave the window it opened for this, “” without such a window.
    `check` is the id under which the page asks for ticks, `allow` a private host that an owner
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
    embed: str = ""
    given: tuple[tuple[str, str], ...] = ()

    def address(self, path: str = "/connections/new", **more: str) -> str:
        """The page that asks this again."""
        named = {
            "app": self.app,
            "profile": self.profile,
            "auth": self.auth,
            "embed": self.embed,
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
    return _read((await form_of(request)).multi_items())


def _read(sent: Iterable[tuple[str, Any]]) -> Asked:
    pairs = [(name, value[: LONGEST + 1]) for name, value in sent if isinstance(value, str)]
    found = dict(pairs)
    return Asked(
        **{name: found.get(name, "") for name in ("app", "profile", "auth", "name", "step", "known", "check", "allow")},
        next="" if not found.get("next") else safe_next(found["next"]),
        embed=found.get("embed", "") if _WINDOW.fullmatch(found.get("embed", "")) else "",
        given=tuple((name, value) for name, value in pairs if name.startswith("given.")),
    )
