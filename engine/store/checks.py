"""The log of checks: for each zap its last fifty lines, and counts by the hour. Written by `watches`, read by pages.

The newest line and the newest hour are counted in the watch's own row, so a check that went like the one before costs
no write besides the one that ends it. Only a line or an hour that is over becomes a row of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import Session

from engine.store.hot import Statement
from engine.store.moments import from_ms
from engine.store.tables_health import CheckHourRow, CheckLineRow

LINES_KEPT = 50  # of each zap
HOURS_KEPT = 7 * 24
HOUR_MS = 3_600_000

_LINE, _HOUR = CheckLineRow.__table__.c, CheckHourRow.__table__.c  # type: ignore[attr-defined]


class Outcome(StrEnum):
    """How a check went."""

    QUIET = "quiet"  # nothing new
    NEWS = "news"  # something new became events
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One check that is over: what it found, or why it failed."""

    at: int
    found: int = 0
    problem: str = ""

    @property
    def outcome(self) -> Outcome:
        if self.problem:
            return Outcome.FAILED
        return Outcome.NEWS if self.found else Outcome.QUIET


@dataclass(frozen=True)
class Tally:
    """What the watch's row counts; times in milliseconds. Its line is over when a check goes otherwise, its hour when
    another one has begun."""

    line_number: int = 0
    line_outcome: str = ""
    line_since: int = 0
    line_checks: int = 0
    line_found: int = 0
    hour: int = 0
    hour_checks: int = 0
    hour_failed: int = 0
    hour_found: int = 0
    problem: str = ""
    until: int = 0

    @property
    def columns(self) -> dict[str, Any]:
        """What of it is the log's alone; `problem` and `until` are the watch's anyway."""
        return {name: value for name, value in vars(self).items() if name not in ("problem", "until")}

    def and_then(self, check: Check) -> "Tally":
        """With one check more."""
        return self._line(check)._hour(check)

    def _line(self, check: Check) -> "Tally":
        if self.line_checks and (self.line_outcome, self.problem) == (check.outcome, check.problem):
            checks, found = self.line_checks + 1, self.line_found + check.found
            return replace(self, line_checks=checks, line_found=found, until=check.at)
        return replace(
            self,
            line_number=self.line_number + 1,
            line_outcome=check.outcome.value,
            line_since=check.at,
            line_checks=1,
            line_found=check.found,
            problem=check.problem,
            until=check.at,
        )

    def _hour(self, check: Check) -> "Tally":
        hour, failed = check.at // HOUR_MS, int(check.outcome is Outcome.FAILED)
        if hour != self.hour:
            return replace(self, hour=hour, hour_checks=1, hour_failed=failed, hour_found=check.found)
        return replace(
            self,
            hour_checks=self.hour_checks + 1,
            hour_failed=self.hour_failed + failed,
            hour_found=self.hour_found + check.found,
        )


_KEEP_LINE = Statement(
    "INSERT INTO check_line (zap_id, number, outcome, problem, since, until, checks, found) "
    "VALUES (:zap_id, :number, :outcome, :problem, :since, :until, :checks, :found) ON CONFLICT DO NOTHING"
)
_DROP_LINES = Statement("DELETE FROM check_line WHERE zap_id = :zap_id AND number <= :last")
_KEEP_HOUR = Statement(
    "INSERT INTO check_hour (zap_id, hour, checks, failed, found) "
    "VALUES (:zap_id, :hour, :checks, :failed, :found) "
    "ON CONFLICT (zap_id, hour) DO UPDATE SET checks = check_hour.checks + excluded.checks, "
    "failed = check_hour.failed + excluded.failed, found = check_hour.found + excluded.found"  # the clock was set back
)
_DROP_HOURS = Statement("DELETE FROM check_hour WHERE zap_id = :zap_id AND hour <= :last")


def turn_over(connection: Connection, zap_id: str, old: Tally, new: Tally) -> None:
    """Keeps what `new` does not count on, and drops what is too old by now."""
    if old.line_checks and new.line_number != old.line_number:
        _keep_line(connection, zap_id, old)
    if old.hour_checks and new.hour != old.hour:
        counts = {"checks": old.hour_checks, "failed": old.hour_failed, "found": old.hour_found}
        _KEEP_HOUR(connection, zap_id=zap_id, hour=old.hour, **counts)
        _DROP_HOURS(connection, zap_id=zap_id, last=old.hour - HOURS_KEPT)


def end_line(connection: Connection, zap_id: str, tally: Tally) -> Tally:
    """Keeps the newest line: whatever the next check says begins another."""
    if tally.line_checks:
        _keep_line(connection, zap_id, tally)
    return replace(tally, line_checks=0, line_found=0)


def _keep_line(connection: Connection, zap_id: str, old: Tally) -> None:
    _KEEP_LINE(
        connection,
        zap_id=zap_id,
        number=old.line_number,
        outcome=old.line_outcome,
        problem=old.problem,
        since=old.line_since,
        until=old.until,
        checks=old.line_checks,
        found=old.line_found,
    )
    _DROP_LINES(connection, zap_id=zap_id, last=old.line_number + 1 - LINES_KEPT)


@dataclass(frozen=True)
class Line:
    """Checks in a row that went alike. `found` are the events they brought."""

    outcome: Outcome
    problem: str
    since: datetime
    until: datetime
    checks: int
    found: int


@dataclass(frozen=True)
class Hour:
    """The checks of one hour of UTC, beginning `at`."""

    at: datetime
    checks: int
    failed: int
    found: int


def lines(session: Session, zap_id: str, tally: Tally) -> list[Line]:
    """The log, newest first; `tally` is the watch's."""
    newest = list(_newest(tally))
    query = select(*_LINE).where(_LINE.zap_id == zap_id).order_by(_LINE.number.desc())
    rows = session.execute(query.limit(LINES_KEPT - len(newest)))
    older = (_line(row.outcome, row.problem, row.since, row.until, row.checks, row.found) for row in rows)
    return [*newest, *older]


def hours(session: Session, zap_id: str, tally: Tally) -> list[Hour]:
    """The counts by the hour, newest first; hours without a check have none."""
    rows = session.execute(select(*_HOUR).where(_HOUR.zap_id == zap_id).order_by(_HOUR.hour.desc()).limit(HOURS_KEPT))
    kept = {row.hour: (row.checks, row.failed, row.found) for row in rows}
    if tally.hour_checks:
        before = kept.get(tally.hour, (0, 0, 0))
        now = (tally.hour_checks, tally.hour_failed, tally.hour_found)
        kept[tally.hour] = (before[0] + now[0], before[1] + now[1], before[2] + now[2])
    return [Hour(from_ms(hour * HOUR_MS), *kept[hour]) for hour in sorted(kept, reverse=True)]


def _newest(tally: Tally) -> Iterator[Line]:
    if tally.line_checks:
        problem = tally.problem if tally.line_outcome == Outcome.FAILED else ""
        yield _line(tally.line_outcome, problem, tally.line_since, tally.until, tally.line_checks, tally.line_found)


def _line(outcome: str, problem: str, since: int, until: int, checks: int, found: int) -> Line:
    return Line(Outcome(outcome), problem, from_ms(since), from_ms(until), checks, found)
