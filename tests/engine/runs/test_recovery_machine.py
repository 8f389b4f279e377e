"""Journal and recovery over a whole life against a simple model: steps start and finish, services fail before or after
the effect, the engine crashes in calls, another takes over and the old one writes late, lookups say yes, no or cannot
tell, people decide. Each step of each run has its effect once, and a run that is done has all of them.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.runs.journal import Journal, Lost, line
from engine.settings import Settings
from engine.store import claims
from engine.store.claims import Offer
from engine.store.runs import Run
from engine.store.states import Entry, RunState
from tests.engine.benches import Bench, do
from tests.engine.databases import settings_over
from tests.engine.toys import After, Behaviour, Waits, cannot_tell, error

LADDER = timedelta(hours=7)  # longer than its longest rung
ROUNDS = 8  # more than the ladder has rungs

ACTIONS = ("make", "make_found", "make_keyed")
FAULTS: dict[str, Callable[[], Behaviour]] = {
    "nothing happened": lambda: error("temporary"),
    "no answer, and nothing happened": lambda: error("unknown"),
    "no answer, and it happened": lambda: After(error("unknown")),
}
LOOKUPS: dict[str, Callable[[], Behaviour]] = {
    "cannot tell": cannot_tell,
    "cannot be asked": lambda: error("temporary"),
}

T = TypeVar("T")


class Recovery(RuleBasedStateMachine):
    """One zap for each kind of action: it does that, and then something that may be repeated. `expected` are the names
    of its events.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="zapwerk-recovery-"))
        self.runner = asyncio.Runner()
        self.bench = self.run(self.opened())
        self.expected: dict[str, list[str]] = {}
        self.zaps: dict[str, str] = {}
        self.asked_in_vain = False

    async def opened(self) -> Bench:
        return Bench(settings_over("sqlite", Settings(data=self.folder / "data")))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def zaps_are_switched_on(self) -> None:
        for action in ACTIONS:
            steps = (do("first", action), do("second", "make_keyed", name="after {{ trigger.name }}"))
            self.zaps[action] = self.run(self.bench.zap("new_thing", *steps, flood_limit=None))
            self.expected[action] = []

    @rule(action=st.sampled_from(ACTIONS))
    def an_event_comes(self, action: str) -> None:
        names = self.expected[action]
        names.append(f"{action} {len(names)}")
        self.bench.toy.things.clear()
        self.bench.toy.add(names[-1])
        self.bench.toy.things[0].id = names[-1]
        self.run(self.bench.check(self.zaps[action]))

    @rule()
    def what_is_due_is_executed(self) -> None:
        self.run(self.bench.drain())

    @rule(action=st.sampled_from(ACTIONS), fault=st.sampled_from(sorted(FAULTS)))
    def the_service_will_fail(self, action: str, fault: str) -> None:
        self.bench.toy.next(action, FAULTS[fault]())

    @rule(how=st.sampled_from(sorted(LOOKUPS)))
    def a_lookup_will_fail(self, how: str) -> None:
        self.bench.toy.next("lookup", LOOKUPS[how]())
        self.asked_in_vain = self.asked_in_vain or how == "cannot tell"

    @rule(action=st.sampled_from(ACTIONS), after=st.booleans())
    def the_engine_crashes_in_a_call(self, action: str, after: bool) -> None:
        self.an_event_comes(action)
        self.bench.toy._next.pop(action, None)
        waits = Waits(after=after)
        self.bench.toy.next(action, waits)
        self.run(self.bench.interrupt(waits))
        self.run(self.taken_over())

    @rule(action=st.sampled_from(ACTIONS), writes=st.sampled_from(["nothing", "started", "finished"]))
    def another_takes_over_and_the_old_one_writes_late(self, action: str, writes: str) -> None:
        self.an_event_comes(action)
        self.run(self.overtaken(writes))

    @rule()
    def time_passes(self) -> None:
        self.bench.later(LADDER)
        self.run(self.bench.drain())

    @rule()
    def a_person_looks_and_decides(self) -> None:
        for run in self.in_review():
            name = self.name_of(run)
            went_through = name in self.bench.toy.names()
            record = {"id": "7", "name": name} if went_through else None
            self.bench.runtime.control.decide(
                run.id, "went_through" if went_through else "again", by="ann", record=record
            )

    @invariant()
    def nothing_was_done_twice(self) -> None:
        made = self.bench.toy.names()
        assert len(set(made)) == len(made)

    @invariant()
    def what_is_done_has_its_effects_and_the_second_never_comes_without_the_first(self) -> None:
        made = set(self.bench.toy.names())
        for action, zap in self.zaps.items():
            runs = self.bench.runs(zap)
            assert [self.name_of(run) for run in runs] == self.expected[action]
            for run in runs:
                name = self.name_of(run)
                assert run.state != RunState.FAILED
                assert run.state != RunState.SUCCEEDED or {name, f"after {name}"} <= made
                assert f"after {name}" not in made or name in made

    @invariant()
    def a_person_is_asked_only_where_nobody_else_can_know(self) -> None:
        asked = {action for action, zap in self.zaps.items() for run in self.bench.runs(zap) if self.is_asked(run)}
        assert asked <= ({"make", "make_found"} if self.asked_in_vain else {"make"})

    def teardown(self) -> None:
        try:
            self.comes_to_its_end()
        finally:
            self.run(self.bench.close(grace=0))
            self.runner.close()
            shutil.rmtree(self.folder)

    def comes_to_its_end(self) -> None:
        """The services work again and people answer: then each event has both of its effects."""
        self.bench.toy._next.clear()
        for _ in range(ROUNDS):
            self.a_person_looks_and_decides()
            self.time_passes()
        assert set(self.bench.states()) <= {RunState.SUCCEEDED}
        names = [name for names in self.expected.values() for name in names]
        assert sorted(self.bench.toy.names()) == sorted([*names, *(f"after {name}" for name in names)])

    def in_review(self) -> list[Run]:
        return [run for run in self.bench.runs() if self.is_asked(run)]

    def is_asked(self, run: Run) -> bool:
        return run.state == RunState.NEEDS_REVIEW

    def name_of(self, run: Run) -> str:
        name: str = self.bench.runtime.control.show(run.id).payload["name"]
        return name

    async def taken_over(self) -> None:
        """As an engine does that starts: what was executed by one that is gone is due again."""
        await self.bench.engine.writer.write(lambda connection: claims.take_over(connection, now=None))

    async def overtaken(self, writes: str) -> None:
        """A worker claims what is due and stalls, having written so much; what it writes later is refused."""
        writer, now = self.bench.engine.writer, self.bench.now()
        offer = Offer("a worker that stalls", now, now + timedelta(minutes=1), free=50)
        claimed = await writer.write(lambda connection: claims.claim(connection, offer))
        await self.taken_over()
        again = Offer("another", now, now + timedelta(minutes=1), free=50)
        await writer.write(lambda connection: claims.claim_these(connection, again, [one.run.id for one in claimed]))
        for one in claimed:
            before = self.bench.told(one.run.id)
            pen = Journal(writer, self.bench.now).pen(one.run)
            with pytest.raises(Lost):
                await pen.write(*late(writes))
            assert self.bench.told(one.run.id) == before
        await self.taken_over()


def late(writes: str) -> list[Any]:
    match writes:
        case "started":
            return [line("first", Entry.STARTED, input={"name": "late", "note": ""}, key="late")]
        case "finished":
            return [line("first", Entry.FINISHED, output={"id": "late", "name": "late"})]
        case _:
            return []


Recovery.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=12,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.shrink],  # it takes minutes, and the steps are few
    suppress_health_check=list(HealthCheck),
)
TestRecovery = Recovery.TestCase
