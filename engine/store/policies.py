"""How long things are kept, as rows: one for the house, and one for each zap that differs. Called by engine.keeping."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlmodel import Session, select

from engine.store import facts
from engine.store.tables_keeping import KeepingRow

HOUSE = "keeping"  # a setting


@dataclass(frozen=True)
class OfZap:
    """What a zap keeps otherwise; None is as the house says."""

    contents_days: int | None = None
    runs_days: int | None = None
    runs_most: int | None = None


def house(session: Session) -> Mapping[str, int]:
    """What was set for the house, by name; what was never set is left out."""
    found = facts.get(session, HOUSE)
    read: dict[str, int] = json.loads(found) if found else {}
    return read


def set_house(session: Session, values: Mapping[str, int]) -> None:
    facts.put(session, HOUSE, json.dumps(dict(values)))


def of_zaps(session: Session) -> dict[str, OfZap]:
    """Those that differ, by zap."""
    rows = session.exec(select(KeepingRow))
    return {row.zap_id: OfZap(row.contents_days, row.runs_days, row.runs_most) for row in rows}


def of_zap(session: Session, zap_id: str) -> OfZap:
    row = session.get(KeepingRow, zap_id)
    return OfZap(row.contents_days, row.runs_days, row.runs_most) if row else OfZap()


def set_zap(session: Session, zap_id: str, values: OfZap) -> None:
    if values == OfZap():
        row = session.get(KeepingRow, zap_id)
        if row is not None:
            session.delete(row)
        return
    session.merge(KeepingRow(zap_id=zap_id, **asdict(values)))
