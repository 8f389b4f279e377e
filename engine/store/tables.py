"""The tables. Rows of these classes never leave engine.store; every noun's module gives out frozen values instead.

Times are milliseconds since 1970 (moments.py); `data`, `cursor`, `payload` and `definition` are JSON bytes or text.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, text
from sqlmodel import Field, SQLModel

_QUEUED, _HELD = text("state = 'queued'"), text("hold <> ''")  # as the statements say it that use these indexes
_RESTED, _REPLAY = text("state <> 'queued' AND state <> 'running'"), text("replay_of IS NOT NULL")
_OPEN = text("closed_at IS NULL")
_ASKS = text("state = 'held' OR state = 'needs_review'")
_ENDED = text("contents = '' AND finished_at IS NOT NULL")


def _ms(*, index: bool = False, nullable: bool = False, server_default: str | None = None) -> Column[int]:
    return Column(BigInteger, nullable=nullable, index=index, server_default=server_default)


def _count() -> Column[int]:
    return Column(Integer, nullable=False, server_default="0")


class SettingRow(SQLModel, table=True):
    """Facts about the installation: its id, the fingerprint of its key, whether everything is paused."""

    __tablename__ = "setting"
    name: str = Field(primary_key=True)
    value: str


class ProfileRow(SQLModel, table=True):
    """What the owner filled in for one profile of one app, sealed."""

    __tablename__ = "profile"
    app: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    allowed_hosts: str = "[]"
    updated_at: int = Field(sa_column=_ms())


class ConnectionRow(SQLModel, table=True):
    """One account at an app. A deleted one stays as a tombstone without its secrets."""

    __tablename__ = "connection"
    id: str = Field(primary_key=True)
    name: str = Field(index=True)
    app: str
    auth: str
    profile: str
    state: str  # connections.State
    reason: str = ""
    account_id: str = ""
    account_label: str = ""
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    allowed_hosts: str = "[]"
    revision: int = 1
    created_at: int = Field(sa_column=_ms())
    updated_at: int = Field(sa_column=_ms())
    checked_at: int | None = Field(default=None, sa_column=_ms(nullable=True))
    deleted_at: int | None = Field(default=None, sa_column=_ms(nullable=True))


class ZapRow(SQLModel, table=True):
    """A zap: its draft, which version is live, and whether it is on."""

    __tablename__ = "zap"
    id: str = Field(primary_key=True)
    name: str = Field(index=True)
    state: str  # zaps.State
    attention: str = ""
    draft: str
    folder: str = Field(default="", sa_column_kwargs={"server_default": ""})
    updated_by: str = Field(default="", sa_column_kwargs={"server_default": ""})  # a person's id
    published: int | None = None
    concurrency: int | None = None  # of the published version, as is `overlap`
    overlap: str = Field(default="parallel", sa_column_kwargs={"server_default": "parallel"})  # model.Overlap
    passed: str = Field(default="", sa_column_kwargs={"server_default": ""})  # runs that rest hold nobody up to this id
    quota_until: int = Field(default=0, sa_column=_ms(server_default="0"))  # runs are held until then
    resumed_at: int = Field(default=0, sa_column=_ms(server_default="0"))  # failures count since then
    revision: int = 1
    created_at: int = Field(sa_column=_ms())
    updated_at: int = Field(sa_column=_ms())
    deleted_at: int | None = Field(default=None, sa_column=_ms(nullable=True))


class VersionRow(SQLModel, table=True):
    """What was published; never changed."""

    __tablename__ = "version"
    zap_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    definition: str
    connectors: str  # {app: version of the connector it was made with}
    created_by: str = Field(default="", sa_column_kwargs={"server_default": ""})  # a person's id
    created_at: int = Field(sa_column=_ms())


class WatchRow(SQLModel, table=True):
    """What the engine remembers about one zap's trigger. `generation` grows when its source or state changes."""

    __tablename__ = "watch"
    zap_id: str = Field(primary_key=True)
    connection_id: str = ""
    source: str
    listens: str = ""  # zaps with the same value share a listener; "" for none
    listening: bool = False  # a listener is at work at this moment
    active: bool = True
    waits_for: str = ""  # the connection that must be repaired first
    generation: int = 1
    cursor: str = "null"
    every: int = Field(sa_column=Column(BigInteger, nullable=False))
    next_poll_at: int = Field(sa_column=_ms(index=True))
    wait: int = Field(default=0, sa_column=_ms())  # how far ahead next_poll_at was put
    lease_token: str = ""
    lease_until: int = Field(default=0, sa_column=_ms())
    last_check_at: int | None = Field(default=None, sa_column=_ms(nullable=True))
    last_success_at: int | None = Field(default=None, sa_column=_ms(nullable=True))
    failures: int = 0
    problem: str = ""
    warning: str = ""
    watched_since: int = Field(default=0, sa_column=_ms(server_default="0"))  # silence before that does not count
    failing_since: int = Field(default=0, sa_column=_ms(server_default="0"))
    cursor_at: int = Field(
        default=0, sa_column=_ms(server_default="0")
    )  # when something new came last, or the cursor moved
    alarmed_at: int = Field(
        default=0, sa_column=_ms(server_default="0")
    )  # when people were told of its silence; 0: they were not
    line_number: int = Field(default=0, sa_column=_count())  # the newest line of its log of checks, …
    line_outcome: str = Field(default="", sa_column_kwargs={"server_default": ""})
    line_since: int = Field(default=0, sa_column=_ms(server_default="0"))
    line_checks: int = Field(default=0, sa_column=_count())
    line_found: int = Field(default=0, sa_column=_count())
    hour: int = Field(default=0, sa_column=_count())  # … and its newest hour: see checks.py
    hour_checks: int = Field(default=0, sa_column=_count())
    hour_failed: int = Field(default=0, sa_column=_count())
    hour_found: int = Field(default=0, sa_column=_count())


class SeenRow(SQLModel, table=True):
    """An id that a trigger returned. Kept longer than runs: it is what stops a second run."""

    __tablename__ = "seen"
    __table_args__ = {"sqlite_with_rowid": False}
    zap_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    record_id: str = Field(primary_key=True)
    complete: bool = True  # False: from a check that was cut short, so the next one reads on past it
    seen_at: int = Field(sa_column=_ms())


class EventRow(SQLModel, table=True):
    """A record accepted for one zap."""

    __tablename__ = "event"
    id: str = Field(primary_key=True)
    zap_id: str
    source: str
    record_id: str
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: int = Field(sa_column=_ms())
    __table_args__ = (Index("event_by_record", "zap_id", "record_id"),)


class HookRow(SQLModel, table=True):
    """The address of one zap: found by the hash of its token, which is kept sealed so that it can be shown."""

    __tablename__ = "hook"
    zap_id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: int = Field(sa_column=_ms())


class DeliveryRow(SQLModel, table=True):
    """A delivery whose sender named it: the same one again gets the same answer, and no second run."""

    __tablename__ = "delivery"
    __table_args__ = {"sqlite_with_rowid": False}
    zap_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: str  # of what was sent
    runs: str  # the ids of the runs it made, JSON
    received_at: int = Field(sa_column=_ms(index=True))


class RunRow(SQLModel, table=True):
    """The execution of one published version for one event."""

    __tablename__ = "run"
    id: str = Field(primary_key=True)
    zap_id: str
    version: int
    event_id: str
    replay_of: str | None = None
    state: str  # runs.State
    hold: str = ""  # why it is held: flood, quota, off, paused, connection:ID, attention
    due_at: int = Field(sa_column=_ms())
    attempt: int = 0  # how many rungs of the retry ladder were used
    owner: str = ""
    epoch: int = 0
    lease_until: int = Field(default=0, sa_column=_ms())
    step: str = ""  # where it stands or ended
    problem: str = ""  # a sentence for people
    field: str = ""  # the input the problem is about
    created_at: int = Field(sa_column=_ms())
    started_at: int | None = Field(default=None, sa_column=_ms(nullable=True))
    finished_at: int | None = Field(default=None, sa_column=_ms(nullable=True))
    contents: str = Field(default="", sa_column_kwargs={"server_default": ""})  # states.Contents
    __table_args__ = (
        Index("run_due", "state", "due_at"),
        Index("run_by_zap", "zap_id", "id"),
        Index("run_queued", "zap_id", "due_at", "id", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
        Index("run_held", "hold", "id", sqlite_where=_HELD, postgresql_where=_HELD),
        Index("run_by_state", "state", "id"),
        Index("run_rested", "zap_id", "state", "id", sqlite_where=_RESTED, postgresql_where=_RESTED),
        Index("run_asks", "zap_id", "state", sqlite_where=_ASKS, postgresql_where=_ASKS),
        Index("run_replays", "replay_of", "id", sqlite_where=_REPLAY, postgresql_where=_REPLAY),
        Index("run_contents", "zap_id", "finished_at", sqlite_where=_ENDED, postgresql_where=_ENDED),
    )


class JournalRow(SQLModel, table=True):
    """One thing that a run did; what recovery reads and what the history shows."""

    __tablename__ = "journal"
    id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(index=True)
    path: str  # the step's path
    entry: str  # journal.Entry
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: int = Field(sa_column=_ms())


class NoticeRow(SQLModel, table=True):
    """Something a person should know. One row per open matter: repetitions only count up."""

    __tablename__ = "notice"
    id: str = Field(primary_key=True)
    matter: str = Field(index=True)  # "zap:ID:trigger": the same matter is not told twice
    sentence: str
    zap_id: str = ""
    count: int = 1
    created_at: int = Field(sa_column=_ms())
    updated_at: int = Field(sa_column=_ms())
    closed_at: int | None = Field(default=None, sa_column=_ms(nullable=True))
    german: str = Field(
        default="", sa_column_kwargs={"server_default": ""}
    )  # the sentence in German, where it is known
    __table_args__ = (
        Index("notice_open", "updated_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("notice_closed", "closed_at"),
    )
