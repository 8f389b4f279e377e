"""A run again: whole, or from where it ended on. Called by control.py.

From where it ended on, nothing is done twice: what was done is taken over, and so are the notes of an action that makes
several calls; where a call had begun and nobody knows what became of it, a person is asked first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from engine.errors import NotFound, Refused, Sentence
from engine.runs import history
from engine.runs.history import Past
from engine.runs.journal import line
from engine.store import contents, intake, notices, runs, zaps
from engine.store.moments import to_ms
from engine.store.runs import Run, Written
from engine.store.states import FINISHED, Entry, RunState
from engine.zaps.model import ActionStep

NOT_ENDED = Sentence(
    "This run has not ended yet; cancel it first, or release it.",
    "Diese Ausführung ist noch nicht zu Ende; brechen Sie sie zuerst ab, oder geben Sie sie frei.",
)
UNDER_WAY = Sentence(
    "This run is being replayed already, and that has not ended yet.",
    "Diese Ausführung wird schon wiederholt, und das ist noch nicht zu Ende.",
)
DONE_ALREADY = Sentence(
    "This run is done, so there is no failed step to go on from. It can be replayed as a whole.",
    "Diese Ausführung ist erledigt und hat keinen fehlgeschlagenen Schritt. Sie lässt sich als Ganzes wiederholen.",
)
DONE_SINCE = Sentence(
    "This run was replayed, and that is done, so nothing is left of it. It can be replayed as a whole.",
    "Diese Ausführung wurde wiederholt, und das ist erledigt; es bleibt nichts übrig. Sie lässt sich als Ganzes "
    "wiederholen.",
)
NO_CONTENTS = Sentence(
    "The data of this run were deleted, so there is nothing to run again. What it did is done.",
    "Die Daten dieser Ausführung wurden gelöscht, daher lässt sie sich nicht wiederholen. Was sie tat, ist getan.",
)
UNREADABLE = Sentence(
    "This run had begun something, and the version of the zap that it belongs to cannot be read any more. It can be "
    "replayed as a whole.",
    "Diese Ausführung hatte etwas begonnen, und die Version des Zaps, zu der sie gehört, ist nicht mehr lesbar. Sie "
    "lässt sich als Ganzes wiederholen.",
)
UNKNOWN = (
    "The run that this one replays was ended before it was known whether this went through. If it is done again, it "
    "may be there twice."
)
ELSEWHERE = (
    "The run that this one replays had begun this with another account or in another way, and did not come to its end. "
    "If it is done, it begins anew."
)


def begin(session: Session, run_id: str, *, whole: bool, newest: bool, now: datetime) -> str:
    """Begins a new run of the same event and returns its id: a whole one, or one that goes on where this run ended.

    Where the run was replayed since, it goes on where the newest replay ended. `newest` takes the zap's newest version;
    then what was done counts only as far as its steps are still there. Raises `NotFound`, and `Refused` for a run that
    has not ended, or of which nothing is left to do.
    """
    given = runs.get(session, run_id)
    if given.state not in FINISHED:
        raise Refused(NOT_ENDED)
    last = _last_replay(session, given)
    if last.state not in FINISHED:
        raise Refused(UNDER_WAY)
    if whole:
        return _new(session, given, _version(session, given, newest), now)
    if last.state == RunState.SUCCEEDED:
        raise Refused(DONE_ALREADY if last is given else DONE_SINCE)
    version = _version(session, last, newest)
    rest = _rest(session, last, version)
    new = _new(session, last, version, now)
    runs.copy(session.connection(), new, rest.lines, now=now)
    if rest.asks:
        runs.ask(session.connection(), new, rest.asks, rest.why)
        notices.tell(session.connection(), f"review:{new}", rest.why, zap_id=last.zap_id, now=now)
    return new


def _last_replay(session: Session, run: Run) -> Run:
    """The newest one of the newest one …; the run itself if it was never replayed. Nobody begins another one before
    this transaction ends."""
    while True:
        if not contents.keep(session.connection(), run.id):
            raise Refused(NO_CONTENTS)
        again = runs.newest_replay(session, run.id)
        if again is None:
            return run
        run = again


def _new(session: Session, run: Run, version: int, now: datetime) -> str:
    row = intake.new_run(run.zap_id, version, run.event_id, to_ms(now), replay_of=run.id)
    intake.begin(session.connection(), row)
    return str(row["id"])


def _version(session: Session, run: Run, newest: bool) -> int:
    published = zaps.find(session, run.zap_id).published if newest else None
    return run.version if published is None else published


@dataclass(frozen=True)
class _Rest:
    """What a replay begins with: lines for its journal, and the step that a person is asked about, if any."""

    lines: Sequence[Written]
    asks: str = ""
    why: str = ""


def _rest(session: Session, run: Run, version: int) -> _Rest:
    lines = runs.lines_of(session, run.id)
    pasts = history.of(lines)
    done = [_taken_over(path, past.output) for path, past in pasts.items() if past.done]
    begun = {path: past for path, past in pasts.items() if not past.done and (past.started or past.notes)}
    if not begun:
        return _Rest(done)
    before, now = (_actions(session, run.zap_id, number) for number in (run.version, version))
    known = {path: past for path, past in begun.items() if path in now}
    for path, past in known.items():
        elsewhere = bool(past.notes) and not _is_same(before.get(path), now[path])
        if past.started or elsewhere:
            why, notes = (UNKNOWN if past.started else ELSEWHERE), ([] if elsewhere else _notes({path: past}))
            return _Rest(
                [*done, *notes, line(path, Entry.REVIEW, why=why, **history.last_seen(lines, path))], path, why
            )
    return _Rest([*done, *_notes(known)])


def _taken_over(path: str, output: Any) -> Written:
    return line(path, Entry.FINISHED, output=output, copied=True)


def _notes(begun: Mapping[str, Past]) -> list[Written]:
    return [
        line(path, Entry.CHECKPOINT, key=key, value=value)
        for path, past in begun.items()
        for key, value in past.notes.items()
    ]


def _actions(session: Session, zap_id: str, version: int) -> dict[str, ActionStep]:
    try:
        zap = zaps.version(session, zap_id, version)
    except (NotFound, ValidationError) as error:
        raise Refused(UNREADABLE) from error
    return {step.key: step for step in zap.steps if isinstance(step, ActionStep)}


def _is_same(before: ActionStep | None, now: ActionStep) -> bool:
    """Whether it is the same action with the same account."""
    return before is not None and (before.use, before.connection) == (now.use, now.connection)
