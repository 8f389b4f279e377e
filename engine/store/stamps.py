"""Tells whether what was prepared for a check is still as it was stored. Called by engine.triggers with each claim."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from engine.store.tables import ConnectionRow, ProfileRow
from engine.store.watches import Watch

Stamp = tuple[object, ...]
"""Another value: the zap was published or switched, its connection or a profile was changed."""

_CONNECTION = ConnectionRow.__table__.c  # type: ignore[attr-defined]
_PROFILE = ProfileRow.__table__.c  # type: ignore[attr-defined]


def of(connection: Connection, claimed: Sequence[Watch]) -> dict[str, Stamp]:
    """The stamp of each watch, by zap."""
    if not claimed:
        return {}
    ids = {watch.connection_id for watch in claimed} - {""}
    wanted = select(_CONNECTION.id, _CONNECTION.revision).where(_CONNECTION.id.in_(ids))
    revisions = {row.id: row.revision for row in connection.execute(wanted)} if ids else {}
    profiles = tuple(sorted(map(tuple, connection.execute(select(_PROFILE.app, _PROFILE.name, _PROFILE.updated_at)))))
    return {watch.zap_id: (watch.generation, revisions.get(watch.connection_id), profiles) for watch in claimed}
