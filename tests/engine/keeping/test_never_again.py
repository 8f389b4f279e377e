"""Deleting never makes an event fire again: whatever is deleted in between, each id has one effect."""

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.keeping.policy import Policy
from tests.engine.benches import Bench
from tests.engine.toys import Thing


@dataclass(frozen=True)
class Add:
    """New things."""

    count: int


@dataclass(frozen=True)
class Check:
    """A check, and what is due is executed."""


@dataclass(frozen=True)
class Wait:
    """Time goes by, and everything that is old enough is deleted."""

    days: int


moves = st.lists(
    st.builds(Add, st.integers(1, 4)) | st.builds(Check) | st.builds(Wait, st.sampled_from([1, 40, 500])), max_size=12
)
triggers = st.sampled_from(["new_thing", "any_thing", "paged_thing"])


def test_each_id_has_one_effect_however_much_is_deleted_in_between(bench: Bench):
    bench.runtime.policies.set_house(Policy(contents_days=2, runs_days=30, runs_most=100, deliveries_days=1))
    with asyncio.Runner() as runner:

        @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
        @given(triggers, moves, st.integers(0, 3), st.integers(0, 1000))
        def play(trigger: str, moves: list[Add | Check | Wait], existing: int, seed: int) -> None:
            runner.run(played(bench, trigger, moves, existing, random.Random(seed)))

        play()
        runner.run(bench.close())


async def played(
    bench: Bench, trigger: str, moves: list[Add | Check | Wait], existing: int, order: random.Random
) -> None:
    toy = bench.toy
    toy.things[:] = [Thing(id=f"old {number}", name="old") for number in range(existing)]
    toy.made.clear()
    zap = await bench.zap(trigger, flood_limit=None)
    expected: list[str] = []
    for move in [*moves, Check(), Wait(500), Check(), Wait(500), Check()]:
        match move:
            case Add(count):
                names = [f"new {len(expected) + number}" for number in range(count)]
                expected += names
                toy.things += [Thing(id=name, name=name) for name in names]
                toy.things[:] = order.sample(toy.things, len(toy.things)) if trigger == "any_thing" else toy.things
            case Check():
                await bench.check(zap)
                await bench.drain()
            case Wait(days):
                bench.later(timedelta(days=days))
                bench.engine.keeping.catch_up(thorough=True)
    assert sorted(toy.names()) == sorted(expected)
    assert bench.runs(zap) == [], "everything was old enough to go"
    bench.runtime.switching.off(zap)
