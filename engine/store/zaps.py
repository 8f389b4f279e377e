"""Zaps and their published versions. Called by whatever shows or changes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count

from sqlmodel import Session, col, func, select

from engine import signs
from engine.errors import Conflict, NotFound, Problem, Problems, Refused
from engine.store import ids, overlap
from engine.store.moments import from_ms, maybe, to_ms
from engine.store.states import ZapState
from engine.store.tables import VersionRow, ZapRow
from engine.zaps.model import Overlap, Zap
from engine.zaps.remarks import remark

MAX_NAME = 190  # characters of a name that is given a number: 200 are allowed


@dataclass(frozen=True)
class StoredZap:
    """A zap as it stands: its draft, and the number of the version that is live, if any.

    `revision` counts what was saved of the draft; `updated_by` is the id of who saved it last, “” if nobody is known.
    """

    id: str
    name: str
    state: ZapState
    attention: str
    draft: Zap
    published: int | None
    revision: int
    created_at: datetime
    updated_at: datetime
    folder: str = ""
    updated_by: str = ""
    deleted_at: datetime | None = None


@dataclass(frozen=True)
class StoredVersion:
    """One published version: what was published, when, and the id of who did (“” if nobody is known)."""

    number: int
    zap: Zap
    created_by: str
    created_at: datetime


def create(session: Session, draft: Zap, *, now: datetime, by: str = "", folder: str = "") -> StoredZap:
    """Stores a new zap as a draft. Raises `Problems` for a name that hides something, `Refused` if another has it."""
    _check_name(session, draft.name, "")
    moment = to_ms(now)
    row = ZapRow(
        id=ids.new(),
        name=draft.name,
        state=ZapState.DRAFT,
        draft=text_of(draft),
        folder=folder,
        updated_by=by,
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


def save_draft(session: Session, zap_id: str, draft: Zap, *, revision: int, now: datetime, by: str = "") -> StoredZap:
    """Replaces the draft. Raises `Conflict` if somebody saved since `revision`, and for another name as `create`."""
    row = _row(session, zap_id)
    if row.revision != revision:
        at = from_ms(row.updated_at)
        raise Conflict(remark("changed_meanwhile", name=row.name), by=row.updated_by, at=at)
    if draft.name != row.name:
        _check_name(session, draft.name, row.id)
    row.name, row.draft = draft.name, text_of(draft)
    row.revision += 1
    return _changed(session, row, now, by)


def publish(session: Session, zap_id: str, connectors: Mapping[str, int], *, now: datetime, by: str = "") -> int:
    """Makes the draft the live version; returns its number. `connectors` are the versions it is made with."""
    row = _row(session, zap_id)
    last = session.exec(select(func.max(VersionRow.number)).where(VersionRow.zap_id == zap_id)).one() or 0
    version = VersionRow(
        zap_id=zap_id,
        number=last + 1,
        definition=row.draft,
        connectors=json.dumps(dict(connectors)),
        created_by=by,
        created_at=to_ms(now),
    )
    session.add(version)
    drawn = Zap.model_validate_json(row.draft)
    row.published, row.concurrency, row.overlap = version.number, drawn.at_once, drawn.overlap
    session.add(row)
    session.flush()
    if drawn.overlap == Overlap.IN_ORDER:
        overlap.line_up(session.connection(), zap_id)
    return version.number


def version(session: Session, zap_id: str, number: int) -> Zap:
    """What was published under this number. Raises `NotFound`."""
    row = session.get(VersionRow, (zap_id, number))
    if row is None:
        raise NotFound(remark("unknown_version", number=number))
    return Zap.model_validate_json(row.definition)


def live(session: Session, zap_id: str) -> Zap | None:
    """The live version; None for a zap that was never published."""
    row = _row(session, zap_id)
    return None if row.published is None else version(session, zap_id, row.published)


def differs(session: Session, zap_id: str) -> bool:
    """Whether the draft is another one than what is live; true for a zap that was never published."""
    row = _row(session, zap_id)
    live_row = None if row.published is None else session.get(VersionRow, (row.id, row.published))
    if live_row is None:
        return True
    return live_row.definition != row.draft and Zap.model_validate_json(live_row.definition) != _stored(row).draft


def versions(session: Session, zap_id: str) -> dict[int, datetime]:
    """When each published version was made, the newest first."""
    mine = select(VersionRow).where(VersionRow.zap_id == zap_id).order_by(col(VersionRow.number).desc())
    return {row.number: from_ms(row.created_at) for row in session.exec(mine)}


def published(session: Session, zap_id: str) -> list[StoredVersion]:
    """All published versions, the newest first."""
    mine = select(VersionRow).where(VersionRow.zap_id == zap_id).order_by(col(VersionRow.number).desc())
    return [
        StoredVersion(row.number, Zap.model_validate_json(row.definition), row.created_by, from_ms(row.created_at))
        for row in session.exec(mine)
    ]


def names(session: Session) -> dict[str, str]:
    """The name of every zap there ever was, by id: for the history."""
    return dict(session.exec(select(ZapRow.id, ZapRow.name)).all())


def name_of(session: Session, zap_id: str) -> str | None:
    """What a zap is or was called; None for one that never was."""
    return session.exec(select(ZapRow.name).where(ZapRow.id == zap_id)).one_or_none()


def set_state(session: Session, zap_id: str, state: ZapState, *, now: datetime, attention: str = "") -> None:
    row = _row(session, zap_id)
    row.state, row.attention = state, attention
    session.add(row)
    session.flush()


def delete(session: Session, zap_id: str, *, now: datetime) -> None:
    """Takes the zap off every list; its history stays, and it can be brought back (`undelete`)."""
    row = _row(session, zap_id)
    row.state = ZapState.DRAFT if row.published is None else ZapState.OFF
    row.deleted_at = to_ms(now)
    session.add(row)
    session.flush()


def deleted(session: Session, *, since: datetime) -> list[StoredZap]:
    """The zaps that were deleted since then, the last one first."""
    gone = select(ZapRow).where(col(ZapRow.deleted_at) >= to_ms(since)).order_by(col(ZapRow.deleted_at).desc())
    return [_stored(row) for row in session.exec(gone)]


def undelete(session: Session, zap_id: str, *, since: datetime, now: datetime, by: str = "") -> StoredZap:
    """Brings back a zap that was deleted since then, switched off. Its name gets a number if another one has it now."""
    row = session.get(ZapRow, zap_id)
    if row is None or row.deleted_at is None or row.deleted_at < to_ms(since):
        raise NotFound(remark("not_deleted", name=row.name if row else zap_id))
    row.deleted_at = None
    name = free_name(session, row.name, but=row.id)
    if name != row.name:
        row.draft = text_of(Zap.model_validate_json(row.draft).model_copy(update={"name": name}))
        row.name = name
        row.revision += 1
    return _changed(session, row, now, by)


def set_folder(session: Session, zap_id: str, folder: str) -> StoredZap:
    """Puts a zap into a folder; “” for none."""
    row = _row(session, zap_id)
    row.folder = folder
    session.add(row)
    session.flush()
    return _stored(row)


def folders(session: Session) -> list[str]:
    """The folders that hold any zaps, by name."""
    used = select(ZapRow.folder).where(col(ZapRow.deleted_at).is_(None), ZapRow.folder != "").distinct()
    return sorted(session.exec(used), key=str.casefold)


def free_name(session: Session, name: str, *, but: str = "", form: str = "{name} ({number})") -> str:
    """The name, or with the first number that no other zap has. `form` says how a number is added."""
    others = select(func.lower(ZapRow.name)).where(col(ZapRow.deleted_at).is_(None), ZapRow.id != but)
    taken = set(session.exec(others))
    numbered = (form.format(name=name[:MAX_NAME], number=number) for number in count(2))
    return next(one for one in chain([name], numbered) if one.lower() not in taken)


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
        raise NotFound(remark("unknown_zap", name=name_or_id))
    return row


def _check_name(session: Session, name: str, own_id: str) -> None:
    """Wherever a name is given. A zap that is stored under a name that would be refused now keeps it."""
    if signs.hidden(name):
        raise Problems([Problem(remark("hides_something"), field="name")])
    same = select(ZapRow.id).where(
        func.lower(ZapRow.name) == name.lower(), col(ZapRow.deleted_at).is_(None), ZapRow.id != own_id
    )
    if session.exec(same).first() is not None:
        raise Refused(remark("name_taken", name=name))


def _changed(session: Session, row: ZapRow, now: datetime, by: str) -> StoredZap:
    row.updated_at, row.updated_by = to_ms(now), by
    session.add(row)
    session.flush()
    return _stored(row)


def text_of(zap: Zap) -> str:
    """A zap as it is stored."""
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
        folder=row.folder,
        updated_by=row.updated_by,
        deleted_at=maybe(row.deleted_at),
    )
