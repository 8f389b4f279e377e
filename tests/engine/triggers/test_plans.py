"""What is kept between checks is given up as soon as what it was made of changes; and many checks share few places."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from engine.registry import Registry
from engine.reloading import Fixed
from engine.settings import Settings
from engine.store import watches, zaps
from engine.triggers.plans import Plan
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.engine.benches import Bench, in_a_loop
from tests.engine.databases import settings_over
from tests.engine.toys import Toy, Waits, error
from tests.waiting import until
from zapwerk import Connector, Every, Schedule

PLACES = 3


def ticking() -> Connector:
    app = Connector("ticks", title="Ticks")

    @app.schedule()
    def second() -> Schedule:
        """Each second."""
        return Every(timedelta(seconds=1))

    return app


class Crowded(Bench):
    """A bench with few places for checks, and an app that is due each second."""

    def open(self) -> None:
        self.connectors = [self.toy.connector, ticking()]
        super().open()


@pytest.fixture
def bench(servers: None, tmp_path: Path) -> Crowded:
    settings = Settings(data=tmp_path / "data", parallel_polls=PLACES)
    return Crowded(settings_over("sqlite", settings))


def plan(bench: Bench, zap: str) -> Plan | None:
    """What is kept for a zap at the moment."""
    return bench.engine.polling._plans._kept.get(zap)


async def checked(bench: Bench, zap: str, name: str) -> None:
    await bench.arrive(zap, name)
    assert bench.records(zap)[-1] == name


@in_a_loop
async def test_a_plan_is_kept_while_nothing_changes(bench: Crowded):
    zap = await bench.zap()
    await checked(bench, zap, "a")
    before = plan(bench, zap)
    assert before is not None
    await checked(bench, zap, "b")
    assert plan(bench, zap) is before


@in_a_loop
async def test_a_new_version_is_what_the_next_check_uses(bench: Crowded):
    zap = await bench.zap(flood_limit=1)
    await checked(bench, zap, "a")
    with bench.runtime.database.write() as session:
        stored = zaps.find(session, zap)
        draft = stored.draft.model_copy(update={"flood_limit": None})
        zaps.save_draft(session, zap, draft, revision=stored.revision, now=bench.now())
    await bench.runtime.switching.on(zap)
    await checked(bench, zap, "b")
    assert [run.hold for run in bench.runs(zap)] == ["", ""]


@in_a_loop
async def test_other_credentials_are_what_the_next_check_signs_in_with(bench: Crowded):
    zap = await bench.zap()
    await checked(bench, zap, "a")
    await bench.runtime.connecting.reconnect(bench.connection, {"key": "another key of the toys"})
    await checked(bench, zap, "b")
    used = plan(bench, zap)
    assert used is not None
    assert used.source.connection.given.key.get_secret_value() == "another key of the toys"


@in_a_loop
async def test_a_connection_that_is_refused_elsewhere_is_not_used_any_more(bench: Crowded):
    zap = await bench.zap()
    await checked(bench, zap, "a")
    bench.change("UPDATE connection SET state = 'needs_reconnecting', reason = 'Revoked.', revision = revision + 1")
    calls = bench.toy.calls["new_thing"]
    await bench.check(zap)
    assert bench.toy.calls["new_thing"] == calls
    assert "must be reconnected" in bench.watch(zap).problem


@in_a_loop
async def test_an_edited_connector_is_what_the_next_check_calls(bench: Crowded):
    zap = await bench.zap()
    await checked(bench, zap, "a")
    before, edited = bench.toy.calls["new_thing"], Toy()
    edited.add("a", "b")
    bench.runtime.connectors = Fixed(Registry.of(edited.connector))
    await bench.check(zap)
    assert (bench.toy.calls["new_thing"], edited.calls["new_thing"]) == (before, 1)
    assert bench.records(zap) == ["a", "b"]


@in_a_loop
async def test_after_a_failure_nothing_is_kept(bench: Crowded):
    zap = await bench.zap()
    await checked(bench, zap, "a")
    bench.toy.next("new_thing", error("temporary"))
    await bench.check(zap)
    assert plan(bench, zap) is None
    await checked(bench, zap, "b")


@in_a_loop
async def test_the_newest_known_record_is_remembered_and_what_comes_after_it_fires(bench: Crowded):
    bench.toy.add("old", "older")
    zap = await bench.zap()
    await bench.check(zap)
    kept = plan(bench, zap)
    assert kept is not None
    assert kept.newest == "2"
    await checked(bench, zap, "new")
    await bench.check(zap)
    assert kept.newest == "3"
    assert bench.records(zap) == ["new"]


@in_a_loop
async def test_more_due_checks_than_places_are_all_done_after_one_tick(bench: Crowded):
    several = [await bench.zap() for _ in range(4 * PLACES)]
    bench.toy.add("a")
    await bench.engine.polling.tick()
    await bench.check()
    assert [bench.records(zap) for zap in several] == [["a"]] * len(several)


@in_a_loop
async def test_no_more_triggers_than_there_are_places_are_asked_at_once(bench: Crowded):
    several = [await bench.zap() for _ in range(2 * PLACES)]
    waits = [Waits() for _ in several]
    bench.toy.next("new_thing", *waits)
    for _ in range(3):
        await bench.engine.polling.tick()
    await until(lambda: sum(one.begun.is_set() for one in waits) == PLACES)
    with bench.runtime.database.read() as session:
        leased = [watch for watch in watches.every(session).values() if watch.token]
    assert len(leased) == PLACES
    for one in waits:
        one.gate.set()
    await bench.check()


@in_a_loop
async def test_services_that_do_not_answer_make_no_schedule_late(bench: Crowded):
    several = [await bench.zap() for _ in range(PLACES)]
    waits = [Waits() for _ in several]
    bench.toy.next("new_thing", *waits)
    await bench.engine.polling.tick()
    await until(lambda: all(one.begun.is_set() for one in waits))
    step = ActionStep(key="made", use="toy.make", connection=bench.connection, with_={"name": "tick"})
    zap = Zap(name="Tick", trigger=TriggerUse(use="ticks.second"), steps=(step,))
    with bench.runtime.database.write() as session:
        stored = zaps.create(session, zap, now=bench.now())
    await bench.runtime.switching.on(stored.id)
    bench.later(timedelta(seconds=5))
    await bench.engine.polling.tick()
    await until(lambda: bench.runs(stored.id))
    for one in waits:
        one.gate.set()
    await asyncio.wait_for(bench.check(), 10)
