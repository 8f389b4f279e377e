"""Which folder is meant. Pure; asked by `mailbox` and by the folder field's choices.

A folder with a special use is stored by its attribute (“\\All”): its name depends on the account's language, and
Gmail renames it with the language. All others are stored by name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from imapclient import imap_utf7

from zapwerk import Choice, InvalidInput

SPECIAL = ("\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Important", "\\Junk", "\\Sent", "\\Trash")
CANNOT_BE_OPENED = frozenset({"\\noselect", "\\nonexistent"})
MAX_NAMED = 20  # folders listed in an error


@dataclass(frozen=True)
class Folder:
    """One folder as the server lists it. `raw` is its name as it travels (modified UTF-7)."""

    raw: bytes
    name: str
    attributes: frozenset[str] = frozenset()  # in lower case

    @property
    def opens(self) -> bool:
        return not (self.attributes & CANNOT_BE_OPENED)

    @property
    def stored(self) -> str:
        """How an input names it."""
        return next((special for special in SPECIAL if special.lower() in self.attributes), self.name)


def encoded(name: str) -> bytes:
    """A name as it travels. Control characters are encoded too, so that a name cannot end the command it is in."""
    coded: bytes = imap_utf7.encode(name)
    return coded


def read_listing(rows: Iterable[tuple[Sequence[Any], Any, Any]]) -> list[Folder]:
    """The folders of a LIST answer. A name that cannot be decoded is shown as it came; one we could not send, not."""
    found = []
    for attributes, _, raw in rows:
        coded = raw if isinstance(raw, bytes) else str(raw).encode()
        if coded.isascii():
            known = frozenset(each.decode("ascii", "replace").lower() for each in attributes if isinstance(each, bytes))
            found.append(Folder(coded, _decoded(coded), known))
    return found


def _decoded(raw: bytes) -> str:
    try:
        name: str = imap_utf7.decode(raw)
    except (ValueError, LookupError):
        return raw.decode("ascii", "replace")
    return name


def is_special(stored: str) -> bool:
    return stored.startswith("\\")


def find(stored: str, listing: Sequence[Folder]) -> Folder:
    """The folder an input means. Raises `InvalidInput`, naming the folders there are."""
    wanted = stored.lower()
    if is_special(stored):
        found = next((folder for folder in listing if wanted in folder.attributes), None)
    else:
        found = next((folder for folder in listing if folder.name == stored), None)
        found = found or next((f for f in listing if wanted == "inbox" and f.name.lower() == wanted), None)
    if found is None:
        raise InvalidInput(
            f"There is no folder “{stored}” in this mailbox. There are: {_names(listing)}.", field="folder"
        )
    if not found.opens:
        raise InvalidInput(
            f"The folder “{found.name}” only holds other folders, no mail. Please choose one of: {_names(listing)}.",
            field="folder",
        )
    return found


def _names(listing: Sequence[Folder]) -> str:
    names = [folder.name for folder in listing if folder.opens]
    shown = ", ".join(names[:MAX_NAMED])
    return f"{shown}, …" if len(names) > MAX_NAMED else shown or "none"


def choices(listing: Sequence[Folder], search: str) -> list[Choice]:
    """The folders to choose from, the inbox first."""
    wanted = search.casefold()
    fitting = [f for f in listing if f.opens and wanted in f.name.casefold()]
    fitting.sort(key=lambda folder: (folder.name.upper() != "INBOX", folder.name.casefold()))
    return [Choice(folder.stored, folder.name) for folder in fitting]
