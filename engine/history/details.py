"""One run in full: its steps as drawn, with what each got and gave and where the time went. Called by the run's page.

Made from the journal, which recovery reads too. Large values are cut, and it is said.
"""

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from engine.history import working
from engine.history.cutting import Shown, shown
from engine.history.steps import StepDetail, steps_of
from engine.store import overlap, runs, stories
from engine.store.database import Database
from engine.store.encoding import decode
from engine.store.moments import to_ms
from engine.store.overlap import Ahead
from engine.store.runs import Run
from engine.store.stories import Setting, Sibling
from engine.zaps.labels import label_of
from engine.zaps.model import Zap

MOST_REPLAYS = 20


@dataclass(frozen=True)
class Times:
    """Where the time went, in milliseconds; None for what has not come to an end. It `waited` for its first turn;
    from then on it `ran`, or `rested`: for a later try, a person, an account, a limit or its next turn."""

    waited_ms: int | None
    ran_ms: int | None
    rested_ms: int | None


@dataclass(frozen=True)
class RunDetail:
    """A run, its record and its steps. `drawn` is the zap as it was published then; None where that cannot be read any
    more, and then `steps` are those that the journal knows. Where the zap goes in order, `ahead` is what the run waits
    for, and `behind` how many wait for it."""

    run: Run
    zap: str
    deleted: bool
    newest_version: int | None
    drawn: Zap | None
    trigger_use: str
    trigger_connection_id: str | None
    trigger_connection: str
    label: str
    record_id: str
    record: Shown
    received_at: datetime
    steps: tuple[StepDetail, ...]
    times: Times
    replays: tuple[Sibling, ...]
    replay_of: Sibling | None
    ahead: Ahead | None
    behind: int
    disconnected: str = ""  # the account that it waits for, if that was disconnected


@dataclass(frozen=True)
class Details:
    """Reads only."""

    database: Database

    def of(self, run_id: str) -> RunDetail:
        """Raises `NotFound`."""
        with self.database.read() as session:
            run = runs.get(session, run_id)
            connection = session.connection()
            setting = stories.setting(connection, run)
            drawn = _drawn(setting)
            lines = stories.journal(connection, run.id)
            names = stories.connection_names(connection, sorted(drawn.connections()) if drawn else [])
            replays = stories.replays(connection, run.id, MOST_REPLAYS)
            replay_of = stories.sibling(connection, run.replay_of) if run.replay_of else None
            ahead = overlap.ahead_of(connection, run.id)
            disconnected = stories.disconnected(connection, run.hold)
            behind = overlap.behind(connection, run.zap_id, run.id) if run.state in overlap.RESTING else 0
        worked = working.worked(run, lines)
        steps = steps_of(run, drawn, lines, names, worked.steps)
        used = drawn.trigger.connection if drawn else None
        return RunDetail(
            run=run,
            zap=setting.zap,
            deleted=setting.deleted,
            newest_version=setting.newest_version,
            drawn=drawn,
            trigger_use=drawn.trigger.use if drawn else "",
            trigger_connection_id=used,
            trigger_connection=names.get(used or "", ""),
            label=_label(setting),
            record_id=setting.record_id,
            record=shown(setting.payload, setting.payload_size),
            received_at=setting.received_at,
            steps=steps,
            times=Times(_span(run.created_at, run.started_at), worked.ran, worked.rested),
            replays=tuple(replays),
            replay_of=replay_of,
            ahead=ahead,
            behind=behind,
            disconnected=disconnected,
        )


def _drawn(setting: Setting) -> Zap | None:
    try:
        return Zap.model_validate_json(setting.definition) if setting.definition is not None else None
    except ValidationError:  # of another version of Zapwerk: the journal tells what it did
        return None


def _label(setting: Setting) -> str:
    return setting.record_id if setting.payload is None else label_of(decode(setting.payload), setting.record_id)


def _span(begin: datetime | None, end: datetime | None) -> int | None:
    return None if begin is None or end is None else max(to_ms(end) - to_ms(begin), 0)
