"""Fair turns: no zap, however many events it has or however slow its service is, keeps the others from running."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.runs import occupancy
from engine.settings import Settings
from engine.store import claims
from engine.store.claims import Offer
from engine.store.runs import COLUMNS
from engine.store.states import RunState
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.databases import settings_over
from tests.engine.toys import Waits
from tests.waiting import until


@pytest.fixture
def sqlite(servers: None, tmp_path: Path) -> Bench:
    return Bench(settings_over("sqlite", Settings(data=tmp_path / "data")))


async def claimed(bench: Bench, free: int, **more: Any) -> list[str]:
    """The zaps of the runs that are claimed, in order."""
    now = bench.now()
    offer = Offer("me", now, now + timedelta(minutes=1), free, **more)
    taken = await bench.engine.writer.write(lambda connection: claims.claim(connection, offer))
    return [one.run.zap_id for one in taken]


async def flooded(bench: Bench, *counts: int, **more: Any) -> list[str]:
    """Zaps with so many queued runs each; the first one's are the oldest. In the order of their turns."""
    zaps = [await bench.zap("new_thing", flood_limit=None, **more) for _ in counts]
    for zap, count in zip(zaps, counts, strict=True):
        bench.toy.things.clear()
        await bench.arrive(zap, *(f"{zap} {number}" for number in range(count)))
    return zaps


@in_a_loop
async def test_a_zap_with_thousands_of_runs_leaves_room_for_a_later_one(bench: Bench):
    many, one = await flooded(bench, 300, 1)
    assert Counter(await claimed(bench, 50)) == {many: 40, one: 1}


@in_a_loop
async def test_zaps_take_turns_when_places_become_free(bench: Bench):
    first, second, third = await flooded(bench, 20, 20, 20)
    served: list[str] = []
    for _ in range(6):
        served += await claimed(bench, 1, after=served[-1] if served else "")
    assert served == [first, second, third] * 2


@in_a_loop
async def test_a_zap_never_fills_the_last_places_and_gets_them_again_when_they_are_free(bench: Bench):
    (zap,) = await flooded(bench, 100)
    assert len(await claimed(bench, 50)) == 40
    assert await claimed(bench, 10, running={zap: 40}) == []
    assert len(await claimed(bench, 20, running={zap: 30})) == 10


@in_a_loop
async def test_with_one_place_only_it_is_used(bench: Bench):
    (zap,) = await flooded(bench, 2)
    assert await claimed(bench, 1) == [zap]


@in_a_loop
async def test_of_one_zap_the_longest_due_goes_first(bench: Bench):
    (zap,) = await flooded(bench, 5)
    oldest = bench.runs(zap)[3]
    bench.change("UPDATE run SET due_at = due_at - 1000 WHERE id = :id", id=oldest.id)
    await claimed(bench, 1)
    assert [run.id for run in bench.runs(zap) if run.state is RunState.RUNNING] == [oldest.id]


@in_a_loop
async def test_a_limit_of_the_zap_holds_in_every_turn(bench: Bench):
    await flooded(bench, 10, concurrency=3)
    assert len(await claimed(bench, 50)) == 3
    assert await claimed(bench, 50) == []


@in_a_loop
async def test_a_zap_whose_service_hangs_does_not_stop_the_others(bench: Bench):
    slow, quick = await bench.zap("new_thing", flood_limit=None), await bench.zap("new_thing", flood_limit=None)
    waits = Waits()
    names = [f"slow {number}" for number in range(80)]
    for name in names:
        bench.toy.next(f"make {name}", waits)
    await bench.arrive(slow, *names)
    await bench.start()
    await until(lambda: bench.engine.queue.under_way >= 40, what="the slow ones to begin")
    await bench.arrive(quick, "quick")
    await until(lambda: RunState.SUCCEEDED in bench.states(quick), what="the quick zap's run to be done")
    assert RunState.SUCCEEDED not in bench.states(slow)
    waits.gate.set()


@in_a_loop
async def test_slow_zaps_count_as_one_however_many_there_are(bench: Bench):
    *slow, quick = await flooded(bench, *[60] * 7)
    taken = Counter(await claimed(bench, 50, slow=slow))
    assert sum(taken[zap] for zap in slow) == 40
    assert taken[quick] == 8
    running = {zap: taken[zap] for zap in slow}
    assert Counter(await claimed(bench, 10, slow=slow, running=running, after=slow[0])) == {quick: 8}


@in_a_loop
async def test_zaps_whose_services_hang_do_not_stop_a_healthy_one_however_many_they_are(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    """By their shares alone the three would take every place, as they do until it is known that they take long."""
    monkeypatch.setattr(occupancy, "SLOW", 0.2)
    hanging = await flooded(bench, *[60] * 3)
    healthy = await bench.zap("new_thing")
    first, then = Waits(), Waits()
    bench.toy.next("make", *[first] * 50, *[then] * 130)
    bench.toy.next("make at once", lambda: None)
    await bench.start()
    await until(lambda: bench.engine.queue.under_way == 50, what="them to take every place")
    await asyncio.sleep(occupancy.SLOW)
    first.gate.set()
    await until(lambda: bench.states().count(RunState.SUCCEEDED) == 50, what="the first fifty to end")
    await until(lambda: bench.engine.queue.under_way >= 40, what="the next ones to begin")
    await bench.arrive(healthy, "at once")
    await until(lambda: bench.states(healthy) == [RunState.SUCCEEDED], what="the healthy zap's run to be done")
    assert sum(bench.states(zap).count(RunState.RUNNING) for zap in hanging) == 40
    then.gate.set()


@in_a_loop
async def test_runs_that_hang_leave_their_places_to_others_and_not_to_their_own_zap(bench: Bench):
    hanging, slow, quick = await flooded(bench, *[60] * 3)
    running = {hanging: 40}
    assert Counter(await claimed(bench, 10, running=running, slow=[hanging, slow])) == {quick: 8}
    more = Counter(await claimed(bench, 50, running=running, hanging=running, slow=[hanging, slow]))
    assert more == {slow: 40, quick: 8}


@in_a_loop
async def test_a_zap_of_which_fewer_hang_gets_what_is_left_of_its_share(bench: Bench):
    (zap,) = await flooded(bench, 60)
    assert len(await claimed(bench, 50, running={zap: 30}, hanging={zap: 30}, slow=[zap])) == 10


@in_a_loop
async def test_a_slow_zap_is_not_starved_by_threads_that_hang(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """Both count as one, and those that hang never end: neither their threads nor the wait for one."""
    monkeypatch.setattr(occupancy, "SLOW", 0.2)
    monkeypatch.setattr(occupancy, "HANGS", 1.0)
    slow = await bench.zap("new_thing", flood_limit=None)
    takes_long, hangs = Waits(), Waits()
    bench.toy.next("make first", takes_long)
    await bench.arrive(slow, "first")
    await bench.start()
    await until(takes_long.begun.is_set, what="its first run to begin")
    await asyncio.sleep(occupancy.SLOW)
    takes_long.gate.set()
    await until(lambda: bench.states(slow) == [RunState.SUCCEEDED], what="its first run to end")
    hanging = await bench.zap("new_thing", do("made", "make_blocking"), flood_limit=None)
    bench.toy.next("make_blocking", *[hangs] * 60)
    await bench.arrive(hanging, *(f"hangs {number}" for number in range(60)))
    await until(lambda: bench.engine.queue.under_way == 40, what="them to take their share")
    await asyncio.sleep(occupancy.SLOW)
    await bench.check(slow)
    await until(lambda: bench.states(slow).count(RunState.SUCCEEDED) == 61, what="the slow zap's runs to be done")
    assert bench.states(hanging).count(RunState.RUNNING) == 40
    hangs.gate.set()


@in_a_loop
async def test_a_claim_costs_the_same_however_long_the_queue_is(sqlite: Bench):
    """Counted in what SQLite does, which is the same on every machine."""
    bench = sqlite
    first, second = await flooded(bench, 60, 60)
    short = await steps_of_a_claim(bench)
    copies = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 80) INSERT INTO run SELECT "
    columns = ", ".join("id || '-' || x" if name == "id" else name for name in COLUMNS)
    bench.change(f"{copies}{columns} FROM run, n WHERE state = 'queued'")
    assert len(bench.runs(first)) + len(bench.runs(second)) > 9_000
    assert await steps_of_a_claim(bench) < 1.5 * short


async def steps_of_a_claim(bench: Bench) -> int:
    """How many steps SQLite takes for claiming ten runs, which go back."""
    now, steps = bench.now(), 0

    def count() -> None:
        nonlocal steps
        steps += 1

    def entry(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(count, 1)
        taken = claims.claim(connection, Offer("me", now, now + timedelta(minutes=1), 10))
        driver.set_progress_handler(None, 1)
        assert len(taken) == 10

    with bench.runtime.database.engine.connect().execution_options(writes=True) as connection:
        transaction = connection.begin()
        entry(connection)
        transaction.rollback()
    return steps


@pytest.mark.parametrize(("free", "running", "more"), [(50, 0, 40), (10, 40, 0), (1, 0, 1), (5, 4, 4), (0, 0, 0)])
def test_the_share_of_a_zap(free: int, running: int, more: int):
    assert claims._share(free, running) == more
