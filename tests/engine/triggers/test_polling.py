"""Checks of triggers: what is new fires once, whatever happens in between; and a check that fails says so."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Connection

from engine.settings import Settings
from engine.store import intake, watches, zaps
from engine.store.intake import Batch, Found
from engine.store.states import RunState
from engine.triggers import reading
from engine.triggers.sources import PollingSource
from tests.engine.benches import Bench, in_a_loop
from tests.engine.toys import Thing, Waits, error
from tests.waiting import until
from zapwerk import AuthFailed, PermanentFailure, TemporaryFailure

TRIGGERS = ["new_thing", "any_thing", "blocking_thing", "paged_thing", "heard_thing"]


@pytest.mark.parametrize("trigger", TRIGGERS)
@in_a_loop
async def test_what_existed_before_does_not_fire_and_what_is_new_fires_once(bench: Bench, trigger: str):
    bench.toy.add("old", "older")
    zap = await bench.zap(trigger)
    await bench.check(zap)
    assert bench.records(zap) == []
    await bench.arrive(zap, "a", "b", "c", "d")
    await bench.check(zap)
    await bench.arrive(zap, "e")
    assert sorted(bench.records(zap)) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("trigger", [name for name in TRIGGERS if name != "any_thing"])
@in_a_loop
async def test_records_become_events_oldest_first(bench: Bench, trigger: str):
    zap = await bench.zap(trigger)
    await bench.arrive(zap, *"abcdefg")
    assert bench.records(zap) == list("abcdefg")


@pytest.mark.parametrize("trigger", TRIGGERS)
@in_a_loop
async def test_the_first_record_of_an_empty_place_fires(bench: Bench, trigger: str):
    zap = await bench.zap(trigger)
    await bench.arrive(zap, "first")
    assert bench.records(zap) == ["first"]


@in_a_loop
async def test_each_zap_has_its_own_memory(bench: Bench):
    first = await bench.zap()
    await bench.arrive(first, "a")
    second = await bench.zap()
    bench.toy.add("b")
    await bench.check(first, second)
    assert (bench.records(first), bench.records(second)) == (["a", "b"], ["b"])


@in_a_loop
async def test_reading_that_reaches_the_cap_goes_on_with_the_next_check(bench: Bench):
    many = [f"n{number}" for number in range(reading.MAX_RECORDS_PER_CHECK + 300)]
    zap = await bench.zap(flood_limit=1)
    bench.toy.add(*many)
    await bench.check(zap)
    assert len(bench.runs(zap)) == reading.MAX_RECORDS_PER_CHECK
    bench.toy.add("new")
    await bench.check(zap)
    await bench.check(zap)
    assert len(bench.runs(zap)) == len(many) + 1


@in_a_loop
async def test_reading_ends_at_what_a_complete_check_has_seen(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, *"abcde")
    before = bench.toy.calls["new_thing 4"]
    await bench.arrive(zap, "f")
    assert bench.toy.calls["new_thing 1"] == 2, "the new one, and the first known one"
    assert bench.toy.calls["new_thing 4"] == before


@in_a_loop
async def test_an_error_in_the_middle_stores_nothing_and_the_next_check_reads_all_of_it(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("new_thing 2", error("temporary"))
    await bench.arrive(zap, "a", "b", "c")
    assert bench.records(zap) == []
    assert bench.watch(zap).problem == "The service is busy."
    await bench.check(zap)
    assert bench.records(zap) == ["a", "b", "c"]
    assert bench.watch(zap).problem == ""


@in_a_loop
async def test_pages_that_were_read_before_an_error_stay_with_their_cursor(bench: Bench):
    zap = await bench.zap("paged_thing")
    bench.toy.next("page at 3", error("temporary"))
    await bench.arrive(zap, *"abcdefg")
    assert bench.records(zap) == list("abc")
    assert bench.watch(zap).cursor == 3
    await bench.check(zap)
    assert bench.records(zap) == list("abcdefg")


@in_a_loop
async def test_a_warning_of_a_page_is_shown_and_stays(bench: Bench):
    zap = await bench.zap("paged_thing")
    await bench.arrive(zap, "rebuilt")
    assert bench.watch(zap).warning == "The shelf was rebuilt."
    assert bench.records(zap) == ["rebuilt"]


FAILURES = [
    pytest.param("temporary", "The service is busy.", id="temporary"),
    pytest.param("permanent", "Things cannot be made on Sundays.", id="permanent"),
    pytest.param("invalid", "That name is taken.", id="invalid input"),
    pytest.param("quota", "The plan allows ten things.", id="quota"),
    pytest.param("bug", "The connector “Toy” is faulty (KeyError: 'oops').", id="a bug"),
    pytest.param("exit", "The connector “Toy” is faulty (SystemExit: 3).", id="SystemExit"),
]


@pytest.mark.parametrize(("kind", "sentence"), FAILURES)
@in_a_loop
async def test_a_check_that_fails_says_so_counts_and_is_tried_again(bench: Bench, kind: str, sentence: str):
    zap = await bench.zap()
    bench.toy.next("new_thing", error(kind), error(kind))
    for failures in (1, 2):
        await bench.check(zap)
        watch = bench.watch(zap)
        assert watch.problem.startswith(sentence)
        assert watch.failures == failures
    await bench.arrive(zap, "a")
    watch = bench.watch(zap)
    assert (watch.problem, watch.failures) == ("", 0)
    assert bench.records(zap) == ["a"]


@in_a_loop
async def test_a_service_that_asks_for_a_longer_pause_gets_it(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("new_thing", TemporaryFailure("Come back later.", retry_after=timedelta(hours=3)))
    await bench.check(zap)
    assert bench.watch(zap).next_poll_at - bench.now() > timedelta(hours=2)


@in_a_loop
async def test_a_refused_account_stops_the_checks_until_it_is_repaired(bench: Bench):
    zap = await bench.zap()
    bench.toy.refusal = AuthFailed("The key was revoked.")
    bench.toy.add("a")
    await bench.check(zap)
    calls = bench.toy.calls["new_thing"]
    bench.later(timedelta(days=1))
    await bench.engine.polling.tick()
    await bench.check(zap)
    assert bench.toy.calls["new_thing"] == calls
    assert bench.watch(zap).waits_for == bench.connection
    assert f"connection:{bench.connection}" in bench.notices()
    bench.toy.refusal = None
    await bench.runtime.connecting.check(bench.connection)
    await bench.check(zap)
    assert bench.records(zap) == ["a"]


@in_a_loop
async def test_a_watch_that_finds_its_connection_refused_after_it_was_repaired_does_not_wait_for_ever(bench: Bench):
    zap = await bench.zap()
    bench.toy.add("a")
    live = bench.runtime.connections.live(bench.connection)
    bench.change("UPDATE connection SET state = 'needs_reconnecting'")
    waits = asyncio.create_task(bench.check(zap))
    await until(lambda: bench.watch(zap).problem or bench.watch(zap).waits_for)
    await waits
    assert bench.watch(zap).waits_for == live.id
    bench.change("UPDATE watch SET waits_for = ''")
    bench.connectors.clear()
    bench.change("UPDATE connection SET state = 'active'")
    await bench.crash()
    await bench.check(zap)
    assert bench.watch(zap).waits_for == "", "an app that is missing is no matter of the connection"
    assert bench.watch(zap).problem
    bench.connectors.append(bench.toy.connector)
    await bench.crash()
    await bench.check(zap)
    assert bench.records(zap) == ["a"]


RUBBISH = [
    pytest.param(None, id="nothing"),
    pytest.param({"id": "1"}, id="a mapping"),
    pytest.param(Thing.model_construct(id="", name="x"), id="an empty id"),
    pytest.param(Thing.model_construct(id=cast("str", 7), name="x"), id="a number as id"),
    pytest.param(Thing.model_construct(id="x" * 5000, name="x"), id="an endless id"),
    pytest.param(Thing.model_validate({"id": "1", "name": "x", "more": object()}), id="what nobody can store"),
]


@pytest.mark.parametrize("value", RUBBISH)
@in_a_loop
async def test_rubbish_from_a_trigger_is_said_and_harms_no_other_zap(bench: Bench, value: object):
    bad, good = await bench.zap("any_thing"), await bench.zap()
    bench.toy.things.append(value)  # type: ignore[arg-type]
    await bench.check(bad)
    assert bench.watch(bad).problem.startswith("The connector")
    assert "is faulty" in bench.watch(bad).problem
    bench.toy.things.clear()
    await bench.arrive(good, "a")
    assert bench.records(good) == ["a"]


@in_a_loop
async def test_strange_characters_in_ids_and_words_are_kept_apart_and_fire_once(bench: Bench):
    zap = await bench.zap()
    bench.toy.things += [Thing(id=f"x{sign}", name=f"n{sign}") for sign in ("\0", "\ud800", "\udfff", "ü", "\ufffd")]
    await bench.check(zap)
    await bench.check(zap)
    assert bench.records(zap) == ["n\ufffd", "n\ufffd", "n\ufffd", "nü", "n\ufffd"]


@in_a_loop
async def test_a_check_is_due_only_after_the_one_before_ended(bench: Bench):
    zap = await bench.zap()
    waits = Waits()
    bench.toy.next("new_thing", waits)
    checking = asyncio.create_task(bench.check(zap))
    await until(waits.begun.is_set)
    bench.later(timedelta(hours=2))
    await bench.engine.polling.tick()
    assert bench.toy.calls["new_thing"] == 2, "the baseline and this one"
    waits.gate.set()
    await checking
    assert bench.watch(zap).next_poll_at > bench.now() + timedelta(minutes=50)


@in_a_loop
async def test_a_slow_check_keeps_its_lease(bench: Bench):
    """Longer than a lease: it is neither begun a second time nor fenced off in the end."""
    zap = await bench.zap()
    waits = Waits()
    bench.toy.next("new_thing 1", waits)
    bench.toy.add("a", "b")
    checking = asyncio.create_task(bench.check(zap))
    await until(waits.begun.is_set)
    for _ in range(6):
        bench.later(timedelta(minutes=2))
        await bench.engine.polling.tick()
    waits.gate.set()
    await checking
    assert bench.records(zap) == ["a", "b"]
    assert bench.toy.calls["new_thing"] == 2


@in_a_loop
async def test_a_hint_during_a_check_leads_to_another_check(bench: Bench):
    zap = await bench.zap()
    waits = Waits(after=True)
    bench.toy.next("new_thing 0", waits)
    bench.toy.add("a")
    checking = asyncio.create_task(bench.check(zap))
    await until(waits.begun.is_set)
    bench.toy.add("b")
    await bench.engine.polling.hint([zap])
    waits.gate.set()
    await checking
    await bench.engine.polling.check([])
    assert bench.records(zap) == ["a", "b"]


@pytest.mark.parametrize("trigger", TRIGGERS)
@in_a_loop
async def test_a_storm_of_hints_and_ticks_fires_everything_once(bench: Bench, trigger: str):
    zap = await bench.zap(trigger, flood_limit=None)
    polling = bench.engine.polling
    for number in range(10):
        bench.toy.add(f"n{number}")
        bench.later(timedelta(hours=2))
        await asyncio.gather(*(polling.hint([zap]) for _ in range(4)), polling.tick())
    await bench.check(zap)
    assert sorted(bench.records(zap)) == sorted(f"n{number}" for number in range(10))


@in_a_loop
async def test_a_hint_that_finds_no_room_is_not_forgotten(small_bench: Bench):
    bench = small_bench
    zaps = [await bench.zap() for _ in range(4)]
    waits = Waits()
    bench.toy.next("new_thing", waits)
    bench.toy.add("a")
    await bench.engine.polling.hint([zaps[0]])
    await until(waits.begun.is_set)
    await bench.engine.polling.hint(zaps[1:])
    waits.gate.set()
    await until(lambda: all(bench.records(zap) == ["a"] for zap in zaps))


@pytest.fixture
def small_bench(tmp_path: Path) -> Bench:
    return Bench(Settings(data=tmp_path / "small", parallel_polls=1))


@in_a_loop
async def test_a_crash_between_reading_and_committing_reads_the_same_again(bench: Bench):
    zap = await bench.zap()
    waits = Waits()
    bench.toy.next("new_thing 2", waits)
    bench.toy.add("a", "b", "c")
    checking = asyncio.create_task(bench.check(zap))
    await until(waits.begun.is_set)
    crashing = asyncio.create_task(bench.crash())
    await asyncio.sleep(0.05)
    waits.gate.set()
    await asyncio.gather(crashing, checking, return_exceptions=True)
    assert bench.records(zap) == []
    bench.later(timedelta(minutes=4))
    await bench.check(zap)
    await bench.check(zap)
    assert bench.records(zap) == ["a", "b", "c"]


@in_a_loop
async def test_a_restart_does_not_wait_for_the_leases_of_the_engine_before(bench: Bench):
    zap = await bench.zap()
    bench.change("UPDATE watch SET lease_token = 'gone', lease_until = 9000000000000")
    bench.toy.add("a")
    await bench.start()
    await until(lambda: bench.records(zap) == ["a"])


@in_a_loop
async def test_more_than_a_baseline_can_remember_is_refused_where_the_rest_would_fire(bench: Bench):
    bench.toy.add("a", "b", "c")
    zap = await bench.zap("any_thing")
    with bench.runtime.database.read() as session:
        source = bench.runtime.sources.of(zaps.find(session, zap).draft)
    assert isinstance(source, PollingSource)
    assert len((await reading.baseline(bench.runtime.calls, source)).ids) == 3
    with pytest.raises(PermanentFailure, match="smaller place"):
        await reading.baseline(bench.runtime.calls, source, most=3)


CLOCKS = [
    pytest.param(timedelta(days=-3), id="set back by days"),
    pytest.param(timedelta(hours=-2), id="set back by two hours"),
    pytest.param(timedelta(days=400), id="set forward by a year"),
]


@pytest.mark.parametrize("jump", CLOCKS)
@in_a_loop
async def test_a_clock_that_was_set_makes_the_check_due(bench: Bench, jump: timedelta):
    zap = await bench.zap()
    await bench.check(zap)
    bench.toy.add("a")
    await bench.engine.polling.tick()
    await bench.check()
    assert bench.records(zap) == [], "it is not due yet"
    bench.later(jump)
    await bench.engine.polling.tick()
    await bench.check()
    assert bench.records(zap) == ["a"]


@in_a_loop
async def test_a_zap_without_a_limit_takes_whatever_comes(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.arrive(zap, *[f"n{number}" for number in range(120)])
    assert set(bench.states(zap)) == {RunState.QUEUED}
    assert bench.records(zap) == [f"n{number}" for number in range(120)]


FENCES = [
    pytest.param("UPDATE watch SET lease_token = 'another'", id="another token"),
    pytest.param("UPDATE watch SET generation = generation + 1", id="another generation"),
    pytest.param("UPDATE watch SET lease_token = ''", id="no lease"),
]


@pytest.mark.parametrize("overtaken", FENCES)
@in_a_loop
async def test_a_checker_that_was_overtaken_writes_nothing(bench: Bench, overtaken: str):
    zap = await bench.zap("paged_thing")
    waits = Waits()
    bench.toy.next("page at 0", waits)
    bench.toy.add("a", "b")
    checking = asyncio.create_task(bench.check(zap))
    await until(waits.begun.is_set)
    bench.change(overtaken)
    waits.gate.set()
    await checking
    assert bench.records(zap) == []
    watch = bench.watch(zap)
    assert (watch.cursor, watch.problem) == (0, "")
    bench.later(timedelta(minutes=4))
    await bench.check(zap)
    assert bench.records(zap) == ["a", "b"]


@in_a_loop
async def test_an_old_token_stores_neither_events_nor_cursor_nor_memory(bench: Bench):
    zap = await bench.zap("paged_thing")
    (old,) = await claim(bench)
    bench.later(timedelta(minutes=10))
    (new,) = await claim(bench)
    batch = Batch([Found("1", b'{"id": "1", "name": "a"}')], cursor=7, moves_cursor=True)

    def take(watch: watches.Watch) -> intake.Taken | None:
        return bench.engine.writer.write_and_wait(
            lambda c: intake.take_in(c, watch, batch, flood_limit=None, now=bench.now(), until=bench.now())
        )

    assert take(old) is None
    assert (bench.records(zap), bench.watch(zap).cursor) == ([], 0)
    taken = take(new)
    assert taken is not None
    assert len(taken.runs) == 1
    assert take(new) == intake.Taken()
    assert bench.records(zap) == ["a"]


@in_a_loop
async def test_a_record_that_comes_twice_in_one_page_fires_once(bench: Bench):
    zap = await bench.zap("paged_thing")
    bench.toy.things += [Thing(id="1", name="a"), Thing(id="1", name="a again"), Thing(id="2", name="b")]
    await bench.check(zap)
    assert len(bench.records(zap)) == 2


@in_a_loop
async def test_a_huge_page_is_no_trouble(bench: Bench):
    """More ids than a database takes values in one statement."""
    zap = await bench.zap()
    names = [str(number) for number in range(40_000)]

    def entry(connection: Connection) -> dict[str, bool]:
        intake.remember(connection, zap, "here", names[:3], now=bench.now())
        return intake.known_ids(connection, zap, "here", names)

    assert await bench.engine.writer.write(entry) == {"0": True, "1": True, "2": True}


@in_a_loop
async def test_a_trigger_whose_thread_hangs_says_so_and_is_not_begun_again(bench: Bench):
    zap = await bench.zap("blocking_thing")
    bench.toy.connector.triggers["blocking_thing"].timeout = timedelta(seconds=0.2)
    waits = Waits()
    bench.toy.next("blocking_thing", waits)
    checking = asyncio.create_task(bench.check(zap))
    await until(lambda: bench.watch(zap).problem)
    assert bench.watch(zap).problem == "“Toy” did not answer in time."
    bench.later(timedelta(hours=2))
    await bench.engine.polling.tick()
    assert bench.toy.calls["blocking_thing"] == 2
    waits.gate.set()
    await checking
    await bench.arrive(zap, "a")
    assert bench.records(zap) == ["a"]


async def claim(bench: Bench) -> list[watches.Watch]:
    now = bench.now()
    return await bench.engine.writer.write(
        lambda c: watches.claim(c, now=now, until=now + timedelta(minutes=3), limit=5)
    )
