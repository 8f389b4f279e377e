"""What `--json` prints, as frozen values: their fields are the stable names that scripts rely on.

The `views_…` modules fill them from the store; the `cli_…` modules print them, and say in their help what they hold.
Imports nothing of the engine, so that `--help` is quick. Moments are UTC in ISO 8601.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ZapLine:
    """A zap in the list. `trigger` is what starts it, `version` the live one; `problem` is its trigger's last one."""

    id: str
    name: str
    state: str
    attention: str
    trigger: str
    version: int | None
    unpublished_changes: bool
    last_success_at: datetime | None
    problem: str
    updated_at: datetime


@dataclass(frozen=True)
class CheckLine:
    """Checks in a row that went alike: `outcome` is quiet, news or failed; `found` are the events they brought."""

    outcome: str
    problem: str
    since: datetime
    until: datetime
    checks: int
    found: int


@dataclass(frozen=True)
class TriggerHealth:
    """How a zap's trigger does: `health` is ok, delayed, failing, needs_reconnecting or off.

    `listening` says that it is also told of news, besides being checked every so often. `url` is the address that
    starts a zap with a webhook; whoever knows it can. `next` are the next times of a zap that is due at times, whether
    it is switched on or not. `cursor_at` is when something new came last, or the cursor moved; `checks` are its last
    checks, newest first.
    """

    use: str
    connection: str | None
    given: dict[str, Any]
    watched: bool
    listening: bool
    every_seconds: float | None = None
    last_check_at: datetime | None = None
    last_success_at: datetime | None = None
    next_check_at: datetime | None = None
    failures: int = 0
    problem: str = ""
    warning: str = ""
    url: str = ""
    next: list[datetime] = field(default_factory=list)
    health: str = "off"
    failing_since: datetime | None = None
    cursor_at: datetime | None = None
    checks: list[CheckLine] = field(default_factory=list)


@dataclass(frozen=True)
class StepShown:
    """One step; `use` is empty for a filter, `filter` for everything else."""

    key: str
    use: str
    connection: str | None
    given: dict[str, Any]
    filter: dict[str, Any]
    note: str


@dataclass(frozen=True)
class VersionLine:
    """A published version."""

    number: int
    created_at: datetime
    live: bool


@dataclass(frozen=True)
class ZapShown:
    """A zap with everything; trigger and steps are those that are live, or the draft's if it was never published."""

    id: str
    name: str
    state: str
    attention: str
    unpublished_changes: bool
    trigger: TriggerHealth
    steps: list[StepShown]
    versions: list[VersionLine]
    runs: dict[str, int]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class StepRehearsed:
    """What one step would do. `outcome` is would_do, exists, passes, filtered, found, not_found, stops, problem,
    unchecked or known_later; `later` are fields of its input that other steps must give first; `record` what was found
    or exists; `if_exists` what follows from that; `ends` that the run goes no further; `uses_quota` that what it makes
    counts toward a quota of the plan, where that has one.
    """

    step: str
    use: str
    outcome: str
    sentence: str
    field: str
    problems: list[dict[str, str]]
    given: dict[str, Any]
    later: dict[str, list[str]]
    record: dict[str, Any] | None
    if_exists: str
    ends: bool
    uses_quota: bool


@dataclass(frozen=True)
class QuotaRehearsed:
    """How many records would count toward the quota of the plan at one app; `exact` is false where it may be fewer."""

    app: str
    count: int
    exact: bool


@dataclass(frozen=True)
class RowRehearsed:
    """What a zap would do with one record. `same_as` is the number of an earlier row with the same calls."""

    number: int
    record_id: str
    label: str
    at: datetime | None
    warning: str
    outcome: str
    same_as: int | None
    steps: list[StepRehearsed]


@dataclass(frozen=True)
class RehearsalShown:
    """What `zaps rehearse` says. `version` is the live one, null for a draft that differs; `records` were read,
    `outcomes` counts the rows: would_do, exists, filtered, stops, problem, unchecked, passes. `quotas` are what would
    count toward plans, by app, where the plan there has a quota.
    """

    zap: str
    zap_id: str
    version: int | None
    records: int
    outcomes: dict[str, int]
    repeated: int
    quotas: list[QuotaRehearsed]
    cut: str
    rows: list[RowRehearsed]


@dataclass(frozen=True)
class RunLine:
    """A run in the list."""

    id: str
    zap: str
    zap_id: str
    version: int
    state: str
    hold: str
    step: str
    problem: str
    field: str
    attempt: int
    replay_of: str | None
    due_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class JournalLine:
    """One thing that a run did: `entry` at the step `path`."""

    path: str
    entry: str
    at: datetime
    data: Any


@dataclass(frozen=True)
class RunShown(RunLine):
    """A run with the record that started it, and its journal. `candidates` are what a review has to choose from."""

    record_id: str = ""
    record: Any = None
    lines: list[JournalLine] = field(default_factory=list)
    candidates: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class ConnectionLine:
    """A connection; its credentials are never shown."""

    id: str
    name: str
    app: str
    auth: str
    profile: str
    state: str
    reason: str
    account: str
    used_by: list[str]
    created_at: datetime
    checked_at: datetime | None


@dataclass(frozen=True)
class AppLine:
    """An app in the list. `problem` says why a connector could not be loaded."""

    key: str
    title: str
    description: str
    version: int | None
    triggers: list[str]
    actions: list[str]
    searches: list[str]
    auth: list[str]
    profiles: list[str]
    problem: str = ""


@dataclass(frozen=True)
class FieldShown:
    """A field to fill in."""

    name: str
    title: str
    kind: str
    required: bool
    help: str


@dataclass(frozen=True)
class OperationShown:
    """A trigger, action or search. `kind` says which."""

    use: str
    kind: str
    title: str
    description: str
    fields: list[FieldShown]


@dataclass(frozen=True)
class AuthShown:
    """A way to sign in; `fields` are what `connections add --set` takes."""

    key: str
    title: str
    help: str
    fields: list[FieldShown]


@dataclass(frozen=True)
class ProfileShown:
    """A way to reach the app. Secret values are “set” or “not set”; `problem` says why it cannot be used yet."""

    name: str
    problem: str
    values: dict[str, Any]


@dataclass(frozen=True)
class AppShown:
    """An app with everything."""

    key: str
    title: str
    description: str
    version: int
    auth: list[AuthShown]
    profiles: list[ProfileShown]
    operations: list[OperationShown]


@dataclass(frozen=True)
class Finding:
    """What `doctor` found about one matter. `state` is “ok”, “note” (nothing to do) or “wrong”."""

    matter: str
    state: str
    sentence: str


@dataclass(frozen=True)
class Health:
    """What `doctor` says."""

    ok: bool
    findings: list[Finding]


def names_of(shape: type) -> str:
    """The fields of a shape, for a command's help."""
    return ", ".join(one.name for one in fields(shape))


@dataclass(frozen=True)
class Found:
    """What became of a record. `kind` is run, before (it was there when the zap was switched on) or forgotten (its run
    is older than what is kept); after a look at the apps also left_out, next and off. `run`, `state`, `label` and
    `problem` are empty where there is no run; `at` is null where the app does not say.
    """

    kind: str
    run: str
    zap_id: str
    zap: str
    state: str
    said: str
    at: datetime | None
    label: str
    problem: str
