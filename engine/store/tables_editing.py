"""The tables of the editor: what was changed in drafts, and which records serve as samples. Rows never leave here."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel


class ChangeRow(SQLModel, table=True):
    """One change of a draft, kept so that it can be undone and done again."""

    __tablename__ = "change"
    id: int | None = Field(default=None, primary_key=True)
    zap_id: str
    place: str = ""  # what was changed; typing on in one place is one change
    before: str  # the whole draft
    after: str
    undone: bool = False
    person_id: str = ""
    at: int = Field(sa_column=Column(BigInteger, nullable=False))
    __table_args__ = (Index("change_by_zap", "zap_id", "id"),)


class SampleRow(SQLModel, table=True):
    """The record that stands for what a trigger or step of a draft gives: chosen, or what a test brought."""

    __tablename__ = "sample"
    zap_id: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    record: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_with: str = ""  # a digest of what the step was when it was tested
    real: bool = True  # False: made up from what the connector declares
    at: int = Field(sa_column=Column(BigInteger, nullable=False))


class AwaitingRow(SQLModel, table=True):
    """Somebody waits for a call to a webhook zap, to draw with what it brings. `refused` is why the last one was."""

    __tablename__ = "awaiting"
    zap_id: str = Field(primary_key=True)
    until: int = Field(sa_column=Column(BigInteger, nullable=False))
    refused: str = ""
    refused_at: int | None = Field(default=None, sa_column=Column(BigInteger))


class AwaitedRow(SQLModel, table=True):
    """A record of a call that was waited for. It starts nothing, and goes after a day."""

    __tablename__ = "awaited"
    id: str = Field(primary_key=True)
    zap_id: str
    use: str
    record_id: str
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    misfit: str = ""
    received_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    __table_args__ = (Index("awaited_by_zap", "zap_id", "id"),)
