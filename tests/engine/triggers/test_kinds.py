"""Zaps that are started by a webhook: switched on, off and deleted like others, but never asked."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from engine.errors import NotFound, Problems
from engine.registry import Registry
from engine.settings import Settings
from engine.store import zapfiles, zaps
from engine.store.states import ZapState
from engine.triggers.sources import PollingSource, WebhookSource
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.engine.benches import Bench, in_a_loop
from tests.engine.databases import BOTH, settings_over
from zapwerk import Connector, Context, Delivery, Place, Record


class Board(BaseModel):
    board: Annotated[str, Place()] = Field("a", title="Board")
    note: str = Field("", title="Note")


class Card(Record):
    title: str = ""


class Called(Bench):
    """A bench with an app that calls."""

    def open(self) -> None:
        self.asked: list[str] = []
        self.connectors = [caller(self.asked)]
        super().open()

    def drawn(self, *, use: str = "caller.card_added", uses_field: str = "title", **given: str) -> str:
        step = ActionStep(key="put", use="caller.put", with_={"note": f"{{{{ trigger.{uses_field} }}}}"})
        zap = Zap(name="Cards", trigger=TriggerUse(use=use, with_=given), steps=(step,))
        with self.runtime.database.write() as session:
            return zaps.create(session, zap, now=self.now()).id

    def state(self, zap_id: str) -> tuple[ZapState, int | None]:
        with self.runtime.database.read() as session:
            stored = zaps.find(session, zap_id)
        return stored.state, stored.published


def caller(asked: list[str]) -> Connector:
    app = Connector("caller", title="Caller")

    @app.webhook()
    async def card_added(ctx: Context, given: Board, delivery: Delivery) -> list[Card]:
        """A card is added."""
        asked.append("delivery")
        return []

    @app.trigger(every=timedelta(seconds=1))
    async def new_card(ctx: Context, given: Board) -> AsyncIterator[Card]:
        """A card is there."""
        asked.append("poll")
        for card in list[Card]():
            yield card

    @app.action()
    async def put(ctx: Context, given: Board) -> Card:
        """Puts a card."""
        return Card(id="1")

    return app


@pytest.fixture(params=BOTH)
def bench(request: pytest.FixtureRequest, servers: None, tmp_path: Path) -> Called:
    return Called(settings_over(request.param, Settings(data=tmp_path / "data")))


@in_a_loop
async def test_a_webhook_zap_is_switched_on_without_asking_anybody_and_is_never_due(bench: Called):
    zap = bench.drawn()
    switched = await bench.runtime.switching.on(zap)
    assert (switched.version, switched.new_baseline) == (1, True)
    assert bench.state(zap) == (ZapState.ON, 1)
    assert bench.watch(zap).active
    for span in (timedelta(0), timedelta(days=1000), timedelta(days=-2000)):
        bench.later(span)
        await bench.engine.polling.tick()
        await bench.check()
        assert bench.watch(zap).last_check_at is None
    assert bench.asked == []


@in_a_loop
async def test_a_hint_for_a_webhook_zap_finds_nothing_and_leaves_it_never_due(bench: Called):
    zap = bench.drawn()
    await bench.runtime.switching.on(zap)
    await bench.check(zap)
    watch = bench.watch(zap)
    assert (watch.problem, watch.next_poll_at.year, bench.asked) == ("", 9999, [])


@in_a_loop
async def test_a_webhook_zap_is_switched_off_on_again_and_deleted(bench: Called):
    zap = bench.drawn()
    await bench.runtime.switching.on(zap)
    bench.runtime.switching.off(zap)
    assert (bench.state(zap), bench.watch(zap).active) == ((ZapState.OFF, 1), False)
    await bench.runtime.switching.on(zap)
    assert (bench.state(zap), bench.watch(zap).active) == ((ZapState.ON, 1), True)
    bench.runtime.switching.delete(zap)
    assert not bench.watch(zap).active
    with pytest.raises(NotFound):
        bench.state(zap)


@in_a_loop
async def test_a_zap_that_changes_its_kind_of_trigger_is_asked_or_not_as_the_new_kind_says(bench: Called):
    zap = bench.drawn(use="caller.new_card")
    await bench.runtime.switching.on(zap)
    asked_while_polled = len(bench.asked)
    assert asked_while_polled > 0
    _replace(bench, zap, "caller.card_added")
    assert (await bench.runtime.switching.on(zap)).new_baseline
    bench.later(timedelta(days=1))
    await bench.engine.polling.tick()
    await bench.check()
    assert len(bench.asked) == asked_while_polled
    _replace(bench, zap, "caller.new_card")
    assert (await bench.runtime.switching.on(zap)).new_baseline
    bench.later(timedelta(days=1))
    await bench.engine.polling.tick()
    await bench.check()
    assert len(bench.asked) > asked_while_polled + 1


def _replace(bench: Called, zap_id: str, use: str) -> None:
    with bench.runtime.database.write() as session:
        stored = zaps.find(session, zap_id)
        draft = stored.draft.model_copy(update={"trigger": TriggerUse(use=use)})
        zaps.save_draft(session, zap_id, draft, revision=stored.revision, now=bench.now())


@in_a_loop
async def test_another_place_of_a_webhook_is_another_source(bench: Called):
    zap = bench.drawn(board="a", note="x")
    await bench.runtime.switching.on(zap)
    with bench.runtime.database.read() as session:
        draft = zaps.find(session, zap).draft
    names = {}
    for given in ({"board": "a", "note": "y"}, {"board": "b", "note": "x"}):
        trigger = draft.trigger.model_copy(update={"with_": given})
        source = bench.runtime.sources.of(draft.model_copy(update={"trigger": trigger}))
        assert isinstance(source, WebhookSource)
        names[given["board"]] = source.name
    assert names["a"] == bench.watch(zap).source
    assert names["b"] != names["a"]


@in_a_loop
async def test_steps_may_use_what_the_records_of_a_webhook_declare(bench: Called):
    zap = bench.drawn(uses_field="titel")
    with pytest.raises(Problems, match=r"“trigger” has no “titel”\. Did you mean “title”"):
        await bench.runtime.switching.on(zap)


@in_a_loop
async def test_every_kind_of_trigger_passes_the_check_and_has_its_kind_of_source(bench: Called):
    kinds = {"caller.new_card": PollingSource, "caller.card_added": WebhookSource}
    for use, kind in kinds.items():
        trigger = TriggerUse(use=use)
        zap = Zap(name="Cards", trigger=trigger, steps=(ActionStep(key="put", use="caller.put"),))
        with bench.runtime.database.read() as session:
            assert zapfiles.problems(session, zap, Registry.of(*bench.connectors)) == []
        assert isinstance(bench.runtime.sources.of(zap), kind)
