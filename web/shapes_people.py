"""What `--json` prints about people, as in `shapes`. Imports nothing of the engine, so that `--help` is quick."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PersonLine:
    """Somebody who may sign in. `second_factor` says whether a code is asked for besides the password."""

    id: str
    email: str
    name: str
    role: str
    second_factor: bool
    created_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True)
class LinkShown:
    """A link to give to somebody; it is good once, and not shown again. `purpose` is invitation or password."""

    url: str
    purpose: str
    email: str
    name: str
    role: str
    expires_at: datetime
