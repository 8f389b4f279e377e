"""What is shown of runs. Reads only; called by `cli_runs` and the demo."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from engine.errors import NotFound
from engine.runs.control import Control, Detail
from engine.store import runs, zaps
from engine.store.moments import NEVER
from engine.store.runs import Run, Wanted
from engine.store.states import FINISHED, Entry, RunState
from web.shapes import JournalLine, RunLine, RunShown

DELETED = "(deleted zap)"


def wanted(session: Session, *, zap: str | None, states: tuple[RunState, ...], limit: int) -> list[RunLine]:
    """The newest runs of that kind. Raises `NotFound` for an unknown zap."""
    names = zaps.names(session)
    zap_id = _zap_id(session, names, zap) if zap else None
    found = runs.find(session, Wanted(zap_id=zap_id, states=states, limit=limit))
    return [RunLine(**_values(run, names.get(run.zap_id, DELETED))) for run in found]


def one(control: Control, run_id: str) -> RunShown:
    """Raises `NotFound`."""
    detail = control.show(run_id)
    return RunShown(
        **_values(detail.run, detail.zap),
        record_id=detail.record_id,
        record=detail.payload,
        lines=[JournalLine(line.path, str(line.entry), line.at, line.data) for line in detail.lines],
        candidates=candidates(detail),
    )


def candidates(detail: Detail) -> list[dict[str, Any]]:
    """What looks like the record of an interrupted call, as the last review found it."""
    reviews = [line.data for line in detail.lines if line.entry == Entry.REVIEW]
    return list(reviews[-1].get("candidates", [])) if reviews else []


def _zap_id(session: Session, names: Mapping[str, str], wanted: str) -> str:
    """Also of a zap that was deleted: its history stays."""
    try:
        return zaps.find(session, wanted).id
    except NotFound:
        gone = [zap_id for zap_id, name in names.items() if wanted.lower() in (zap_id, name.lower())]
        if not gone:
            raise
        return gone[-1]


def _values(run: Run, zap: str) -> dict[str, Any]:
    due = None if run.state in FINISHED or run.due_at.timestamp() * 1000 >= NEVER else run.due_at
    return {
        "id": run.id,
        "zap": zap,
        "zap_id": run.zap_id,
        "version": run.version,
        "state": str(run.state),
        "hold": run.hold,
        "step": run.step,
        "problem": run.problem,
        "field": run.field,
        "attempt": run.attempt,
        "replay_of": run.replay_of,
        "due_at": due,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }
