"""What is done with many runs at once: first what it would do, then doing it and saying what came of it. Called by
`pages.history`; one run is many with one member.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from engine.errors import NotFound
from engine.runs.control import MOST, Control
from engine.runs.control import Outcome as Done
from engine.runtime import Runtime
from engine.sdk.connector import Action
from engine.store import runs, zaps
from engine.store.runs import Run
from engine.zaps.model import ActionStep, Zap
from web.history.rows import can
from web.languages import Words
from web.moments import number
from web.vocabulary import Vocabulary


class Doing(StrEnum):
    """What may be done with runs."""

    REPLAY = "replay"
    RELEASE = "release"
    DROP = "drop"


@dataclass(frozen=True)
class How:
    """How runs are replayed: the whole of them, and with their zaps' newest versions."""

    whole: bool = False
    newest: bool = False


@dataclass(frozen=True)
class Effects:
    """What would be done at an app: at most `count` times, since filters and what is there already may end it."""

    sentence: str
    app: str
    app_title: str
    count: int


@dataclass(frozen=True)
class Plan:
    """What doing it would mean. `able` can be done, `unable` are in a state where it cannot."""

    able: tuple[str, ...]
    unable: int
    effects: tuple[Effects, ...] = ()
    effects_whole: tuple[Effects, ...] = ()
    could_be_newer: bool = False

    @property
    def most(self) -> int:
        return sum(one.count for one in self.effects)

    @property
    def most_whole(self) -> int:
        return sum(one.count for one in self.effects_whole)


@dataclass(frozen=True)
class Outcome:
    """What came of it. `why_not` counts the sentences of those that were refused."""

    done: tuple[str, ...]
    why_not: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, outcome: Done, language: str) -> "Outcome":
        return cls(outcome.done, Counter(one.within(language) for one in outcome.refused.values()))


def planned(runtime: Runtime, doing: Doing, run_ids: Sequence[str], vocabulary: Vocabulary) -> Plan:
    """Looks, and does nothing."""
    found = list(_known(runtime, run_ids[:MOST]))
    able = [run for run in found if doing.value in can(run.state)]
    counted = _Counting(runtime, vocabulary)
    counted.count(able if doing is not Doing.DROP else [])
    return Plan(
        able=tuple(run.id for run in able),
        unable=len(run_ids[:MOST]) - len(able),
        effects=counted.effects(counted.rest),
        effects_whole=counted.effects(counted.whole),
        could_be_newer=doing is Doing.REPLAY and counted.could_be_newer,
    )


def done(control: Control, doing: Doing, run_ids: Sequence[str], how: How, language: str) -> Outcome:
    """Does it, one after the other; what is refused stops none of the others."""
    match doing:
        case Doing.REPLAY:
            outcome = control.replay_many(run_ids, whole=how.whole, newest=how.newest)
        case Doing.RELEASE:
            outcome = control.release_many(run_ids)
        case Doing.DROP:
            outcome = control.cancel_many(run_ids)
    return Outcome.of(outcome, language)


def told(outcome: Outcome, doing: Doing, said: Words) -> str:
    """“12 replayed, 1 not: This run has not ended yet.”"""
    count, language = len(outcome.done), said.language
    words = {
        Doing.REPLAY: said.ngettext("%(count)s run replayed", "%(count)s runs replayed", count),
        Doing.RELEASE: said.ngettext("%(count)s run released", "%(count)s runs released", count),
        Doing.DROP: said.ngettext("%(count)s run dropped", "%(count)s runs dropped", count),
    }[doing] % {"count": number(count, language)}
    if not outcome.why_not:
        return f"{words}."
    refused = number(outcome.why_not.total(), language)
    why = " ".join(sentence for sentence, _ in outcome.why_not.most_common(2))
    return said.gettext("%(done)s, %(count)s not: %(why)s") % {"done": words, "count": refused, "why": why}


def _known(runtime: Runtime, run_ids: Sequence[str]) -> Iterator[Run]:
    with runtime.database.read() as session:
        for run_id in run_ids:
            try:
                yield runs.get(session, run_id)
            except NotFound:
                continue


class _Counting:
    """Counts what runs would do at the apps: what is left of them, and the whole."""

    def __init__(self, runtime: Runtime, vocabulary: Vocabulary) -> None:
        self._runtime = runtime
        self._vocabulary = vocabulary
        self.rest: Counter[str] = Counter()
        self.whole: Counter[str] = Counter()
        self.could_be_newer = False

    def count(self, found: Sequence[Run]) -> None:
        for (zap_id, version), mine in _by_version(found).items():
            zap = self._version(zap_id, version)
            uses = [(step.key, step.use) for step in zap.steps if isinstance(step, ActionStep)] if zap else []
            acting = [(key, use) for key, use in uses if self._acts(use)]
            keys = [step.key for step in zap.steps] if zap else []
            for run in mine:
                first = keys.index(run.step) if run.step in keys else 0
                self.whole.update(use for _, use in acting)
                self.rest.update(use for key, use in acting if keys.index(key) >= first)

    def effects(self, counts: Counter[str]) -> tuple[Effects, ...]:
        words = ((self._vocabulary.operation(use), count) for use, count in counts.most_common())
        return tuple(Effects(one.title, one.app, one.app_title, count) for one, count in words)

    def _version(self, zap_id: str, number: int) -> Zap | None:
        with self._runtime.database.read() as session:
            try:
                newest = zaps.find(session, zap_id).published
            except NotFound:
                newest = None
            self.could_be_newer |= newest is not None and newest != number
            try:
                return zaps.version(session, zap_id, number)
            except NotFound:
                return None

    def _acts(self, use: str) -> bool:
        """Whether it changes something at the app; what is not installed any more may."""
        try:
            return isinstance(self._runtime.registry().operation(use), Action)
        except NotFound:
            return True


def _by_version(found: Sequence[Run]) -> dict[tuple[str, int], list[Run]]:
    sorted_out: dict[tuple[str, int], list[Run]] = {}
    for run in found:
        sorted_out.setdefault((run.zap_id, run.version), []).append(run)
    return sorted_out
