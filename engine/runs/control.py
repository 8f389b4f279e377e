"""What a person may do with a run: replay, cancel, release what is held, decide what became of an interrupted call."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from sqlmodel import Session

from engine.errors import NotFound, Refused, Sentence, ZapwerkError
from engine.runs import replaying
from engine.runs.journal import line
from engine.store import notices, pauses, runs, stories, zaps
from engine.store.database import Database
from engine.store.runs import Line, Run
from engine.store.states import Entry, Hold, RunState

Decision = Literal["went_through", "again"]

MOST = 1_000
"""Runs that something is done with at once; the others are refused with the reason."""

AT_ONCE = 50  # runs in one transaction: the journal waits for it

NOT_HELD = Sentence("This run is not on hold any more.", "Diese Ausführung ist nicht mehr zurückgehalten.")
DISCONNECTED = Sentence(
    "The account that this run waits for was disconnected. Open the connection and use another account instead.",
    "Das Konto, auf das diese Ausführung wartet, ist nicht mehr verknüpft. Öffnen Sie die Verknüpfung und verwenden "
    "Sie stattdessen ein anderes Konto.",
)
TOO_MANY = Sentence(
    f"Only {MOST:,} runs are taken at once; please repeat it for the others.",
    f"Auf einmal gehen nur {MOST:,} Ausführungen; bitte wiederholen Sie es für die übrigen.".replace(",", ".", 1),
)


@dataclass(frozen=True)
class Detail:
    """A run with all that its history shows."""

    run: Run
    zap: str
    record_id: str
    payload: Any
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of something that was done with many runs. `done` are the runs that go on or were ended, for a replay
    the new ones; `refused` are the others, each with why not."""

    done: tuple[str, ...] = ()
    refused: dict[str, ZapwerkError] = field(default_factory=dict)


@dataclass(frozen=True)
class Control:
    """Changes rows only: the running engine takes them up."""

    database: Database
    now: Callable[[], datetime]

    def show(self, run_id: str) -> Detail:
        """Raises `NotFound`."""
        with self.database.read() as session:
            run = runs.get(session, run_id)
            loaded = runs.load(session, run)
            return Detail(run, _name(session, run), loaded.record_id, loaded.payload, loaded.lines)

    def replay(self, run_id: str, *, whole: bool = False, newest: bool = False) -> str:
        """The id of a new run of the same event: see `replaying.begin`. Raises `Refused`."""
        with self.database.write() as session:
            return replaying.begin(session, run_id, whole=whole, newest=newest, now=self.now())

    def replay_many(self, run_ids: Sequence[str], *, whole: bool = False, newest: bool = False) -> Outcome:
        """Replays each, in the order given; one that cannot be replayed keeps none of the others."""

        def again(session: Session, run_id: str) -> str:
            return replaying.begin(session, run_id, whole=whole, newest=newest, now=self.now())

        return self._each(run_ids, again)

    def release_many(self, run_ids: Sequence[str]) -> Outcome:
        """Lets each go on that is held."""
        return self._each(run_ids, self._release)

    def cancel_many(self, run_ids: Sequence[str]) -> Outcome:
        """Ends each that waits."""
        return self._each(run_ids, self._cancel)

    def cancel(self, run_id: str) -> None:
        """Ends a run that waits. Raises `Refused` for one that is executed now or has ended."""
        with self.database.write() as session:
            self._cancel(session, run_id)

    def release(self, run_ids: list[str]) -> int:
        """Lets held runs go on; returns how many. Raises `Refused` if none can, without another account."""
        with self.database.write() as session:
            if run_ids and all(_is_without_account(session, run_id) for run_id in run_ids):
                raise Refused(DISCONNECTED)
            return self._let_go(session, run_ids)

    def release_zap(self, zap_id: str) -> int:
        """Lets all held runs of a zap go on that do not wait for a connection; returns how many."""
        with self.database.write() as session:
            connection, zap = session.connection(), zaps.find(session, zap_id)
            holds = (Hold.FLOOD, Hold.QUOTA, Hold.OFF, Hold.PAUSED, Hold.ATTENTION)
            for matter in ("flood", "attention"):
                notices.settle(connection, f"{matter}:{zap.id}", now=self.now())
            pauses.lift_quotas(connection, [zap.id], now=self.now())
            return sum(runs.release_hold(connection, hold, now=self.now(), zap_id=zap.id) for hold in holds)

    def decide(self, run_id: str, decision: Decision, *, by: str, record: dict[str, Any] | None = None) -> None:
        """What a person says about an interrupted call: it went through (with this record), or do it again."""
        with self.database.write() as session:
            run = runs.get(session, run_id)
            told = line(
                run.step,
                Entry.DECIDED,
                went_through=decision == "went_through",
                output=record if record is not None else {},
                by=by,
            )
            if not runs.decide(session.connection(), run.id, [told], now=self.now()):
                raise Refused("This run does not wait for a decision.")
            notices.settle(session.connection(), f"review:{run.id}", now=self.now())

    def _each(self, run_ids: Sequence[str], do: Callable[[Session, str], str]) -> Outcome:
        """Some in each transaction. What is refused was refused before anything was written for it."""
        done: list[str] = []
        refused: dict[str, ZapwerkError] = {}
        wanted = list(dict.fromkeys(run_ids))
        for some in _batches(wanted[:MOST]):
            with self.database.write() as session:
                for run_id in some:
                    try:
                        done.append(do(session, run_id))
                    except (NotFound, Refused) as error:
                        refused[run_id] = error
        refused.update((run_id, Refused(TOO_MANY)) for run_id in wanted[MOST:])
        return Outcome(tuple(done), refused)

    def _release(self, session: Session, run_id: str) -> str:
        if _is_without_account(session, run_id):
            raise Refused(DISCONNECTED)
        if not self._let_go(session, [run_id]):
            raise Refused(NOT_HELD)
        return run_id

    def _let_go(self, session: Session, run_ids: Sequence[str]) -> int:
        """Whoever releases a run that waits for a plan's limit says that there is room again."""
        pauses.lift_quotas_of_runs(session.connection(), run_ids, now=self.now())
        return runs.release(session.connection(), run_ids, now=self.now())

    def _cancel(self, session: Session, run_id: str) -> str:
        run = runs.get(session, run_id)
        if not runs.cancel(session.connection(), run.id, now=self.now()):
            raise Refused(_not_cancelled(run.state))
        notices.settle(session.connection(), f"review:{run.id}", now=self.now())
        return run.id


def _is_without_account(session: Session, run_id: str) -> bool:
    return bool(stories.disconnected(session.connection(), runs.hold_of(session, run_id)))


def _batches(run_ids: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(run_ids)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _not_cancelled(state: RunState) -> Sentence:
    if state == RunState.RUNNING:
        german = "Diese Ausführung läuft gerade und lässt sich jetzt nicht abbrechen."
    else:
        german = "Diese Ausführung ist schon zu Ende und lässt sich nicht mehr abbrechen."
    return Sentence(f"This run cannot be cancelled: it is {state}.", german)


def _name(session: Session, run: Run) -> str:
    try:
        return zaps.find(session, run.zap_id).name
    except NotFound:
        return "(deleted zap)"
