"""Scheduled zaps in the engine: each time fires once, whatever happens to the clock or the machine in between."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from engine.backup import restored
from engine.backup.restored import Choice
from engine.errors import Problems
from engine.registry import Registry
from engine.reloading import Fixed
from engine.settings import Settings
from engine.store import runs, zaps
from engine.store.states import Hold
from engine.triggers import schedules
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.engine.benches import Bench, in_a_loop
from tests.engine.databases import BOTH, settings_over
from zapwerk import Connector, Context, Daily, Every, InvalidInput, Missed, Record, Schedule

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday


class When(BaseModel):
    at: time = time(9, 0)
    every: int = 0
    missed: Missed = "once"
    zone: str = ""
    trouble: Literal["", "input", "bug", "value"] = ""


class Nothing(BaseModel):
    """No input."""


class Noted(Record):
    note: str = ""


@dataclass
class Hand:
    """A clock that stands where the test puts it."""

    moment: datetime = MIDNIGHT


def clockwork() -> Connector:
    app = Connector("clock", title="Clock")

    @app.schedule()
    def due(given: When) -> Schedule:
        """At times."""
        if given.trouble == "input":
            raise InvalidInput("There is no such time.", field="at")
        if given.trouble == "value":
            raise ValueError("That cannot be.")
        if given.trouble == "bug":
            raise KeyError("oops")
        if given.every:
            return Every(timedelta(seconds=given.every), missed=given.missed, zone=given.zone)
        return Daily(given.at, missed=given.missed, zone=given.zone)

    @app.action(repeatable=True)
    async def note(ctx: Context, given: Nothing) -> Noted:
        """Notes it."""
        return Noted(id="1")

    return app


class Clocked(Bench):
    """A bench whose clock is the test's own."""

    def __init__(self, settings: Settings) -> None:
        self.hand = Hand()
        super().__init__(settings)

    def open(self) -> None:
        self.connectors = [clockwork()]
        super().open()

    def now(self) -> datetime:
        return self.hand.moment

    def go_to(self, hours: float, *, day: int = 0) -> None:
        """Puts the clock to so many hours after midnight of a day."""
        self.hand.moment = MIDNIGHT + day * DAY + timedelta(hours=hours)

    async def begun(self, *, switch: bool = True, timezone: str = "UTC", **given: Any) -> str:
        """A scheduled zap; its id."""
        zap = drawn(timezone, **given)
        with self.runtime.database.write() as session:
            stored = zaps.create(session, zap, now=self.now())
        if switch:
            await self.runtime.switching.on(stored.id)
        return stored.id

    async def redrawn(self, zap_id: str, *, timezone: str = "UTC", **given: Any) -> bool:
        """The zap with another schedule, published; whether that was a new beginning."""
        with self.runtime.database.write() as session:
            stored = zaps.find(session, zap_id)
            draft = drawn(timezone, **given).model_copy(update={"name": stored.name})
            zaps.save_draft(session, zap_id, draft, revision=stored.revision, now=self.now())
        return (await self.runtime.switching.on(zap_id)).new_baseline

    async def ticked(self) -> None:
        """One tick of the engine's clock, and the checks that it began."""
        await self.engine.polling.tick()
        await self.check()

    def fired(self, zap_id: str) -> list[str]:
        return [record["id"] for record in self.fire_times(zap_id)]

    def fire_times(self, zap_id: str) -> list[dict[str, Any]]:
        with self.runtime.database.read() as session:
            return [runs.load(session, run).payload for run in self.runs(zap_id)]


def drawn(timezone: str, **given: Any) -> Zap:
    step = ActionStep(key="noted", use="clock.note")
    return Zap(name="Alarm", timezone=timezone, trigger=TriggerUse(use="clock.due", with_=given), steps=(step,))


@pytest.fixture(params=BOTH)
def bench(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Clocked:
    return Clocked(settings_over(request.param, Settings(data=tmp_path / "data")))


@in_a_loop
async def test_a_time_fires_when_it_comes_and_once(bench: Clocked):
    bench.go_to(8)
    zap = await bench.begun()
    await bench.ticked()
    assert bench.fired(zap) == []
    bench.go_to(9)
    await bench.ticked()
    await bench.ticked()
    await bench.check(zap)
    assert bench.fired(zap) == ["2026-03-02T09:00:00Z"]
    assert bench.watch(zap).next_poll_at == MIDNIGHT + DAY + 9 * HOUR


@in_a_loop
async def test_switching_on_fires_nothing_of_the_past_and_the_next_time_is_known_at_once(bench: Clocked):
    bench.go_to(9.5)
    zap = await bench.begun()
    assert bench.watch(zap).next_poll_at == MIDNIGHT + DAY + 9 * HOUR
    await bench.check(zap)
    assert bench.fired(zap) == []


MISSED = [
    pytest.param("once", ["2026-03-05T09:00:00Z"], id="once: the latest"),
    pytest.param("skip", [], id="skip"),
    pytest.param(
        "all",
        ["2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z", "2026-03-04T09:00:00Z", "2026-03-05T09:00:00Z"],
        id="all",
    ),
]


@pytest.mark.parametrize(("missed", "wanted"), MISSED)
@in_a_loop
async def test_times_that_were_missed_fire_as_the_zap_says(bench: Clocked, missed: Missed, wanted: list[str]):
    bench.go_to(8)
    zap = await bench.begun(missed=missed)
    await bench.crash()
    bench.go_to(12, day=3)
    await bench.ticked()
    assert bench.fired(zap) == wanted
    assert all(record["late"] for record in bench.fire_times(zap))
    await bench.ticked()
    bench.go_to(9, day=4)
    await bench.ticked()
    assert bench.fired(zap) == [*wanted, "2026-03-06T09:00:00Z"]
    assert not bench.fire_times(zap)[-1]["late"]


@pytest.mark.parametrize("missed", ["once", "skip", "all"])
@in_a_loop
async def test_a_time_within_the_last_minute_is_not_missed(bench: Clocked, missed: Missed):
    bench.go_to(8)
    zap = await bench.begun(missed=missed)
    bench.hand.moment = MIDNIGHT + 9 * HOUR + timedelta(seconds=59)
    await bench.ticked()
    assert [(record["id"], record["late"]) for record in bench.fire_times(zap)] == [("2026-03-02T09:00:00Z", False)]


@in_a_loop
async def test_one_that_is_on_time_fires_beside_the_latest_that_was_missed(bench: Clocked):
    zap = await bench.begun(every=600)
    bench.hand.moment = MIDNIGHT + HOUR + timedelta(seconds=10)
    await bench.ticked()
    assert [(record["id"], record["late"]) for record in bench.fire_times(zap)] == [
        ("2026-03-02T00:50:00Z", True),
        ("2026-03-02T01:00:00Z", False),
    ]


@in_a_loop
async def test_a_flood_of_missed_times_is_held(bench: Clocked):
    zap = await bench.begun(every=60, missed="all")
    bench.go_to(3)
    await bench.ticked()
    assert [run.hold for run in bench.runs(zap)] == [""] * 100 + ["flood"] * 80


@in_a_loop
async def test_very_many_missed_times_are_taken_in_by_several_checks(bench: Clocked):
    zap = await bench.begun(every=60, missed="all")
    bench.go_to(20)
    await bench.ticked()
    assert len(bench.runs(zap)) == schedules.MAX_TIMES_PER_CHECK
    await bench.ticked()
    assert len(set(bench.fired(zap))) == len(bench.runs(zap)) == 20 * 60


@in_a_loop
async def test_after_a_restore_all_of_very_many_missed_times_are_held_for_a_look(bench: Clocked):
    zap = await bench.begun(every=60, missed="all")
    with bench.runtime.database.write() as session:
        restored.begin(session, made_at=bench.now(), file="b.zip", now=bench.now())
    bench.go_to(20)
    await bench.runtime.restored.decide(zap, Choice.HOLD)
    for _ in range(2):
        bench.hand.moment += timedelta(seconds=1)
        await bench.ticked()
        await bench.engine._let_restored_go_on()
    assert [run.hold for run in bench.runs(zap)] == [Hold.RESTORED] * 20 * 60
    bench.hand.moment += MINUTE
    await bench.ticked()
    assert bench.runs(zap)[-1].hold != Hold.RESTORED


@in_a_loop
async def test_a_clock_that_is_set_back_does_not_fire_again_and_one_set_right_again_does_not_wait(bench: Clocked):
    bench.go_to(8)
    zap = await bench.begun(every=3600)
    for hours in (9, 10, 8.5, 9, 9.5, 10, 11):
        bench.go_to(hours)
        await bench.ticked()
    assert bench.fired(zap) == [f"2026-03-02T{hour}:00:00Z" for hour in ("09", "10", "11")]


@in_a_loop
async def test_a_clock_that_was_far_ahead_for_a_while_does_not_silence_the_zap(bench: Clocked):
    bench.go_to(8)
    zap = await bench.begun()
    bench.go_to(12, day=400)
    await bench.ticked()
    bench.go_to(8.5)
    await bench.ticked()
    bench.go_to(9)
    await bench.ticked()
    assert bench.fired(zap)[1:] == ["2026-03-02T09:00:00Z"]


@in_a_loop
async def test_another_time_holds_at_once_and_fires_nothing_of_the_past(bench: Clocked):
    bench.go_to(8)
    zap = await bench.begun(at="09:00")
    bench.go_to(9)
    await bench.ticked()
    bench.go_to(12)
    assert await bench.redrawn(zap, at="11:00")
    await bench.ticked()
    assert bench.watch(zap).next_poll_at == MIDNIGHT + DAY + 11 * HOUR
    assert await bench.redrawn(zap, at="12:30")
    bench.go_to(12.5)
    await bench.ticked()
    assert bench.fired(zap) == ["2026-03-02T09:00:00Z", "2026-03-02T12:30:00Z"]


@in_a_loop
async def test_the_same_schedule_published_again_loses_no_time_that_is_due_in_the_moment(bench: Clocked):
    bench.go_to(8)
    zap = await bench.begun()
    bench.go_to(9)
    assert not await bench.redrawn(zap, missed="all")
    await bench.ticked()
    assert bench.fired(zap) == ["2026-03-02T09:00:00Z"]


@in_a_loop
async def test_another_time_zone_of_the_zap_is_another_schedule_unless_the_schedule_has_its_own(bench: Clocked):
    bench.go_to(6)
    zap = await bench.begun(timezone="UTC")
    assert await bench.redrawn(zap, timezone="Europe/Berlin")
    assert bench.watch(zap).next_poll_at == MIDNIGHT + 8 * HOUR
    assert await bench.redrawn(zap, timezone="UTC", zone="America/New_York")
    assert not await bench.redrawn(zap, timezone="Europe/Berlin", zone="America/New_York")
    assert bench.watch(zap).next_poll_at == MIDNIGHT + 14 * HOUR


@in_a_loop
async def test_switched_off_means_no_times_and_on_again_begins_anew_unless_asked_to_catch_up(bench: Clocked):
    bench.go_to(8)
    zap = await bench.begun()
    for day, catch_up in ((1, False), (3, True)):
        bench.runtime.switching.off(zap)
        bench.go_to(12, day=day)
        await bench.ticked()
        await bench.check(zap)
        await bench.runtime.switching.on(zap, catch_up=catch_up)
        await bench.ticked()
    assert bench.fired(zap) == ["2026-03-05T09:00:00Z"]


@in_a_loop
async def test_the_record_says_in_the_zone_what_a_mapping_would_want(bench: Clocked):
    bench.go_to(6, day=2)
    zap = await bench.begun(timezone="Europe/Berlin")
    bench.hand.moment += 2 * HOUR + timedelta(seconds=2)
    await bench.ticked()
    assert bench.fire_times(zap) == [
        {
            "id": "2026-03-04T08:00:00Z",
            "scheduled_for": "2026-03-04T09:00:00+01:00",
            "fired_at": "2026-03-04T09:00:02+01:00",
            "late": False,
            "date": "2026-03-04",
            "time": "09:00",
            "weekday": "Wednesday",
            "weekday_number": 3,
            "week": 10,
            "timezone": "Europe/Berlin",
        }
    ]


TROUBLES = [
    pytest.param("input", "trigger · at: There is no such time.", id="what the connector refuses"),
    pytest.param("value", "trigger: That cannot be.", id="a value that cannot be"),
    pytest.param("bug", "trigger: The connector “clock” is faulty (KeyError: 'oops').", id="a bug"),
]


@pytest.mark.parametrize(("trouble", "said"), TROUBLES)
@in_a_loop
async def test_a_schedule_that_cannot_be_refuses_switching_on(bench: Clocked, trouble: str, said: str):
    zap = await bench.begun(switch=False, trouble=trouble)
    with pytest.raises(Problems) as refused:
        await bench.runtime.switching.on(zap)
    assert str(refused.value) == said


@in_a_loop
async def test_a_connector_that_breaks_later_is_said_and_its_times_fire_late_when_it_is_repaired(bench: Clocked):
    bench.go_to(8)
    zap = await bench.begun()
    repaired = bench.runtime.connectors
    bench.go_to(9)
    bench.runtime.connectors = Fixed(Registry.of())
    await bench.ticked()
    assert "There is no app “clock”" in bench.watch(zap).problem
    assert bench.watch(zap).next_poll_at == MIDNIGHT + 9 * HOUR + MINUTE
    bench.runtime.connectors = repaired
    bench.go_to(9.5)
    await bench.ticked()
    assert [(record["id"], record["late"]) for record in bench.fire_times(zap)] == [("2026-03-02T09:00:00Z", True)]
    assert bench.watch(zap).problem == ""


@in_a_loop
async def test_a_deleted_zap_has_no_times(bench: Clocked):
    bench.go_to(8)
    zap = await bench.begun()
    bench.runtime.switching.delete(zap)
    bench.go_to(9)
    await bench.ticked()
    assert bench.fired(zap) == []


@in_a_loop
async def test_the_last_times_can_be_looked_at_before_anything_fired(bench: Clocked):
    bench.go_to(12)
    zap = drawn("UTC", at="09:00")
    found = await bench.runtime.recents.of("", zap, 2)
    assert [recent.id for recent in found] == ["2026-03-02T09:00:00Z", "2026-03-01T09:00:00Z"]
