"""What the sandbox remembers: sign-ins, accounts, clients and items, answers by idempotency key, calls received.

Everything is committed before it is answered, so it survives the end of the process, also by SIGKILL (WAL with
synchronous=NORMAL keeps commits then; only a power cut could lose the last ones). Used by one event loop only.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.invoice2go.searching import folded

KINDS = ("clients", "items")
Row = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, redirect_uri TEXT NOT NULL, challenge TEXT NOT NULL, scope TEXT NOT NULL,
    expires_at REAL NOT NULL, family TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (
    access TEXT PRIMARY KEY, refresh TEXT NOT NULL UNIQUE, family TEXT NOT NULL, scope TEXT NOT NULL,
    expires_at REAL NOT NULL, replaced INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_by_family ON tokens (family);
CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, position INTEGER NOT NULL,
    clients INTEGER NOT NULL DEFAULT 0, items INTEGER NOT NULL DEFAULT 0,
    clients_quota INTEGER, items_quota INTEGER, quota_until TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL, reference TEXT, name TEXT NOT NULL, mark TEXT, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS records_in_order ON records (account, kind, number);
CREATE INDEX IF NOT EXISTS records_by_reference ON records (account, kind, reference);
CREATE INDEX IF NOT EXISTS records_by_name ON records (account, kind, name);
CREATE INDEX IF NOT EXISTS records_by_mark ON records (account, kind, mark);
CREATE TABLE IF NOT EXISTS answers (
    place TEXT NOT NULL, key TEXT NOT NULL, asked TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (place, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY, received_at TEXT NOT NULL, answered_at TEXT, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, key TEXT NOT NULL, status INTEGER, fault TEXT, record TEXT);
"""


class QuotaFull(Exception):
    """The account may not hold more of this kind."""

    def __init__(self, used: int, limit: int, until: str | None) -> None:
        super().__init__(used, limit)
        self.used = used
        self.limit = limit
        self.until = until


def moment() -> str:
    """Now, as it stands in the answers."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Store:
    """The SQLite file. Rows come as plain dictionaries."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None, timeout=10)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All statements within are kept, or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def rows(self, statement: str, *values: Any) -> list[Row]:
        return [dict(row) for row in self._db.execute(statement, values)]

    def row(self, statement: str, *values: Any) -> Row | None:
        found = self._db.execute(statement, values).fetchone()
        return dict(found) if found else None

    def write(self, statement: str, *values: Any) -> int:
        """The number of the row that was inserted, or of those that were changed."""
        done = self._db.execute(statement, values)
        return (done.lastrowid or 0) if statement.startswith("INSERT") else done.rowcount

    def setting(self, name: str, default: Any) -> Any:
        """A value that was set before; else `default`, which is kept from now on."""
        self.write("INSERT OR IGNORE INTO settings VALUES (?, ?)", name, json.dumps(default))
        found = self.row("SELECT value FROM settings WHERE name = ?", name)
        return json.loads(found["value"]) if found else default

    def accounts(self) -> list[Row]:
        return self.rows("SELECT * FROM accounts ORDER BY position")

    def create(self, account: str, kind: str, body: Mapping[str, Any], *, at: str = "", counted: bool = True) -> Row:
        """One more client or item. Raises `QuotaFull`. To be called within `together`."""
        if counted:
            self._count(account, kind)
        record = {"id": secrets.token_hex(8), "created_at": at or moment(), **body}
        self.write(
            "INSERT INTO records (account, kind, id, created_at, reference, name, mark, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            account,
            kind,
            record["id"],
            record["created_at"],
            body.get("external_reference"),
            folded(body["name"]),
            mark_of(kind, body.get("email") or body.get("code")),
            json.dumps(record),
        )
        self.write(f"UPDATE accounts SET {kind} = {kind} + 1 WHERE id = ?", account)  # noqa: S608 (one of KINDS)
        return record

    def _count(self, account: str, kind: str) -> None:
        row = self.row("SELECT * FROM accounts WHERE id = ?", account) or {}
        limit = row[f"{kind}_quota"]
        if limit is not None and row[kind] >= limit:
            raise QuotaFull(row[kind], limit, row["quota_until"])

    def record(self, account: str, kind: str, record_id: str) -> Row | None:
        found = self.row("SELECT body FROM records WHERE account = ? AND kind = ? AND id = ?", account, kind, record_id)
        return json.loads(found["body"]) if found else None

    def listed(
        self, account: str, kind: str, where: Mapping[str, str], *, newest: bool, limit: int, offset: int
    ) -> tuple[list[Row], int]:
        """Some of the records, in order of creation, and how many there are. `where` names columns of `records`."""
        names = [name for name in ("reference", "name", "mark") if name in where]
        condition = "".join(f" AND {name} = ?" for name in names)
        values = [account, kind, *(where[name] for name in names)]
        which = f"FROM records WHERE account = ? AND kind = ?{condition}"
        order = "DESC" if newest else "ASC"
        page = f"SELECT body {which} ORDER BY number {order} LIMIT ? OFFSET ?"
        total = self._total(account, kind, which, values) if names else self._all(account, kind)
        return [json.loads(row["body"]) for row in self.rows(page, *values, limit, offset)], total

    def _total(self, account: str, kind: str, which: str, values: list[Any]) -> int:
        found = self.row(f"SELECT count(*) AS total {which}", *values)
        return int(found["total"]) if found else 0

    def _all(self, account: str, kind: str) -> int:
        found = self.row("SELECT clients, items FROM accounts WHERE id = ?", account)
        return int(found[kind]) if found else 0

    def every(self, kind: str) -> list[Row]:
        """All records of a kind, for those who compare."""
        return [
            json.loads(row["body"])
            for row in self.rows("SELECT body FROM records WHERE kind = ? ORDER BY number", kind)
        ]

    def forget_work(self) -> None:
        """Clients, items, answers and calls are gone; accounts, quotas and sign-ins stay."""
        with self.together():
            for table in ("records", "answers", "calls"):
                self.write(f"DELETE FROM {table}")  # noqa: S608 (names from above)
            self.write("UPDATE accounts SET clients = 0, items = 0, quota_until = NULL")


def mark_of(kind: str, value: Any) -> str | None:
    """What a client or an item is found by: the e-mail address whatever its case, the code as it is."""
    if not value:
        return None
    return folded(value).casefold() if kind == "clients" else folded(value)
