"""Tests of a draft: the trigger's last records, and single steps that are really done."""

import asyncio

import pytest

from engine.editing.samples import StepState
from engine.editing.tried import Remedy, TriedOutcome
from engine.errors import NotFound, Problems, Refused
from engine.zaps.conditions import Group
from engine.zaps.model import TRIGGER, FilterStep
from tests.engine.benches import do, in_a_loop
from tests.engine.editing.desk import Desk
from tests.engine.toys import After, Answers, Waits, cannot_tell, error
from tests.waiting import until

ADA = {"id": "1", "name": "Ada"}


async def with_sample(desk: Desk, *steps, **more):
    draft = await desk.drawn(*steps, **more)
    desk.editing.samples.choose(draft.id, ADA)
    return desk.seen(draft)


def only(to):
    return FilterStep(
        key="only", filter=Group.model_validate({"all": [{"value": "{{ trigger.name }}", "is": "is", "to": to}]})
    )


@in_a_loop
async def test_the_last_records_come_three_at_a_time_and_more_when_asked(desk: Desk):
    draft = await desk.drawn()
    desk.toy.add("a", "b", "c", "d")
    first = await desk.editing.trying.trigger_records(draft.id)
    assert [one.label for one in first.records] == ["d", "c", "b"]
    assert first.more
    second = await desk.editing.trying.trigger_records(draft.id, more=1)
    assert ([one.label for one in second.records], second.more) == (["d", "c", "b", "a"], False)


@in_a_loop
async def test_looking_at_records_changes_nothing_that_will_fire(desk: Desk):
    zap = await desk.zap()
    desk.toy.add("a")
    await desk.editing.trying.trigger_records(zap)
    await desk.check(zap)
    assert desk.records(zap) == ["a"]


@in_a_loop
async def test_a_chosen_record_is_the_sample_until_the_trigger_is_another(desk: Desk):
    draft = await desk.drawn()
    desk.toy.add("a", "b")
    found = await desk.editing.trying.trigger_records(draft.id)
    desk.editing.samples.choose(draft.id, found.records[1].data)
    assert [one.chosen for one in (await desk.editing.trying.trigger_records(draft.id)).records] == [False, True]
    draft = desk.seen(draft)
    assert (desk.record(draft, TRIGGER)["name"], draft.state_of(TRIGGER)) == ("a", StepState.TESTED)
    changed = desk.draw(draft, "put_value", TRIGGER, "limit", 7)
    assert (desk.record(changed, TRIGGER)["name"], changed.state_of(TRIGGER)) == ("a", StepState.READY)
    other = desk.draw(changed, "choose_event", TRIGGER, "toy.any_thing")
    assert other.sample(TRIGGER) is None


@pytest.mark.parametrize(
    ("kind", "raised", "field"),
    [
        ("auth failed", Problems, "connection"),
        ("invalid", Problems, "name"),
        ("temporary", Refused, ""),
        ("bug", Refused, ""),
    ],
)
@in_a_loop
async def test_a_trigger_that_cannot_be_asked_says_why_and_where(one_desk: Desk, kind, raised, field):
    draft = await one_desk.drawn()
    one_desk.toy.next("new_thing", error(kind))
    with pytest.raises(raised) as failed:
        await one_desk.editing.trying.trigger_records(draft.id)
    problems = getattr(failed.value, "problems", ())
    assert [(one.step, one.field) for one in problems] == ([(TRIGGER, field)] if field else [])


@in_a_loop
async def test_a_trigger_that_needs_attention_is_not_asked(one_desk: Desk):
    draft = one_desk.draw(await one_desk.drawn(), "choose_connection", TRIGGER, None)
    with pytest.raises(Problems, match="choose a connection"):
        await one_desk.editing.trying.trigger_records(draft.id)
    assert one_desk.toy.calls["new_thing"] == 0


@in_a_loop
async def test_an_action_is_really_done_once_and_what_it_made_is_the_steps_sample(desk: Desk):
    draft = await with_sample(desk, do("m", "make", note="n"), do("later", "make", name="after {{ m.id }}"))
    tried = await desk.editing.trying.test_step(draft.id, "m")
    assert (tried.outcome, tried.input, tried.problems) == (TriedOutcome.DONE, {"name": "Ada", "note": "n"}, ())
    assert [made.name for made in desk.toy.made] == ["Ada"]
    draft = desk.seen(draft)
    assert (desk.record(draft, "m"), draft.state_of("m")) == (tried.output, StepState.TESTED)
    again = await desk.editing.trying.test_step(draft.id, "later")
    assert tried.output
    assert again.input["name"] == f"after {tried.output['id']}"
    assert desk.toy.made[0].key != desk.toy.made[1].key
    assert desk.runs(draft.id) == []


@in_a_loop
async def test_a_step_waits_for_the_sample_of_the_one_it_uses(desk: Desk):
    draft = await desk.drawn()
    tried = await desk.editing.trying.test_step(draft.id, "m")
    assert (tried.outcome, tried.remedy) == (TriedOutcome.PROBLEM, Remedy.CHOOSE_SAMPLE)
    assert tried.sentence_in("de").startswith("Wählen Sie zuerst einen Beispieldatensatz von „New thing“")
    assert desk.toy.made == []


@in_a_loop
async def test_what_is_there_already_is_shown_and_nothing_is_made(desk: Desk):
    draft = await with_sample(desk, do("m", "make_one", if_exists="stop"))
    desk.toy.effect("Ada", "earlier")
    tried = await desk.editing.trying.test_step(draft.id, "m")
    assert (tried.outcome, tried.output, len(desk.toy.made)) == (
        TriedOutcome.EXISTS,
        {"id": "made-1", "name": "Ada"},
        1,
    )
    assert "would stop here" in tried.sentence
    draft = desk.draw(desk.seen(draft), "put_value", "m", "if_exists", "create")
    assert (await desk.editing.trying.test_step(draft.id, "m")).outcome is TriedOutcome.DONE


@pytest.mark.parametrize(
    ("kind", "outcome", "remedy", "said"),
    [
        ("auth failed", TriedOutcome.PROBLEM, Remedy.CONNECTION, "Toy refused the account, and nothing was done"),
        ("permission missing", TriedOutcome.PROBLEM, Remedy.CONNECTION, "Toy refused the account"),
        ("temporary", TriedOutcome.PROBLEM, Remedy.LATER, "Toy could not be used just now, and nothing was done"),
        ("quota", TriedOutcome.PROBLEM, Remedy.LATER, "The limit of your plan at Toy is reached"),
        ("invalid", TriedOutcome.PROBLEM, Remedy.FIELD, "Toy does not take a value, and nothing was done"),
        ("permanent", TriedOutcome.PROBLEM, Remedy.NONE, "Toy cannot do this, and nothing was done"),
        ("stopped", TriedOutcome.STOPPED, Remedy.NONE, "Toy has nothing to do"),
        ("unknown", TriedOutcome.UNKNOWN, Remedy.LOOK_AT_APP, "It may have gone through; please look at Toy"),
        ("bug", TriedOutcome.UNKNOWN, Remedy.LOOK_AT_APP, "It may have gone through; please look at Toy"),
    ],
)
@in_a_loop
async def test_failures_say_what_follows_from_them(one_desk: Desk, kind, outcome, remedy, said):
    draft = await with_sample(one_desk)
    one_desk.toy.next("make", error(kind))
    tried = await one_desk.editing.trying.test_step(draft.id, "m")
    assert (tried.outcome, tried.remedy, tried.output) == (outcome, remedy, None)
    assert tried.sentence.startswith(said)
    assert tried.sentence_in("de") != tried.sentence
    assert tried.input == {"name": "Ada", "note": ""}
    assert one_desk.seen(draft).sample("m") is None


@in_a_loop
async def test_after_a_failed_test_a_step_is_not_tested_and_what_an_earlier_one_brought_stays(one_desk: Desk):
    draft = await with_sample(one_desk)
    tried = await one_desk.editing.trying.test_step(draft.id, "m")
    assert one_desk.seen(draft).state_of("m") is StepState.TESTED
    one_desk.toy.next("make", error("permanent"))
    await one_desk.editing.trying.test_step(draft.id, "m")
    assert (one_desk.record(draft, "m"), one_desk.seen(draft).state_of("m")) == (tried.output, StepState.READY)
    await one_desk.editing.trying.test_step(draft.id, "m")
    assert one_desk.seen(draft).state_of("m") is StepState.TESTED


@in_a_loop
async def test_a_step_that_is_changed_while_it_is_tested_is_not_tested_as_it_is_drawn_now(one_desk: Desk):
    draft = await with_sample(one_desk)
    waits = Waits()
    one_desk.toy.next("make", waits)
    test = asyncio.create_task(one_desk.editing.trying.test_step(draft.id, "m"))
    await until(waits.begun.is_set)
    one_desk.draw(one_desk.seen(draft), "put_value", "m", "note", "typed meanwhile")
    waits.gate.set()
    assert (await test).outcome is TriedOutcome.DONE
    assert one_desk.seen(draft).state_of("m") is StepState.READY


@in_a_loop
async def test_a_value_that_the_service_refuses_is_told_at_its_field(one_desk: Desk):
    draft = await with_sample(one_desk)
    one_desk.toy.next("make", error("invalid"))
    [problem] = (await one_desk.editing.trying.test_step(draft.id, "m")).problems
    assert (problem.step, problem.field) == ("m", "name")


@in_a_loop
async def test_whether_it_arrived_is_asked_where_the_app_can_tell(one_desk: Desk):
    draft = await with_sample(one_desk, do("m", "make_found"))
    one_desk.toy.next("make_found", After(error("unknown")))
    assert (await one_desk.editing.trying.test_step(draft.id, "m")).outcome is TriedOutcome.DONE
    one_desk.toy.next("make_found", error("unknown"))
    lost = await one_desk.editing.trying.test_step(draft.id, "m")
    assert (lost.outcome, len(one_desk.toy.made)) == (TriedOutcome.PROBLEM, 1)
    assert "did not arrive" in lost.sentence
    for answer in (cannot_tell(), error("temporary")):
        one_desk.toy.next("make_found", error("unknown"))
        one_desk.toy.next("lookup", answer)
        assert (await one_desk.editing.trying.test_step(draft.id, "m")).outcome is TriedOutcome.UNKNOWN


@in_a_loop
async def test_a_call_that_does_not_end_is_unknown_after_its_time(one_desk: Desk):
    draft = await with_sample(one_desk, do("m", "make_hasty"))
    waits = Waits()
    one_desk.toy.next("make_hasty", waits)
    one_desk.toy.next("lookup", cannot_tell())
    tried = await one_desk.editing.trying.test_step(draft.id, "m")
    waits.gate.set()
    assert tried.outcome is TriedOutcome.UNKNOWN


@in_a_loop
async def test_a_second_click_does_not_do_it_twice(one_desk: Desk):
    draft = await with_sample(one_desk)
    waits = Waits()
    one_desk.toy.next("make", waits)
    first = asyncio.create_task(one_desk.editing.trying.test_step(draft.id, "m"))
    await until(waits.begun.is_set)
    with pytest.raises(Refused, match="being tested"):
        await one_desk.editing.trying.test_step(draft.id, "m")
    waits.gate.set()
    assert (await first).outcome is TriedOutcome.DONE
    assert len(one_desk.toy.made) == 1


@in_a_loop
async def test_a_search_finds_or_says_what_a_run_would_do(desk: Desk):
    draft = await with_sample(desk, do("f", "find_thing"))
    nothing = await desk.editing.trying.test_step(draft.id, "f")
    assert (nothing.outcome, nothing.output) == (TriedOutcome.NOTHING, None)
    assert "would stop here" in nothing.sentence
    draft = desk.draw(draft, "set_if_empty", "f", "go_on")
    assert "would go on" in (await desk.editing.trying.test_step(draft.id, "f")).sentence
    desk.toy.effect("Ada", "earlier")
    found = await desk.editing.trying.test_step(draft.id, "f")
    assert (found.outcome, found.output) == (TriedOutcome.FOUND, {"id": "made-1", "name": "Ada"})
    desk.toy.next("find_thing", error("unknown"))
    assert (await desk.editing.trying.test_step(draft.id, "f")).remedy is Remedy.LATER


@in_a_loop
async def test_a_filter_is_tried_without_asking_anybody(desk: Desk):
    draft = await with_sample(desk, only("Ada"), do("m", "make"))
    assert (await desk.editing.trying.test_step(draft.id, "only")).outcome is TriedOutcome.PASSED
    assert desk.seen(draft).state_of("only") is StepState.TESTED
    other = Group.model_validate({"all": [{"value": "{{ trigger.name }}", "is": "is", "to": "Bob"}]})
    draft = desk.draw(draft, "set_filter", "only", other)
    assert draft.state_of("only") is StepState.READY
    assert (await desk.editing.trying.test_step(draft.id, "only")).outcome is TriedOutcome.FILTERED


@in_a_loop
async def test_a_step_with_problems_or_a_sample_that_does_not_fit_is_not_done(desk: Desk):
    draft = await with_sample(desk)
    desk.editing.samples.choose(draft.id, {"id": "2", "name": " "})
    unfit = await desk.editing.trying.test_step(draft.id, "m")
    assert (unfit.remedy, [one.field for one in unfit.problems]) == (Remedy.FIELD, ["name"])
    draft = desk.draw(draft, "choose_connection", "m", None)
    assert (await desk.editing.trying.test_step(draft.id, "m")).remedy is Remedy.CONNECTION
    with pytest.raises(NotFound):
        await desk.editing.trying.test_step(draft.id, "gone")
    assert desk.toy.made == []


@in_a_loop
async def test_what_a_test_will_do_is_told_before(desk: Desk):
    draft = await with_sample(desk, do("m", "make_one"), do("f", "find_thing"), only("Ada"))
    will = desk.editing.trying.what_it_will_do(draft, "m")
    assert (will.does, will.app, will.connection, will.changes) == ("make one", "Toy", "toys", True)
    assert (will.if_exists, will.made_up) == ("use", False)
    assert not desk.editing.trying.what_it_will_do(draft, "f").changes
    assert desk.editing.trying.what_it_will_do(draft, "only", "de").does == "Filter"
    desk.editing.samples.make_up(draft.id, TRIGGER)
    assert desk.editing.trying.what_it_will_do(desk.seen(draft), "m").made_up


@in_a_loop
async def test_a_made_up_sample_is_no_test_and_can_be_forgotten(desk: Desk):
    draft = await desk.drawn()
    desk.editing.samples.make_up(draft.id, TRIGGER, "de")
    made = desk.seen(draft)
    assert desk.record(made, TRIGGER) == {"id": "example-1", "name": "Name"}
    assert not made.samples[TRIGGER].real
    assert made.state_of(TRIGGER) is StepState.READY
    desk.editing.samples.clear(draft.id, TRIGGER)
    assert desk.editing.samples.of(draft.id) == {}


@in_a_loop
async def test_rubbish_from_the_service_is_no_record(one_desk: Desk):
    draft = await with_sample(one_desk)
    one_desk.toy.next("make", Answers("rubbish"))
    tried = await one_desk.editing.trying.test_step(draft.id, "m")
    assert tried.outcome is TriedOutcome.UNKNOWN


@in_a_loop
async def test_the_choices_of_a_field_are_asked_of_the_service(one_desk: Desk):
    draft = await one_desk.drawn()
    found = await one_desk.editing.choices.of(draft, TRIGGER, "shelf")
    assert [one.value for one in found] == ["a", "b"]
    with pytest.raises(NotFound):
        await one_desk.editing.choices.of(draft, TRIGGER, "limit")
