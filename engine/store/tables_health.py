"""The tables of the log of checks: what fell out of the watch's own row, where the newest line and hour are counted."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel


class CheckLineRow(SQLModel, table=True):
    """Checks in a row that went alike: one line of a zap's log, closed by the first one that went otherwise."""

    __tablename__ = "check_line"
    __table_args__ = {"sqlite_with_rowid": False}
    zap_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    outcome: str  # checks.Outcome
    problem: str = ""
    since: int = Field(sa_column=Column(BigInteger, nullable=False))
    until: int = Field(sa_column=Column(BigInteger, nullable=False))
    checks: int
    found: int  # new events


class CheckHourRow(SQLModel, table=True):
    """How many checks a zap had in one hour (of UTC, counted since 1970)."""

    __tablename__ = "check_hour"
    __table_args__ = {"sqlite_with_rowid": False}
    zap_id: str = Field(primary_key=True)
    hour: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    checks: int
    failed: int
    found: int
