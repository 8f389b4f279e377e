"""`zapwerk zaps rehearse`: what a zap would do with the last records of its trigger. Nothing is created."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from web import opening, telling
from web.options import Json, prints
from web.shapes import RehearsalShown

if TYPE_CHECKING:
    from engine.rehearsal.rehearsing import Rehearsal
    from engine.rehearsal.rows import Foreseen, Row
    from engine.runtime import Runtime

Cells = tuple[Any, ...]

MAX_VALUE = 60  # characters of one value in the table


def add_to(app: typer.Typer) -> None:
    app.command(epilog=prints(RehearsalShown))(rehearse)


def rehearse(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The zap's name or id.", show_default=False)],
    last: Annotated[int, typer.Option("--last", min=1, max=500, help="How many records to look at.")] = 50,
    live: Annotated[bool, typer.Option("--live", help="Rehearse the live version, not the draft.")] = False,
    json: Json = False,
) -> None:
    """Show what a zap would do with the last records of its trigger. Nothing is created.

    Exit code 0 when it could be rehearsed, also if records have problems; 1 when it could not.
    """
    from web import views_rehearsal

    rehearsal, rows = opening.with_runtime(ctx, lambda runtime: _rehearsed(runtime, name, last, live))
    if json:
        telling.as_json(views_rehearsal.whole(rehearsal, rows))
    else:
        _draw(rehearsal, rows)


async def _rehearsed(runtime: "Runtime", name: str, last: int, live: bool) -> "tuple[Rehearsal, list[Row]]":
    rows: list[Row] = []
    with telling.waiting(f"Reading the last {last} records …") as say:
        rehearsal = await runtime.rehearsing.begin(name, last=last, live=live)
        say(f"Looking at {len(rehearsal.records)} records …")
        async for row in rehearsal.rows():
            rows.append(row)
            say(f"{row.number} of {len(rehearsal.records)} records were looked at …")
    return rehearsal, rows


def _draw(rehearsal: "Rehearsal", rows: "Sequence[Row]") -> None:
    version = rehearsal.chosen.version
    if not rehearsal.records:
        telling.note("There is no record yet to rehearse with.")
        return
    lines = ((row.number, _when(row), row.label, _outcome(row), _details(row)) for row in rows)
    telling.lines({"#": 0, "When": 0, "Record": 2, "Outcome": 0, "Details": 3}, lines)
    telling.write(summary(rows))
    for one in _quotas(rows):
        telling.write(one)
    trouble = [line for row in rows for line in _trouble(row)]
    if trouble:
        telling.write("")
        telling.table(("#", "Step", "Field", "Problem"), trouble)
    if rehearsal.cut:
        telling.note(rehearsal.cut)
    telling.note(f"This was {'the draft' if version is None else f'version {version}'}. Nothing was created.")


def summary(rows: "Sequence[Row]") -> str:
    """“50 records: 31 would create a client, 12 are already there, 5 are filtered out, 2 have problems.”"""
    from engine.rehearsal.rows import Count

    count = Count.of(rows)
    parts = [_counted(rows, str(outcome), number) for outcome, number in count.by_outcome.items() if number]
    if count.repeated:
        parts.append(f"{count.repeated} {_plural(count.repeated, 'repeats', 'repeat')} the values of another")
    return f"{count.records} {_plural(count.records, 'record', 'records')}: {', '.join(parts)}."


def _quotas(rows: "Sequence[Row]") -> "Iterator[str]":
    """“Toward the plan's quota at invoice2go, where the plan has one, 8 would count.”"""
    from engine.rehearsal.rows import quotas

    for one in quotas(rows):
        most = "" if one.exact else "at most "
        yield f"Toward the plan's quota at {one.app}, where the plan has one, {most}{one.count} would count."


def _counted(rows: "Sequence[Row]", outcome: str, number: int) -> str:
    one, many = _WORDS_FOR_MANY[outcome]
    does = {_does(row) for row in rows if row.outcome == outcome == "would_do"}
    return f"{number} {f'would {does.pop()}' if len(does) == 1 else _plural(number, one, many)}"


def _plural(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


_WORDS_FOR_MANY = {
    "would_do": ("would be acted on", "would be acted on"),
    "exists": ("is already there", "are already there"),
    "stops": ("would stop", "would stop"),
    "filtered": ("is filtered out", "are filtered out"),
    "problem": ("has a problem", "have problems"),
    "unchecked": ("could not be checked", "could not be checked"),
    "passes": ("would go through with nothing to do", "would go through with nothing to do"),
}

_WORDS_FOR_ONE = {
    "exists": "is already there",
    "stops": "would stop",
    "filtered": "filtered out",
    "problem": "problem",
    "unchecked": "not checked",
    "passes": "goes through",
}


def _when(row: "Row") -> str:
    if row.at is None:
        return ""
    at, now = row.at.astimezone(), datetime.now(UTC).astimezone()
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%Y-%m-%d}"


def _outcome(row: "Row") -> str:
    return _WORDS_FOR_ONE.get(str(row.outcome)) or f"would {_does(row)}"


def _does(row: "Row") -> str:
    times = Counter(one.does for one in row.steps if one.outcome == "would_do")
    return ", ".join(does if count == 1 else f"{does} ({count}×)" for does, count in times.items())


def _details(row: "Row") -> str:
    if row.outcome == "would_do":
        same = f"same values as row {row.same_as}: " if row.same_as else ""
        return same + "; ".join(_input(one) for one in row.steps if one.outcome == "would_do")
    step = row.deciding
    if step is None:
        return ""
    if step.outcome == "exists":
        return f"{_name(step)}: {'the run stops' if step.if_exists == 'stop' else 'it is used'}"
    return step.sentence


def _input(step: "Foreseen") -> str:
    given = [
        f"{field}: {telling.shortened(value, MAX_VALUE)}"
        for field, value in step.given.items()
        if value not in (None, "", [], {})
    ]
    later = [f"{field}: known only after {_steps(steps)}" for field, steps in step.later.items()]
    said = [step.sentence] if step.sentence else []
    return ", ".join([*given, *later, *said])


def _steps(steps: "Sequence[str]") -> str:
    return f"step{'s' if len(steps) > 1 else ''} {' and '.join(f'“{one}”' for one in steps)}"


def _name(step: "Foreseen") -> str:
    from engine.zaps import labels

    record = step.record or {}
    return labels.label_of(record, str(record.get("id", "")))


def _trouble(row: "Row") -> "Iterator[Cells]":
    """What is odd about a record, and why steps would fail or could not be checked."""
    if row.warning:
        yield row.number, "trigger", "", row.warning
    for step in row.steps:
        if step.problems:
            yield from ((row.number, step.step, problem.field, problem.message) for problem in step.problems)
        elif step.outcome in ("problem", "unchecked"):
            yield row.number, step.step, step.field, step.sentence
