"""What was typed as a secret into a zap, wherever the zap is written down: the draft, versions, changes to be undone.

Called when everything is sealed again with another key.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlmodel import Session, col, or_, select

from engine.store.tables import VersionRow, ZapRow
from engine.store.tables_editing import ChangeRow
from engine.zaps.sealing import SEALED

_WRITTEN: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (ZapRow, ("draft",)),
    (VersionRow, ("definition",)),
    (ChangeRow, ("before", "after")),
)
"""The tables and columns that hold a whole zap as JSON."""


def reseal(session: Session, again: Callable[[bytes], bytes | None]) -> int:
    """Puts another token in the place of each; None leaves it. One that stands at several places stays one: that tells
    whether a draft is what is live. How many there were.
    """
    known: dict[str, str] = {}

    def other(token: str) -> str:
        if token not in known:
            made = again(token.encode("ascii"))
            known[token] = token if made is None else made.decode("ascii")
        return known[token]

    for row, column in _rows(session):
        text = SEALED.sub(lambda found: f"sealed:{other(found[1])}", getattr(row, column))
        if text != getattr(row, column):
            setattr(row, column, text)
            if isinstance(row, ZapRow):
                row.revision += 1  # whoever read the draft before would write the old tokens back
            session.add(row)
    return len(known)


def _rows(session: Session) -> Iterator[tuple[Any, str]]:
    for table, columns in _WRITTEN:
        marked = or_(*(col(getattr(table, one)).contains("sealed:gAAAA") for one in columns))
        for row in session.exec(select(table).where(marked)).all():
            yield from ((row, column) for column in columns)
