"""What somebody asks of the list of zaps, as it stands in the address: state, app, folder, words, order, page.

    /zaps?state=on&app=imap&folder=Office&q=muster&sort=last&page=2

What cannot be read asks for nothing, so that an old or mistyped address still shows a list.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from engine.store.encoding import clean
from web import amounts

STATES = ("on", "off", "draft", "paused", "attention", "deleted")
DELETED, ATTENTION = "deleted", "attention"
NO_FOLDER = "/"
"""Asks for what is in no folder; no folder can be called so."""
SORTS = ("", "last", "state")
MAX_TEXT = 200  # characters
MAX_PAGE = 1000


@dataclass(frozen=True)
class Asked:
    """The filter as texts; “” restricts nothing."""

    state: str = ""
    app: str = ""
    folder: str = ""
    q: str = ""
    sort: str = ""
    page: int = 1

    @classmethod
    def of(cls, get: Callable[[str], str | None]) -> "Asked":
        """From an address."""
        state, app, folder, q, sort, page = (
            clean((get(name) or "").strip())[:MAX_TEXT] for name in ("state", "app", "folder", "q", "sort", "page")
        )
        return cls(
            state=state if state in STATES else "",
            app=app,
            folder=folder,
            q=q,
            sort=sort if sort in SORTS else "",
            page=_page(page),
        )

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return bool(self.state or self.app or self.folder or self.q)

    def address(self, path: str = "/zaps", **more: str | int) -> str:
        """Where this is asked; `more` replaces. Another filter begins at its first page."""
        wanted = replace(self, **{"page": 1, **more}) if more else self  # type: ignore[arg-type]
        pairs = {name: value for name, value in vars(wanted).items() if value and (name, value) != ("page", 1)}
        return f"{path}?{urlencode(pairs)}" if pairs else path


def _page(text: str) -> int:
    found = amounts.number(text) or 1
    return found if found <= MAX_PAGE else 1
