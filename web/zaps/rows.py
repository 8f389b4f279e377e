"""The list of zaps as it is shown: rows, chips with their counts, what needs a person. Called by `pages.zaps`.

Columns and drawings of all zaps are read, for filters and counts; everything else only for those of one page.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session

from engine.editing.listing import UNDELETED_WITHIN
from engine.history.figures import ZapFigures
from engine.runtime import Runtime
from engine.store import connections, outlines, tallies, watches
from engine.store.outlines import Outline
from engine.store.states import ConnectionState, ZapState
from engine.triggers import health
from engine.triggers.health import Health
from web import moments, states
from web.languages import words
from web.sorting import by_name
from web.states import Look
from web.trees import shown
from web.visitors import Visitor
from web.vocabulary import Vocabulary
from web.zaps import strip, week
from web.zaps.asked import ATTENTION, DELETED, NO_FOLDER, Asked
from web.zaps.strip import Hint
from web.zaps.telling import Facts, Line, Telling
from web.zaps.week import Week

PAGE_SIZE = 30
MOST_ICONS = 3
STATE_ORDER = (ZapState.ON, ZapState.PAUSED, ZapState.OFF, ZapState.DRAFT)


@dataclass(frozen=True)
class LastRunView:
    """The newest run."""

    look: Look
    at: datetime
    href: str


@dataclass(frozen=True)
class RowView:
    """One zap. `to_publish` says that switching on is publishing, which is confirmed on a page of its own."""

    id: str
    name: str
    look: Look
    on: bool
    to_publish: bool
    changed: bool
    folder: str
    icons: tuple[str, ...]
    apps: str
    more_apps: int
    health: Line
    warning: str
    review: int
    held: int
    last_run: LastRunView | None
    week: Week
    deleted_at: datetime | None = None


@dataclass(frozen=True)
class Chip:
    """A state to filter by."""

    key: str
    look: Look
    count: str
    href: str
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """One entry of a list to filter by."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True)
class Rows:
    """A page of the list. `any` says that there are zaps at all; `newer` and `older` lead to the pages beside it."""

    rows: tuple[RowView, ...]
    chips: tuple[Chip, ...]
    apps: tuple[Choice, ...]
    folders: tuple[Choice, ...]
    hints: tuple[Hint, ...]
    total: int
    any: bool
    deleted: int
    first: int
    newer: str
    older: str

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


@dataclass(frozen=True)
class _Known:
    """What is known of all zaps, whatever page is shown."""

    alive: Sequence[Outline]
    deleted: Sequence[Outline]
    broken: Mapping[str, str]
    gone: frozenset[str]
    troubled: frozenset[str]
    asking: frozenset[str]
    last_runs: Mapping[str, str]

    def needs_a_person(self, zap: Outline) -> bool:
        return (
            bool(zap.attention)
            or zap.id in self.troubled
            or any(one in self.broken for one in zap.uses.connections)
            or zap.id in self.asking
        )


@dataclass(frozen=True)
class ZapList:
    """Reads the list for one visitor."""

    runtime: Runtime
    visitor: Visitor

    def page(self, asked: Asked) -> Rows:
        """What is asked for."""
        with self.runtime.database.read() as session:
            known = self._known(session, asked)
            found = _sorted([zap for zap in _pool(known, asked) if _fits(zap, asked)], asked, known)
            wanted = [zap for zap in found if _has_state(zap, asked, known)]
            start = min((asked.page - 1) * PAGE_SIZE, max(len(wanted) - 1, 0) // PAGE_SIZE * PAGE_SIZE)
            part = wanted[start : start + PAGE_SIZE]
            rows = self._rows(session, part, known)
            hints = strip.hints(self.runtime, session, known.broken, known.gone, self.visitor)
        number = start // PAGE_SIZE + 1
        return Rows(
            rows=rows,
            chips=tuple(self._chips(asked, known)),
            apps=tuple(self._apps(asked, known)),
            folders=tuple(self._folders(asked, known)),
            hints=hints,
            total=len(wanted),
            any=bool(known.alive),
            deleted=len(known.deleted),
            first=start + 1,
            newer=asked.address(page=number - 1) if number > 1 else "",
            older=asked.address(page=number + 1) if start + PAGE_SIZE < len(wanted) else "",
        )

    def _known(self, session: Session, asked: Asked) -> _Known:
        read = self.runtime.outlines
        connection, alive = session.connection(), read.every(session)
        used = {one for zap in alive for one in zap.uses.connections}
        gone = {one.id: one.name for one in connections.removed(session) if one.id in used}
        refused = {one.id: one.name for one in connections.every(session) if one.state == ConnectionState.RECONNECT}
        return _Known(
            alive=alive,
            deleted=read.deleted(session, since=self.runtime.now() - UNDELETED_WITHIN),
            broken={**refused, **gone},
            gone=frozenset(gone),
            troubled=self._troubled(session),
            asking=tallies.asking_zaps(connection),
            last_runs=tallies.newest_runs(connection) if asked.sort == "last" else {},
        )

    def _troubled(self, session: Session) -> frozenset[str]:
        """The zaps whose trigger does not do its work, as the engine judges it; what may pass by itself is none."""
        now, some = self.runtime.now(), watches.of_zaps(session, sorted(outlines.troubled(session)))
        ill = (Health.FAILING, Health.RECONNECT)
        return frozenset(zap_id for zap_id, watch in some.items() if health.of(watch, now) in ill)

    def _rows(self, session: Session, part: Sequence[Outline], known: _Known) -> tuple[RowView, ...]:
        registry, language = self.runtime.registry(), self.visitor.language
        vocabulary = Vocabulary(registry, language)
        telling = Telling(registry, vocabulary, language, self.visitor.timezone)
        ids = [zap.id for zap in part]
        figures = self.runtime.figures.of_zaps(ids, timezone=self.visitor.timezone)
        watched = watches.of_zaps(session, ids)
        calls = outlines.last_calls(session, [zap.id for zap in part if telling.is_called(zap)])
        paused = self.runtime.pausing.reasons([zap.id for zap in part if zap.state == ZapState.PAUSED])
        made = []
        for zap in part:
            watch = watched.get(zap.id)
            why = paused[zap.id].within(language) if zap.id in paused else ""
            facts = Facts(watch, known.broken, calls.get(zap.id), self.runtime.now(), why, known.gone)
            said = watch.warning if watch and zap.is_on else ""
            warning = vocabulary.error(zap.uses.trigger.partition(".")[0], said)
            health = telling.of(zap, facts)
            made.append(self._row(zap, health, warning, figures.get(zap.id, _NOTHING), vocabulary))
        return tuple(made)

    def _row(self, zap: Outline, health: Line, warning: str, figures: ZapFigures, vocabulary: Vocabulary) -> RowView:
        language = self.visitor.language
        last = figures.last_run
        return RowView(
            id=zap.id,
            name=shown(zap.name),
            look=states.of_zap(zap.state, language),
            on=zap.is_on,
            to_publish=zap.published is None,
            changed=zap.differs and zap.published is not None,
            folder=zap.folder,
            icons=zap.uses.apps[:MOST_ICONS],
            apps=", ".join(vocabulary.app(app) for app in zap.uses.apps),
            more_apps=max(len(zap.uses.apps) - MOST_ICONS, 0),
            health=health,
            warning=shown(warning),
            review=figures.review,
            held=figures.held,
            last_run=LastRunView(states.of_run(last.state, language), last.created_at, f"/history/{last.id}")
            if last
            else None,
            week=week.drawn(figures, language),
            deleted_at=zap.deleted_at,
        )

    def _chips(self, asked: Asked, known: _Known) -> list[Chip]:
        """All states that have any zaps, and the one that is chosen."""
        fitting = [zap for zap in known.alive if _fits(zap, asked)]
        counts: Counter[str] = Counter(zap.state for zap in fitting)
        counts[""], counts[ATTENTION] = len(fitting), sum(map(known.needs_a_person, fitting))
        counts[DELETED] = len(known.deleted)
        looks = self._looks()
        return [
            Chip(
                key=key,
                look=look,
                count=moments.number(counts[key], self.visitor.language),
                href=asked.address(state=key),
                chosen=asked.state == key,
            )
            for key, look in looks.items()
            if not key or counts[key] or asked.state == key
        ]

    def _looks(self) -> dict[str, Look]:
        _: Callable[[str], str] = words(self.visitor.language).gettext
        of_states = {str(state): states.of_zap(state, self.visitor.language) for state in STATE_ORDER}
        return {
            "": Look("", "list", _("All")),
            **of_states,
            ATTENTION: Look("bad", "circle-alert", _("Needs attention")),
            DELETED: Look("", "trash-2", _("Deleted")),
        }

    def _apps(self, asked: Asked, known: _Known) -> list[Choice]:
        vocabulary = Vocabulary(self.runtime.registry(), self.visitor.language)
        used = {app for zap in known.alive for app in zap.uses.apps} | ({asked.app} if asked.app else set())
        named = sorted((vocabulary.app(app), app) for app in used)
        return [Choice(app, title, app == asked.app) for title, app in named]

    def _folders(self, asked: Asked, known: _Known) -> list[Choice]:
        used = {zap.folder for zap in known.alive if zap.folder}
        asked_for = {asked.folder} - {"", NO_FOLDER}
        found = [Choice(one, one, one == asked.folder) for one in sorted(used | asked_for, key=by_name)]
        nowhere = words(self.visitor.language).gettext("In no folder")
        return [*found, Choice(NO_FOLDER, nowhere, asked.folder == NO_FOLDER)] if found else []


_NOTHING = ZapFigures(None, ())


def _pool(known: _Known, asked: Asked) -> Sequence[Outline]:
    return known.deleted if asked.state == DELETED else known.alive


def _fits(zap: Outline, asked: Asked) -> bool:
    """Whether a zap has the words, the app and the folder that are asked for."""
    return (
        (not asked.q or _has_words(zap, asked.q))
        and (not asked.app or asked.app in zap.uses.apps)
        and (not asked.folder or zap.folder == asked.folder.replace(NO_FOLDER, ""))
    )


def _has_words(zap: Outline, words: str) -> bool:
    text = f"{zap.name} {zap.folder}".casefold()
    return all(word in text for word in words.casefold().split())


def _has_state(zap: Outline, asked: Asked, known: _Known) -> bool:
    if asked.state in ("", DELETED):
        return True
    return known.needs_a_person(zap) if asked.state == ATTENTION else zap.state == asked.state


def _sorted(found: list[Outline], asked: Asked, known: _Known) -> list[Outline]:
    """By name as people count (9 before 10), deleted ones the last first; the order of ids is that of time."""
    if asked.sort == "last":
        return sorted(found, key=lambda zap: known.last_runs.get(zap.id, ""), reverse=True)
    if asked.sort == "state":
        return sorted(found, key=lambda zap: (not known.needs_a_person(zap), STATE_ORDER.index(zap.state)))
    return found if asked.state == DELETED else sorted(found, key=lambda zap: _as_counted(zap.name))


_DIGITS = re.compile(r"([0-9]{1,18})")


@lru_cache(maxsize=4_000)
def _as_counted(name: str) -> tuple[tuple[int, int, str], ...]:
    """Kept: a thousand names are sorted for every page, and hardly one of them is new."""
    parts = _DIGITS.split(name.casefold())
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part)
