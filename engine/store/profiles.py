"""What the owner filled in for the profiles of apps (client id and secret, addresses), sealed."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from engine.store.moments import to_ms
from engine.store.tables import ProfileRow


@dataclass(frozen=True)
class StoredProfile:
    """Sealed values, and the private hosts that the owner typed into them."""

    sealed: bytes
    allowed_hosts: frozenset[str]


def get(session: Session, app: str, name: str) -> StoredProfile | None:
    """None if nothing was filled in."""
    row = session.get(ProfileRow, (app, name))
    return StoredProfile(row.sealed, frozenset(json.loads(row.allowed_hosts))) if row else None


def every(session: Session) -> dict[tuple[str, str], StoredProfile]:
    """All that was filled in, by app and name."""
    rows = session.exec(select(ProfileRow))
    return {(row.app, row.name): StoredProfile(row.sealed, frozenset(json.loads(row.allowed_hosts))) for row in rows}


def put(session: Session, app: str, name: str, sealed: bytes, allowed_hosts: Collection[str], *, now: datetime) -> None:
    hosts = json.dumps(sorted(allowed_hosts))
    session.merge(ProfileRow(app=app, name=name, sealed=sealed, allowed_hosts=hosts, updated_at=to_ms(now)))
