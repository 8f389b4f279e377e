"""One account in the place of another, as rows: drafts, published versions, and the runs that are bound to them.

A published version is never changed: the zap gets another one, and its runs that have not ended are bound to that. What
was put in whose place is remembered, for runs that were being executed then. Called by engine.triggers.replacing, by
engine.runs.rebinding, which decides what becomes of each run, and by whoever finds an account gone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update
from sqlmodel import Session, col, func, select

from engine.store import changes, connections, facts, runs, zaps
from engine.store.connections import StoredConnection
from engine.store.hot import Statement
from engine.store.moments import to_ms
from engine.store.overlap import RESTING, due_again
from engine.store.runs import Run
from engine.store.states import ConnectionState, Hold, RunState
from engine.store.tables import RunRow, VersionRow, ZapRow
from engine.store.zaps import StoredZap
from engine.zaps.model import Zap

OPEN = (RunState.QUEUED, *RESTING)
"""The states of runs that have not ended and are not being executed."""

_HELD = f"{Hold.CONNECTION}:"
_RUN = RunRow.__table__.c  # type: ignore[attr-defined]

# Along the indexes of what is open: a version may have a million runs that have ended.
_QUEUED = Statement(
    "SELECT id FROM run INDEXED BY run_queued "
    "WHERE state = 'queued' AND zap_id = :zap_id AND version = :version LIMIT :most"
)
_RESTING = Statement(
    "SELECT id FROM run INDEXED BY run_rested WHERE state <> 'queued' AND state <> 'running' "  # noqa: S608 - our own
    f"AND zap_id = :zap_id AND state IN ({', '.join(map(repr, map(str, RESTING)))}) AND version = :version "
    "LIMIT :most"
)


@dataclass(frozen=True)
class Swap:
    """`new` in the place of `old`."""

    old: StoredConnection
    new: StoredConnection

    def drawn(self, zap: Zap) -> Zap:
        """The same zap with the other account."""
        return zap.with_connections(lambda one: self.new.id if one == self.old.id else one)


@dataclass(frozen=True)
class Bound:
    """A published version."""

    zap_id: str
    number: int
    zap: Zap


def note(session: Session, swap: Swap) -> None:
    """Remembers it, for runs that come to miss the old account later."""
    facts.put(session, f"{facts.REPLACED}:{swap.old.id}", swap.new.id)


def substitute(session: Session, old_id: str) -> StoredConnection | None:
    """What was put in the place of an account, and of that again, if it was not removed; None if nothing was."""
    passed = {old_id}
    while new_id := facts.get(session, f"{facts.REPLACED}:{old_id}"):
        if new_id in passed:
            return None
        passed.add(old_id := new_id)
    found = connections.find(session, old_id) if len(passed) > 1 else None
    return None if found is None or found.state == ConnectionState.REMOVED else found


def missed(session: Session) -> list[Swap]:
    """The accounts that runs are held for although another one was put in their place."""
    held = session.execute(select(_RUN.hold).where(_RUN.hold != "", col(_RUN.hold).startswith(_HELD)).distinct())
    ids = [hold.removeprefix(_HELD) for hold in held.scalars()]
    return [Swap(connections.find(session, id_), new) for id_ in ids if (new := substitute(session, id_)) is not None]


def waiting(session: Session, connection_id: str) -> list[Bound]:
    """The published versions that use the account and have runs that may still need it, the oldest first."""
    contains = col(VersionRow.definition).contains(f'"{connection_id}"', autoescape=True)
    mine = select(VersionRow).where(contains).order_by(VersionRow.zap_id, col(VersionRow.number))
    found = [Bound(row.zap_id, row.number, Zap.model_validate_json(row.definition)) for row in session.exec(mine)]
    users = [one for one in found if connection_id in one.zap.connections()]
    return [one for one in users if _open(session.connection(), one.zap_id, one.number, 1)]


def version(session: Session, bound: Bound, drawn: Zap, *, by: str, now: datetime) -> int:
    """The number of the version that is drawn like this; it is added if there is none, made with the same connectors.

    It does not go live by that.
    """
    every = select(VersionRow).where(VersionRow.zap_id == bound.zap_id).order_by(col(VersionRow.number).desc())
    for row in session.exec(every):
        if Zap.model_validate_json(row.definition) == drawn:
            return row.number
    like = session.get_one(VersionRow, (bound.zap_id, bound.number))
    last = session.exec(select(func.max(VersionRow.number)).where(VersionRow.zap_id == bound.zap_id)).one()
    row = VersionRow(
        zap_id=bound.zap_id,
        number=last + 1,
        definition=zaps.text_of(drawn),
        connectors=like.connectors,
        created_by=by,
        created_at=to_ms(now),
    )
    session.add(row)
    session.flush()
    return row.number


def go_live(session: Session, zap_id: str, number: int) -> None:
    """Makes a version live that runs like the one before: how runs overlap stays."""
    row = session.get_one(ZapRow, zap_id)
    row.published = number
    session.add(row)
    session.flush()


def redraw(session: Session, stored: StoredZap, drawn: Zap, *, by: str, now: datetime) -> None:
    """Saves the draft, as a change that can be undone. Raises `Conflict` if somebody saved meanwhile."""
    before, after = zaps.text_of(stored.draft), zaps.text_of(drawn)
    if before != after:
        zaps.save_draft(session, stored.id, drawn, revision=stored.revision, now=now, by=by)
        changes.record(session, stored.id, "", before, after, by=by, now=now)


def take(connection: Connection, zap_id: str, number: int, limit: int) -> list[Run]:
    """Some runs of a version that have not ended. Nobody begins them before this transaction ends."""
    ids = _open(connection, zap_id, number, limit)
    mine = select(*_RUN).where(_RUN.id.in_(ids), _RUN.version == number, _RUN.state.in_(OPEN))
    rows = connection.execute(mine.order_by(_RUN.id).with_for_update(skip_locked=True))
    return [runs.of_row(row) for row in rows]


def bind(connection: Connection, run: Run, number: int) -> None:
    """The run stays as it is, and goes on with this version."""
    _set(connection, run, version=number)


def queue(connection: Connection, run: Run, number: int, *, now: datetime) -> None:
    """The run goes on with this version as soon as it may."""
    _set(connection, run, version=number, **runs.by_itself(due_again(now)))


def review(connection: Connection, run: Run, number: int, step: str, why: str) -> None:
    """A person is asked about this step; then the run goes on with this version."""
    bind(connection, run, number)
    runs.ask(connection, run.id, step, why)


def _open(connection: Connection, zap_id: str, number: int, most: int) -> list[str]:
    asked = {"zap_id": zap_id, "version": number, "most": most}
    return [row[0] for found in (_RESTING, _QUEUED) for row in found(connection, **asked).fetchall()][:most]


def _set(connection: Connection, run: Run, **values: Any) -> None:
    connection.execute(update(RunRow).where(_RUN.id == run.id).values(**values))
