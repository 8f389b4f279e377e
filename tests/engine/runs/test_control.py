"""What a person may do with a run: cancel, release, decide."""

import asyncio
from datetime import timedelta

import pytest

from engine.errors import NotFound, Refused
from engine.store import runs as store
from engine.store.states import RunState
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import After, Waits, error
from tests.waiting import until


@in_a_loop
async def test_queued_runs_do_not_wait_for_a_clock_that_was_set_back(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    bench.later(timedelta(hours=-2))
    await bench.sweep()
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]


@in_a_loop
async def test_a_run_that_waits_can_be_cancelled_and_is_never_executed(bench: Bench):
    zap = await bench.zap()
    queued, later = await bench.arrive(zap, "ball", "doll")
    bench.runtime.control.cancel(queued.id)
    bench.toy.next("make doll", *[error("temporary") for _ in range(3)])
    await bench.drain()
    assert bench.run(later.id).state == RunState.RETRYING
    bench.runtime.control.cancel(later.id)
    bench.later(timedelta(days=1))
    await bench.drain()
    assert bench.states(zap) == [RunState.CANCELLED] * 2
    assert bench.toy.names() == []
    with pytest.raises(Refused, match="it is cancelled"):
        bench.runtime.control.cancel(queued.id)


@in_a_loop
async def test_a_run_that_is_executed_now_cannot_be_cancelled(bench: Bench):
    zap = await bench.zap()
    (run,) = await bench.arrive(zap, "ball")
    waits = Waits()
    bench.toy.next("make", waits)
    draining = asyncio.create_task(bench.drain())
    await until(waits.begun.is_set)
    with pytest.raises(Refused, match="it is running"):
        bench.runtime.control.cancel(run.id)
    waits.gate.set()
    await draining
    assert bench.states(zap) == [RunState.SUCCEEDED]


@in_a_loop
async def test_cancelling_what_waits_for_a_decision_settles_its_notice(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", After(error("unknown")))
    (run,) = await bench.done(zap, "ball")
    bench.runtime.control.cancel(run.id)
    assert bench.notices() == {}
    with pytest.raises(Refused, match="does not wait for a decision"):
        bench.runtime.control.decide(run.id, "again", by="ann")


@in_a_loop
async def test_releasing_goes_in_order_and_leaves_those_alone_that_wait_for_a_connection(bench: Bench):
    zap = await bench.zap(concurrency=1)
    held = await bench.arrive(zap, "a", "b", "c")
    bench.change("UPDATE run SET state = 'held', hold = 'off'")
    bench.change("UPDATE run SET hold = :hold WHERE id = :id", hold=f"connection:{bench.connection}", id=held[1].id)
    assert bench.runtime.control.release_zap(zap) == 2
    await bench.drain()
    assert bench.toy.names() == ["a"], "the third waits for the second"
    assert bench.runtime.control.release([held[1].id]) == 1
    await bench.drain()
    assert bench.toy.names() == ["a", "b", "c"]


@in_a_loop
async def test_a_run_shows_all_that_its_history_needs(bench: Bench):
    zap = await bench.zap()
    (run,) = await bench.done(zap, "ball")
    detail = bench.runtime.control.show(run.id)
    assert (detail.zap, detail.record_id, detail.payload) == ("zap 1", "1", {"id": "1", "name": "ball"})
    assert [line.path for line in detail.lines] == ["made", "made"]
    with pytest.raises(NotFound):
        bench.runtime.control.show("nothing")


@in_a_loop
async def test_one_after_the_other_is_in_order(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_found"), concurrency=1)
    names = [f"n{number}" for number in range(12)]
    bench.toy.next("make_found n3", After(error("unknown")))
    bench.toy.next("make_found n5", error("temporary"))
    await bench.done(zap, *names)
    assert bench.toy.names() == names


@in_a_loop
async def test_no_more_runs_of_a_zap_go_at_once_than_it_allows_and_others_are_not_held_up(bench: Bench):
    narrow, wide = await bench.zap(concurrency=2), await bench.zap()
    waits = [Waits() for _ in range(5)]
    bench.toy.add("a", "b", "c", "d")
    await bench.check(narrow)
    bench.toy.next("make", *waits[:2])
    draining = asyncio.create_task(bench.drain())
    await until(lambda: all(one.begun.is_set() for one in waits[:2]))
    assert bench.states(narrow).count(RunState.RUNNING) == 2
    await bench.check(wide)
    also = asyncio.create_task(bench.drain())
    await until(lambda: bench.states(wide) == [RunState.SUCCEEDED] * 4)
    assert bench.states(narrow).count(RunState.RUNNING) == 2
    for one in waits:
        one.gate.set()
    await asyncio.gather(draining, also)
    await bench.drain()
    assert bench.states(narrow) == [RunState.SUCCEEDED] * 4


@in_a_loop
async def test_a_run_whose_version_cannot_be_read_is_held_and_never_stuck(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    bench.change("UPDATE version SET definition = '{}'")
    await bench.drain()
    (run,) = bench.runs(zap)
    assert (run.state, run.hold) == (RunState.HELD, "attention")
    assert f"attention:{zap}" in bench.notices()


@in_a_loop
async def test_an_interrupted_run_that_cannot_be_read_is_held_and_the_engine_starts(bench: Bench):
    zap, other = await interrupted_and_one_unreadable(bench)
    await bench.start()
    await held_alone(bench, zap, other)


@in_a_loop
async def test_an_interrupted_run_that_cannot_be_read_strands_no_other_when_everything_is_resumed(bench: Bench):
    zap, other = await interrupted_and_one_unreadable(bench)
    bench.runtime.pausing.pause_all()
    await bench.start()
    bench.runtime.pausing.resume_all()
    await held_alone(bench, zap, other)


async def interrupted_and_one_unreadable(bench: Bench) -> tuple[str, str]:
    """Two zaps with a run that was interrupted; the version of the first one's cannot be read any more."""
    zap, other = await bench.zap(), await bench.zap("new_thing", do("made", "make_one"))
    waits = Waits()
    bench.toy.next("make", waits)
    bench.toy.next("make_one", waits)
    bench.toy.add("ball")
    await bench.check(zap, other)
    await bench.interrupt(waits)
    bench.change("UPDATE version SET definition = '{}' WHERE zap_id = :zap", zap=zap)
    return zap, other


async def held_alone(bench: Bench, unreadable: str, other: str) -> None:
    """The run that cannot be read comes to be held, and the other one goes on as after every crash."""
    (run,) = await bench.until_ended(unreadable, 1)
    assert (run.state, run.hold) == (RunState.HELD, "attention")
    assert f"attention:{unreadable}" in bench.notices()
    assert [run.state for run in await bench.until_ended(other, 1)] == [RunState.SUCCEEDED]
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_counting_and_paging_through_the_history(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make n3", error("permanent"))
    found = await bench.done(zap, *[f"n{number}" for number in range(7)])
    with bench.runtime.database.read() as session:
        assert store.counts(session, zap) == {RunState.SUCCEEDED: 6, RunState.FAILED: 1}
        failed = store.find(session, store.Wanted(zap_id=zap, states=(RunState.FAILED,)))
        page = store.find(session, store.Wanted(limit=3))
        following = store.find(session, store.Wanted(limit=3, before=page[-1].id))
    assert [run.id for run in failed] == [found[3].id]
    assert [run.id for run in (*page, *following)] == [run.id for run in reversed(found)][:6]
