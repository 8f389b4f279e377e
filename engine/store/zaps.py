"""Zaps and their published versions. Called by whatever shows or changes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from engine.errors import Conflict, NotFound, Refused
from engine.store import ids
from engine.store.moments import from_ms, to_ms
from engine.store.states import ZapState
from engine.store.tables import VersionRow, ZapRow
from engine.zaps.model import Zap


@dataclass(frozen=True)
class StoredZap:
    """A zap as it stands: its draft, and the number of the version that is live, if any."""

    id: str
    name: str
    state: ZapState
    attention: str
    draft: Zap
    published: int | None
    revision: int
    created_at: datetime
    updated_at: datetime


def create(session: Session, draft: Zap, *, now: datetime) -> StoredZap:
    """Stores a new zap as a draft. Raises `Refused` if another one has its name."""
    _name_is_free(session, draft.name, "")
    moment = to_ms(now)
    row = ZapRow(
        id=ids.new(),
        name=draft.name,
        state=ZapState.DRAFT,
        draft=_text(draft),
        created_at=moment,
        updated_at=moment,
    )
    session.add(row)
    session.flush()
    return _stored(row)


def find(session: Session, name_or_id: str) -> StoredZap:
    """By id, or by name without regard to case. Raises `NotFound`."""
    return _stored(_row(session, name_or_id))


def every(session: Session) -> list[StoredZap]:
    """All zaps, by name."""
    alive = select(ZapRow).where(col(ZapRow.deleted_at).is_(None)).order_by(func.lower(ZapRow.name))
    return [_stored(row) for row in session.exec(alive)]


def save_draft(session: Session, zap_id: str, draft: Zap, *, revision: int, now: datetime) -> StoredZap:
    """Replaces the draft. Raises `Conflict` if somebody saved since `revision`."""
    row = _row(session, zap_id)
    if row.revision != revision:
        raise Conflict(f"“{row.name}” was changed meanwhile. Please look at it again; your change was not saved.")
    _name_is_free(session, draft.name, row.id)
    row.name, row.draft = draft.name, _text(draft)
    return _changed(session, row, now)


def publish(session: Session, zap_id: str, connectors: Mapping[str, int], *, now: datetime) -> int:
    """Makes the draft the live version; returns its number. `connectors` are the versions it is made with."""
    row = _row(session, zap_id)
    last = session.exec(select(func.max(VersionRow.number)).where(VersionRow.zap_id == zap_id)).one() or 0
    version = VersionRow(
        zap_id=zap_id,
        number=last + 1,
        definition=row.draft,
        connectors=json.dumps(dict(connectors)),
        created_at=to_ms(now),
    )
    session.add(version)
    row.published, row.concurrency = version.number, Zap.model_validate_json(row.draft).concurrency
    _changed(session, row, now)
    return version.number


def version(session: Session, zap_id: str, number: int) -> Zap:
    """What was published under this number."""
    return Zap.model_validate_json(session.get_one(VersionRow, (zap_id, number)).definition)


def live(session: Session, zap_id: str) -> Zap | None:
    """The live version; None for a zap that was never published."""
    row = _row(session, zap_id)
    return None if row.published is None else version(session, zap_id, row.published)


def versions(session: Session, zap_id: str) -> dict[int, datetime]:
    """When each published version was made, the newest first."""
    mine = select(VersionRow).where(VersionRow.zap_id == zap_id).order_by(col(VersionRow.number).desc())
    return {row.number: from_ms(row.created_at) for row in session.exec(mine)}


def names(session: Session) -> dict[str, str]:
    """The name of every zap there ever was, by id: for the history."""
    return {row.id: row.name for row in session.exec(select(ZapRow))}


def set_state(session: Session, zap_id: str, state: ZapState, *, now: datetime, attention: str = "") -> None:
    row = _row(session, zap_id)
    row.state, row.attention = state, attention
    _changed(session, row, now)


def delete(session: Session, zap_id: str, *, now: datetime) -> None:
    """Takes the zap off every list; its history stays."""
    row = _row(session, zap_id)
    row.state, row.deleted_at = ZapState.OFF, to_ms(now)
    _changed(session, row, now)


def using(session: Session, connection_id: str) -> list[StoredZap]:
    """The zaps whose draft or live version uses a connection."""
    return [zap for zap in every(session) if connection_id in _connections(session, zap)]


def _connections(session: Session, zap: StoredZap) -> set[str]:
    published = [] if zap.published is None else [version(session, zap.id, zap.published)]
    return {name for one in (zap.draft, *published) for name in one.connections()}


def _row(session: Session, name_or_id: str) -> ZapRow:
    row = session.get(ZapRow, name_or_id)
    if row is None or row.deleted_at is not None:
        by_name = select(ZapRow).where(func.lower(ZapRow.name) == name_or_id.lower(), col(ZapRow.deleted_at).is_(None))
        row = session.exec(by_name).first()
    if row is None:
        raise NotFound(f"There is no zap “{name_or_id}”.")
    return row


def _name_is_free(session: Session, name: str, own_id: str) -> None:
    same = select(ZapRow.id).where(
        func.lower(ZapRow.name) == name.lower(), col(ZapRow.deleted_at).is_(None), ZapRow.id != own_id
    )
    if session.exec(same).first() is not None:
        raise Refused(f"There is a zap “{name}” already. Please give this one another name.")


def _changed(session: Session, row: ZapRow, now: datetime) -> StoredZap:
    row.revision += 1
    row.updated_at = to_ms(now)
    session.add(row)
    session.flush()
    return _stored(row)


def _text(zap: Zap) -> str:
    return zap.model_dump_json(by_alias=True, exclude_defaults=True)


def _stored(row: ZapRow) -> StoredZap:
    return StoredZap(
        id=row.id,
        name=row.name,
        state=ZapState(row.state),
        attention=row.attention,
        draft=Zap.model_validate_json(row.draft),
        published=row.published,
        revision=row.revision,
        created_at=from_ms(row.created_at),
        updated_at=from_ms(row.updated_at),
    )
