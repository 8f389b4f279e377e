"""What a rehearsal says is what the run does: the same zap and record, first rehearsed and then really run."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.rehearsal.rows import Would
from engine.store.states import Entry, RunState
from tests.engine.benches import do, in_a_loop
from tests.engine.rehearsal.stage import Stage, only, step
from tests.engine.toys import error

FIND = do("seen", "find_thing")


@pytest.mark.parametrize(
    ("steps", "prepare", "outcome", "state"),
    [
        pytest.param([only(**{"is": "is", "to": "Bob"})], None, Would.FILTERED, RunState.FILTERED, id="filtered"),
        pytest.param(
            [only(**{"is": "matches", "to": "{{ trigger.id }}("})],
            None,
            Would.PROBLEM,
            RunState.FAILED,
            id="a filter whose pattern is none",
        ),
        pytest.param(
            [do("a", "make", name="{{ trigger.name | remove: 'Ada' }}")],
            None,
            Would.PROBLEM,
            RunState.FAILED,
            id="a blank value",
        ),
        pytest.param(
            [do("a", "make", name="{{ trigger.name | divided_by: 0 }}")],
            None,
            Would.PROBLEM,
            RunState.FAILED,
            id="a template that cannot be filled in",
        ),
        pytest.param(
            [do("a", "make_one", if_exists="maybe {{ trigger.id }}")],
            None,
            Would.PROBLEM,
            RunState.FAILED,
            id="a value that is no choice",
        ),
        pytest.param([FIND], None, Would.STOPS, RunState.STOPPED, id="nothing found"),
        pytest.param(
            [FIND.model_copy(update={"if_empty": "go_on"}), do("a", "make", name="{{ seen.name }}")],
            None,
            Would.PROBLEM,
            RunState.FAILED,
            id="nothing found, and a value of it is needed",
        ),
        pytest.param([do("a", "make_one", if_exists="stop")], "made", Would.EXISTS, RunState.STOPPED, id="it exists"),
        *(
            pytest.param([do("a", "make_one")], kind, outcome, state, id=f"“is there one?” ends with {kind}")
            for kind, outcome, state in (
                ("invalid", Would.PROBLEM, RunState.FAILED),
                ("permanent", Would.PROBLEM, RunState.FAILED),
                ("bug", Would.PROBLEM, RunState.FAILED),
                ("stopped", Would.STOPS, RunState.STOPPED),
                ("auth failed", Would.UNCHECKED, RunState.HELD),
                ("quota", Would.UNCHECKED, RunState.HELD),
            )
        ),
    ],
)
@in_a_loop
async def test_the_run_ends_where_and_as_the_rehearsal_said(
    stage: Stage, steps: list[Any], prepare: str | None, outcome: Would, state: RunState
):
    set_up = _preparation(stage, prepare)
    zap_id = await stage.zap("new_thing", *steps)
    stage.toy.add("Ada")
    set_up()
    (row,) = await stage.rehearse(zap_id)
    set_up()
    (run,) = await stage.done(zap_id)
    last = row.steps[-1]
    assert (row.outcome, run.state) == (outcome, state)
    assert (last.step, last.field, last.sentence) == (run.step, run.field, run.problem)


@in_a_loop
async def test_the_run_sends_what_the_rehearsal_showed(stage: Stage):
    stage.toy.effect("Ada", "long ago")
    zap_id = await stage.zap(
        "new_thing",
        do("seen", "find_thing"),
        do("one", "make_one"),
        do("a", "make", name=" {{ one.name }} {{ seen.id }} ", note="{{ trigger.id }}"),
    )
    stage.toy.add("Ada")
    (row,) = await stage.rehearse(zap_id)
    (run,) = await stage.done(zap_id)
    (sent,) = [line.data["input"] for line in stage.lines(run.id) if line.entry == Entry.STARTED]
    assert step(row, "a").given == sent == {"name": "Ada made-1", "note": "1"}
    outputs = {line.path: line.data["output"] for line in stage.lines(run.id) if line.entry == Entry.FINISHED}
    assert (step(row, "seen").record, step(row, "one").record) == (outputs["seen"], outputs["one"])


def _preparation(stage: Stage, what: str | None) -> Callable[[], object]:
    """Done before the rehearsal and again before the run."""
    if what is None:
        return lambda: None
    if what == "made":
        return lambda: stage.toy.by_name("Ada") or stage.toy.effect("Ada", "long ago")
    return lambda: stage.toy.next("existing", error(what))
