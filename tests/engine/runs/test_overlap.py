"""How the runs of a zap stand to each other: one after the other whatever becomes of one, or skipped while one goes
on; and what a person may do about it.
"""

import asyncio
from datetime import timedelta

import pytest

from engine.store import claims, zaps
from engine.store.claims import Offer
from engine.store.overlap import Jam
from engine.store.states import RunState
from engine.zaps.model import Overlap
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import After, Waits, error
from tests.waiting import until

RESTS = [
    pytest.param([error("temporary")] * 3, RunState.RETRYING, "is tried again later", id="it is tried again later"),
    pytest.param([error("quota")], RunState.HELD, "is on hold", id="it is held"),
    pytest.param([error("unknown")], RunState.NEEDS_REVIEW, "has to be checked", id="it needs a person"),
]


@pytest.mark.parametrize(("errors", "state", "said"), RESTS)
@in_a_loop
async def test_in_order_nobody_overtakes_a_run_that_rests_and_one_notice_says_so(
    bench: Bench, errors: list[BaseException], state: RunState, said: str
):
    zap = await bench.zap(concurrency=1)
    bench.toy.next("make ball", *errors)
    await bench.arrive(zap, "ball")
    await bench.drain()
    bench.change("UPDATE zap SET quota_until = 0")  # so that what comes is queued behind the held one
    await bench.arrive(zap, "doll", "kite")
    await bench.drain()
    assert bench.states(zap) == [state, RunState.QUEUED, RunState.QUEUED]
    await bench.sweep()
    await bench.sweep()
    notice = bench.notices()[f"order:{zap}"]
    assert (notice.count, said in notice.sentence) == (1, True)
    assert notice.sentence.startswith("2 runs must wait")
    assert notice.german.startswith("2 Ausführungen müssen")
    assert bench.toy.names() == []


@in_a_loop
async def test_a_run_that_is_tried_again_goes_before_those_that_waited_for_it(bench: Bench):
    zap = await bench.zap(concurrency=1)
    bench.toy.next("make b", *[error("temporary")] * 3)
    await bench.done(zap, "a", "b", "c")
    bench.later(timedelta(minutes=3))
    await bench.done(zap, "d")
    assert bench.toy.names() == ["a"]
    bench.later(timedelta(minutes=3))
    await bench.drain()
    assert bench.toy.names() == ["a", "b", "c", "d"]
    await bench.sweep()
    assert bench.notices() == {}


@in_a_loop
async def test_a_run_that_a_person_decided_about_goes_before_those_that_waited_for_it(bench: Bench):
    zap = await bench.zap(concurrency=1)
    bench.toy.next("make a", error("unknown"))
    (first, *_) = await bench.done(zap, "a", "b")
    bench.later(timedelta(hours=1))
    await bench.arrive(zap, "c")
    bench.runtime.control.decide(first.id, "again", by="ann")
    await bench.drain()
    assert bench.toy.names() == ["a", "b", "c"]


@pytest.mark.parametrize("rest", ["quota", "unknown"])
@in_a_loop
async def test_a_person_may_let_the_others_pass_and_later_ones_are_in_order_again(bench: Bench, rest: str):
    zap = await bench.zap(concurrency=1)
    bench.toy.next("make a", error(rest))
    bench.toy.next("make c", error("unknown"))
    await bench.arrive(zap, "a")
    await bench.drain()
    bench.change("UPDATE zap SET quota_until = 0")
    await bench.done(zap, "b", "c", "d")
    await bench.sweep()
    assert bench.runtime.order.let_pass(zap) == 1
    await bench.drain()
    assert bench.toy.names() == ["b"]
    assert jam_of(bench, zap).state == RunState.NEEDS_REVIEW
    assert bench.states(zap)[2:] == [RunState.NEEDS_REVIEW, RunState.QUEUED]


@in_a_loop
async def test_cancelling_what_stands_in_the_way_lets_the_others_go(bench: Bench):
    zap = await bench.zap(concurrency=1)
    bench.toy.next("make a", After(error("unknown")))
    (first, _) = await bench.done(zap, "a", "b")
    assert jam_of(bench, zap).waiting == 1
    bench.runtime.control.cancel(first.id)
    await bench.drain()
    assert bench.toy.names() == ["a", "b"]
    assert bench.runtime.order.jam(zap) is None


@in_a_loop
async def test_zaps_that_must_wait_do_not_keep_the_others_from_their_turn(bench: Bench):
    stuck = [await bench.zap(concurrency=1) for _ in range(4)]
    bench.toy.next("make", *[error("unknown")] * 4)
    bench.toy.add("a")
    await bench.check(*stuck)
    await bench.drain()
    bench.toy.add("b")
    await bench.check(*stuck)
    bench.toy.things.clear()
    free = await bench.zap()
    await bench.arrive(free, "kite")
    now = bench.now()
    offer = Offer("me", now, now + timedelta(minutes=1), free=2, after=stuck[0])
    taken = await bench.engine.writer.write(lambda connection: claims.claim(connection, offer))
    assert [one.run.zap_id for one in taken] == [free]


@in_a_loop
async def test_what_is_queued_lines_up_when_a_zap_begins_to_go_in_order(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make a", *[error("temporary")] * 3)
    await bench.done(zap, "a")
    bench.later(timedelta(minutes=4))
    await bench.arrive(zap, "b")
    bench.later(timedelta(minutes=2))
    bench.change("UPDATE run SET state = 'queued' WHERE state = 'retrying'")
    await publish(bench, zap, concurrency=1)
    await bench.drain()
    assert bench.toy.names() == ["a", "b"]


@in_a_loop
async def test_what_comes_while_a_run_goes_on_is_kept_and_skipped_with_the_reason(bench: Bench):
    zap = await bench.zap(while_running="skip")
    await bench.arrive(zap, "a", "b")
    assert bench.states(zap) == [RunState.QUEUED, RunState.FILTERED]
    waits = Waits()
    bench.toy.next("make a", waits)
    draining = asyncio.create_task(bench.drain())
    await until(waits.begun.is_set)
    (*_, third) = await bench.arrive(zap, "c")
    assert (third.state, third.problem.startswith("Another run of this zap")) == (RunState.FILTERED, True)
    assert third.finished_at is not None
    waits.gate.set()
    await draining
    await bench.done(zap, "d")
    assert bench.toy.names() == ["a", "d"]
    assert bench.records(zap) == ["a", "b", "c", "d"]


SKIPS = [
    pytest.param("temporary", RunState.FILTERED, id="one that is tried again later still goes on"),
    pytest.param("unknown", RunState.SUCCEEDED, id="one that waits for a person does not: it might for days"),
]


@pytest.mark.parametrize(("kind", "second"), SKIPS)
@in_a_loop
async def test_what_counts_as_going_on_when_others_are_skipped(bench: Bench, kind: str, second: RunState):
    zap = await bench.zap(while_running="skip")
    bench.toy.next("make a", *[error(kind) for _ in range(3)])
    await bench.done(zap, "a")
    await bench.done(zap, "b")
    assert bench.states(zap)[1] == second


@in_a_loop
async def test_deliveries_that_come_at_once_begin_one_run(bench: Bench):
    """Each in a transaction of its own, from the writer and from another thread."""
    zap = await bench.zap(while_running="skip")
    bench.toy.add(*"abcdefgh")
    await asyncio.gather(*(bench.check(zap) for _ in range(4)))
    assert sorted(bench.states(zap)) == sorted([RunState.QUEUED, *[RunState.FILTERED] * 7])


@in_a_loop
async def test_a_skipped_event_can_be_replayed_by_a_person(bench: Bench):
    zap = await bench.zap(while_running="skip")
    _, skipped = await bench.done(zap, "a", "b")
    bench.runtime.control.replay(skipped.id)
    await bench.drain()
    assert bench.toy.names() == ["a", "b"]


@in_a_loop
async def test_runs_of_a_zap_that_skips_never_go_at_the_same_time(bench: Bench):
    """Released ones, that is, and replays: nobody skips those."""
    zap = await bench.zap("new_thing", do("made", "make"), while_running="skip", flood_limit=1)
    await bench.arrive(zap, "a", "b", "c")
    bench.runtime.control.release_zap(zap)
    now = bench.now()
    offer = Offer("me", now, now + timedelta(minutes=1), free=50)
    taken = await bench.engine.writer.write(lambda connection: claims.claim(connection, offer))
    assert len(taken) == 1


def jam_of(bench: Bench, zap_id: str) -> Jam:
    jam = bench.runtime.order.jam(zap_id)
    assert jam is not None
    return jam


async def publish(bench: Bench, zap_id: str, **settings: object) -> None:
    with bench.runtime.database.write() as session:
        stored = zaps.find(session, zap_id)
        draft = stored.draft.model_copy(update=settings)
        zaps.save_draft(session, zap_id, draft, revision=stored.revision, now=bench.now())
    await bench.runtime.switching.on(zap_id)


@in_a_loop
async def test_the_version_that_is_live_says_how_runs_overlap(bench: Bench):
    zap = await bench.zap()
    versions: list[tuple[dict[str, object], Overlap, int]] = [
        ({"concurrency": 3}, Overlap.PARALLEL, 3),
        ({"concurrency": 1}, Overlap.IN_ORDER, 1),
        ({"while_running": "skip"}, Overlap.SKIP, 1),
    ]
    for settings, overlap, at_once in versions:
        await publish(bench, zap, **settings)
        with bench.runtime.database.read() as session:
            live = zaps.live(session, zap)
        assert live is not None
        assert (live.overlap, live.at_once) == (overlap, at_once)
