"""The guard: an effect whose outcome is unknown, after a crash or without one, is found out and never done twice."""

import asyncio
from datetime import timedelta

import pytest

from engine.connections.contexts import Asked, Purpose
from engine.store.states import RunState
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import After, Answers, Thing, Waits, cannot_tell, error
from tests.waiting import until
from zapwerk import AuthFailed

BEFORE, AFTER = "before the effect", "after the effect"
MOMENTS = [pytest.param(False, id=BEFORE), pytest.param(True, id=AFTER)]
FOUND_OUT = ["make_keyed", "make_found", "make_one"]


@pytest.mark.parametrize("after", MOMENTS)
@pytest.mark.parametrize("action", FOUND_OUT)
@in_a_loop
async def test_after_a_crash_in_a_call_there_is_exactly_one_effect(bench: Bench, action: str, after: bool):
    zap = await bench.zap("new_thing", do("made", action))
    await bench.arrive(zap, "ball")
    waits = Waits(after=after)
    bench.toy.next(action, waits)
    await bench.interrupt(waits)
    (run,) = await bench.resume(zap)
    assert run.state == RunState.SUCCEEDED
    assert bench.toy.names() == ["ball"]


@pytest.mark.parametrize("after", MOMENTS)
@in_a_loop
async def test_what_nobody_can_find_out_waits_for_a_person_and_shows_what_was_sent(bench: Bench, after: bool):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    waits = Waits(after=after)
    bench.toy.next("make", waits)
    await bench.interrupt(waits)
    (run,) = await bench.resume(zap)
    assert run.state == RunState.NEEDS_REVIEW
    shown = bench.lines(run.id)[-1]
    assert shown.data["sent"] == {"name": "ball", "note": ""}
    assert shown.data["at"]
    notice = bench.notices()[f"review:{run.id}"]
    assert notice.sentence.startswith("Please check whether “Make” went through: The connection broke off")
    assert notice.within("de").startswith("Bitte prüfen Sie, ob „Make“ angekommen ist: Die Verbindung brach ab")
    assert bench.toy.calls["make"] == 1


@in_a_loop
async def test_a_person_who_says_it_went_through_ends_the_wait_without_a_second_effect(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make"), do("next", "make", name="after {{ made.id }}"))
    bench.toy.next("make ball", After(error("unknown")))
    (run,) = await bench.done(zap, "ball")
    bench.runtime.control.decide(run.id, "went_through", by="ann", record={"id": "made-1", "name": "ball"})
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]
    assert bench.toy.names() == ["ball", "after made-1"]
    assert bench.notices() == {}


@in_a_loop
async def test_a_person_who_says_do_it_again_has_it_done_with_the_same_key(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make ball", error("unknown"))
    (run,) = await bench.done(zap, "ball")
    bench.runtime.control.decide(run.id, "again", by="ann")
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]
    assert bench.toy.names() == ["ball"]
    assert len({key for key, _ in bench.toy.given}) == 1


@pytest.mark.parametrize("after", MOMENTS)
@pytest.mark.parametrize("action", FOUND_OUT)
@in_a_loop
async def test_without_any_crash_an_unknown_outcome_is_found_out_the_same_way(bench: Bench, action: str, after: bool):
    zap = await bench.zap("new_thing", do("made", action))
    bench.toy.next(action, After(error("unknown")) if after else error("unknown"))
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.SUCCEEDED
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_a_repetition_sends_the_same_key_and_exactly_what_was_sent_before(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_keyed"))
    (run,) = await bench.arrive(zap, "ball")
    waits = Waits()
    bench.toy.next("make_keyed", waits)
    await bench.interrupt(waits)
    bench.change("UPDATE event SET payload = :other", other=b'{"id": "1", "name": "something else"}')
    await bench.resume(zap)
    first, second = bench.toy.given
    assert first == second
    assert bench.toy.names() == ["ball"]
    assert bench.lines(run.id)[0].data["key"] == first[0]


@in_a_loop
async def test_two_runs_have_two_keys(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_keyed"), do("more", "make_keyed"))
    await bench.done(zap, "ball", "doll")
    assert len({key for key, _ in bench.toy.given}) == 4


@in_a_loop
async def test_a_repetition_beyond_the_window_of_the_key_is_asked_a_person(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_keyed_for_an_hour"))
    await bench.arrive(zap, "ball")
    waits = Waits(after=True)
    bench.toy.next("make_keyed_for_an_hour", waits)
    await bench.interrupt(waits)
    bench.later(timedelta(hours=2))
    (run,) = await bench.resume(zap)
    assert run.state == RunState.NEEDS_REVIEW
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_a_refusal_of_a_later_try_says_nothing_about_the_first(bench: Bench):
    """The first try went through unseen; the second certainly did nothing. The window of the key counts from the
    first: once it is over, it is not simply done anew."""
    zap = await bench.zap("new_thing", do("made", "make_keyed_for_an_hour"))
    bench.toy.next("make_keyed_for_an_hour", After(error("unknown")), *[error("temporary") for _ in range(10)])
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.RETRYING
    bench.later(timedelta(hours=2))
    await bench.drain()
    assert bench.states(zap) == [RunState.NEEDS_REVIEW]
    assert bench.toy.names() == ["ball"]


@pytest.mark.parametrize("kind", ["permanent", "invalid", "stopped"])
@in_a_loop
async def test_a_repetition_that_is_refused_for_good_is_asked_a_person(bench: Bench, kind: str):
    zap = await bench.zap("new_thing", do("made", "make_keyed"))
    bench.toy.next("make_keyed", After(error("unknown")), error(kind))
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.NEEDS_REVIEW
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_a_repetition_that_never_gets_an_answer_ends_before_a_person(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_keyed"))
    bench.toy.next("make_keyed", *[error("unknown") for _ in range(100)])
    await bench.arrive(zap, "ball")
    for _ in range(6):
        await bench.drain()
        bench.later(timedelta(hours=7))
    assert bench.states(zap) == [RunState.NEEDS_REVIEW]


@in_a_loop
async def test_a_lookup_that_finds_it_takes_it_as_the_result(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_found"), do("next", "make", name="after {{ made.id }}"))
    bench.toy.next("make_found", After(error("unknown")))
    (run,) = await bench.done(zap, "ball")
    assert bench.toy.names() == ["ball", "after made-1"]
    assert bench.lines(run.id)[1].data == {"output": {"id": "made-1", "name": "ball"}, "looked_up": True}


@in_a_loop
async def test_a_lookup_that_cannot_tell_asks_a_person_and_shows_what_looks_like_it(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_found"))
    bench.toy.next("make_found", error("unknown"))
    bench.toy.next("lookup", cannot_tell())
    (run,) = await bench.done(zap, "ball")
    assert (run.state, run.problem) == (RunState.NEEDS_REVIEW, "There are two that look like it.")
    assert bench.lines(run.id)[-1].data["candidates"] == [{"id": "7", "name": "like it"}]


@in_a_loop
async def test_a_lookup_that_fails_temporarily_is_asked_again_later(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_found"))
    bench.toy.next("make_found", After(error("unknown")))
    bench.toy.next("lookup", error("temporary"), error("temporary"))
    await bench.done(zap, "ball")
    assert bench.states(zap) == [RunState.RETRYING]
    bench.later(timedelta(minutes=6))
    await bench.drain()
    assert bench.states(zap) == [RunState.RETRYING]
    bench.later(timedelta(minutes=31))
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]
    assert bench.toy.names() == ["ball"]
    assert bench.toy.calls["make_found"] == 1


@in_a_loop
async def test_a_lookup_with_a_refused_account_goes_on_after_the_repair(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_found"))
    bench.toy.next("make_found", After(error("unknown")))
    bench.toy.next("lookup", AuthFailed("The key was revoked."))
    await bench.done(zap, "ball")
    assert bench.states(zap) == [RunState.HELD]
    await bench.runtime.connecting.check(bench.connection)
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]
    assert bench.toy.names() == ["ball"]


@pytest.mark.parametrize("kind", ["bug", "exit", "permanent", "invalid"])
@in_a_loop
async def test_a_lookup_that_is_broken_asks_a_person(bench: Bench, kind: str):
    zap = await bench.zap("new_thing", do("made", "make_found"))
    bench.toy.next("make_found", After(error("unknown")))
    bench.toy.next("lookup", error(kind))
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.NEEDS_REVIEW
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_what_a_lookup_says_never_arrived_fails_at_last(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_found"))
    bench.toy.next("make_found", *[error("unknown") for _ in range(100)])
    await bench.arrive(zap, "ball")
    for _ in range(6):
        await bench.drain()
        bench.later(timedelta(hours=7))
    assert bench.states(zap) == [RunState.FAILED]
    assert bench.toy.names() == []


@in_a_loop
async def test_an_async_action_that_hangs_after_its_effect_gives_no_second_one(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_hasty"))
    bench.toy.next("make_hasty", Waits())
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.SUCCEEDED
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_a_blocking_action_that_hangs_is_looked_up_only_after_its_thread_has_ended(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_blocking"))
    await bench.arrive(zap, "ball")
    waits = Waits()
    bench.toy.next("make_blocking", waits)
    draining = asyncio.create_task(bench.drain())
    await until(waits.begun.is_set)
    await asyncio.sleep(0.6)  # twice its time-out
    assert bench.toy.calls["lookup"] == 0
    assert bench.states(zap) == [RunState.RUNNING]
    waits.gate.set()
    await draining
    assert bench.states(zap) == [RunState.SUCCEEDED]
    assert bench.toy.calls["lookup"] == 1
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_nothing_is_noted_as_begun_before_it_holds_its_place(bench: Bench):
    """All threads of the connector are taken: the run waits, and a crash sends nothing to review."""
    zap = await bench.zap("new_thing", do("made", "make_blocking"))
    (run,) = await bench.arrive(zap, "ball")
    calls = bench.runtime.calls
    asked = Asked(bench.runtime.connections.live(bench.connection), Purpose.ACTION)
    places = [calls.place(asked, True) for _ in range(16)]
    for place in places:
        await place.__aenter__()
    draining = asyncio.create_task(bench.drain())
    await until(lambda: bench.run(run.id).state == RunState.RUNNING)
    await asyncio.sleep(0.1)
    assert bench.told(run.id) == []
    await bench.crash()
    await asyncio.gather(draining, return_exceptions=True)
    (run,) = await bench.resume(zap)
    assert run.state == RunState.SUCCEEDED


EXISTING = [
    pytest.param("use", RunState.SUCCEEDED, ["ball"], id="use it"),
    pytest.param("create", RunState.SUCCEEDED, ["ball", "ball"], id="create another"),
    pytest.param("stop", RunState.STOPPED, ["ball"], id="stop"),
]


@pytest.mark.parametrize(("choice", "state", "made"), EXISTING)
@in_a_loop
async def test_what_exists_is_used_doubled_or_left_as_the_zap_says(
    bench: Bench, choice: str, state: RunState, made: list[str]
):
    bench.toy.effect("ball", "from before")
    zap = await bench.zap("new_thing", do("made", "make_one", if_exists=choice))
    (run,) = await bench.done(zap, "ball")
    assert run.state == state
    assert bench.toy.names() == made


@pytest.mark.parametrize("kind", ["temporary", "unknown"])
@in_a_loop
async def test_asking_what_exists_may_fail_and_is_tried_again(bench: Bench, kind: str):
    zap = await bench.zap("new_thing", do("made", "make_one"))
    bench.toy.next("existing", error(kind))
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.SUCCEEDED
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_two_runs_for_the_same_customer_at_the_same_time_make_one_record(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_one"))
    runs = await bench.done(zap, *["ball"] * 8)
    assert [run.state for run in runs] == [RunState.SUCCEEDED] * 8
    assert bench.toy.names() == ["ball"]


@pytest.mark.parametrize("after", MOMENTS)
@in_a_loop
async def test_two_runs_for_the_same_customer_make_one_record_also_when_the_first_was_interrupted(
    bench: Bench, after: bool
):
    """The second was interrupted too, before its call, and is taken over first. It must not ask what exists before the
    first one's open call was found out."""
    zap = await bench.zap("new_thing", do("made", "make_one"))
    await bench.arrive(zap, "ball")
    waits = Waits(after=after)
    bench.toy.next("make_one", waits)
    await bench.interrupt(waits)
    slow = Waits()
    bench.toy.next("lookup", slow)
    first, second = await bench.arrive(zap, "ball")
    bench.change("UPDATE run SET state = 'running', due_at = 1 WHERE id = :id", id=second.id)
    assert (bench.run(first.id).state, bench.toy.calls["existing"]) == (RunState.RUNNING, 1)
    await bench.start()
    await until(slow.begun.is_set)
    await asyncio.sleep(0.1)
    asked_meanwhile = bench.toy.calls["existing"] - 1
    slow.gate.set()
    runs = await bench.until_ended(zap, 2)
    assert asked_meanwhile == 0
    assert [run.state for run in runs] == [RunState.SUCCEEDED] * 2
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_notes_of_an_action_with_two_effects_outlive_a_crash(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_noted"))
    (run,) = await bench.arrive(zap, "ball")
    waits = Waits()
    bench.toy.next("make_noted", waits)
    await bench.interrupt(waits)
    await bench.resume(zap)
    assert bench.states(zap) == [RunState.SUCCEEDED]
    assert bench.toy.names() == ["ball (first)", "ball after made-1"]
    assert "made checkpoint" in bench.told(run.id)


@in_a_loop
async def test_a_run_that_belongs_to_somebody_else_now_writes_and_calls_nothing_more(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make"), do("next", "make"))
    (run,) = await bench.arrive(zap, "ball")
    waits = Waits()
    bench.toy.next("make", waits)
    draining = asyncio.create_task(bench.drain())
    await until(waits.begun.is_set)
    bench.change("UPDATE run SET epoch = epoch + 1, owner = 'somebody else'")
    waits.gate.set()
    await draining
    assert bench.told(run.id) == ["made started"]
    assert bench.toy.calls["make"] == 1
    assert bench.run(run.id).state == RunState.RUNNING


@in_a_loop
async def test_an_open_call_of_a_connector_that_has_changed_is_asked_a_person(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_found"))
    (run,) = await bench.arrive(zap, "ball")
    waits = Waits()
    bench.toy.next("make_found", waits)
    await bench.interrupt(waits)
    bench.change(
        "UPDATE journal SET data = :other WHERE entry = 'started'", other=b'{"input": {"title": "ball"}, "form": {}}'
    )
    await bench.resume(zap)
    assert bench.run(run.id).state == RunState.NEEDS_REVIEW
    assert bench.toy.calls["make_found"] == 1


@in_a_loop
async def test_the_notes_of_one_run_are_not_those_of_another(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_noted"), do("more", "make_noted"), concurrency=1)
    await bench.done(zap, "ball", "doll")
    assert [name for name in bench.toy.names() if "first" in name] == [
        *["ball (first)"] * 2,
        *["doll (first)"] * 2,
    ]


@in_a_loop
async def test_an_answer_that_cannot_be_stored_waits_for_a_person_because_the_effect_happened(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make ball", Answers(Thing.model_validate({"id": "1", "name": "ball", "odd": object()})))
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.NEEDS_REVIEW
    assert "The call had begun" in run.problem
    assert bench.notices()[f"review:{run.id}"]
