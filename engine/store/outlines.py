"""Zaps in outline, for lists of a thousand: their columns, which apps and accounts they use, what waits of their runs.

What a zap uses stands in its drawing, which is read again only when the drawing was changed: reading a thousand of them
takes ten times as long as knowing them. Called by the page of zaps, through `Outlines`, which the runtime keeps.
"""

import json
from collections import namedtuple
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, or_, select, text

from engine.store import gathered
from engine.store.moments import from_ms, maybe, to_ms
from engine.store.states import ZapState
from engine.store.tables import VersionRow, WatchRow, ZapRow
from engine.zaps.model import Zap

AT_ONCE = 400  # drawings in one statement; SQLite takes 32,766 values, PostgreSQL more


@dataclass(frozen=True)
class Uses:
    """What a drawing uses: its trigger (“imap.new_email”, “” while none is chosen), its apps in order, its accounts;
    and the app of each step by its key."""

    trigger: str = ""
    apps: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    steps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outline:
    """One zap of a list. `uses` is what runs, for a zap that is on, else what is drawn.

    `differs` says that the draft is not what is live, also of a zap that was never published.
    """

    id: str
    name: str
    state: ZapState
    attention: str
    folder: str
    published: int | None
    uses: Uses
    differs: bool
    updated_at: datetime
    deleted_at: datetime | None = None

    @property
    def is_on(self) -> bool:
        """Whether it takes events in."""
        return self.state in (ZapState.ON, ZapState.PAUSED)


@dataclass(frozen=True)
class _Drawn:
    """What was read of a drawing, by its revision and the number of its live version."""

    key: tuple[int, int | None]
    draft: Uses
    live: Uses
    differs: bool


_Row = namedtuple(
    "_Row", ("id", "name", "state", "attention", "folder", "published", "revision", "updated_at", "deleted_at")
)


@dataclass(frozen=True)
class Outlines:
    """Reads lists, and remembers what it read: by zap, its row with the outline made of it, and its drawing."""

    _made: dict[str, tuple[_Row, Outline]] = field(default_factory=dict)
    _drawn: dict[str, _Drawn] = field(default_factory=dict)

    def every(self, session: Session) -> list[Outline]:
        """All zaps that were not deleted, by name."""
        found = self._read(session, "deleted_at IS NULL ORDER BY lower(name)", {})
        if len(self._made) > 2 * len(found) + AT_ONCE:
            self._forget({one.id for one in found})
        return found

    def deleted(self, session: Session, *, since: datetime) -> list[Outline]:
        """Those that were deleted since then, the last one first."""
        return self._read(session, "deleted_at >= :since ORDER BY deleted_at DESC", {"since": to_ms(since)})

    def some(self, session: Session, zap_ids: Collection[str]) -> list[Outline]:
        """These, as far as they were not deleted, by name."""
        names = {f"zap_{place}": zap_id for place, zap_id in enumerate(zap_ids)}
        listed = ", ".join(f":{name}" for name in names) or "NULL"
        return self._read(session, f"id IN ({listed}) AND deleted_at IS NULL ORDER BY lower(name)", names)

    def _read(self, session: Session, wanted: str, values: Mapping[str, object]) -> list[Outline]:
        sql = f"SELECT {', '.join(_Row._fields)} FROM zap WHERE {wanted}"  # noqa: S608 - built here
        rows = [_Row(*values) for values in gathered.rows(session.connection(), sql, _Row._fields, values)]
        changed = [row for row in rows if row.id not in self._made or self._made[row.id][0] != row]
        redrawn = [row for row in changed if row.id not in self._drawn or self._drawn[row.id].key != _key(row)]
        self._draw(session, {row.id: _key(row) for row in redrawn})
        made = {row.id: (row, _outline(row, self._drawn[row.id])) for row in changed}
        self._made.update(made)
        return [(made.get(row.id) or self._made[row.id])[1] for row in rows]

    def _draw(self, session: Session, keys: Mapping[str, tuple[int, int | None]]) -> None:
        ids = list(keys)
        for start in range(0, len(ids), AT_ONCE):
            for zap_id, draft, live in _drawings(session, ids[start : start + AT_ONCE]):
                self._drawn[zap_id] = _drawn_of(keys[zap_id], draft, live)

    def _forget(self, kept: Collection[str]) -> None:
        for zap_id in [one for one in list(self._made) if one not in kept]:
            self._made.pop(zap_id, None)
            self._drawn.pop(zap_id, None)


def queued(session: Session, zap_ids: Collection[str]) -> int:
    """How many runs of these zaps wait for their turn."""
    mine = "SELECT count(*) FROM run WHERE state = 'queued' AND zap_id = :zap_id"
    return sum(int(session.execute(text(mine), {"zap_id": one}).scalar_one()) for one in zap_ids)


def last_calls(session: Session, zap_ids: Collection[str]) -> dict[str, datetime]:
    """When something last came in for each of these that made a run; replays do not count."""
    names = {f"zap_{place}": zap_id for place, zap_id in enumerate(zap_ids)}
    if not names:
        return {}
    sql = text(_LAST_CALLS.format(ids=", ".join(f":{name}" for name in names)))
    return {zap_id: from_ms(moment) for zap_id, moment in session.execute(sql, names) if moment is not None}


_LAST_CALLS = """
    SELECT zap.id, (
        SELECT run.created_at FROM run WHERE run.zap_id = zap.id AND run.replay_of IS NULL ORDER BY run.id DESC LIMIT 1
    ) AS last FROM zap WHERE zap.id IN ({ids})
"""


def troubled(session: Session) -> frozenset[str]:
    """The zaps whose trigger may not do its work: its health is judged by engine.triggers."""
    wrong = or_(col(WatchRow.problem) != "", col(WatchRow.waits_for) != "", col(WatchRow.alarmed_at) > 0)
    return frozenset(session.exec(select(WatchRow.zap_id).where(col(WatchRow.active), wrong)))


def _drawings(session: Session, zap_ids: Sequence[str]) -> Iterator[tuple[str, str, str | None]]:
    """The id, draft and live version of each."""
    live = (col(VersionRow.zap_id) == col(ZapRow.id)) & (col(VersionRow.number) == col(ZapRow.published))
    query = select(ZapRow.id, ZapRow.draft, VersionRow.definition).outerjoin(VersionRow, live)
    for row in session.execute(query.where(col(ZapRow.id).in_(zap_ids))):
        yield row.id, row.draft, row.definition


def _key(row: _Row) -> tuple[int, int | None]:
    return row.revision, row.published


def _drawn_of(key: tuple[int, int | None], draft: str, live: str | None) -> _Drawn:
    uses = _uses(draft)
    if live is None or live == draft:
        return _Drawn(key, uses, uses, differs=live is None)
    return _Drawn(key, uses, _uses(live), Zap.model_validate_json(live) != Zap.model_validate_json(draft))


def _uses(definition: str) -> Uses:
    """Read as plain JSON: a list needs three of its names, and checking the whole would take ten times as long."""
    drawn = json.loads(definition)
    users = [drawn["trigger"], *(step for step in drawn.get("steps", ()) if "filter" not in step)]
    apps = dict.fromkeys(str(user.get("use", "")).partition(".")[0] for user in users)
    accounts = dict.fromkeys(user.get("connection") for user in users)
    return Uses(
        trigger=drawn["trigger"].get("use", ""),
        apps=tuple(app for app in apps if app),
        connections=tuple(account for account in accounts if account),
        steps={user["key"]: str(user.get("use", "")).partition(".")[0] for user in users[1:]},
    )


def _outline(row: _Row, drawn: _Drawn) -> Outline:
    state = ZapState(row.state)
    return Outline(
        id=row.id,
        name=row.name,
        state=state,
        attention=row.attention,
        folder=row.folder,
        published=row.published,
        uses=drawn.live if state in (ZapState.ON, ZapState.PAUSED) else drawn.draft,
        differs=drawn.differs,
        updated_at=from_ms(row.updated_at),
        deleted_at=maybe(row.deleted_at),
    )
