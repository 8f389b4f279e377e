"""The list of runs as it is shown: rows, chips with their counts, page after page. Called by `pages.history`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from engine.history.finding import Filter, HistoryRow, Total
from engine.runtime import Runtime
from engine.store.states import FINISHED, RunState
from web import moments, states
from web.history import zaps
from web.history.asked import GROUPS, UNDER_WAY, Asked
from web.languages import words
from web.states import Look
from web.trees import shown
from web.visitors import Visitor
from web.vocabulary import Vocabulary

PAGE_SIZE = 50
ALWAYS = ("succeeded", "failed", "needs_review", "held")  # chips that are there also when there is nothing
CANCELLABLE = (RunState.QUEUED, RunState.RETRYING, RunState.WAITING, RunState.HELD, RunState.NEEDS_REVIEW)


@dataclass(frozen=True)
class RowView:
    """One run in the list. `lasted_ms` is how long it ran; `can` are the codes of what may be done with it."""

    id: str
    look: Look
    label: str
    problem: str
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
    """A page of the list. `older` is where the next one is; `from_` is the first moment that a text search reaches."""

    rows: tuple[RowView, ...]
    older: str
    total: str
    count: int
    more: bool
    searched_from: datetime | None
    behind: int


@dataclass(frozen=True)
class Listing:
    """Reads the history for one visitor."""

    runtime: Runtime
    visitor: Visitor

    def page(self, asked: Asked, before: str | None = None) -> Rows:
        """Raises `Refused` for a place in the list that is none."""
        found = self.runtime.history.page(self._filter(asked), before, PAGE_SIZE)
        known = zaps.shown(self.runtime, ((row.zap_id, row.zap) for row in found.rows))
        vocabulary = Vocabulary(self.runtime.registry(), self.visitor.language)
        rows = tuple(_row(row, known[row.zap_id], vocabulary, self.visitor.language) for row in found.rows)
        return Rows(
            rows=rows,
            older=asked.address(before=found.next) if found.next else "",
            total=_runs(found.total, self.visitor.language),
            count=found.total.count,
            more=found.total.more,
            searched_from=found.searched_from,
            behind=found.behind,
        )

    def chips(self, asked: Asked) -> list[Chip]:
        """All groups that have runs, and those that people look for anyway. A search is not made once for each: its
        chips have no counts."""
        made = [self._chip(asked, "")]
        made += [self._chip(asked, key) for key in GROUPS]
        return [one for one in made if one.chosen or one.count != "0" or one.key in ("", *ALWAYS)]

    def _chip(self, asked: Asked, key: str) -> Chip:
        wanted = replace(asked, state=key)
        return Chip(
            key=key,
            look=look_of(key, self.visitor.language),
            count="" if asked.q else self._count(wanted),
            href=wanted.address(),
            chosen=asked.state == key,
        )

    def _count(self, asked: Asked) -> str:
        total = self.runtime.history.page(self._filter(asked), None, 1).total
        return moments.number(total.count, self.visitor.language) + ("+" if total.more else "")

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


def can(state: RunState) -> tuple[str, ...]:
    """What a person may do with a run in this state."""
    found = {"replay": state in FINISHED, "release": state == RunState.HELD, "drop": state in CANCELLABLE}
    return tuple(name for name, may in found.items() if may)


def _row(row: HistoryRow, zap: zaps.ZapShown, vocabulary: Vocabulary, language: str) -> RowView:
    problem = row.problem and vocabulary.error(zap.apps.get(row.step, ""), row.problem)
    return RowView(
        id=row.id,
        look=states.of_run(row.state, language),
        label=shown(row.label) or words(language).gettext("Without a name"),
        problem=shown(problem),
        zap=row.zap,
        zap_id=row.zap_id,
        icons=zap.icons,
        version=row.version,
        is_replay=row.replay_of is not None,
        due_at=row.due_at if row.state == RunState.RETRYING else None,
        created_at=row.created_at,
        waited_ms=row.waited_ms,
        lasted_ms=row.ran_ms,
        can=can(row.state),
    )


def _runs(total: Total, language: str) -> str:
    """“1 run”, “52 runs”, “more than 1,000 runs”."""
    count = moments.number(total.count, language)
    said = words(language)
    if total.more:
        return said.gettext("more than %(count)s runs") % {"count": count}
    return said.ngettext("%(count)s run", "%(count)s runs", total.count) % {"count": count}
