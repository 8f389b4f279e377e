"""Every column in which what somebody wrote can stand, and what becomes of it when a person is erased. Called by
engine.keeping.persons.

A column of text that is not listed here is one in which a person would be forgotten: a test compares the list with the
tables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from engine.store import schema  # noqa: F401  (fills the metadata)
from engine.store.states import FINISHED, RunState


class Fate(StrEnum):
    """What becomes of a person who is named in a column."""

    RUN = "run"  # goes with the data of the run
    ROW = "row"  # its row goes: samples, calls that were waited for, what could be undone
    CUT = "cut"  # is cut out, the rest stays: `CUTS`
    DRAWN = "drawn"  # stays and is listed: a zap's own text, or the name of something that is used
    SEALED = "sealed"  # what people here filled in to sign in, sealed: goes with the account
    ID = "id"  # stays and is counted: it stops a second run
    OURS = "ours"  # holds nothing but what Zapwerk makes: ids, codes, states, places of fields
    INDEX = "index"  # follows from the runs


class Form(StrEnum):
    """How a column that is cut says it."""

    SENTENCE = "sentence"  # for people; may quote values
    NAME = "name"
    VALUES = "values"  # JSON, of which only the values are a person's
    ZAP = "zap"  # JSON of a zap, whose structure has to stay


class Group(StrEnum):
    """What the pages count together."""

    NOTICES = "notices"
    DISPATCHES = "dispatches"
    TROUBLES = "troubles"  # of triggers, calls, accounts: what is shown while something fails
    AUDIT = "audit"
    BYGONE = "bygone"  # what was deleted, and notes about who was here


@dataclass(frozen=True)
class Cut:
    """Columns of one table out of which a person is cut; `only` bounds the rows."""

    group: Group
    table: str
    forms: Mapping[str, Form]
    only: str = "1 = 1"

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that tell its rows apart."""
        return tuple(column.name for column in SQLModel.metadata.tables[self.table].primary_key)


@dataclass(frozen=True)
class Row:
    """One of its rows: its keys, and what stands in its columns."""

    cut: Cut
    keys: Mapping[str, Any]
    values: Mapping[str, Any]


_HERE = "SELECT id FROM person WHERE removed_at IS NULL"
_OPEN = ", ".join(f"'{state}'" for state in RunState if state not in FINISHED)
_OVER = (  # runs that have not ended need what was published
    "deleted_at IS NOT NULL AND NOT EXISTS "  # noqa: S608 - our own states
    f"(SELECT 1 FROM run WHERE run.zap_id = zap.id AND run.state IN ({_OPEN}))"
)
_DELETED = f"SELECT id FROM zap WHERE {_OVER}"  # noqa: S608 - our own

CUTS = (
    Cut(Group.NOTICES, "notice", {"sentence": Form.SENTENCE, "german": Form.SENTENCE}),
    Cut(
        Group.DISPATCHES,
        "dispatch",
        {"problem": Form.SENTENCE, "german": Form.SENTENCE, "content": Form.VALUES},
    ),
    Cut(Group.TROUBLES, "watch", {"problem": Form.SENTENCE, "warning": Form.SENTENCE}),
    Cut(Group.TROUBLES, "check_line", {"problem": Form.SENTENCE}),
    Cut(Group.TROUBLES, "awaiting", {"refused": Form.SENTENCE}),
    Cut(Group.TROUBLES, "connection", {"reason": Form.SENTENCE}),
    Cut(Group.TROUBLES, "zap", {"attention": Form.SENTENCE}),
    Cut(Group.TROUBLES, "notice_way", {"problem": Form.SENTENCE, "german": Form.SENTENCE}),
    Cut(Group.AUDIT, "audit", {"details": Form.VALUES, "address": Form.NAME}),
    Cut(Group.AUDIT, "audit", {"subject": Form.NAME}, f"subject_id NOT IN ({_HERE})"),
    Cut(Group.AUDIT, "audit", {"person": Form.NAME}, f"person_id NOT IN ({_HERE})"),
    Cut(Group.BYGONE, "person", {"email": Form.NAME, "name": Form.NAME}, "removed_at IS NOT NULL"),
    Cut(
        Group.BYGONE,
        "connection",
        {"name": Form.NAME, "account_id": Form.NAME, "account_label": Form.NAME},
        "deleted_at IS NOT NULL",
    ),
    Cut(Group.BYGONE, "zap", {"name": Form.NAME, "folder": Form.NAME, "draft": Form.ZAP}, _OVER),
    Cut(Group.BYGONE, "version", {"definition": Form.ZAP}, f"zap_id IN ({_DELETED})"),
    Cut(Group.BYGONE, "link", {"note": Form.NAME}),
    Cut(Group.BYGONE, "sign_in", {"agent": Form.NAME, "address": Form.NAME}),
    Cut(Group.BYGONE, "token", {"name": Form.NAME}),
)

FATES: Mapping[str, Mapping[Fate, str]] = {
    "audit": {Fate.CUT: "person subject details address", Fate.OURS: "person_id action subject_id"},
    "awaited": {Fate.ROW: "record_id payload misfit", Fate.OURS: "id zap_id use"},
    "awaiting": {Fate.CUT: "refused", Fate.OURS: "zap_id"},
    "baseline": {Fate.OURS: "zap_id source"},
    "change": {Fate.ROW: "before after", Fate.OURS: "zap_id place person_id"},
    "check_hour": {Fate.OURS: "zap_id"},
    "check_line": {Fate.CUT: "problem", Fate.OURS: "zap_id outcome"},
    "connection": {
        Fate.DRAWN: "name account_id account_label",
        Fate.CUT: "reason",
        Fate.SEALED: "sealed",
        Fate.OURS: "id app auth profile state allowed_hosts",
    },
    "delivery": {Fate.ID: "key", Fate.OURS: "zap_id digest runs"},
    "dispatch": {Fate.CUT: "content problem german", Fate.OURS: "id kind person_id about"},
    "event": {Fate.RUN: "payload", Fate.ID: "record_id", Fate.OURS: "id zap_id source"},
    "extract": {Fate.INDEX: "label words", Fate.OURS: "run_id"},
    "hook": {Fate.SEALED: "sealed", Fate.OURS: "zap_id token_hash"},
    "journal": {Fate.RUN: "data", Fate.OURS: "run_id path entry"},
    "keeping": {Fate.OURS: "zap_id"},
    "link": {Fate.CUT: "note", Fate.OURS: "token_hash id purpose role person_id created_by"},
    "moved": {Fate.OURS: "run_id zap_id state"},
    "notice": {Fate.CUT: "sentence german", Fate.OURS: "id matter zap_id"},
    "notice_receiver": {Fate.OURS: "person_id language timezone"},
    "notice_told": {Fate.OURS: "notice_id person_id matter"},
    "notice_way": {Fate.CUT: "problem german", Fate.SEALED: "sealed", Fate.OURS: "kind allowed_hosts"},
    "notice_wish": {Fate.OURS: "person_id zap_id wish"},
    "person": {
        Fate.DRAWN: "email name",
        Fate.SEALED: "totp",
        Fate.OURS: "id role language timezone password recovery",
    },
    "profile": {Fate.SEALED: "sealed", Fate.OURS: "app name allowed_hosts"},
    "run": {Fate.RUN: "problem", Fate.OURS: "id zap_id event_id replay_of state hold owner step field contents"},
    "sample": {Fate.ROW: "record", Fate.OURS: "zap_id step made_with"},
    "seen": {Fate.ID: "record_id", Fate.OURS: "zap_id source"},
    "setting": {Fate.OURS: "name value"},
    "sign_in": {Fate.CUT: "agent address", Fate.OURS: "token_hash id person_id"},
    "tally_day": {Fate.OURS: "zap_id state"},
    "tally_hour": {Fate.OURS: "zap_id state"},
    "throttle": {Fate.OURS: "key"},
    "token": {Fate.CUT: "name", Fate.OURS: "token_hash id person_id role"},
    "version": {Fate.DRAWN: "definition", Fate.OURS: "zap_id connectors created_by"},
    "watch": {
        Fate.CUT: "problem warning",
        Fate.ID: "cursor",
        Fate.OURS: "zap_id connection_id source listens waits_for lease_token line_outcome",
    },
    "zap": {
        Fate.DRAWN: "name draft folder",
        Fate.CUT: "attention",
        Fate.OURS: "id state updated_by overlap passed",
    },
}
"""By table: what becomes of its columns of text and bytes."""


@dataclass(frozen=True)
class Drawn:
    """What a person typed into a zap: its draft (`number` 0), or a published version."""

    zap_id: str
    number: int
    deleted: bool
    data: bytes


def drawn(connection: Connection) -> Iterator[Drawn]:
    """What stays as it is: drafts and versions of zaps that are there, or have runs that need them."""
    sql = (
        "SELECT id AS zap_id, 0 AS number, deleted_at, draft || folder AS drawn FROM zap "  # noqa: S608 - our own
        f"WHERE NOT ({_OVER}) UNION ALL "
        "SELECT version.zap_id, version.number, zap.deleted_at, definition AS drawn "
        f"FROM version JOIN zap ON zap.id = version.zap_id WHERE NOT ({_OVER})"
    )
    for row in connection.execute(text(sql)):
        yield Drawn(row.zap_id, row.number, row.deleted_at is not None, row.drawn.encode("utf-8", "replace"))


def rows(connection: Connection) -> Iterator[Row]:
    """All rows of all `CUTS`, one after the other; a row may come once for each cut."""
    for cut in CUTS:
        columns = ", ".join((*cut.keys, *cut.forms))
        found = connection.execute(text(f"SELECT {columns} FROM {cut.table} WHERE {cut.only}"))  # noqa: S608 - our own
        for row in found.mappings():
            yield Row(cut, {key: row[key] for key in cut.keys}, {name: row[name] for name in cut.forms})


def rewrite(connection: Connection, row: Row, values: Mapping[str, Any]) -> bool:
    """Puts `values` in the place of the row's; False, and nothing is changed, if they were changed meanwhile."""
    same = [f"{name} = :key_{name}" for name in row.keys] + [f"{name} = :was_{name}" for name in row.values]
    given = {f"key_{name}": value for name, value in row.keys.items()}
    given |= {f"was_{name}": value for name, value in row.values.items()}
    given |= {f"new_{name}": value for name, value in values.items()}
    put = ", ".join(f"{name} = :new_{name}" for name in values)
    sql = text(f"UPDATE {row.cut.table} SET {put} WHERE {' AND '.join(same)}")  # noqa: S608 - our own names
    return bool(connection.execute(sql, given).rowcount)


@dataclass(frozen=True)
class Named:
    """Something that is used and is called so: an account at an app (`connection`), or of somebody here (`person`)."""

    kind: str
    id: str
    name: str
    more: str


def named(connection: Connection) -> list[Named]:
    """All connected accounts, and all people who may sign in."""
    sql = (
        "SELECT 'connection' AS kind, id, name, account_id || ' ' || account_label AS more FROM connection "
        "WHERE deleted_at IS NULL UNION ALL "
        "SELECT 'person' AS kind, id, name, email AS more FROM person WHERE removed_at IS NULL"
    )
    return [Named(row.kind, row.id, row.name, row.more) for row in connection.execute(text(sql))]


def count_ids(connection: Connection, needle: str) -> int:
    """In how many ids of records and deliveries a text stands that is written in small letters."""
    like = "LIKE :like ESCAPE '!'"
    sql = (
        f"SELECT (SELECT count(*) FROM (SELECT record_id FROM seen WHERE lower(record_id) {like} "  # noqa: S608
        f"UNION SELECT record_id FROM event WHERE lower(record_id) {like}) AS known) "
        f"+ (SELECT count(*) FROM delivery WHERE lower(key) {like}) "
        f"+ (SELECT count(*) FROM watch WHERE lower(cursor) {like})"
    )
    escaped = needle.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return int(connection.execute(text(sql), {"like": f"%{escaped}%"}).scalar_one())
