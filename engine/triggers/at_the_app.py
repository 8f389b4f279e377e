"""“Where is this mail?”, asked at the apps themselves: what stands there now is compared with what zaps took in.

Reads the last records of each polling trigger twice: as the zap is set, and with every input blank that only narrows.
What the second look has beside the first was left out by those inputs. Nothing is remembered and nothing that fires is
touched. Called by the page, the API and the command line, when a person says so.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from engine.connections.calls import ConnectorBug
from engine.errors import NotFound, Refused, Sentence, ZapwerkError
from engine.history.finding import History, HistoryRow
from engine.keeping import whereabouts
from engine.keeping.whereabouts import Wanted, wanted
from engine.registry import Registry
from engine.runs.effects import sentence
from engine.sdk.connector import Trigger
from engine.sdk.errors import ConnectorError
from engine.store import records, zaps
from engine.store.database import Database
from engine.store.encoding import distinct, encode
from engine.store.moments import maybe
from engine.store.records import Seen, Watching
from engine.triggers.recent import Recent, Recents
from engine.zaps import labels
from engine.zaps.model import Zap

LOOKED_AT = 50  # records of a trigger
MOST_ZAPS = 40  # in one look; those that are on come first
MOST_FOUND = 10  # records of one zap
AT_ONCE = 4  # zaps that are looked at together
WITHIN = 60.0  # seconds for one zap

TOOK_TOO_LONG = Sentence("Looking at the app took too long.", "Der Blick in die App hat zu lange gedauert.")


class Place(StrEnum):
    """How a record at an app stands to a zap."""

    RUN = "run"  # it came in
    FORGOTTEN = "forgotten"  # it came in, and its run was deleted since
    BEFORE = "before"  # it was there when the zap was switched on
    LEFT_OUT = "left_out"  # the trigger's settings are about others
    NEXT = "next"  # the next check takes it in
    OFF = "off"  # the zap is switched off


@dataclass(frozen=True)
class Present:
    """A record that the app has. `because` are the trigger's inputs that leave it out, each by itself; empty where that
    cannot be told: several together, or settings that were changed since. `run` is set where there is one."""

    place: Place
    zap_id: str
    zap: str
    use: str
    record_id: str
    label: str
    at: datetime | None
    because: tuple[str, ...] = ()
    run: HistoryRow | None = None


@dataclass(frozen=True)
class Looked:
    """A zap whose app was looked at: at how many records, the oldest of them being from `back_to`. `more` says that
    further ones of them are such as were asked for; `problem` why it could not be looked at."""

    zap_id: str
    zap: str
    use: str
    records: int = 0
    back_to: datetime | None = None
    more: bool = False
    problem: ZapwerkError | None = None


@dataclass(frozen=True)
class There:
    """What the apps have of it. `more` says that there are more zaps than one look has time for."""

    wanted: Wanted
    found: tuple[Present, ...]
    looked: tuple[Looked, ...]
    more: bool


@dataclass(frozen=True)
class _Subject:
    """A zap that polls, as it is live."""

    watching: Watching
    zap: Zap
    trigger: Trigger[Any, Any]


@dataclass(frozen=True)
class _Read:
    """What one zap's app has: the records that were looked at, and what was found among them."""

    records: list[Recent]
    found: list[Present]
    more: bool


@dataclass(frozen=True)
class AtTheApp:
    """Reads only."""

    database: Database
    registry: Callable[[], Registry]
    recents: Recents
    history: History

    async def ask(self, text: str) -> There:
        """Raises `Refused` for a text that is too short to mean one record."""
        asked = wanted(text)
        subjects = await asyncio.to_thread(self._subjects)
        places = asyncio.Semaphore(AT_ONCE)

        async def one(subject: _Subject) -> tuple[Looked, list[Present]]:
            async with places:
                return await self._looked(subject, asked)

        answers = await asyncio.gather(*(one(subject) for subject in subjects[:MOST_ZAPS]))
        found = tuple(present for _, some in answers for present in some)
        return There(asked, found, tuple(looked for looked, _ in answers), len(subjects) > MOST_ZAPS)

    def _subjects(self) -> list[_Subject]:
        """At most one more than there is time for."""
        with self.database.read() as session:
            watching = sorted(records.watching(session.connection()), key=lambda one: not one.active)
            polling = (self._polling(one, zaps.live(session, one.zap_id)) for one in watching)
            return list(islice((one for one in polling if one), MOST_ZAPS + 1))

    def _polling(self, watching: Watching, zap: Zap | None) -> _Subject | None:
        try:
            trigger = self.registry().trigger(zap.trigger.use) if zap else None
        except NotFound:
            return None  # its app is not installed: there is nothing to ask, and the zap's page says so
        return _Subject(watching, zap, trigger) if zap and isinstance(trigger, Trigger) else None

    async def _looked(self, subject: _Subject, asked: Wanted) -> tuple[Looked, list[Present]]:
        watching, zap = subject.watching, subject.zap
        looked = Looked(watching.zap_id, watching.zap, zap.trigger.use)
        try:
            async with asyncio.timeout(WITHIN):
                read = await self._read(subject, asked)
        except TimeoutError:
            return Looked(looked.zap_id, looked.zap, looked.use, problem=Refused(TOOK_TOO_LONG)), []
        except (ConnectorError, ConnectorBug) as error:
            return Looked(looked.zap_id, looked.zap, looked.use, problem=Refused(sentence(error))), []
        except ZapwerkError as error:
            return Looked(looked.zap_id, looked.zap, looked.use, problem=error), []
        moments = [moment for one in read.records if (moment := labels.moment_of(one.data, zap.locale))]
        back_to = min(moments, default=None)
        return Looked(looked.zap_id, looked.zap, looked.use, len(read.records), back_to, read.more), read.found

    async def _read(self, subject: _Subject, asked: Wanted) -> _Read:
        zap, narrowing = subject.zap, narrowing_inputs(subject.trigger, subject.zap)
        # The wider look comes first: what arrives between the two is then in the narrower one.
        wide = await self._last(subject, widened(subject.trigger, zap)) if narrowing else []
        meant = await self._last(subject, zap)
        known = await asyncio.to_thread(self._known, subject, [*meant, *wide])
        ids = {one.id for one in meant}
        found = [self._of_meant(subject, one, meant, known) for one in meant if is_about(one, asked)]
        missed = [one for one in wide if one.id not in ids and is_about(one, asked)]
        more = len(found) + len(missed) > MOST_FOUND
        because = await self._reasons(subject, narrowing, missed[:MOST_FOUND])
        found += [self._of_missed(subject, one, wide, known, because.get(one.id, ())) for one in missed[:MOST_FOUND]]
        with_runs = await asyncio.to_thread(self._with_runs, found[:MOST_FOUND])
        return _Read([*meant, *(one for one in wide if one.id not in ids)], with_runs, more)

    async def _last(self, subject: _Subject, zap: Zap) -> list[Recent]:
        return await self.recents.of(subject.watching.zap_id, zap, LOOKED_AT)

    async def _reasons(
        self, subject: _Subject, narrowing: Sequence[str], missed: Sequence[Recent]
    ) -> dict[str, tuple[str, ...]]:
        """By record the inputs that leave it out, each by itself."""
        if not missed:
            return {}
        if len(narrowing) == 1:
            return {one.id: tuple(narrowing) for one in missed}
        because: dict[str, tuple[str, ...]] = {}
        for name in narrowing:
            left = {one.id for one in await self._last(subject, widened(subject.trigger, subject.zap, but=name))}
            because |= {one.id: (*because.get(one.id, ()), name) for one in missed if one.id not in left}
        return because

    def _known(self, subject: _Subject, some: Sequence[Recent]) -> dict[str, Seen]:
        """Of these records those that the zap saw."""
        with self.database.read() as session:
            return records.seen_by(session.connection(), subject.watching.zap_id, {one.id for one in some})

    def _of_meant(self, subject: _Subject, record: Recent, order: Sequence[Recent], known: dict[str, Seen]) -> Present:
        """Of a record that the trigger gives as the zap is set."""
        if record.id in known:
            return _present(subject, record, Place.BEFORE if known[record.id].before else Place.RUN)
        if _was_before(subject, record, order, known):
            return _present(subject, record, Place.BEFORE)
        if subject.trigger.order == "newest" and _newer(record, order, known):
            return _present(subject, record, Place.LEFT_OUT)  # passed, so it was not meant when it came
        return _present(subject, record, Place.NEXT if subject.watching.active else Place.OFF)

    def _of_missed(
        self,
        subject: _Subject,
        record: Recent,
        order: Sequence[Recent],
        known: dict[str, Seen],
        because: tuple[str, ...],
    ) -> Present:
        """Of a record that the trigger gives only with its narrowing inputs blank."""
        if record.id in known:
            return _present(subject, record, Place.BEFORE if known[record.id].before else Place.RUN)
        before = _was_before(subject, record, order, known)
        return _present(subject, record, Place.BEFORE if before else Place.LEFT_OUT, () if before else because)

    def _with_runs(self, found: list[Present]) -> list[Present]:
        """With the runs of those that came in; one whose run is gone is forgotten."""
        return [self._with_run(one) if one.place is Place.RUN else one for one in found]

    def _with_run(self, one: Present) -> Present:
        with self.database.read() as session:
            connection = session.connection()
            events = records.events_named(connection, one.record_id)
            run_ids = [run_id for event_id in events for run_id in records.runs_of_event(connection, event_id)]
        mine = [row for row in self.history.these(sorted(run_ids, reverse=True)) if row.zap_id == one.zap_id]
        run = mine[0] if mine else None
        place = Place.RUN if run else Place.FORGOTTEN
        return Present(place, one.zap_id, one.zap, one.use, one.record_id, one.label, one.at, (), run)


def narrowing_inputs(trigger: Trigger[Any, Any], zap: Zap) -> tuple[str, ...]:
    """The inputs that may leave records out: those that name no place, need not be filled in, and say something."""
    fields = trigger.given.model_fields
    optional = [name for name in fields if name not in trigger.places and not fields[name].is_required()]
    return tuple(name for name in optional if _says_something(zap.trigger.with_.get(name), fields[name].default))


def widened(trigger: Trigger[Any, Any], zap: Zap, *, but: str = "") -> Zap:
    """The zap with its narrowing inputs blank, `but` one. A switch that is on may leave out, so it is off."""
    given = dict(zap.trigger.with_)
    for name in narrowing_inputs(trigger, zap):
        if name != but:
            given.pop(name, None)
            if trigger.given.model_fields[name].default is True:
                given[name] = False
    return zap.model_copy(update={"trigger": zap.trigger.model_copy(update={"with_": given})})


def is_about(record: Recent, asked: Wanted) -> bool:
    """Whether it has this id, or all these words."""
    return record.id == distinct(asked.text) or whereabouts.has(encode(record.data), asked.words)


def _says_something(given: Any, default: Any) -> bool:
    if default is True:
        return given is not False
    return given is not None and given != "" and given != default


def _newer(record: Recent, order: Sequence[Recent], known: dict[str, Seen]) -> list[Seen]:
    """Those that the zap saw and that are newer."""
    place = next(number for number, one in enumerate(order) if one.id == record.id)
    return [known[one.id] for one in order[:place] if one.id in known]


def _was_before(subject: _Subject, record: Recent, order: Sequence[Recent], known: dict[str, Seen]) -> bool:
    """Whether it was there when the zap was switched on: older than something that was, or by its own date.

    A date is the sender's word, so it counts only where the zap has passed the record or nothing tells.
    """
    if subject.trigger.order != "newest":
        return False  # it remembers all that was there
    newer = _newer(record, order, known)
    if newer or not known:
        moment = labels.moment_of(record.data, subject.zap.locale)
        since = maybe(subject.watching.since)
        return any(one.before for one in newer) or bool(moment and since and moment <= since)
    return False


def _present(subject: _Subject, record: Recent, place: Place, because: tuple[str, ...] = ()) -> Present:
    return Present(
        place=place,
        zap_id=subject.watching.zap_id,
        zap=subject.watching.zap,
        use=subject.zap.trigger.use,
        record_id=record.id,
        label=labels.label_of(record.data, record.id),
        at=labels.moment_of(record.data, subject.zap.locale) or record.at,
        because=because,
    )
