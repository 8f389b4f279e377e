"""The tables of telling people: ways to reach them, what each wishes, what was told, and what is on its way.

Rows never leave engine.store. A receiver is a person's id; "" is the webhook, which is nobody's own.
"""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

_OPEN = text("done_at IS NULL")


def _ms(*, nullable: bool = False) -> Column[int]:
    return Column(BigInteger, nullable=nullable)


class WayRow(SQLModel, table=True):
    """A way to reach people, sealed, and how it went with it lately."""

    __tablename__ = "notice_way"
    kind: str = Field(primary_key=True)  # notice_ways.Kind
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    allowed_hosts: str = "[]"
    problem: str = ""  # of the last try, "" if it went well
    german: str = ""  # the same
    problem_since: int | None = Field(default=None, sa_column=_ms(nullable=True))
    worked_at: int | None = Field(default=None, sa_column=_ms(nullable=True))
    updated_at: int = Field(sa_column=_ms())


class WishRow(SQLModel, table=True):
    """How somebody wants to be told about a zap; `zap_id` "" is for all that have no row of their own."""

    __tablename__ = "notice_wish"
    person_id: str = Field(primary_key=True)
    zap_id: str = Field(primary_key=True)
    wish: str  # notice_wishes.Wish


class ReceiverRow(SQLModel, table=True):
    """What is kept about a receiver besides wishes. `language` and `timezone` are those of the browser, for people who
    chose none; a weekly mail may be wanted, not wanted, or as it is usual."""

    __tablename__ = "notice_receiver"
    person_id: str = Field(primary_key=True)
    language: str = ""
    timezone: str = ""
    weekly: bool | None = None
    read_at: int = Field(default=0, sa_column=_ms())  # what came up before is no news on the page
    sent_at: int = Field(default=0, sa_column=_ms())  # when a mail was last made that does not wait for the morning
    digest_at: int = Field(default=0, sa_column=_ms())  # when the next one is due, 0 if that was never reckoned
    weekly_at: int = Field(default=0, sa_column=_ms())


class ToldRow(SQLModel, table=True):
    """A matter that a receiver was told of."""

    __tablename__ = "notice_told"
    notice_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    matter: str
    told_at: int = Field(sa_column=_ms())
    reminded: bool = False
    settled: bool = False  # told as well that it is over
    __table_args__ = (Index("notice_told_by_matter", "person_id", "matter"),)


class DispatchRow(SQLModel, table=True):
    """One mail or call on its way. Its words were chosen when it was made, so that a repetition is the same."""

    __tablename__ = "dispatch"
    id: str = Field(primary_key=True)
    kind: str  # notice_ways.Kind: mail or hook
    person_id: str = ""
    about: str  # notices.deciding.About
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    due_at: int = Field(sa_column=_ms())
    attempts: int = 0
    lease_until: int = Field(default=0, sa_column=_ms())
    problem: str = ""
    german: str = ""  # the same
    created_at: int = Field(sa_column=_ms())
    done_at: int | None = Field(default=None, sa_column=_ms(nullable=True))
    given_up: bool = False
    __table_args__ = (Index("dispatch_due", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),)
