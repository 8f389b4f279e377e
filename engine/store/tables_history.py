"""The tables of the history: a log of what moved, tallies, and the index of extracts. Filled by `engine.history`.

None of it is the truth: it is made from runs, events and the journal, and can be made again.
"""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel

OUTSIDE = frozenset(
    {"search", "search_config", "search_data", "search_idx", "search_word", "extract_words", "moved_tx"}
)
"""Tables and indexes that one of the two databases has beyond those below: SQLite's full-text index with its shadow
tables, PostgreSQL's index of words and that of transactions. Migration 0004 makes them, and the metadata cannot say
them; the tests that compare both leave out exactly these names."""


def _large(*, key: bool = False) -> Column[int]:
    kind = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts by itself there
    return Column(kind, primary_key=key, nullable=False)


class MovedRow(SQLModel, table=True):
    """A run came into a state; written by triggers, in the same transaction. The newest few thousand are kept."""

    __tablename__ = "moved"
    id: int | None = Field(default=None, sa_column=_large(key=True))
    run_id: str
    zap_id: str
    state: str
    finished_at: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))  # 0: it has not ended
    tx: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))  # PostgreSQL: the transaction


class HourRow(SQLModel, table=True):
    """How many runs of a zap ended in a state within an hour (hours since 1970, UTC)."""

    __tablename__ = "tally_hour"
    __table_args__ = {"sqlite_with_rowid": False}
    hour: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    zap_id: str = Field(primary_key=True)
    state: str = Field(primary_key=True)
    count: int


class DayRow(SQLModel, table=True):
    """The same for a day (days since 1970, UTC): with hours at its edges, a day in any zone."""

    __tablename__ = "tally_day"
    __table_args__ = {"sqlite_with_rowid": False}
    day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    zap_id: str = Field(primary_key=True)
    state: str = Field(primary_key=True)
    count: int


class ExtractRow(SQLModel, table=True):
    """A run that can be found by words. `id` sorts by when the run was created.

    `words` are those of the run: on PostgreSQL what is searched; on SQLite packed, since the full-text index must be
    told what it is to forget.
    """

    __tablename__ = "extract"
    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    run_id: str = Field(unique=True)
    label: str
    words: bytes | None = Field(
        default=None, sa_column=Column(LargeBinary().with_variant(TSVECTOR(), "postgresql"), nullable=True)
    )
