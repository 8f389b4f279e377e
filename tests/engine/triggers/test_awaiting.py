"""Waiting for a call of a webhook to draw with: what comes is kept to choose from, and nothing fires."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import NotFound
from engine.keeping.pruning import Pruning
from engine.sdk.records import Delivery
from engine.settings import Settings
from engine.store import zaps
from engine.store.awaited import MOST
from engine.store.database import Database
from engine.store.excerpts import MAX_SAMPLE
from engine.triggers.awaiting import KEPT_FOR, WAITS_FOR
from engine.triggers.recent import Recent
from engine.triggers.webhooks import Verdict
from engine.zaps.conditions import Condition, Group
from engine.zaps.model import FilterStep, TriggerUse, Zap
from tests.engine.benches import Bench, in_a_loop
from tests.engine.databases import BOTH, settings_over
from tests.engine.triggers.test_webhooks import ERRORS, Hooked, Shop


@pytest.fixture(params=BOTH)
def bench(servers: None, tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    return Bench(settings_over(request.param, Settings(data=tmp_path / "data")))


@pytest.fixture
def hooked(bench: Bench) -> Hooked:
    """A zap on the shop's webhook that was never published."""
    shop = Shop()
    bench.connectors.append(shop.connector)
    asyncio.run(bench.close())
    bench.open()
    made = Hooked(bench, shop)
    with bench.runtime.database.write() as session:
        made.zap_id = zaps.create(session, drawn(), now=bench.now()).id
    return made


def drawn(use: str = "shop.paid") -> Zap:
    anything = Condition(value="{{ trigger.id }}", is_="exists")
    return Zap(
        name="hooked", trigger=TriggerUse(use=use), steps=(FilterStep(key="any", filter=Group(all=(anything,))),)
    )


async def came(hooked: Hooked) -> list[Recent]:
    return await hooked.bench.runtime.recents.of(hooked.zap_id, drawn(), 50)


def rows(database: Database, table: str) -> int:
    with database.read() as session:
        return int(session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


@in_a_loop
async def test_nobody_who_waits_means_that_a_call_is_refused_as_ever(hooked: Hooked):
    assert (await hooked.send("1")).verdict is Verdict.OFF
    assert hooked.bench.runtime.awaiting.of(hooked.zap_id) is None
    assert await came(hooked) == []


@in_a_loop
async def test_a_call_that_is_waited_for_becomes_a_record_and_fires_nothing(bench: Bench, hooked: Hooked):
    bench.runtime.awaiting.begin(hooked.zap_id)
    receipt = await hooked.send("1", "2")
    assert (receipt.verdict, receipt.runs) == (Verdict.TRIED, ())
    assert "nothing was started" in receipt.said
    assert {one.id for one in await came(hooked)} == {"1", "2"}
    assert [rows(bench.runtime.database, table) for table in ("event", "run", "seen", "delivery")] == [0, 0, 0, 0]


@in_a_loop
async def test_what_was_tested_with_fires_when_it_really_comes(bench: Bench, hooked: Hooked):
    bench.runtime.awaiting.begin(hooked.zap_id)
    assert (await hooked.send("1", name="delivery 1")).verdict is Verdict.TRIED
    await hooked.bench.runtime.switching.on(hooked.zap_id)
    receipt = await hooked.send("1", name="delivery 1")
    assert (receipt.verdict, len(receipt.runs), receipt.repeated) == (Verdict.ACCEPTED, 1, False)
    assert [one.id for one in await came(hooked)] == ["1"]


@in_a_loop
async def test_a_wait_is_over_after_ten_minutes_or_when_it_is_ended(bench: Bench, hooked: Hooked):
    awaiting = bench.runtime.awaiting
    wait = awaiting.begin(hooked.zap_id)
    bench.later(WAITS_FOR)
    assert (await hooked.send("1")).verdict is Verdict.OFF
    over = awaiting.of(hooked.zap_id)
    assert over is not None
    assert not over.goes_on(bench.now())
    assert abs(over.until - wait.until) < timedelta(milliseconds=1)
    awaiting.begin(hooked.zap_id)
    assert (await hooked.send("2")).verdict is Verdict.TRIED
    awaiting.end(hooked.zap_id)
    assert (await hooked.send("3")).verdict is Verdict.OFF
    assert [one.id for one in await came(hooked)] == ["2"]


@in_a_loop
async def test_a_zap_that_is_on_takes_calls_in_as_ever_while_somebody_waits(bench: Bench, hooked: Hooked):
    await bench.runtime.switching.on(hooked.zap_id)
    bench.runtime.awaiting.begin(hooked.zap_id)
    receipt = await hooked.send("1")
    assert (receipt.verdict, len(receipt.runs)) == (Verdict.ACCEPTED, 1)
    assert [one.id for one in await came(hooked)] == ["1"]
    assert rows(bench.runtime.database, "awaited") == 0


@in_a_loop
async def test_only_the_last_records_are_kept_and_each_id_once(bench: Bench, hooked: Hooked):
    bench.runtime.awaiting.begin(hooked.zap_id)
    await hooked.send(*map(str, range(500)))
    await hooked.send("499", "500")
    kept = [one.id for one in await came(hooked)]
    assert len(kept) == MOST
    assert set(kept) == {str(number) for number in range(491, 501)}


@in_a_loop
async def test_a_record_that_is_too_large_is_kept_as_a_sample_would_be(bench: Bench, hooked: Hooked):
    bench.runtime.awaiting.begin(hooked.zap_id)
    token = bench.runtime.addresses.of(hooked.zap_id).rpartition("/")[2]
    body = json.dumps([{"id": "large", "text": "y" * MAX_SAMPLE}]).encode()
    receipt = await bench.engine.webhooks.receive(token, Delivery("POST", {}, {}, body))
    assert receipt.verdict is Verdict.TRIED
    [large] = await came(hooked)
    assert 0 < len(large.data["text"]) < MAX_SAMPLE / 10


@pytest.mark.parametrize("kind", ERRORS)
@in_a_loop
async def test_why_a_call_was_refused_is_told_to_both_sides(bench: Bench, hooked: Hooked, kind: str):
    bench.runtime.awaiting.begin(hooked.zap_id)
    error, verdict, said = ERRORS[kind]
    hooked.shop.error = error
    receipt = await hooked.send("1")
    assert (receipt.verdict, said in receipt.said) == (verdict, True)
    wait = bench.runtime.awaiting.of(hooked.zap_id)
    assert wait is not None
    assert said in wait.refused
    assert wait.refused_at is not None
    assert await came(hooked) == []


@in_a_loop
async def test_a_trigger_that_cannot_be_used_yet_says_so(bench: Bench, hooked: Hooked):
    with bench.runtime.database.write() as session:
        unready = zaps.create(session, drawn("shop.gone").model_copy(update={"name": "unready"}), now=bench.now())
    hooked.zap_id = unready.id
    bench.runtime.awaiting.begin(unready.id)
    assert (await hooked.send("1")).verdict is Verdict.BROKEN
    wait = bench.runtime.awaiting.of(unready.id)
    assert wait is not None
    assert wait.refused == "This zap needs attention."


@in_a_loop
async def test_what_came_goes_after_a_day(bench: Bench, hooked: Hooked):
    awaiting = bench.runtime.awaiting
    awaiting.begin(hooked.zap_id)
    await hooked.send("old")
    bench.later(KEPT_FOR + timedelta(seconds=1))
    awaiting.begin(hooked.zap_id)
    await hooked.send("new")
    assert [one.id for one in await came(hooked)] == ["new"]
    bench.later(KEPT_FOR + WAITS_FOR)
    list(Pruning(bench.runtime.database, bench.runtime.blobs, bench.now).slices())
    assert [rows(bench.runtime.database, table) for table in ("awaited", "awaiting")] == [0, 0]


@in_a_loop
async def test_a_person_is_found_and_erased_in_what_came(bench: Bench, hooked: Hooked):
    bench.runtime.awaiting.begin(hooked.zap_id)
    await hooked.send("ada@kunde.example", "other")
    persons = bench.runtime.persons
    assert [(one.zap_id, one.step) for one in persons.find("ada@kunde.example").samples] == [(hooked.zap_id, "trigger")]
    assert persons.erase("ada@kunde.example", cancel=False).samples == 1
    assert [one.id for one in await came(hooked)] == ["other"]


@in_a_loop
async def test_there_is_no_waiting_for_a_zap_that_does_not_exist(bench: Bench, hooked: Hooked):
    with pytest.raises(NotFound):
        bench.runtime.awaiting.begin("nowhere")
    bench.runtime.awaiting.end("nowhere")
