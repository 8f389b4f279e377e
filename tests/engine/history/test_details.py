"""One run in full: its steps as drawn, what each got and gave, and where the time went."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from engine.errors import NotFound
from engine.history import cutting
from engine.history.cutting import shown_value
from engine.history.details import RunDetail
from engine.history.finding import Filter
from engine.history.steps import StepDetail
from engine.store.runs import Run
from engine.store.states import RunState
from engine.zaps.model import FilterStep
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import After, Waits, error
from zapwerk import TemporaryFailure

NAMED_BALL = FilterStep.model_validate(
    {"key": "named", "filter": {"all": [{"value": "{{ trigger.name }}", "is": "contains", "to": "ball"}]}}
)
DRAWN = (NAMED_BALL, do("first", "make"), do("second", "make_found", name="{{ first.name }} again"))


def detail(bench: Bench, run_id: str) -> RunDetail:
    return bench.runtime.details.of(run_id)


def states(found: RunDetail) -> list[str]:
    return [step.state for step in found.steps]


def step(found: RunDetail, key: str) -> StepDetail:
    return next(one for one in found.steps if one.key == key)


@in_a_loop
async def test_a_run_that_is_done_shows_what_each_step_got_and_gave(bench: Bench):
    zap = await bench.zap("new_thing", *DRAWN)
    (run,) = await bench.done(zap, "ball")
    found = detail(bench, run.id)
    assert (found.zap, found.label, found.record.value) == ("zap 1", "ball", {"id": "1", "name": "ball"})
    assert (found.trigger_use, found.trigger_connection) == ("toy.new_thing", "toys")
    assert states(found) == ["done", "done", "done"]
    named, first = found.steps[:2]
    assert (named.kind, named.connection) == ("filter", "")
    assert named.reason
    assert (first.use, first.connection) == ("toy.make", "toys")
    assert first.input is not None
    assert first.output is not None
    assert (first.input.value["name"], first.output.value["name"]) == ("ball", "ball")
    assert len(first.tries) == 1
    assert first.ran_ms is not None
    assert found.times.ran_ms is not None
    assert found.times.ran_ms >= sum(one.ran_ms or 0 for one in found.steps)
    assert found.times.rested_ms == 0


@in_a_loop
async def test_steps_that_were_not_reached_are_shown_too(bench: Bench):
    zap = await bench.zap("new_thing", *DRAWN)
    bench.toy.next("make ball", error("permanent"))
    ball, doll = await bench.done(zap, "ball", "doll")
    assert states(detail(bench, ball.id)) == ["done", "failed", "not_reached"]
    failed = step(detail(bench, ball.id), "first")
    assert failed.problem == bench.run(ball.id).problem != ""
    assert failed.technical == "PermanentFailure"
    assert failed.tries[-1].problem == failed.problem
    filtered = detail(bench, doll.id)
    assert states(filtered) == ["filtered", "not_reached", "not_reached"]
    assert step(filtered, "named").reason


@in_a_loop
async def test_every_try_is_told_and_a_run_that_is_tried_again_says_where(bench: Bench):
    zap = await bench.zap("new_thing", *DRAWN)
    bench.toy.next("make ball", *[error("temporary") for _ in range(3)])
    (run,) = await bench.done(zap, "ball")
    found = detail(bench, run.id)
    assert states(found) == ["done", "retrying", "not_reached"]
    assert [bool(one.problem) for one in step(found, "first").tries] == [True] * 3
    bench.later(timedelta(minutes=6))
    await bench.drain()
    found = detail(bench, run.id)
    assert states(found) == ["done"] * 3
    assert [bool(one.problem) for one in step(found, "first").tries] == [True] * 3 + [False]


@in_a_loop
async def test_what_an_app_takes_to_say_what_exists_is_work_of_the_step_that_asks(bench: Bench):
    zap = await bench.zap("new_thing", do("first", "make"), do("second", "make_one", name="{{ first.name }} again"))
    bench.toy.next("existing", lambda: bench.later(timedelta(seconds=5)))
    (run,) = await bench.done(zap, "ball")
    found = detail(bench, run.id)
    assert [seconds(one.ran_ms) for one in found.steps] == [0, 5]
    assert (seconds(found.times.ran_ms), found.times.rested_ms) == (5, 0)


@pytest.mark.parametrize(
    ("rest", "go_on"),
    [
        (error("quota"), lambda bench, run: bench.runtime.control.release_zap(run.zap_id)),
        (error("unknown"), lambda bench, run: bench.runtime.control.decide(run.id, "again", by="ann")),
        (TemporaryFailure("Come back later.", retry_after=timedelta(minutes=5)), lambda bench, run: None),
    ],
    ids=["held", "asked about", "tried again"],
)
@in_a_loop
async def test_the_time_in_which_a_run_rests_is_not_time_that_it_runs(
    bench: Bench, rest: BaseException, go_on: Callable[[Bench, Run], object]
):
    zap = await bench.zap("new_thing", do("made", "make"), do("second", "make_one", name="{{ made.name }} again"))
    bench.toy.next("make", rest)
    bench.toy.next("existing", lambda: bench.later(timedelta(seconds=5)))
    (run,) = await bench.done(zap, "ball")
    bench.later(timedelta(minutes=6))
    go_on(bench, run)
    await bench.drain()
    found = detail(bench, run.id)
    assert states(found) == ["done", "done"]
    assert [seconds(one.ran_ms) for one in found.steps] == [0, 5]
    assert (seconds(found.times.ran_ms), seconds(found.times.rested_ms)) == (5, 360)
    (row,) = bench.runtime.history.page(Filter()).rows
    assert (row.ran_ms, row.rested_ms) == (found.times.ran_ms, found.times.rested_ms)


@in_a_loop
async def test_a_run_that_was_interrupted_did_not_run_until_it_was_taken_up_again(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_keyed"))
    waits = Waits()
    bench.toy.next("make_keyed", waits)
    (run,) = await bench.arrive(zap, "ball")
    await bench.interrupt(waits)
    bench.later(timedelta(hours=1))
    await bench.resume(zap)
    found = detail(bench, run.id)
    assert found.times.rested_ms is not None
    assert found.times.rested_ms >= 3_500_000
    assert (found.steps[0].ran_ms or 0) < 60_000


@in_a_loop
async def test_without_its_journal_nothing_is_said_of_a_run_that_rested(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", error("quota"))
    (run,) = await bench.done(zap, "ball")
    bench.runtime.control.release_zap(zap)
    await bench.drain()
    bench.change("UPDATE run SET contents = 'deleted'")
    bench.change("DELETE FROM journal")
    times = detail(bench, run.id).times
    assert (times.ran_ms, times.rested_ms) == (None, None)
    assert [row.ran_ms for row in bench.runtime.history.page(Filter()).rows] == [None]


def seconds(milliseconds: int | None) -> int:
    return round((milliseconds or 0) / 1000)


@in_a_loop
async def test_a_run_to_check_shows_what_was_sent_and_what_was_decided(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", After(error("unknown")))
    (run,) = await bench.done(zap, "ball")
    made = step(detail(bench, run.id), "made")
    assert made.state == "needs_review"
    assert made.review is not None
    assert made.review.sent is not None
    assert made.review.sent.value["name"] == "ball"
    assert made.review.sent_at is not None
    bench.runtime.control.decide(run.id, "went_through", by="ann", record={"id": "7"})
    made = step(detail(bench, run.id), "made")
    assert (made.state, made.decided[0].by, made.decided[0].went_through) == ("done", "ann", True)


@in_a_loop
async def test_a_replay_and_what_it_replays_know_each_other(bench: Bench):
    zap = await bench.zap("new_thing", *DRAWN)
    bench.toy.next("make_found", error("permanent"))
    (run,) = await bench.done(zap, "ball")
    again = bench.runtime.control.replay(run.id)
    waiting = detail(bench, again)
    assert states(waiting) == ["done", "done", "next"]
    assert step(waiting, "first").copied
    await bench.drain()
    assert [one.id for one in detail(bench, run.id).replays] == [again]
    replayed = detail(bench, again)
    assert replayed.replay_of is not None
    assert (replayed.replay_of.id, replayed.replay_of.state) == (run.id, RunState.FAILED)


@in_a_loop
async def test_a_run_under_way_says_at_which_step(bench: Bench):
    zap = await bench.zap()
    waits = Waits()
    bench.toy.next("make", waits)
    (run,) = await bench.arrive(zap, "ball")
    assert states(detail(bench, run.id)) == ["next"]
    await bench.interrupt(waits)
    assert states(detail(bench, run.id)) == ["running"]


@in_a_loop
async def test_a_run_of_a_version_that_cannot_be_read_shows_what_the_journal_knows(bench: Bench):
    zap = await bench.zap("new_thing", *DRAWN)
    (run,) = await bench.done(zap, "ball")
    bench.change("UPDATE version SET definition = '{}'")
    bench.change("UPDATE zap SET deleted_at = 1")
    found = detail(bench, run.id)
    assert (found.drawn, found.deleted) == (None, True)
    assert [one.key for one in found.steps] == ["named", "first", "second"]
    with pytest.raises(NotFound):
        detail(bench, "nothing")


@in_a_loop
async def test_what_is_too_large_is_cut_and_said(bench: Bench):
    zap = await bench.zap()
    (run,) = await bench.done(zap, "ball" * 5_000)
    found = detail(bench, run.id)
    assert found.record.cut
    assert found.record.size > 20_000
    assert len(found.record.value["name"]) == cutting.MOST_TEXT


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(["x"] * 1_000, id="a long list"),
        pytest.param({str(number): number for number in range(1_000)}, id="a large group"),
        pytest.param([["x" * 9_000] * 100] * 100, id="much in all"),
        pytest.param("x" * 1_000_000, id="a long text"),
    ],
)
def test_values_are_cut_to_what_a_person_reads(value: object):
    found = shown_value(value)
    assert found.cut
    assert len(str(found.value)) < 2 * cutting.MOST_IN_ALL


def test_small_values_stay_as_they_are():
    value = {"a": [1, None, True, "x", {"b": 1.5}]}
    assert (shown_value(value).value, shown_value(value).cut) == (value, False)
