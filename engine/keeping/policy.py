"""How long things are kept: what the house says, what a zap says otherwise, and what that means now.

Called by the settings' pages, by the pruning, and by the sizes, which tell what goes next.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from engine.errors import Problem, Problems, Sentence
from engine.store import policies, zaps
from engine.store.database import Database
from engine.store.policies import OfZap

LEAST_DAYS, MOST_DAYS = 1, 36_500
LEAST_RUNS, MOST_RUNS = 100, 100_000_000
SHOWN_FOR = timedelta(hours=1)
"""A run that ended so recently stays, however many there are: somebody may be looking at it."""

SHORTER_THAN_CONTENTS = Sentence(
    "A run cannot go before its data: give it at least as many days.",
    "Eine Ausführung kann nicht vor ihren Daten gehen: geben Sie ihr mindestens so viele Tage.",
)


@dataclass(frozen=True)
class Policy:
    """What the house keeps: the data of runs that ended, the runs themselves and how many of them, the names of
    deliveries (so that one sent twice is known), and the audit log."""

    contents_days: int = 30
    runs_days: int = 365
    runs_most: int = 1_000_000
    deliveries_days: int = 90
    audit_days: int = 730


@dataclass(frozen=True)
class Span:
    """What a zap's runs are kept for: days of their data and of themselves, and how many of this zap (None: any)."""

    contents_days: int
    runs_days: int
    runs_most: int | None


@dataclass(frozen=True)
class Policies:
    """Reads and changes them."""

    database: Database
    now: Callable[[], datetime]

    def house(self) -> Policy:
        with self.database.read() as session:
            return house(session)

    def of_zap(self, zap_id: str) -> OfZap:
        """Raises `NotFound`."""
        with self.database.read() as session:
            return policies.of_zap(session, zaps.find(session, zap_id).id)

    def set_house(self, wanted: Policy) -> None:
        """Raises `Problems` by field."""
        _must_fit(asdict(wanted), wanted.contents_days, wanted.runs_days)
        with self.database.write() as session:
            policies.set_house(session, asdict(wanted))

    def set_zap(self, zap_id: str, wanted: OfZap) -> None:
        """Raises `NotFound`, and `Problems` by field."""
        with self.database.write() as session:
            zap, said = zaps.find(session, zap_id), house(session)
            span = span_of(said, wanted)
            given = {name: value for name, value in asdict(wanted).items() if value is not None}
            _must_fit(given, span.contents_days, span.runs_days)
            policies.set_zap(session, zap.id, wanted)


def house(session: Session) -> Policy:
    return replace(Policy(), **policies.house(session))


def span_of(said: Policy, zap: OfZap) -> Span:
    """What holds for a zap. Where the house was changed afterwards, a run still never goes before its data."""
    contents = said.contents_days if zap.contents_days is None else zap.contents_days
    days = said.runs_days if zap.runs_days is None else zap.runs_days
    return Span(min(contents, days), days, zap.runs_most)


def _must_fit(values: Mapping[str, int], contents_days: int, runs_days: int) -> None:
    problems = [problem for name, value in values.items() if (problem := _problem(name, value))]
    if not problems and runs_days < contents_days:
        problems = [Problem(SHORTER_THAN_CONTENTS, field="runs_days")]
    if problems:
        raise Problems(problems)


def _problem(name: str, value: int) -> Problem | None:
    least, most = (LEAST_RUNS, MOST_RUNS) if name == "runs_most" else (LEAST_DAYS, MOST_DAYS)
    if least <= value <= most:
        return None
    said = Sentence(
        f"Please enter a whole number from {least:,} to {most:,}.",
        f"Bitte geben Sie eine ganze Zahl von {least:,} bis {most:,} ein.".replace(",", "."),
    )
    return Problem(said, field=name)
