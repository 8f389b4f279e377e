"""Values that there are only when an earlier step is really done: told as such, and not as problems."""

import pytest

from engine.rehearsal.rows import Would
from engine.zaps.conditions import Group
from engine.zaps.model import FilterStep
from tests.engine.benches import do, in_a_loop
from tests.engine.rehearsal.stage import Stage, step

MADE = do("made", "make")


@in_a_loop
async def test_what_can_be_told_is_told_and_the_rest_is_known_only_after_the_step(stage: Stage):
    row = await stage.one(MADE, do("then", "make", name="of {{ made.id }}", note="for {{ trigger.name }}"))
    then = step(row, "then")
    assert (row.outcome, then.outcome, then.sentence) == (Would.DO, Would.DO, "")
    assert then.given == {"note": "for Ada"}
    assert then.later == {"name": ("made",)}


@pytest.mark.parametrize(
    "template",
    [
        "{{ made.id }}",
        "{{ made.id | default: trigger.name }}",
        "{% if made.id %}x{% endif %}",
        "{{ trigger[made.id] }}",
        "{{ trigger.name | append: made.name }}",
    ],
)
@in_a_loop
async def test_however_a_template_uses_it(stage: Stage, template: str):
    row = await stage.one(MADE, do("then", "make", name=template))
    assert step(row, "then").later == {"name": ("made",)}


@in_a_loop
async def test_what_comes_after_a_step_that_waits_waits_for_that_one(stage: Stage):
    row = await stage.one(
        MADE,
        do("seen", "find_thing", name="{{ made.name }}"),
        FilterStep(
            key="only", filter=Group.model_validate({"all": [{"value": "{{ seen.name }}", "is": "is", "to": "x"}]})
        ),
        do("last", "make", name="{{ seen.name }} {{ made.name }}"),
    )
    assert [one.outcome for one in row.steps] == [Would.DO, Would.LATER, Would.LATER, Would.DO]
    assert [one.sentence for one in row.steps[1:3]] == [
        "Known only after step “made”.",
        "Known only after step “seen”.",
    ]
    assert step(row, "last").later == {"name": ("seen", "made")}
    assert stage.toy.calls["find_thing"] == 0


@in_a_loop
async def test_a_problem_with_what_is_known_is_told_all_the_same(stage: Stage):
    row = await stage.one(MADE, do("then", "make", name="{{ trigger.name | remove: 'Ada' }}", note="{{ made.id }}"))
    then = step(row, "then")
    assert (row.outcome, then.field, then.sentence) == (Would.PROBLEM, "name", "Name is empty.")
    assert then.later == {"note": ("made",)}


@in_a_loop
async def test_whether_it_exists_is_not_asked_with_half_an_input(stage: Stage):
    row = await stage.one(MADE, do("one", "make_one", name="{{ made.name }}"))
    assert step(row, "one").outcome == Would.DO
    assert stage.toy.calls["existing"] == 0


@in_a_loop
async def test_the_same_known_part_does_not_make_rows_the_same(stage: Stage):
    zap_id = await stage.drawn(do("made", "make", name="x"), do("then", "make", name="{{ made.id }}"))
    stage.toy.add("Ada", "Ada")
    assert [row.same_as for row in await stage.rehearse(zap_id)] == [None, None]
