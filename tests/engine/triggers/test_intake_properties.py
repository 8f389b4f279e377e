"""Intake against a simple model: whatever arrives in whatever order, however checks are cut short, fail or crash before
they commit, each id becomes one event, and what was there at first becomes none.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from engine.store import intake, watches
from engine.store.intake import Batch
from engine.store.watches import Watch
from engine.triggers import reading
from engine.triggers.sources import PollingSource
from tests.engine.benches import Bench
from tests.engine.toys import Thing
from zapwerk import TemporaryFailure

MOST, AT_ONCE, PAGE = 4, 3, 2  # small, so that a few records reach every limit
NEVER = 10_000


@dataclass(frozen=True)
class Add:
    """New things; `repeats` of the old ones are listed once more, where the order allows that."""

    count: int
    repeats: int


@dataclass(frozen=True)
class Check:
    """A check in which the service fails after so many records, or the engine crashes before its n-th commit."""

    fails_after: int
    commits: int


moves = st.lists(
    st.builds(Add, st.integers(1, 5), st.integers(0, 3))
    | st.builds(Check, st.integers(0, 6) | st.just(NEVER), st.integers(0, 3) | st.just(NEVER)),
    max_size=12,
)
orders = st.sampled_from(["new_thing", "any_thing", "paged_thing"])


def test_each_id_becomes_exactly_one_event(bench: Bench):
    bench.toy.page_size = PAGE
    with asyncio.Runner() as runner:

        @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(orders, moves, st.integers(0, 3), st.randoms(use_true_random=False))
        def play(trigger: str, moves: list[Add | Check], existing: int, random) -> None:
            runner.run(played(bench, trigger, moves, existing, random))

        play()
        runner.run(bench.close())


async def played(bench: Bench, trigger: str, moves: list[Add | Check], existing: int, random) -> None:
    toy = bench.toy
    toy.things[:] = [Thing(id=f"old {number}", name="old") for number in range(existing)]
    zap = await bench.zap(trigger, flood_limit=None)
    source = bench.runtime.sources.of(bench.draft(trigger, connection=bench.connection).draft)
    assert isinstance(source, PollingSource)
    expected: list[str] = []
    for move in moves:
        match move:
            case Add(count, repeats):
                new = [f"new {len(expected) + number}" for number in range(count)]
                expected += new
                toy.things += [Thing(id=name, name=name) for name in new]
                toy.things += random.choices(toy.things, k=repeats) if trigger == "any_thing" else []
                toy.things[:] = random.sample(toy.things, len(toy.things)) if trigger == "any_thing" else toy.things
            case Check():
                await check(bench, zap, source, move)
    for _ in range(len(expected) // MOST + 2):
        await check(bench, zap, source, Check(NEVER, NEVER))
    assert sorted(bench.records(zap)) == sorted(expected)


async def check(bench: Bench, zap: str, source: PollingSource, plan: Check) -> None:
    """One check as engine.triggers.polling does it, with smaller limits."""
    (watch,) = await bench.engine.writer.write(
        lambda c: watches.claim_these(c, [zap], now=bench.now(), until=bench.now() + timedelta(minutes=1), limit=1)
    )
    fail_after(bench, source.trigger.key, plan.fails_after)
    try:
        await read(bench, watch, source, plan.commits)
    except TemporaryFailure:
        pass
    finally:
        bench.toy._next.clear()
        await bench.engine.writer.write(watches.free_all)


async def read(bench: Bench, watch: Watch, source: PollingSource, commits: int) -> None:
    async def known(record_id: str) -> bool | None:
        with bench.runtime.database.read() as session:
            return intake.known_ids(session.connection(), watch.zap_id, watch.source, [record_id]).get(record_id)

    found = reading.batches(bench.runtime.calls, source, watch.cursor, known, most=MOST, at_once=AT_ONCE)
    async with aclosing(found):
        async for batch in found:
            commits -= 1
            if commits < 0:
                return
            assert await bench.engine.writer.write(partial(take_in, bench, watch, batch)) is not None


def take_in(bench: Bench, watch: Watch, batch: Batch, connection: Connection) -> intake.Taken | None:
    now = bench.now()
    return intake.take_in(connection, watch, batch, flood_limit=None, now=now, until=now + timedelta(minutes=1))


def fail_after(bench: Bench, trigger: str, records: int) -> None:
    """Has the service fail after so many records (or on the page that begins there)."""
    trouble = TemporaryFailure("The service is busy.")
    place = f"page at {records}" if trigger == "paged_thing" else f"{trigger} {records}"
    bench.toy.next(place, trouble)
