"""Taking deliveries in, without HTTP: what becomes of the records, and of a zap that changes meanwhile."""

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

from engine.connections.connecting import Wish
from engine.registry import Registry
from engine.sdk.records import Delivery, Hook
from engine.store import connections, zaps
from engine.store.states import RunState, ZapState
from engine.triggers.webhooks import Receipt, Verdict
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.engine.benches import Bench, in_a_loop
from tests.engine.toys import Waits
from zapwerk import (
    ApiKey,
    Connector,
    Context,
    InvalidInput,
    NoAuth,
    OutcomeUnknown,
    PermanentFailure,
    Record,
    TemporaryFailure,
)

ERRORS = {
    "invalid": (InvalidInput("That is no order."), Verdict.UNREADABLE, "That is no order."),
    "permanent": (PermanentFailure("Not from you."), Verdict.REFUSED, "Not from you."),
    "temporary": (TemporaryFailure("Later."), Verdict.BUSY, "Later."),
    "bug": (KeyError("oops"), Verdict.BROKEN, "faulty"),
    "wrong kind": (OutcomeUnknown("odd"), Verdict.REFUSED, "odd"),
}


class Shop:
    """A connector whose webhook gives the orders of the body, or does what it is told."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.waits: Waits | None = None
        self.hooks: list[Hook] = []
        self.secrets: list[str] = []
        self.connector = self.edited()

    def edited(self) -> Connector:
        """The same connector, imported once more."""
        connector = Connector("shop", title="Shop", auth=[NoAuth(), ApiKey()])
        connector.webhook(sentence="an order is paid")(self._function())
        return connector

    def _function(self) -> Any:
        async def paid(ctx: Context, given: Nothing, delivery: Delivery) -> list[Record]:
            """An order is paid."""
            if self.waits:
                await self.waits.rest()
            if ctx.auth == "api_key":
                self.secrets.append(ctx.credentials.key.get_secret_value())
            if self.error:
                raise self.error
            return [Record.model_validate(order) for order in json.loads(delivery.body)]

        return paid


class Nothing(BaseModel):
    pass


class Hooked:
    """One zap on the shop's webhook."""

    def __init__(self, bench: Bench, shop: Shop) -> None:
        self.bench, self.shop = bench, shop
        self.zap_id = ""

    async def switch_on(self, connection: str | None = None, **more: Any) -> "Hooked":
        step = ActionStep(
            key="made", use="toy.make", connection=(await self.bench.connect()).id, with_={"name": "{{ trigger.id }}"}
        )
        drawn = Zap(name="hooked", trigger=TriggerUse(use="shop.paid", connection=connection), steps=(step,), **more)
        with self.bench.runtime.database.write() as session:
            self.zap_id = zaps.create(session, drawn, now=self.bench.now()).id
        await self.bench.runtime.switching.on(self.zap_id)
        return self

    async def send(self, *ids: str, name: str = "") -> Receipt:
        body = json.dumps([{"id": each} for each in ids]).encode()
        headers = {"idempotency-key": name} if name else {}
        token = self.bench.runtime.addresses.of(self.zap_id).rpartition("/")[2]
        return await self.bench.engine.webhooks.receive(token, Delivery("POST", headers, {}, body))


@pytest.fixture
def hooked(bench: Bench) -> Hooked:
    shop = Shop()
    bench.connectors.append(shop.connector)
    asyncio.run(bench.close())
    bench.open()
    return Hooked(bench, shop)


@in_a_loop
async def test_a_record_with_an_id_of_its_own_fires_once_however_often_it_is_delivered(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    first = await hooked.send("1", "2")
    assert (first.verdict, len(first.runs)) == (Verdict.ACCEPTED, 2)
    again = await hooked.send("2", "3", "3")
    assert (again.verdict, len(again.runs)) == (Verdict.ACCEPTED, 1)
    assert (await hooked.send("1")).runs == ()
    await bench.drain()
    assert sorted(bench.toy.names()) == ["1", "2", "3"]


@in_a_loop
async def test_zapwerks_own_notices_start_nothing(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    token = bench.runtime.addresses.of(hooked.zap_id).rpartition("/")[2]
    delivery = Delivery("POST", {"x-zapwerk-notice": "news"}, {}, b'[{"id": "1"}]')
    assert await bench.engine.webhooks.receive(token, delivery) == Receipt(Verdict.ACCEPTED)
    assert bench.runs(hooked.zap_id) == []


@in_a_loop
async def test_records_without_an_id_are_named_and_all_fire(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    await hooked.send("")
    await hooked.send("", "")
    await bench.drain()
    assert len(set(bench.toy.names())) == 3
    assert "" not in bench.toy.names()


@in_a_loop
async def test_a_delivery_that_was_named_is_taken_in_once(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    first = await hooked.send("", name="delivery 1")
    again = await hooked.send("", name="delivery 1")
    assert (again.verdict, again.runs, again.repeated) == (Verdict.ACCEPTED, first.runs, True)
    other = await hooked.send("", "", name="delivery 1")
    assert other.verdict is Verdict.DIFFERENT
    assert len(bench.runs(hooked.zap_id)) == 1


@in_a_loop
async def test_a_delivery_is_known_again_after_a_crash(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    first = await hooked.send("", name="delivery 1")
    await bench.crash()
    assert (await hooked.send("", name="delivery 1")).runs == first.runs


@pytest.mark.parametrize("kind", ERRORS)
@in_a_loop
async def test_what_the_connector_says_decides_what_the_sender_hears(bench: Bench, hooked: Hooked, kind: str):
    await hooked.switch_on()
    hooked.shop.error, verdict, said = ERRORS[kind]
    for _ in range(2):  # the second time with a plan that is known
        receipt = await hooked.send("1")
        assert receipt.verdict is verdict
        assert said in receipt.said
    assert bench.runs(hooked.zap_id) == []


@in_a_loop
async def test_a_zap_published_anew_takes_the_next_delivery_with_its_new_version(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    await hooked.send("1")
    with bench.runtime.database.write() as session:
        stored = zaps.find(session, hooked.zap_id)
        changed = stored.draft.model_copy(update={"name": "hooked, changed"})
        zaps.save_draft(session, stored.id, changed, revision=stored.revision, now=bench.now())
    await bench.runtime.switching.on(hooked.zap_id)
    await hooked.send("2")
    assert [run.version for run in bench.runs(hooked.zap_id)] == [1, 2]


@in_a_loop
async def test_a_delivery_that_is_read_while_the_zap_is_switched_off_makes_no_run(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    await hooked.send("1")
    hooked.shop.waits = Waits()
    coming = asyncio.create_task(hooked.send("2"))
    await asyncio.to_thread(hooked.shop.waits.begun.wait, 10)
    bench.runtime.switching.off(hooked.zap_id)
    hooked.shop.waits.gate.set()
    assert (await coming).verdict is Verdict.OFF
    assert len(bench.runs(hooked.zap_id)) == 1


@in_a_loop
async def test_a_connection_with_a_new_secret_is_taken_up_with_the_next_delivery(bench: Bench, hooked: Hooked):
    connecting = bench.runtime.connecting
    connection = await connecting.add(Wish("shop", "signing", {"key": "first"}, auth="api_key"))
    await hooked.switch_on(connection.id)
    await hooked.send("1")
    await connecting.reconnect(connection.id, {"key": "second"})
    await hooked.send("2")
    assert hooked.shop.secrets[0] == "first"
    assert hooked.shop.secrets[-1] == "second"
    with bench.runtime.database.write() as session:
        connections.remove(session, connection.id, now=bench.now())
    assert (await hooked.send("3")).verdict is Verdict.BUSY
    assert len(bench.runs(hooked.zap_id)) == 2


@in_a_loop
async def test_an_edited_connector_reads_the_next_delivery(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    await hooked.send("1")
    edited = hooked.shop.edited()
    edited.webhooks["paid"].function = _nothing
    bench.runtime.connectors.registry = Registry.of(*bench.connectors[:-1], edited)
    assert (await hooked.send("2")).runs == ()


async def _nothing(ctx: Context, given: Nothing, delivery: Delivery) -> list[Record]:
    return []


@in_a_loop
async def test_a_paused_zap_takes_in_and_holds(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    with bench.runtime.database.write() as session:
        zaps.set_state(session, hooked.zap_id, ZapState.PAUSED, now=bench.now())
    assert (await hooked.send("1")).verdict is Verdict.ACCEPTED
    assert bench.states(hooked.zap_id) == [RunState.HELD]


@in_a_loop
async def test_a_flood_is_accepted_and_held(bench: Bench, hooked: Hooked):
    await hooked.switch_on(flood_limit=2)
    receipts = [await hooked.send("") for _ in range(4)]
    assert {receipt.verdict for receipt in receipts} == {Verdict.ACCEPTED}
    assert sorted(bench.states(hooked.zap_id)) == [RunState.HELD] * 2 + [RunState.QUEUED] * 2


@in_a_loop
async def test_while_nothing_can_be_stored_senders_are_sent_away_and_later_welcome(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    bench.engine.writer.trouble = "The database cannot be written: disk full"
    receipt = await hooked.send("")
    assert (receipt.verdict, receipt.runs) == (Verdict.BUSY, ())
    bench.engine.writer.trouble = ""
    assert (await hooked.send("")).verdict is Verdict.ACCEPTED
    assert len(bench.runs(hooked.zap_id)) == 1


@in_a_loop
async def test_too_many_at_once_are_sent_away_for_later(bench: Bench, hooked: Hooked):
    await hooked.switch_on()
    bench.engine.webhooks.at_once = 3
    hooked.shop.waits = Waits()
    coming = [asyncio.create_task(hooked.send("")) for _ in range(3)]
    await asyncio.to_thread(hooked.shop.waits.begun.wait, 10)
    assert (await hooked.send("")).verdict is Verdict.BUSY
    hooked.shop.waits.gate.set()
    assert {receipt.verdict for receipt in await asyncio.gather(*coming)} == {Verdict.ACCEPTED}
    assert (await hooked.send("")).verdict is Verdict.ACCEPTED
