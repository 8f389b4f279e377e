"""The tables of people: who may do what, where they are signed in, and what they did. Rows never leave engine.store."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel


def _ms(*, nullable: bool = False) -> Column[int]:
    return Column(BigInteger, nullable=nullable)


class PersonRow(SQLModel, table=True):
    """Somebody who may sign in. One who was removed stays, so that the audit log keeps its names."""

    __tablename__ = "person"
    id: str = Field(primary_key=True)
    email: str = Field(index=True)  # as typed; compared without regard to case
    name: str
    role: str  # people.Role
    language: str = ""  # "" follows the browser
    timezone: str = ""  # "" follows the browser
    password: str = ""  # argon2
    totp: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))  # sealed secret
    totp_used: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))  # the last time step accepted
    recovery: str = "[]"  # hashes of the codes that stand in for TOTP once each, JSON
    revision: int = 1
    created_at: int = Field(sa_column=_ms())
    last_seen_at: int | None = Field(default=None, sa_column=_ms(nullable=True))
    removed_at: int | None = Field(default=None, sa_column=_ms(nullable=True))


class SignInRow(SQLModel, table=True):
    """One browser that is signed in. The cookie holds a token, this row its hash."""

    __tablename__ = "sign_in"
    token_hash: str = Field(primary_key=True)
    id: str = Field(unique=True)  # what pages call it by
    person_id: str = Field(index=True)
    agent: str = ""
    address: str = ""
    created_at: int = Field(sa_column=_ms())
    last_seen_at: int = Field(sa_column=_ms())
    expires_at: int = Field(sa_column=_ms())


class LinkRow(SQLModel, table=True):
    """A link that is good once: the set-up of the first owner, an invitation, a new password, the demo's sign-in."""

    __tablename__ = "link"
    token_hash: str = Field(primary_key=True)
    id: str = Field(unique=True)
    purpose: str  # links.Purpose
    role: str = ""
    person_id: str = ""  # whom a new password or a sign-in is for
    note: str = ""  # whom an invitation is meant for
    created_by: str = ""
    created_at: int = Field(sa_column=_ms())
    expires_at: int = Field(sa_column=_ms())
    used_at: int | None = Field(default=None, sa_column=_ms(nullable=True))


class TokenRow(SQLModel, table=True):
    """A token for the API, with at most the rights of the person who made it."""

    __tablename__ = "token"
    token_hash: str = Field(primary_key=True)
    id: str = Field(unique=True)
    person_id: str = Field(index=True)
    name: str
    role: str  # at most the person's own
    created_at: int = Field(sa_column=_ms())
    last_used_at: int | None = Field(default=None, sa_column=_ms(nullable=True))
    expires_at: int | None = Field(default=None, sa_column=_ms(nullable=True))


class AuditRow(SQLModel, table=True):
    """One thing that somebody did."""

    __tablename__ = "audit"
    id: int | None = Field(default=None, primary_key=True)
    at: int = Field(sa_column=_ms())
    person_id: str = ""
    person: str = ""  # the name at that time; “command line” for what was done there
    action: str  # "zap.switched_on"
    subject_id: str = ""
    subject: str = ""  # what it was called at that time
    details: str = "{}"  # JSON
    address: str = ""
    __table_args__ = (Index("audit_by_subject", "subject_id", "id"),)


class ThrottleRow(SQLModel, table=True):
    """How often signing in failed, for one address or one e-mail."""

    __tablename__ = "throttle"
    key: str = Field(primary_key=True)
    failures: int
    until: int = Field(sa_column=_ms())  # no try before this
    forget_at: int = Field(sa_column=_ms())
