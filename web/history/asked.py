"""What somebody asks of the history, as it stands in the address. Read by the list and by what is done with many.

    /history?zap=ID&state=failed&since=7d&until=2026-11-23&q=muster

`since` is “today”, a number of days back (“7d”) or a day; `until` is a day, which is included. What cannot be read asks
for nothing, so that an old or mistyped address still shows a list.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from engine.history import words
from engine.history.finding import Filter
from engine.store.encoding import clean
from engine.store.states import RunState
from web import moments

UNDER_WAY = "under_way"
GROUPS: dict[str, tuple[RunState, ...]] = {
    "succeeded": (RunState.SUCCEEDED,),
    "failed": (RunState.FAILED,),
    "needs_review": (RunState.NEEDS_REVIEW,),
    "held": (RunState.HELD,),
    "retrying": (RunState.RETRYING,),
    UNDER_WAY: (RunState.QUEUED, RunState.RUNNING, RunState.WAITING),
    "filtered": (RunState.FILTERED,),
    "stopped": (RunState.STOPPED,),
    "handled": (RunState.HANDLED,),
    "cancelled": (RunState.CANCELLED,),
}
"""The states as they are filtered by, in the order they are shown."""
RANGES = ("today", "7d", "30d")
MAX_TEXT = 200  # characters


@dataclass(frozen=True)
class Asked:
    """The filter as texts; “” restricts nothing."""

    zap: str = ""
    state: str = ""
    since: str = ""
    until: str = ""
    q: str = ""

    @classmethod
    def of(cls, get: Callable[[str], str | None]) -> "Asked":
        """From an address or a form."""
        zap, state, since, until, q = (
            clean((get(name) or "").strip())[:MAX_TEXT] for name in ("zap", "state", "since", "until", "q")
        )
        return cls(
            zap=zap,
            state=state if state in GROUPS or state in set(RunState) else "",
            since=since if since in RANGES or _day(since) else "",
            until=until if _day(until) else "",
            q=q,
        )

    @property
    def is_empty(self) -> bool:
        return self == Asked()

    @property
    def states(self) -> tuple[RunState, ...]:
        return GROUPS.get(self.state) or ((RunState(self.state),) if self.state else ())

    @property
    def is_own_range(self) -> bool:
        return bool(self.until) or bool(self.since and self.since not in RANGES)

    @property
    def is_cut(self) -> bool:
        """Whether `q` is more than is searched for."""
        return words.is_cut(self.q) or len(self.q) == MAX_TEXT

    @property
    def searched(self) -> list[str]:
        """The words of `q` that are searched for."""
        return words.typed(self.q)

    def filter(self, zone_name: str, now: datetime) -> Filter:
        """For the engine; days are those of the reader's zone."""
        return Filter(
            zap_ids=(self.zap,) if self.zap else (),
            states=self.states,
            since=_since(self.since, zone_name, now),
            until=_midnight(_day(self.until), zone_name, days=1),
            text=self.q,
        )

    def without(self, *names: str) -> "Asked":
        """The same with these left open."""
        return replace(self, **dict.fromkeys(names, ""))

    def address(self, path: str = "/history", **more: str) -> str:
        """Where this is asked; `more` replaces or adds."""
        pairs = {**vars(self), **more}
        query = urlencode({name: value for name, value in pairs.items() if value})
        return f"{path}?{query}" if query else path

    @property
    def query(self) -> str:
        """As it stands behind the question mark."""
        return urlencode(self.pairs())

    def pairs(self) -> list[tuple[str, str]]:
        """As the fields of a form."""
        return [(name, value) for name, value in vars(self).items() if value]


def _since(text: str, zone_name: str, now: datetime) -> datetime | None:
    today = now.astimezone(moments.zone(zone_name)).date()
    if text == "today":
        return _midnight(today, zone_name)
    if text in RANGES:
        return _midnight(today - timedelta(days=int(text[:-1]) - 1), zone_name)
    return _midnight(_day(text), zone_name)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 3000 else None  # dates overflow beyond


def _midnight(day: date | None, zone_name: str, *, days: int = 0) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=days), time(), moments.zone(zone_name)).astimezone(UTC)
