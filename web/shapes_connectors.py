"""What `zapwerk connectors …` prints with `--json`. Part of the interface: names stay, fields are only added."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ConnectorLine:
    """A connector in the list: `where` it comes from (a path, or “module:attribute” of an installed `package`), and the
    keys of what it can do. `problem` says why one could not be loaded, `file` and `line` where.
    """

    key: str
    title: str
    version: int | None
    package: str
    where: str
    triggers: list[str] = field(default_factory=list)
    webhooks: list[str] = field(default_factory=list)
    schedules: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)
    problem: str = ""
    file: str = ""
    line: int | None = None


@dataclass(frozen=True)
class FindingShown:
    """One thing that `connectors check` found: `weight` is “problem” or “hint”."""

    weight: str
    subject: str
    sentence: str
    remedy: str
    file: str
    line: int | None


@dataclass(frozen=True)
class Checked:
    """What `connectors check` says."""

    ok: bool
    connector: str
    findings: list[FindingShown]


@dataclass(frozen=True)
class Made:
    """What `connectors new` wrote."""

    connector: str
    file: str
    test: str


@dataclass(frozen=True)
class Tried:
    """What `connectors try` did: `kind` is check, trigger, webhook, schedule, search, action or choices; `records` are
    as the mapping of a zap sees them. `problem` is what the connector said when it failed, `error` its class,
    `consequence` what would follow in a zap. `log` holds the lines that the connector wrote.
    """

    operation: str
    kind: str
    account: str
    records: list[Any]
    log: list[str]
    problem: str = ""
    error: str = ""
    consequence: str = ""
