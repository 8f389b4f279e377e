"""`zapwerk where TEXT`: what became of a mail, an order, anything that should have started a zap."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from web import opening, telling
from web.options import Json, prints
from web.shapes import Found

if TYPE_CHECKING:
    from engine.keeping.whereabouts import Answer, Whereabout
    from engine.runtime import Runtime
    from engine.triggers.at_the_app import Present


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(epilog=prints(Found, many=True))(where)


def where(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Words of its subject or sender, or its id.", show_default=False)],
    look: Annotated[bool, typer.Option("--look", help="Also look at the apps now. Nothing fires.")] = False,
    json: Json = False,
) -> None:
    """Say what became of a mail or another record, also when there is no run."""
    with opening.database(ctx) as database:
        from engine.history.finding import History
        from engine.keeping.whereabouts import Whereabouts

        now = _now
        answer = Whereabouts(database, History(database, now), now).ask(text)
    found = [_found(one) for one in answer.found]
    limits, left_out = _limits(answer), _left_out(answer)
    if look:
        there, problems, more = opening.with_runtime(ctx, lambda runtime: _looked(runtime, text))
        known = {one.run for one in found if one.run}
        found += [one for one in there if one.run not in known]
        limits, left_out = [*problems, "Of each app its last records were looked at, no older ones."], left_out + more
    if json:
        telling.as_json(found)
        limits = []
    elif found:
        rows = ((one.run, one.zap, one.said, one.at, one.label, one.problem) for one in found)
        telling.table(("Run", "Zap", "What became of it", "When", "Record", "Problem"), rows)
    else:
        telling.note("No zap has seen this.")
    for sentence in (*left_out, *limits):
        telling.note(sentence)


async def _looked(runtime: "Runtime", text: str) -> tuple[list[Found], list[str], list[str]]:
    """What the apps have, which could not be asked, and where there is more than was asked or is shown."""
    from web.history import at_the_app

    with telling.waiting("Looking at the apps …"):
        there = await runtime.at_the_app.ask(text)
    found = [_present(one, at_the_app.said(one, runtime.registry(), "en")) for one in there.found]
    more = [f"{one.zap} has more of these records; only the first are shown." for one in there.looked if one.more]
    if there.more:
        more.append("There are more zaps than one look has time for; those that are on came first.")
    return found, [f"{one.zap} could not be looked at: {one.problem}" for one in there.looked if one.problem], more


def _present(one: "Present", said: str) -> Found:
    run = one.run
    state, problem = (run.state, run.problem) if run else ("", "")
    return Found(one.place, run.id if run else "", one.zap_id, one.zap, state, said, one.at, one.label, problem)


def _now() -> datetime:
    return datetime.now(UTC)


def _found(one: "Whereabout") -> Found:
    if one.run is None:
        said = (
            "was there before the zap was switched on" if one.kind == "before" else "came in; older than what is kept"
        )
        return Found(one.kind, "", one.zap_id, one.zap, "", said, one.at, "", "")
    run = one.run
    said = f"{run.state.word} ({run.hold})" if run.hold else run.state.word
    return Found(one.kind, run.id, run.zap_id, run.zap, run.state, said, one.at, run.label, run.problem)


def _left_out(answer: "Answer") -> list[str]:
    """Where less was searched or is shown than was asked for: said beside JSON as well."""
    said = []
    if answer.wanted.is_cut:
        said.append(f"This is more than a search takes. Looked for were: {', '.join(answer.wanted.words)}")
    said += [f"Many words begin with “{word}”: only the shortest were looked for." for word in answer.partly]
    if answer.more:
        said.append("There are more runs; the newest are shown.")
    if answer.behind:
        said.append(f"At least {answer.behind} runs that are under way or have just ended are not searched yet.")
    return said


def _limits(answer: "Answer") -> list[str]:
    """What the answer cannot know."""
    said = [
        "Of what was there before a zap was switched on, only ids are remembered: words do not find it.",
        "What a trigger's own settings leave out is not remembered at all. --look looks at the apps.",
    ]
    if answer.without_contents:
        said.append(f"{answer.without_contents} older runs have lost their data and are found by their ids only.")
    if answer.searched_from:
        said.append(f"The search reaches back to {telling.when(answer.searched_from)} so far.")
    return said
