"""When zaps were switched on with what a source had then, none of which fires. Written by engine.triggers.switching."""

from datetime import datetime

from sqlmodel import Session

from engine.store.moments import to_ms
from engine.store.tables_keeping import BaselineRow


def note(session: Session, zap_id: str, source: str, *, now: datetime) -> None:
    session.merge(BaselineRow(zap_id=zap_id, source=source, taken_at=to_ms(now)))
