"""Settings: built once at the front door, passed down, never changed. The only reader of the environment.

Each setting is an environment variable `ZAPWERK_…`; docs/reference/settings.md lists them all.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from engine.errors import Refused

PREFIX = "ZAPWERK_"
MIN_SECRET_LENGTH = 32  # characters


class Settings(BaseModel):
    """How one process runs. Values it refuses raise `Refused` with the name of the variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(Path("data"), description="The data folder: database, key, files, connectors.")
    database_url: str | None = Field(
        None, description="A PostgreSQL address (postgresql+psycopg://…). Without it: SQLite in the data folder."
    )
    secret_key: SecretStr | None = Field(
        None,
        description="The key that seals credentials, at least 32 characters; several, newest first, with commas. "
        "Without it: secret.key in the data folder.",
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on.")
    public_url: str | None = Field(
        None, description="The address people and services reach this installation at. Default: http://127.0.0.1:PORT."
    )
    allow_private_hosts: frozenset[str] = Field(
        frozenset(), description="Hosts in private networks that zaps may reach, separated by commas."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    parallel_runs: int = Field(50, ge=1, le=1000, description="How many runs are executed at the same time.")
    parallel_polls: int = Field(100, ge=1, le=500, description="How many triggers are checked at the same time.")
    blocking_threads: int = Field(
        16, ge=1, le=200, description="How many steps of one connector may block a thread at the same time."
    )
    hook_body_limit: int = Field(
        10_000_000, ge=1000, le=1_000_000_000, description="The most bytes that one call of a webhook may bring."
    )
    heartbeat_url: str | None = Field(
        None,
        description="An address that is called every minute while all is well: whoever watches it from outside learns "
        "that this machine is dead when the calls stay away.",
    )
    reload_connectors: bool = Field(
        False, description="Also take up edits of connectors that are installed as packages, while their author works."
    )
    tick: timedelta = Field(timedelta(seconds=0.5), description="How often the clock looks for what is due.")
    settle: timedelta | None = Field(
        None,
        description="How long to wait before asking what became of an interrupted call. Default: the action's own.",
    )

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value and any(len(key.strip()) < MIN_SECRET_LENGTH for key in value.get_secret_value().split(",")):
            raise ValueError(f"must be at least {MIN_SECRET_LENGTH} characters long")
        return value

    @field_validator("public_url")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must look like https://zaps.example.com")
        return value.rstrip("/")

    @field_validator("heartbeat_url")
    @classmethod
    def _can_be_called(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")
        if value is not None and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must look like https://watch.example.com/ping/…")
        return value

    @field_validator("allow_private_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            frozenset(host.strip().lower() for host in value.split(",") if host.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("log_level")
    @classmethod
    def _a_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @property
    def address(self) -> str:
        """The address that everything we give out is made of; no slash at its end."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        return self.database_url or f"sqlite:///{self.data / 'zapwerk.db'}"


def from_environment(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Settings from `ZAPWERK_…` variables; what is `given` (not None) wins. Raises `Refused` naming what is wrong."""
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {
        name: source[PREFIX + name.upper()] for name in Settings.model_fields if source.get(PREFIX + name.upper())
    }
    values |= {name: value for name, value in given.items() if value is not None}
    values |= {name: f"PT{values[name]}S" for name in ("tick", "settle") if _is_number(values.get(name))}
    try:
        return Settings(**values)
    except ValidationError as error:
        lines = (f"{PREFIX}{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors())
        raise Refused("These settings cannot be used:\n" + "\n".join(lines)) from error


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).isdigit()
