"""The list of runs as it is shown: rows, chips with their counts, page after page. Called by `pages.history`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine.history.finding import Filter, HistoryRow, Total
from engine.runtime import Runtime
from engine.store.overlap import Ahead, Jam
from engine.store.states import FINISHED, Contents, RunState
from web import moments, states
from web.history import waiting, zaps
from web.history.asked import GROUPS, UNDER_WAY, Asked
from web.history.waiting import AheadView
from web.languages import words
from web.states import Look
from web.trees import shown
from web.visitors import Visitor
from web.vocabulary import Vocabulary

PAGE_SIZE = 30
ALWAYS = ("succeeded", "failed", "needs_review", "held")  # chips that are there also when there is nothing
CANCELLABLE = (RunState.QUEUED, RunState.RETRYING, RunState.WAITING, RunState.HELD, RunState.NEEDS_REVIEW)


@dataclass(frozen=True)
class RowView:
    """One run in the list. `lasted_ms` is how long it ran, without its rests; `can` are the codes of what may be done
    with it."""

    id: str
    look: Look
    label: str
    problem: str
    ahead: AheadView | None
    zap: str
    zap_id: str
    icons: tuple[str, ...]
    version: int
    is_replay: bool
    due_at: datetime | None
    created_at: datetime
    waited_ms: int | None
    lasted_ms: int | None
    can: tuple[str, ...]

    @property
    def href(self) -> str:
        return f"/history/{self.id}"


@dataclass(frozen=True)
class Chip:
    """A group of states to filter by; `count` in words (“1,000+”)."""

    key: str
    look: Look
    count: str
    href: str
    chosen: bool


@dataclass(frozen=True)
class Rows:
    """A page of the list. `older` is where the next one is; `searched_from` is how far back a search reaches;
    `partly` are words that are only begun and would be too many."""

    rows: tuple[RowView, ...]
    older: str
    total: str
    count: int
    more: bool
    searched_from: datetime | None
    behind: int
    partly: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """Reads the history for one visitor."""

    runtime: Runtime
    visitor: Visitor

    def page(self, asked: Asked, before: str | None = None) -> Rows:
        """Raises `Refused` for a place in the list that is none."""
        found = self.runtime.history.page(self._filter(asked), before, PAGE_SIZE)
        return Rows(
            rows=views(self.runtime, self.visitor.language, found.rows),
            older=asked.address(before=found.next) if found.next else "",
            total=_runs(found.total, self.visitor.language),
            count=found.total.count,
            more=found.total.more,
            searched_from=found.searched_from,
            behind=found.behind,
            partly=found.partly,
        )

    def chips(self, asked: Asked) -> list[Chip]:
        """All groups that have runs, and those that people look for anyway. A search is not made once for each: its
        chips have no counts."""
        keys = ("", *GROUPS)
        counts = [""] * len(keys) if asked.q else self._counts(replace(asked, state=key) for key in keys)
        made = [self._chip(asked, key, count) for key, count in zip(keys, counts, strict=True)]
        return [one for one in made if one.chosen or one.count != "0" or one.key in ("", *ALWAYS)]

    def _chip(self, asked: Asked, key: str, count: str) -> Chip:
        wanted = replace(asked, state=key)
        return Chip(
            key=key,
            look=look_of(key, self.visitor.language),
            count=count,
            href=wanted.address(),
            chosen=asked.state == key,
        )

    def _counts(self, several: Iterable[Asked]) -> list[str]:
        found = self.runtime.history.totals([self._filter(one) for one in several])
        return [moments.number(one.count, self.visitor.language) + ("+" if one.more else "") for one in found]

    def _filter(self, asked: Asked) -> Filter:
        return asked.filter(self.visitor.timezone, self.runtime.now())


def look_of(key: str, language: str) -> Look:
    """How a group of states looks; “” is all of them."""
    _: Callable[[str], str] = words(language).gettext
    if not key:
        return Look("", "list", _("All"))
    if key == UNDER_WAY:
        return Look("busy", "loader", _("Under way"))
    return states.of_run(RunState(key), language)


def can(state: RunState, contents: str = "") -> tuple[str, ...]:
    """What a person may do with a run in this state; one without data cannot be replayed."""
    found = {
        "replay": state in FINISHED and not contents,
        "release": state == RunState.HELD,
        "drop": state in CANCELLABLE,
    }
    return tuple(name for name, may in found.items() if may)


def views(runtime: Runtime, language: str, found: Sequence[HistoryRow]) -> tuple[RowView, ...]:
    """Runs as rows, in the reader's language."""
    known = zaps.shown(runtime, ((row.zap_id, row.zap) for row in found))
    vocabulary = Vocabulary(runtime.registry(), language)
    jams = {
        zap_id: runtime.order.jam(zap_id) for zap_id in {row.zap_id for row in found if row.state == RunState.QUEUED}
    }
    return tuple(_row(row, known[row.zap_id], _ahead(row, jams), vocabulary, language) for row in found)


def _ahead(row: HistoryRow, jams: Mapping[str, Jam | None]) -> Ahead | None:
    """The first run that rests and that this one waits for."""
    jam = jams.get(row.zap_id) if row.state == RunState.QUEUED else None
    return Ahead(jam.first, jam.state) if jam is not None and jam.first < row.id else None


def label_of(label: str, contents: str, language: str) -> str:
    """What a run is called: by its record, as long as its data are kept."""
    _: Callable[[str], str] = words(language).gettext
    if contents:
        return _("Data erased") if contents == Contents.ERASED else _("Data deleted")
    return shown(label) or _("Without a name")


def _row(row: HistoryRow, zap: zaps.ZapShown, ahead: Ahead | None, vocabulary: Vocabulary, language: str) -> RowView:
    problem = row.problem and vocabulary.error(zap.apps.get(row.step, ""), row.problem)
    return RowView(
        id=row.id,
        look=states.of_run(row.state, language),
        label=label_of(row.label, row.contents, language),
        problem=shown(problem),
        ahead=waiting.ahead(ahead, language),
        zap=row.zap,
        zap_id=row.zap_id,
        icons=zap.icons,
        version=row.version,
        is_replay=row.replay_of is not None,
        due_at=row.due_at if row.state == RunState.RETRYING else None,
        created_at=row.created_at,
        waited_ms=row.waited_ms,
        lasted_ms=row.ran_ms,
        can=can(row.state, row.contents),
    )


def _runs(total: Total, language: str) -> str:
    """“1 run”, “52 runs”, “more than 1,000 runs”."""
    count = moments.number(total.count, language)
    said = words(language)
    if total.more:
        return said.gettext("more than %(count)s runs") % {"count": count}
    return said.ngettext("%(count)s run", "%(count)s runs", total.count) % {"count": count}
