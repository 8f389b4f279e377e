"""`zapwerk runs …`"""

import json as jsons
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from engine.store.states import Entry, RunState
from web import opening, telling
from web.options import Json, Yes, prints
from web.shapes import RunLine, RunShown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.runs.control import Control

app = typer.Typer(help="Runs: what happened, and what to do about it.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(help="The run's id, as `runs list` shows it.", show_default=False)]
OfZap = Annotated[str | None, typer.Option("--zap", help="Only runs of this zap (name or id).")]


@app.command("list", epilog=prints(RunLine, many=True))
def list_(
    ctx: typer.Context,
    zap: OfZap = None,
    state: Annotated[list[RunState] | None, typer.Option("--state", help="Only these; may be repeated.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many, the newest first.")] = 50,
    json: Json = False,
) -> None:
    """Show the newest runs."""
    from web import views_runs

    with opening.database(ctx) as database, database.read() as session:
        found = views_runs.wanted(session, zap=zap, states=tuple(state or ()), limit=limit)
    if json:
        telling.as_json(found)
    elif not found:
        telling.note("There are no such runs.")
    else:
        rows = ((r.id, r.zap, _state(r), r.created_at, r.step, r.problem) for r in found)
        telling.table(("Run", "Zap", "State", "Began", "Step", "Problem"), rows)


@app.command(epilog=prints(RunShown))
def show(ctx: typer.Context, run: RunId, json: Json = False) -> None:
    """Show one run: the record that started it, and what each step did."""
    from web import views_runs

    with opening.database(ctx) as database:
        found = views_runs.one(_control(database), run)
    if json:
        telling.as_json(found)
    else:
        _draw(found)


@app.command()
def replay(
    ctx: typer.Context,
    run: RunId,
    whole: Annotated[bool, typer.Option("--whole", help="Do all steps again, also those that were done.")] = False,
    newest: Annotated[bool, typer.Option("--newest", help="Use the zap's newest version.")] = False,
) -> None:
    """Run the same event again, from the failed step on. Prints the id of the new run."""
    with opening.database(ctx) as database:
        telling.write(_control(database).replay(run, whole=whole, newest=newest))


@app.command()
def cancel(
    ctx: typer.Context, runs: Annotated[list[str], typer.Argument(show_default=False)], yes: Yes = False
) -> None:
    """End runs that wait. They do not go on afterwards."""
    telling.confirmed(f"Cancel {len(runs)} {'run' if len(runs) == 1 else 'runs'}?", yes)
    with opening.database(ctx) as database:
        for run in runs:
            _control(database).cancel(run)
    telling.note(f"{len(runs)} cancelled.")


@app.command()
def release(
    ctx: typer.Context,
    runs: Annotated[list[str] | None, typer.Argument(show_default=False)] = None,
    zap: Annotated[str | None, typer.Option("--zap", help="All held runs of this zap.")] = None,
) -> None:
    """Let held runs go on."""
    if bool(runs) == bool(zap):
        raise typer.BadParameter("Give either the ids of runs, or --zap NAME.", param_hint="RUNS")
    with opening.database(ctx) as database:
        control = _control(database)
        count = control.release(runs) if runs else control.release_zap(_zap_id(database, str(zap)))
    telling.note(f"{count} released.")
    if runs and count < len(runs):
        telling.note("The others were not held; `zapwerk runs show` tells where they stand.")
        raise typer.Exit(1)


@app.command()
def decide(
    ctx: typer.Context,
    run: RunId,
    decision: Annotated[Literal["went-through", "again"], typer.Argument(help="What became of the call, or to do.")],
    record: Annotated[str | None, typer.Option("--record", help="What was made, as a JSON object.")] = None,
    record_id: Annotated[str | None, typer.Option("--record-id", help="What was made: one of the candidates.")] = None,
) -> None:
    """Say what became of a call whose outcome is unknown: it went through, or do it again."""
    if (record or record_id) and decision == "again":
        raise typer.BadParameter("A record only goes with “went-through”.", param_hint="--record")
    if record and record_id:
        raise typer.BadParameter("Give either --record or --record-id.", param_hint="--record")
    with opening.database(ctx) as database:
        control = _control(database)
        made = _object(record) if record else _candidate(control, run, record_id) if record_id else None
        said: Any = decision.replace("-", "_")
        control.decide(run, said, by=f"{_person()} at the command line", record=made)
    telling.note("It goes on." if decision == "went-through" else "It is done again.")


def _control(database: Any) -> "Control":
    from engine.runs.control import Control

    return Control(database, lambda: datetime.now(UTC))


def _zap_id(database: Any, name: str) -> str:
    from engine.store import zaps

    with database.read() as session:
        return zaps.find(session, name).id


def _object(text: str) -> dict[str, Any]:
    try:
        found = jsons.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"This is no JSON: {error}", param_hint="--record") from error
    if not isinstance(found, dict):
        raise typer.BadParameter('It must be an object, like {"id": "42"}.', param_hint="--record")
    return found


def _candidate(control: "Control", run: str, record_id: str) -> dict[str, Any]:
    from engine.errors import NotFound
    from web import views_runs

    known = views_runs.candidates(control.show(run))
    for one in known:
        if str(one.get("id")) == record_id:
            return one
    there = ", ".join(str(one.get("id")) for one in known) or "none"
    raise NotFound(f"“{record_id}” is not among the candidates of this run. There is: {there}.")


def _person() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"


def _state(run: RunLine) -> str:
    return f"{run.state} ({run.hold})" if run.hold else run.state


def _draw(run: RunShown) -> None:
    waits = run.state in (RunState.RETRYING, RunState.WAITING, RunState.HELD)
    telling.facts(
        {
            "Run": run.id,
            "Zap": f"{run.zap}, version {run.version}",
            "State": _state(run),
            "Problem": run.problem,
            "At": " · ".join(part for part in (run.step, run.field) if part),
            "Goes on": run.due_at if waits else "",
            "Received": run.created_at,
            "Began": run.started_at,
            "Ended": run.finished_at or "",
            "Replay of": run.replay_of,
            "Record": telling.shortened(run.record, 600),
        }
    )
    telling.table(("When", "Step", "What", "Details"), _lines(run))
    if run.candidates:
        telling.write("What looks like it (`runs decide … --record-id`):")
        telling.table(("Id", "Details"), ((one.get("id"), telling.shortened(one, 200)) for one in run.candidates))


def _lines(run: RunShown) -> "Iterator[tuple[Any, ...]]":
    for line in run.lines:
        what = _WORDS.get(Entry(line.entry), line.entry)
        yield f"{line.at.astimezone():%H:%M:%S.%f}"[:-3], line.path, what, telling.shortened(line.data, 300)


_WORDS = {
    Entry.STARTED: "began",
    Entry.FINISHED: "done",
    Entry.NOT_DONE: "certainly not done",
    Entry.FAILED: "failed",
    Entry.CHECKPOINT: "note",
    Entry.REVIEW: "please check",
    Entry.DECIDED: "decided",
    Entry.FILTERED: "stopped here",
    Entry.TAKEN_UP: "taken up again",
}
