"""A run again: whole, or from where it ended on, and then nothing is done twice."""

import asyncio

import pytest

from engine.errors import Refused
from engine.runs.control import Outcome
from engine.store import zaps
from engine.store.states import RunState
from engine.zaps.model import ActionStep, Zap
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import After, error
from zapwerk import InvalidInput, OutcomeUnknown

TWO_STEPS = (do("first", "make"), do("second", "make_found", name="{{ first.name }} again"))


@in_a_loop
async def test_a_replay_goes_on_at_the_step_that_failed(bench: Bench):
    zap = await bench.zap("new_thing", *TWO_STEPS)
    bench.toy.next("make_found", error("permanent"))
    (run,) = await bench.done(zap, "ball")
    assert (run.state, run.step) == (RunState.FAILED, "second")
    again = bench.runtime.control.replay(run.id)
    await bench.drain()
    replayed = bench.run(again)
    assert (replayed.state, replayed.replay_of, replayed.event_id) == (RunState.SUCCEEDED, run.id, run.event_id)
    assert bench.toy.names() == ["ball", "ball again"]
    assert bench.run(run.id).state == RunState.FAILED


@in_a_loop
async def test_a_whole_replay_does_everything_again_with_keys_of_its_own(bench: Bench):
    zap = await bench.zap("new_thing", *TWO_STEPS)
    (run,) = await bench.done(zap, "ball")
    bench.runtime.control.replay(run.id, whole=True)
    await bench.drain()
    assert bench.toy.names() == ["ball", "ball again"] * 2
    assert len({effect.key for effect in bench.toy.made}) == 4


@in_a_loop
async def test_a_replay_stays_on_its_version_unless_the_newest_is_asked_for(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", error("permanent"))
    (run,) = await bench.done(zap, "ball")
    await publish(bench, zap, do("made", "make", name="edited {{ trigger.name }}"))
    bench.runtime.control.replay(run.id)
    await bench.drain()
    bench.runtime.control.replay(run.id, whole=True, newest=True)
    await bench.drain()
    assert bench.toy.names() == ["ball", "edited ball"]


@in_a_loop
async def test_a_run_that_has_not_ended_cannot_be_replayed(bench: Bench):
    zap = await bench.zap()
    (run,) = await bench.arrive(zap, "ball")
    with pytest.raises(Refused, match="has not ended yet"):
        bench.runtime.control.replay(run.id)


@in_a_loop
async def test_a_run_that_is_done_can_only_be_replayed_as_a_whole(bench: Bench):
    zap = await bench.zap()
    (run,) = await bench.done(zap, "ball")
    with pytest.raises(Refused, match="as a whole"):
        bench.runtime.control.replay(run.id)


@in_a_loop
async def test_what_an_action_had_done_before_it_failed_is_not_done_again(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_noted"))
    bench.toy.next("make_noted", InvalidInput("The second call is refused.", field="note"))
    (run,) = await bench.done(zap, "ball")
    assert (run.state, bench.toy.names()) == (RunState.FAILED, ["ball (first)"])
    again = bench.runtime.control.replay(run.id)
    await bench.drain()
    first = bench.toy.made[0].id
    assert bench.toy.names() == ["ball (first)", f"ball after {first}"]
    assert bench.run(again).state == RunState.SUCCEEDED


@in_a_loop
async def test_what_had_been_begun_with_another_account_is_asked_about(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_noted"))
    bench.toy.next("make_noted", InvalidInput("The second call is refused.", field="note"))
    (run,) = await bench.done(zap, "ball")
    other = await bench.connect("others", key="key-of-the-others")
    await publish(bench, zap, do("made", "make_noted").model_copy(update={"connection": other.id}))
    again = bench.runtime.control.replay(run.id, newest=True)
    await bench.drain()
    asked = bench.run(again)
    assert (asked.state, asked.step, bench.toy.names()) == (RunState.NEEDS_REVIEW, "made", ["ball (first)"])
    assert "another account" in bench.notices()[f"review:{again}"].sentence
    bench.runtime.control.decide(again, "again", by="a person")
    await bench.drain()
    assert bench.toy.names().count("ball (first)") == 2
    assert bench.run(again).state == RunState.SUCCEEDED


@pytest.mark.parametrize(("action", "tries"), [("make", 0), ("make_found", 5)])
@in_a_loop
async def test_what_a_cancelled_run_may_have_done_is_asked_about(bench: Bench, action: str, tries: int):
    zap = await bench.zap("new_thing", do("made", action))
    bench.toy.next(action, After(OutcomeUnknown("The line went dead.")))
    bench.toy.next("lookup", *[error("temporary") for _ in range(tries)])
    (run,) = await bench.done(zap, "ball")
    assert run.state in (RunState.NEEDS_REVIEW, RunState.RETRYING)
    bench.runtime.control.cancel(run.id)
    again = bench.runtime.control.replay(run.id)
    await bench.drain()
    assert (bench.run(again).state, bench.toy.names()) == (RunState.NEEDS_REVIEW, ["ball"])
    (shown,) = [line.data for line in bench.lines(again)]
    assert shown["sent"]["name"] == "ball"
    bench.runtime.control.decide(again, "went_through", by="a person", record={"id": "1", "name": "ball"})
    await bench.drain()
    assert (bench.run(again).state, bench.toy.names()) == (RunState.SUCCEEDED, ["ball"])


@in_a_loop
async def test_a_step_that_the_newest_version_has_not_any_more_is_not_asked_about(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make"))
    bench.toy.next("make", After(OutcomeUnknown("The line went dead.")))
    (run,) = await bench.done(zap, "ball")
    bench.runtime.control.cancel(run.id)
    await publish(bench, zap, do("other", "make_keyed", name="{{ trigger.name }} anew"))
    again = bench.runtime.control.replay(run.id, newest=True)
    await bench.drain()
    assert (bench.run(again).state, bench.toy.names()) == (RunState.SUCCEEDED, ["ball", "ball anew"])


@in_a_loop
async def test_what_was_replayed_goes_on_where_the_last_replay_ended(bench: Bench):
    zap = await bench.zap("new_thing", *TWO_STEPS)
    bench.toy.next("make", error("permanent"))
    (run,) = await bench.done(zap, "ball")
    bench.toy.next("make_found", error("permanent"))
    first = bench.runtime.control.replay(run.id)
    await bench.drain()
    second = bench.runtime.control.replay(run.id)
    with pytest.raises(Refused, match="is being replayed already"):
        bench.runtime.control.replay(run.id)
    with pytest.raises(Refused, match="is being replayed already"):
        bench.runtime.control.replay(run.id, whole=True)
    await bench.drain()
    assert bench.run(second).replay_of == first
    assert bench.toy.names() == ["ball", "ball again"]
    with pytest.raises(Refused, match="was replayed, and that is done"):
        bench.runtime.control.replay(run.id)


@in_a_loop
async def test_two_people_who_replay_the_same_runs_replay_each_once(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    names = [f"n{number}" for number in range(120)]
    bench.toy.next("make", *[error("permanent") for _ in names])
    failed = [run.id for run in await bench.done(zap, *names)]
    both = [asyncio.to_thread(bench.runtime.control.replay_many, failed) for _ in range(2)]
    outcomes: list[Outcome] = await asyncio.gather(*both)
    while bench.states(zap).count(RunState.QUEUED):
        await bench.drain()
    assert sum(len(one.done) for one in outcomes) == len(failed)
    assert sorted(bench.toy.names()) == sorted(names)


async def publish(bench: Bench, zap_id: str, *steps: ActionStep) -> None:
    """Publishes a version with these steps; without an account of their own they have the bench's."""
    with bench.runtime.database.write() as session:
        stored = zaps.find(session, zap_id)
        drawn = [step.model_copy(update={"connection": step.connection or bench.connection}) for step in steps]
        draft = Zap(name=stored.name, trigger=stored.draft.trigger, steps=tuple(drawn))
        zaps.save_draft(session, zap_id, draft, revision=stored.revision, now=bench.now())
    await bench.runtime.switching.on(zap_id)
