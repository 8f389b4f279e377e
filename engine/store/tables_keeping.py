"""The tables of keeping: what zaps keep otherwise than the house, and since when a trigger counts what is new."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel


class KeepingRow(SQLModel, table=True):
    """How long one zap's runs are kept, where that differs from the house; None is as the house says."""

    __tablename__ = "keeping"
    zap_id: str = Field(primary_key=True)
    contents_days: int | None = None
    runs_days: int | None = None
    runs_most: int | None = None


class BaselineRow(SQLModel, table=True):
    """When a zap was switched on with what a source had then: nothing of that fires."""

    __tablename__ = "baseline"
    zap_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    taken_at: int = Field(sa_column=Column(BigInteger, nullable=False))
