"""Tells people when runs of a zap that goes one after the other wait for an older one that rests, and lets them pass.
Called by the engine's sweep, the pages and the API.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlmodel import Session

from engine.errors import Refused, Sentence
from engine.store import notices, overlap, zaps
from engine.store.database import Database
from engine.store.overlap import Jam
from engine.store.states import RunState

SENTENCES = {
    RunState.RETRYING: Sentence(
        "{count} must wait for an earlier run that is tried again later, because this zap goes in order.",
        "{count} auf eine frühere Ausführung warten, die später neu versucht wird: Dieser Zap geht der Reihe nach.",
    ),
    RunState.HELD: Sentence(
        "{count} must wait for an earlier run that is on hold, because this zap goes in order.",
        "{count} auf eine frühere Ausführung warten, die zurückgehalten ist: Dieser Zap geht der Reihe nach.",
    ),
    RunState.NEEDS_REVIEW: Sentence(
        "{count} must wait for an earlier run that has to be checked, because this zap goes in order.",
        "{count} auf eine frühere Ausführung warten, die zu prüfen ist: Dieser Zap geht der Reihe nach.",
    ),
}
"""A run that waits for its own time (a delay) is no trouble: nobody is told."""

NOBODY_WAITS = Sentence(
    "No run of this zap waits for an earlier one.", "Keine Ausführung dieses Zaps wartet auf eine frühere."
)


@dataclass(frozen=True)
class Order:
    """What one-after-the-other means for people."""

    database: Database
    now: Callable[[], datetime]

    def jam(self, zap_id: str) -> Jam | None:
        """What the runs of this zap wait for, if they do."""
        with self.database.read() as session:
            return overlap.jam(session.connection(), zap_id)

    def let_pass(self, zap_id: str) -> int:
        """The runs behind do not wait any longer for those that rest now; returns how many these are.

        Raises `NotFound`, and `Refused` where nobody waits.
        """
        with self.database.write() as session:
            connection, stored = session.connection(), zaps.find(session, zap_id)
            if overlap.jam(connection, stored.id) is None:
                raise Refused(NOBODY_WAITS)
            notices.settle(connection, matter(stored.id), now=self.now())
            return overlap.let_pass(connection, stored.id)


def matter(zap_id: str) -> str:
    return f"order:{zap_id}"


def tell_of_jams(connection: Connection, *, now: datetime) -> None:
    """Opens and closes the notices; one that is open is not told again."""
    jams = {matter(jam.zap_id): jam for jam in overlap.jams(connection) if jam.state in SENTENCES}
    told = {notice.matter for notice in notices.open_of(Session(connection), "order")}
    for gone in told - jams.keys():
        notices.settle(connection, gone, now=now)
    for name in jams.keys() - told:
        notices.tell(connection, name, _said(jams[name]), zap_id=jams[name].zap_id, now=now)


def _said(jam: Jam) -> Sentence:
    sentence, one = SENTENCES[jam.state], jam.waiting == 1
    return Sentence(
        sentence.format(count="One run" if one else f"{jam.waiting} runs"),
        sentence.german.format(count="Eine Ausführung muss" if one else f"{jam.waiting} Ausführungen müssen"),
    )
