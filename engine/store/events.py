"""Events, as rows: the records that were accepted for a zap. Read by rehearsals; written by `intake`."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from engine.store.moments import from_ms
from engine.store.tables import EventRow, RunRow


@dataclass(frozen=True)
class Event:
    """One accepted record: its data as JSON bytes."""

    record_id: str
    payload: bytes
    received_at: datetime


def newest(session: Session, zap_id: str, use: str, limit: int) -> list[Event]:
    """The last accepted events of a zap that the trigger `use` made, the newest first."""
    mine = (
        select(EventRow)
        .join(RunRow, col(RunRow.event_id) == col(EventRow.id))
        .where(
            RunRow.zap_id == zap_id,
            col(RunRow.replay_of).is_(None),
            RunRow.contents == "",
            col(EventRow.source).startswith(f"{use}:", autoescape=True),
        )
    )
    last = mine.order_by(col(RunRow.id).desc()).limit(limit)  # runs have an index for that
    return [Event(row.record_id, row.payload, from_ms(row.received_at)) for row in session.exec(last)]
