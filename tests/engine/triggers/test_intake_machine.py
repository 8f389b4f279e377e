"""Intake over a whole life against a simple model: things arrive, checks end early, fail, crash or are overtaken; the
zap is switched off and on, looks elsewhere, and forgets its old runs. Each thing that arrived while it was watched for
becomes one event, ever; what was there when watching began becomes none.
"""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection

from engine.keeping.keeping import Keeping
from engine.settings import Settings
from engine.store import intake, watches, zaps
from engine.store.intake import Batch
from engine.store.watches import Watch
from engine.triggers import reading
from engine.triggers.sources import PollingSource
from tests.engine.benches import Bench
from tests.engine.databases import settings_over
from tests.engine.toys import Thing
from zapwerk import TemporaryFailure

MOST, AT_ONCE, PAGE = 4, 3, 2  # small, so that a few records reach every limit
NEVER = 10_000
LEASE = timedelta(minutes=1)
LONG = timedelta(days=400)  # after it a run is not kept any more

T = TypeVar("T")


class Intake(RuleBasedStateMachine):
    """One zap with a polling trigger. `due` is what must have become an event in the end, `never` what must not, `gone`
    what has, and was deleted since.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="zapwerk-intake-"))
        self.runner = asyncio.Runner()
        self.bench = self.run(self.opened())
        self.bench.toy.page_size = PAGE
        self.due: set[str] = set()
        self.never: set[str] = set()
        self.gone: Counter[str] = Counter()
        self.on = True
        self.count = 0

    async def opened(self) -> Bench:
        return Bench(settings_over("sqlite", Settings(data=self.folder / "data")))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize(trigger=st.sampled_from(["new_thing", "any_thing", "paged_thing"]), existing=st.integers(0, 3))
    def is_switched_on(self, trigger: str, existing: int) -> None:
        self.trigger = trigger
        self.bench.toy.things[:] = [Thing(id=f"old {number}", name="old") for number in range(existing)]
        self.zap = self.run(self.bench.zap(trigger, given={"shelf": "a"}, flood_limit=None))

    @rule(count=st.integers(1, 5))
    def things_arrive(self, count: int) -> None:
        names = [f"new {self.count + number}" for number in range(count)]
        self.count += count
        self.bench.toy.things += [Thing(id=name, name=name) for name in names]
        if self.on:
            self.due |= set(names)

    @precondition(lambda self: self.trigger == "any_thing")
    @rule(random=st.randoms(use_true_random=False))
    def they_are_listed_in_another_order_and_some_twice(self, random: Any) -> None:
        things = self.bench.toy.things
        things += random.choices(things, k=2) if things else []
        things[:] = random.sample(things, len(things))

    @precondition(lambda self: self.on)
    @rule()
    def it_is_checked(self) -> None:
        self.run(self.check())

    @precondition(lambda self: self.on)
    @rule(records=st.integers(0, 6))
    def the_service_fails_in_a_check(self, records: int) -> None:
        self.run(self.check(fails_after=records))

    @precondition(lambda self: self.on)
    @rule(count=st.integers(1, 5), commits=st.integers(0, 3))
    def things_arrive_and_the_engine_crashes_in_a_check(self, count: int, commits: int) -> None:
        self.things_arrive(count)
        self.run(self.check(commits=commits, crashes=True))

    @precondition(lambda self: self.on)
    @rule(count=st.integers(1, 5), commits=st.integers(0, 2))
    def things_arrive_and_a_check_is_overtaken_by_another(self, count: int, commits: int) -> None:
        self.things_arrive(count)
        self.run(self.overtaken(commits))

    @precondition(lambda self: self.on)
    @rule(count=st.integers(0, 5))
    def it_is_switched_off_and_things_arrive(self, count: int) -> None:
        self.bench.runtime.switching.off(self.zap)
        self.on = False
        self.things_arrive(count)

    @precondition(lambda self: not self.on)
    @rule(catch_up=st.booleans())
    def it_is_switched_on_and_checked(self, catch_up: bool) -> None:
        if catch_up:
            self.due |= self.there() - self.never
        else:
            self.nothing_there_is_to_fire()
        self.run(self.bench.runtime.switching.on(self.zap, catch_up=catch_up))
        self.on = True
        self.run(self.check())

    @precondition(lambda self: self.on)
    @rule(shelf=st.sampled_from(["b", "c", "d"]))
    def it_is_to_look_at_another_place(self, shelf: str) -> None:
        """A new source: what is there does not fire."""
        with self.bench.runtime.database.write() as session:
            stored = zaps.find(session, self.zap)
            before = stored.draft.trigger
            changed = before.model_copy(update={"with_": {**before.with_, "shelf": shelf}})
            draft = stored.draft.model_copy(update={"trigger": changed})
            zaps.save_draft(session, self.zap, draft, revision=stored.revision, now=self.bench.now())
        if before.with_["shelf"] != shelf:
            self.nothing_there_is_to_fire()
        self.run(self.bench.runtime.switching.on(self.zap))

    @rule()
    def old_runs_are_deleted(self) -> None:
        before = self.events()
        self.bench.change("UPDATE run SET state = 'succeeded', finished_at = created_at WHERE state = 'queued'")
        self.bench.later(LONG)
        Keeping(self.bench.runtime.database, self.bench.runtime.blobs, self.bench.now, lambda: False).catch_up()
        assert self.bench.records(self.zap) == []
        self.gone = before

    @invariant()
    def no_thing_has_become_two_events_and_none_that_was_not_watched_for(self) -> None:
        found = self.events()
        assert max(found.values(), default=1) == 1
        assert set(found) <= self.due

    def teardown(self) -> None:
        try:
            if hasattr(self, "zap"):
                self.ends_with_each_event()
        finally:
            self.run(self.bench.close(grace=0))
            self.runner.close()
            shutil.rmtree(self.folder)

    def ends_with_each_event(self) -> None:
        for _ in range(len(self.due) // MOST + 2 if self.on else 0):
            self.run(self.check())
        if self.on:
            assert set(self.events()) == self.due

    def there(self) -> set[str]:
        return {thing.name for thing in self.bench.toy.things} - {"old"}

    def nothing_there_is_to_fire(self) -> None:
        """A new baseline: what has not fired so far never will."""
        self.due = set(self.events())
        self.never = self.there() - self.due

    def events(self) -> Counter[str]:
        """What has become an event, ever."""
        return self.gone + Counter(self.bench.records(self.zap))

    # What engine.triggers.polling does in a check, with smaller limits

    async def check(self, *, fails_after: int = NEVER, commits: int = NEVER, crashes: bool = False) -> None:
        watch = await self.claimed()
        self.fail_after(fails_after)
        try:
            async with aclosing(self.found(watch)) as found:
                async for batch in found:
                    commits -= 1
                    if commits < 0:
                        break
                    assert await self.taken(watch, batch)
        except TemporaryFailure:
            pass
        finally:
            self.bench.toy._next.clear()
        if crashes:
            await self.bench.crash()
        await self.bench.engine.writer.write(watches.free_all)

    async def overtaken(self, commits: int) -> None:
        """Its lease runs out in the middle, and another check does everything meanwhile."""
        watch = await self.claimed()
        async with aclosing(self.found(watch)) as found:
            async for batch in found:
                commits -= 1
                if commits < 0:
                    self.bench.later(2 * LEASE)
                    await self.check()
                    assert not await self.taken(watch, batch)
                    return
                assert await self.taken(watch, batch)
        await self.bench.engine.writer.write(watches.free_all)

    async def claimed(self) -> Watch:
        now, writer = self.bench.now(), self.bench.engine.writer
        claim = partial(watches.claim_these, zap_ids=[self.zap], now=now, until=now + LEASE, limit=1)
        (watch,) = await writer.write(claim)
        return watch

    def found(self, watch: Watch) -> AsyncGenerator[Batch, None]:
        async def known(record_id: str) -> bool | None:
            with self.bench.runtime.database.read() as session:
                return intake.known_ids(session.connection(), watch.zap_id, watch.source, [record_id]).get(record_id)

        with self.bench.runtime.database.read() as session:
            live = zaps.live(session, self.zap)
        assert live is not None
        source = self.bench.runtime.sources.of(live)
        assert isinstance(source, PollingSource)
        return reading.batches(self.bench.runtime.calls, source, watch.cursor, known, most=MOST, at_once=AT_ONCE)

    async def taken(self, watch: Watch, batch: Batch) -> bool:
        now = self.bench.now()

        def take_in(connection: Connection) -> intake.Taken | None:
            return intake.take_in(connection, watch, batch, flood_limit=None, now=now, until=now + LEASE)

        return await self.bench.engine.writer.write(take_in) is not None

    def fail_after(self, records: int) -> None:
        """Has the service fail after so many records (or on the page that begins there)."""
        place = f"page at {records}" if self.trigger == "paged_thing" else f"{self.trigger} {records}"
        self.bench.toy.next(place, TemporaryFailure("The service is busy."))


Intake.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=15,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.shrink],  # it takes minutes, and the steps are few
    suppress_health_check=list(HealthCheck),
)
TestIntake = Intake.TestCase
