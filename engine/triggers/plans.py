"""Plans: what a check needs of a zap, made from its live version and its connection, and kept while both stay the same.

Making one takes ten times as long as a check that finds nothing new. Called by `polling`.
"""

from dataclasses import dataclass

from engine.connections.contexts import LiveConnection
from engine.errors import NotFound
from engine.store import zaps
from engine.store.database import Database
from engine.store.stamps import Stamp
from engine.store.watches import Watch
from engine.triggers.sources import Source, Sources
from engine.zaps.model import Zap

MAX_KEPT = 20_000  # zaps


@dataclass
class Plan:
    """How one zap is checked. `newest` is a record id of which is known that a complete check has seen it."""

    source: Source
    flood_limit: int | None
    stamp: Stamp
    newest: str | None = None


class Plans:
    """The plans of one process."""

    def __init__(self, database: Database, sources: Sources) -> None:
        self._database = database
        self._sources = sources
        self._kept: dict[str, Plan] = {}
        self._opened: dict[str, tuple[Stamp, LiveConnection]] = {}

    def kept(self, watch: Watch, stamp: Stamp) -> Plan | None:
        """The plan that still holds, if there is one: nothing was changed, and the connector was not edited."""
        plan = self._kept.get(watch.zap_id)
        if plan is None or plan.stamp != stamp:
            return None
        return plan if self._sources.is_current(plan.source) else None

    def made(self, watch: Watch, stamp: Stamp) -> Plan:
        """A new plan. Blocking. Raises `NotFound`, `NotUsable`, `ValueProblems`."""
        with self._database.read() as session:
            zap = zaps.live(session, watch.zap_id)
        if zap is None:
            raise NotFound("This zap was never published.")
        plan = Plan(self._source(zap, stamp), zap.flood_limit, stamp)
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
            self._opened.clear()
        self._kept[watch.zap_id] = plan
        return plan

    def _source(self, zap: Zap, stamp: Stamp) -> Source:
        """Its connection is opened once for all zaps on it, until it is changed."""
        key, as_stored = zap.trigger.connection or zap.trigger.use.partition(".")[0], stamp[1:]
        known_as, opened = self._opened.get(key, ((), None))
        source = self._sources.of(zap, opened if known_as == as_stored else None)
        self._opened[key] = as_stored, source.connection
        return source

    def forget(self, watch: Watch) -> None:
        """After a check that failed: the next one begins with what is stored."""
        self._kept.pop(watch.zap_id, None)
