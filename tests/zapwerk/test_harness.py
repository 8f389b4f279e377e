"""The harness drives the engine's own code: what a connector's test sees is what an installation does."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any

import httpx
import pytest
from pydantic import BaseModel, Field

from engine.store.states import RunState
from zapwerk import (
    Account,
    ApiKey,
    Choice,
    Choices,
    Connector,
    Context,
    Delivery,
    Hook,
    PermanentFailure,
    Record,
)
from zapwerk.testing import Harness, standard_checks

shop = Connector("shop", title="Shop", base_url="https://shop.example/v1", auth=[ApiKey(header="X-Key")])


class Order(Record):
    title: str = ""
    pieces: int = 1


async def customers(ctx: Context, given: BaseModel, search: str) -> list[Choice]:
    rows = (await ctx.http.get("customers", params={"q": search})).json()
    return [Choice(row, row.title()) for row in rows]


class InShop(BaseModel):
    customer: Annotated[str, Choices(customers)] = Field("anna", title="Customer")


class NewOrder(BaseModel):
    title: str = Field(title="Title", min_length=1)


@shop.check
async def account(ctx: Context) -> Account:
    return Account("1", (await ctx.http.get("me")).json()["name"])


@shop.trigger(every=timedelta(minutes=1), sentence="an order comes from {customer}")
async def new_order(ctx: Context, given: InShop) -> AsyncIterator[Order]:
    """An order comes in."""
    for row in (await ctx.http.get("orders", params={"customer": given.customer})).json():
        yield Order.of(row)


@shop.action()
async def create_order(ctx: Context, given: NewOrder) -> Order:
    """Create an order."""
    body = {**given.model_dump(), "reference": ctx.idempotency_key}
    return Order.model_validate((await ctx.http.post("orders", json=body)).json())


@create_order.lookup
async def this_order(ctx: Context, given: NewOrder) -> Order | None:
    found = (await ctx.http.get("orders", params={"reference": ctx.idempotency_key})).json()
    return Order.model_validate(found[0]) if found else None


class NoChoice(BaseModel):
    """No input."""


@shop.webhook()
async def order_paid(ctx: Context, given: NoChoice, delivery: Delivery) -> list[Order]:
    """An order was paid."""
    return [Order.model_validate_json(delivery.body)]


@order_paid.verify
def signed(hook: Hook, delivery: Delivery) -> None:
    if delivery.headers.get("x-secret") != hook.secret:
        raise PermanentFailure("The delivery is not signed by the shop.")


class FakeShop:
    """The service's side: rows in memory, and a switch for what goes wrong."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = [{"id": "1", "title": "old"}]
        self.keys: list[str] = []
        self.faults: list[str] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("X-Key") != "k":
            return httpx.Response(401)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "busy":
            return httpx.Response(429, headers={"Retry-After": "600"})
        name = f"{request.method} {request.url.path.rsplit('/', 1)[-1]}"
        answer = {"GET me": self.me, "GET customers": self.names, "GET orders": self.rows, "POST orders": self.add}[
            name
        ]
        row = answer(request)
        return httpx.Response(500) if fault == "500 after" else httpx.Response(200, json=row)

    def me(self, request: httpx.Request) -> Any:
        return {"name": "Anna"}

    def names(self, request: httpx.Request) -> Any:
        return [name for name in ("anna", "bert") if request.url.params["q"] in name]

    def rows(self, request: httpx.Request) -> Any:
        wanted = request.url.params.get("reference")
        return [row for row in reversed(self.orders) if wanted in (None, row.get("reference"))]

    def add(self, request: httpx.Request) -> Any:
        self.keys.append(request.headers["Idempotency-Key"])
        body = httpx.Response(200, content=request.content).json()
        known = [row for row in self.orders if row.get("reference") == body["reference"]]
        row = known[0] if known else {"id": str(len(self.orders) + 1), **body}
        self.orders = self.orders if known else [*self.orders, row]
        return row


@pytest.fixture
def fake_shop() -> FakeShop:
    return FakeShop()


@pytest.fixture
def harness(fake_shop: FakeShop) -> Any:
    harness = Harness(shop, fake_shop, api_key="k")
    yield harness
    harness.close()


def test_only_what_comes_after_switching_on_fires_and_each_fires_once(harness: Harness, fake_shop: FakeShop) -> None:
    orders = harness.switch_on("new_order")
    fake_shop.orders += [{"id": "2", "title": "a"}, {"id": "3", "title": "b"}]
    assert [order.title for order in orders.poll()] == ["a", "b"]
    assert orders.poll() == []


def test_a_record_that_does_not_fit_its_model_fires_with_a_warning_and_hides_no_other(
    harness: Harness, fake_shop: FakeShop
) -> None:
    orders = harness.switch_on("new_order")
    fake_shop.orders += [{"id": "2", "title": "a"}, {"id": "3", "title": "b", "pieces": "many"}, {"id": "4"}]
    found = orders.poll()
    assert [(order.id, order.pieces) for order in found] == [("2", 1), ("3", "many"), ("4", 1)]
    assert "Record 3" in orders.warning


def test_the_newest_records_can_be_looked_at_without_firing(harness: Harness) -> None:
    assert [order.id for order in harness.newest("new_order")] == ["1"]


def test_an_action_gives_its_output_and_what_was_sent(harness: Harness) -> None:
    outcome = harness.do("create_order", title=" Bread ")
    assert (outcome.state, outcome.sent) == (RunState.SUCCEEDED, {"title": "Bread"})
    assert outcome.output is not None
    assert outcome.output["title"] == "Bread"


def test_a_missing_value_fails_at_its_field(harness: Harness) -> None:
    outcome = harness.do("create_order", title="{{ trigger.id | remove: trigger.id }}")
    assert (outcome.state, outcome.field) == (RunState.FAILED, "title")


def test_an_error_after_the_effect_is_looked_up_and_not_repeated(harness: Harness, fake_shop: FakeShop) -> None:
    fake_shop.faults = ["500 after"]
    assert harness.do("create_order", title="Bread").state is RunState.SUCCEEDED
    assert len(fake_shop.orders) == 2


def test_a_busy_service_is_tried_again_when_the_time_has_come(harness: Harness, fake_shop: FakeShop) -> None:
    fake_shop.faults = ["busy"]
    outcome = harness.do("create_order", title="Bread")
    assert outcome.state is RunState.RETRYING
    harness.later(timedelta(minutes=11))
    assert harness.resume(outcome).state is RunState.SUCCEEDED
    assert len(set(fake_shop.keys)) == 1


def test_choices_come_from_the_service(harness: Harness) -> None:
    assert harness.choices("new_order", "customer", "b") == [Choice("bert", "Bert")]


def test_a_webhook_gives_its_records_and_refuses_what_is_not_signed(harness: Harness) -> None:
    delivery = Delivery("POST", {"x-secret": "s"}, {}, b'{"id": "7", "title": "paid"}')
    assert [order.title for order in harness.deliver("order_paid", delivery, secret="s")] == ["paid"]
    with pytest.raises(PermanentFailure):
        harness.deliver("order_paid", delivery, secret="another")


def test_the_example_passes_the_standard_checks() -> None:
    standard_checks(shop)


def test_the_standard_checks_name_everything_that_is_wrong() -> None:
    poor = Connector("poor", title=" ", auth=[ApiKey()])

    @poor.action(sentence="do {what}")
    async def do(ctx: Context, given: NewOrder) -> Record:
        raise AssertionError

    with pytest.raises(AssertionError) as error:
        standard_checks(poor)
    said = str(error.value)
    for expected in ("no title", "no @check", "no docstring", "{what}", "declares no field"):
        assert expected in said
