"""The front door under fire: `zapwerk serve` is killed while webhooks pour in and their effects go out.

The load generator resends what got no answer, with the same Idempotency-Key. The sink is a service that honours no keys
and keeps a ledger. What was answered with 202 must be one run, with one effect; where nobody can know whether the call
arrived, it stands in `needs_review`, and has one effect at most.
"""

import asyncio
import os
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from benchmarks import load, scene
from benchmarks.load import Shot
from benchmarks.scene import Scene
from benchmarks.sink import Arrived
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store import runs
from engine.store.runs import Wanted
from engine.store.states import RunState
from tests.waiting import wait_until

KILLS = 6
LEAST_KILLS = 3
ENOUGH = 12.0  # seconds after which a slow machine need not do more than the least
REQUESTS = 500
RATE = 50.0  # a second: so the load outlasts the kills
ANSWERS_AFTER = 0.2  # seconds: whoever is killed at an effect has not heard of it yet
EFFECTS = (5, 50)  # until a kill, at least and at most
ANSWER_LOST = 5  # every so-manieth request is cut off by its sender, and sent again
RESENDS_FOR = 200.0  # seconds
PATIENCE = 60.0  # seconds for the effects until a kill


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("CRASH_SEED") or time.time_ns() % 100_000)


@pytest.mark.timeout(300)  # 25 s on a machine that does nothing else
def test_what_was_accepted_has_one_effect_or_stands_before_a_person(tmp_path: Path, seed: int):
    print(f"the seed is {seed}: CRASH_SEED={seed} repeats it")
    with scene.staged(tmp_path, {"ZAPWERK_SETTLE": "0"}) as fire:
        fire.sink.behave(hold=ANSWERS_AFTER)
        note = tmp_path / "noted"
        order = fire.order("f", REQUESTS, rate=RATE, resend=RESENDS_FOR, hang_up=ANSWER_LOST)
        loading = load.begun(order, note)
        kills = kill_often(fire, Random(seed))
        told = load.ended(loading)
        fire.at_rest()
        effects = fire.sink.effects()
    print({name: told[name] for name in ("statuses", "faults", "resent")}, len(effects), "effects")
    assert {"hung up", "ConnectionRefusedError"} <= set(told["faults"])
    judge(load.noted(note), effects, tmp_path / "data", kills)


def kill_often(fire: Scene, random: Random) -> int:
    """How many times it did."""
    enough = time.monotonic() + ENOUGH
    for number in range(1, KILLS + 1):
        kill_after(fire, random.randint(*EFFECTS))
        if number >= LEAST_KILLS and time.monotonic() > enough:
            return number
    return KILLS


def kill_after(fire: Scene, effects: int) -> None:
    """Kills the engine when so many more effects have come, and starts it again."""
    before = fire.sink.state()["effects"]
    wait_until(lambda: fire.sink.state()["effects"] >= before + effects, PATIENCE, what=f"{effects} more effects")
    fire.serve.kill()
    fire.serve.start()


def judge(shots: list[Shot], effects: dict[str, Arrived], data: Path, kills: int) -> None:
    """Compares what was accepted with the runs there are and with the ledger."""
    runs_by_id = stored(data)
    accepted = {shot.id for shot in shots}
    assert {shot.status for shot in shots} == {202}
    assert len(accepted) == REQUESTS
    assert Counter(name for name, _ in runs_by_id) == Counter(accepted)
    states = dict(runs_by_id)
    reviewed = {name for name, state in states.items() if state == RunState.NEEDS_REVIEW}
    assert set(states.values()) == {RunState.SUCCEEDED, RunState.NEEDS_REVIEW}
    assert {name: arrived.times for name, arrived in effects.items() if arrived.times != 1} == {}
    assert accepted - set(effects) <= reviewed
    assert set(effects) <= accepted
    assert kills <= len(reviewed) <= kills * Settings().parallel_runs


def stored(data: Path) -> list[tuple[str, RunState]]:
    """Every run: the id that its event's body has, and its state."""
    runtime = Runtime(Settings(data=data))
    with runtime.database.read() as session:
        found = runs.find(session, Wanted(limit=10 * REQUESTS))
        told = [(runs.load(session, run).payload["body"]["id"], run.state) for run in found]
    asyncio.run(runtime.close())
    return told
