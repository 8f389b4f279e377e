"""What a play came to, as a table for people and as JSON. Pure, but for the journals of what went wrong."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.chaos import history
from tests.chaos.play import Played
from tests.chaos.verdict import Finding, Row

KINDS = {
    "keys": "idempotency keys",
    "lookup": "a reliable lookup",
    "lagging": "a lookup that lags",
    "neither": "neither",
}
HEAD = ("Service with", "Events", "Effects", "Lost", "Doubled", "In review", "Share in review")
MOST_SHOWN = 20


def as_json(played: Played) -> dict[str, Any]:
    verdict = played.verdict
    return {
        "size": asdict(played.size),
        "mailbox": played.mailbox,
        "seconds": round(played.seconds, 1),
        "kills": played.kills,
        "kills in calls": played.deaths,
        "misbehaved": played.misbehaved,
        "events": verdict.events,
        "runs": dict(verdict.states),
        "services": {KINDS[service]: asdict(row) for service, row in verdict.rows.items()},
        "findings": [asdict(finding) for finding in verdict.findings],
    }


def table(played: Played) -> str:
    """In Markdown."""
    verdict, size = played.verdict, played.size
    rows = [(KINDS[service], *_cells(row)) for service, row in verdict.rows.items()]
    said = (
        f"{played.kills:,} kills ({sum(played.deaths.values()):,} of them in a call), {verdict.events:,} events, "
        f"{sum(played.misbehaved.values()):,} calls in which a service misbehaved, {played.seconds:,.0f} s; "
        f"seed {size.seed}, lag {size.lag:g} s, {played.mailbox}"
    )
    return f"{said}\n\n{_drawn((HEAD, tuple('-' * len(cell) for cell in HEAD), *rows))}"


def wrong(findings: Iterable[Finding], data: Path) -> str:
    """Which events, with the journals of their runs."""
    lines: list[str] = []
    found = list(findings)
    for finding in found[:MOST_SHOWN]:
        lines.append(f"{finding.zap} {finding.reference}: {finding.what}")
        for run_id in finding.runs:
            lines += [f"  run {run_id}", *(f"    {line}" for line in history.journal(data / "zapwerk.db", run_id))]
    if len(found) > MOST_SHOWN:
        lines.append(f"and {len(found) - MOST_SHOWN} more")
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    share = f"{row.in_review / row.events:.2%}" if row.events else "-"
    figures = (row.events, row.effects, row.lost, row.doubled, row.in_review)
    return (*(f"{figure:,}" for figure in figures), share)


def _drawn(rows: Iterable[tuple[str, ...]]) -> str:
    lines = list(rows)
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
