"""Finds what is kept about a person, and erases it: the facts stay (that a run was, when, how it ended), not the data.

Everything is read, not asked of an index: events, journals, samples, what runs, checks, notices and the mails about
them said, the audit log, what was deleted, and what people typed into zaps; `engine.store.mentions` lists every column
there is. A run that has not come to its end needs its data, so it keeps them, unless it is cancelled with them. What
stands in a draft or a version is the zap's own text, and an account in use is called as it is: these are named, for a
person to change. Files are deleted within a day, once nothing names them. What was seen stays by its id alone, since
that is what stops a second run; how many ids name them is told. Called by the page of owners, the API and the command
line.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from engine.errors import Refused, Sentence
from engine.history.finding import History, HistoryRow
from engine.keeping import files
from engine.keeping.blotting import Wanted
from engine.runs.control import Control
from engine.store import contents, mentions, records, runs
from engine.store.database import Database
from engine.store.encoding import clean
from engine.store.mentions import Drawn, Group, Named, Row
from engine.store.records import Data
from engine.store.states import FINISHED, Contents, RunState

SHORTEST = 4  # characters: fewer are in everything
LONGEST = 200
READ_AT_ONCE = 200
ERASED_AT_ONCE = 10  # runs in one transaction
CANCELLABLE = frozenset({RunState.QUEUED, RunState.RETRYING, RunState.WAITING, RunState.HELD, RunState.NEEDS_REVIEW})

TOO_SHORT = Sentence(
    f"Please give at least {SHORTEST} characters, best a whole e-mail address.",
    f"Bitte geben Sie mindestens {SHORTEST} Zeichen an, am besten eine ganze E-Mail-Adresse.",
)
TOO_LONG = Sentence(
    f"This is too long to look for; please give at most {LONGEST} characters, best an e-mail address.",
    f"Das ist zu lang, um danach zu suchen; bitte höchstens {LONGEST} Zeichen, am besten eine E-Mail-Adresse.",
)


@dataclass(frozen=True)
class Sample:
    """A sample of a zap's draft that says something about the person."""

    zap_id: str
    step: str


@dataclass(frozen=True)
class Typed:
    """A zap in which somebody typed it: in the draft, in published versions. It is not erased there. `deleted`: runs of
    a deleted zap that have not ended still need it."""

    zap_id: str
    in_draft: bool
    versions: tuple[int, ...]
    deleted: bool = False


@dataclass(frozen=True)
class Kept:
    """What is kept about a person, the newest run first. `going_on` are the runs of these that have not ended; `files`
    counts the attachments of the records, `dispatches` the mails and calls that quote a notice, `troubles` what
    triggers, calls and accounts said last, `audit` entries of the audit log, `bygone` what was deleted and notes about
    who was here, `undoable` the zaps in whose undone or undoable changes it stands.

    Not erased: `typed`, the accounts in use that are called so (`named`), and `ids` of records and deliveries.
    """

    text: str
    runs: tuple[HistoryRow, ...]
    samples: tuple[Sample, ...]
    notices: int
    files: int
    dispatches: int = 0
    troubles: int = 0
    audit: int = 0
    bygone: int = 0
    undoable: int = 0
    typed: tuple[Typed, ...] = ()
    named: tuple[Named, ...] = ()
    ids: int = 0

    @property
    def going_on(self) -> tuple[HistoryRow, ...]:
        return tuple(row for row in self.runs if row.state not in FINISHED)

    @property
    def can_be_erased(self) -> bool:
        """Whether anything of it does not stay in any case."""
        said = self.notices or self.dispatches or self.troubles or self.audit or self.bygone
        return bool(self.runs or self.samples or said or self.undoable)

    @property
    def is_nothing(self) -> bool:
        return not (self.can_be_erased or self.typed or self.named or self.ids)


@dataclass(frozen=True)
class Erased:
    """What was erased, counted as in `Kept`; `left` counts runs that go on and keep their data until they end. `typed`,
    `named` and `ids` stay."""

    runs: int
    cancelled: int
    samples: int
    notices: int
    left: int
    dispatches: int = 0
    troubles: int = 0
    audit: int = 0
    bygone: int = 0
    undoable: int = 0
    typed: int = 0
    named: int = 0
    ids: int = 0


@dataclass
class _Found:
    """Ids of what holds the text, as it is gathered."""

    runs: dict[str, None] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    typed: tuple[Typed, ...] = ()
    named: tuple[Named, ...] = ()
    ids: int = 0
    files: set[str] = field(default_factory=set)

    def counted(self) -> dict[str, int]:
        """The rows by group; one that is named twice, as in both languages, is one."""
        rows = {(row.cut.group, row.cut.table, *row.keys.values()) for row in self.rows}
        counts = Counter(group for group, *_ in rows)
        return {group.value: counts[group] for group in Group}


@dataclass(frozen=True)
class Persons:
    """Takes reading everything that is kept: some seconds where that is much."""

    database: Database
    history: History
    control: Control
    now: Callable[[], datetime]

    def find(self, text: str) -> Kept:
        """Raises `Refused` for a text that is too short or too long to mean a person."""
        wanted = _wanted(text)
        found = self._found(wanted)
        rows = self.history.these(sorted(found.runs, reverse=True))
        return Kept(
            text=wanted.text,
            runs=tuple(rows),
            samples=tuple(Sample(*name.split("/")[:2]) for name in found.samples),
            files=len(found.files),
            undoable=len(found.changed),
            typed=found.typed,
            named=found.named,
            ids=found.ids,
            **found.counted(),
        )

    def erase(self, text: str, *, cancel: bool) -> Erased:
        """Erases what is found now. `cancel`: also the runs that go on, as far as they are not executed just now."""
        wanted = _wanted(text)
        found = self._found(wanted)
        cancelled = len(self.control.cancel_many(self._waiting(list(found.runs))).done) if cancel else 0
        count, left = self._erase_runs(list(found.runs), wanted)
        self._erase_others(found, wanted)
        return Erased(
            runs=count,
            cancelled=cancelled,
            samples=len(found.samples),
            left=left,
            undoable=len(found.changed),
            typed=len(found.typed),
            named=len(found.named),
            ids=found.ids,
            **found.counted(),
        )

    def _erase_others(self, found: _Found, wanted: Wanted) -> None:
        with self.database.write() as session:
            connection = session.connection()
            for name in found.samples:
                records.drop_sample(connection, name)
            for zap_id in found.changed:
                records.forget_changes(connection, zap_id)
        for start in range(0, len(found.rows), READ_AT_ONCE):
            with self.database.write() as session:
                for row in found.rows[start : start + READ_AT_ONCE]:
                    mentions.rewrite(session.connection(), row, wanted.out_of(row))

    def _waiting(self, run_ids: list[str]) -> list[str]:
        with self.database.read() as session:
            return [run_id for run_id in run_ids if runs.get(session, run_id).state in CANCELLABLE]

    def _erase_runs(self, run_ids: list[str], wanted: Wanted) -> tuple[int, int]:
        """How many were erased, and how many go on."""
        erased = left = 0
        for start in range(0, len(run_ids), ERASED_AT_ONCE):
            with self.database.write() as session:
                connection = session.connection()
                contents.begin(connection)
                for run in (runs.get(session, run_id) for run_id in run_ids[start : start + ERASED_AT_ONCE]):
                    said = wanted.out_of_sentence(run.problem)
                    done = contents.clear(connection, run.id, Contents.ERASED, said)
                    erased += done or contents.mark_erased(connection, run.id, said)
                    left += run.state not in FINISHED
        return erased, left

    def _found(self, wanted: Wanted) -> _Found:
        found, needle = _Found(), wanted.in_json
        for event in self._events():
            if needle in _folded(event.data):
                self._note_runs(found, event.id)
                found.files |= files.named_in(event.data)
        for one in self._lines():
            if needle in _folded(one.data):
                found.runs[one.run_id] = None
        for said in self._problems():
            if wanted.folded in _folded(said.data):
                found.runs[said.run_id] = None
        for change in self._changes():
            if needle in _folded(change.data):
                found.changed.add(change.run_id)
        with self.database.read() as session:
            connection = session.connection()
            found.samples = [one.id for one in records.samples(connection) if wanted.is_said_by(_folded(one.data))]
            found.rows = [row for row in mentions.rows(connection) if wanted.is_in(row)]
            found.typed = _typed(one for one in mentions.drawn(connection) if wanted.is_said_by(_folded(one.data)))
            found.named = tuple(one for one in mentions.named(connection) if wanted.is_said_by(_called(one)))
            found.ids = mentions.count_ids(connection, wanted.text.lower())
        return found

    def _note_runs(self, found: _Found, event_id: str) -> None:
        with self.database.read() as session:
            found.runs |= dict.fromkeys(records.runs_of_event(session.connection(), event_id))

    def _events(self) -> Iterator[Data]:
        after = ""
        while some := self._read(lambda connection, place=after: records.events(connection, place, READ_AT_ONCE)):
            yield from some
            after = some[-1].id

    def _lines(self) -> Iterator[Data]:
        after = 0
        while some := self._read(lambda connection, place=after: records.lines(connection, place, READ_AT_ONCE)):
            yield from some
            after = int(some[-1].id)

    def _changes(self) -> Iterator[Data]:
        after = 0
        while some := self._read(lambda connection, place=after: records.changes(connection, place, READ_AT_ONCE)):
            yield from some
            after = int(some[-1].id)

    def _problems(self) -> Iterator[Data]:
        after = ""
        while some := self._read(lambda connection, place=after: records.problems(connection, place, READ_AT_ONCE)):
            yield from some
            after = some[-1].id

    def _read(self, look: Callable[..., list[Data]]) -> list[Data]:
        with self.database.read() as session:
            return look(session.connection())


def _wanted(text: str) -> Wanted:
    wanted = " ".join(clean(text).split())
    if len(wanted) < SHORTEST:
        raise Refused(TOO_SHORT)
    if len(wanted) > LONGEST:  # erasing what the beginning of it names would be more than was asked for
        raise Refused(TOO_LONG)
    return Wanted(wanted)


def _typed(drawn: Iterable[Drawn]) -> tuple[Typed, ...]:
    """By zap."""
    found: dict[tuple[str, bool], list[int]] = {}
    for one in drawn:
        found.setdefault((one.zap_id, one.deleted), []).append(one.number)
    return tuple(
        Typed(zap_id, 0 in some, tuple(sorted(n for n in some if n)), deleted)
        for (zap_id, deleted), some in found.items()
    )


def _called(one: Named) -> str:
    return f"{one.name} {one.more}".casefold()


def _folded(data: bytes) -> str:
    return data.decode("utf-8", "replace").casefold()
