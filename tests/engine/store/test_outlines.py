"""Zaps in outline: what they use, read again only when it was drawn again."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event

from engine.settings import Settings
from engine.store import outlines, zaps
from engine.store.outlines import Outline
from engine.store.states import ZapState
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.engine.benches import Bench

ZAP = Zap(
    name="one",
    trigger=TriggerUse(use="toy.new_thing", connection="c1"),
    steps=(ActionStep(key="a", use="other.make", connection="c2"), ActionStep(key="b", use="toy.make")),
)


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    made = Bench(settings)
    yield made
    made.runtime.database.close()


def create(bench: Bench, zap: Zap = ZAP) -> str:
    with bench.runtime.database.write() as session:
        return zaps.create(session, zap, now=bench.now()).id


def every(bench: Bench) -> list[Outline]:
    with bench.runtime.database.read() as session:
        return bench.runtime.outlines.every(session)


def save(bench: Bench, zap_id: str, zap: Zap) -> None:
    with bench.runtime.database.write() as session:
        revision = zaps.find(session, zap_id).revision
        zaps.save_draft(session, zap_id, zap, revision=revision, now=bench.now())


def test_an_outline_names_each_app_and_account_once_in_order(bench: Bench):
    create(bench)
    [found] = every(bench)
    assert (found.uses.trigger, found.uses.apps) == ("toy.new_thing", ("toy", "other"))
    assert found.uses.connections == ("c1", "c2")
    assert (found.differs, found.state) == (True, ZapState.DRAFT)


def test_what_runs_is_told_of_a_zap_that_is_on_and_what_is_drawn_of_others(bench: Bench):
    zap_id = create(bench)
    with bench.runtime.database.write() as session:
        zaps.publish(session, zap_id, {}, now=bench.now())
        zaps.set_state(session, zap_id, ZapState.ON, now=bench.now())
    [before] = every(bench)
    save(bench, zap_id, ZAP.model_copy(update={"steps": ()}))
    [after] = every(bench)
    assert (before.differs, after.differs) == (False, True)
    assert after.uses.apps == ("toy", "other")
    with bench.runtime.database.write() as session:
        zaps.set_state(session, zap_id, ZapState.OFF, now=bench.now())
    assert every(bench)[0].uses.apps == ("toy",)


def test_drawings_are_read_once(bench: Bench):
    zap_id = create(bench)
    every(bench)
    read: list[str] = []
    event.listen(bench.runtime.database.engine, "before_cursor_execute", lambda *given: read.append(given[2]))
    assert every(bench)[0].name == "one"
    assert not any("draft" in sql for sql in read)
    save(bench, zap_id, ZAP.model_copy(update={"name": "two", "steps": ()}))
    assert [(one.name, one.uses.apps) for one in every(bench)] == [("two", ("toy",))]


def test_deleted_zaps_are_apart_and_those_asked_for_are_found(bench: Bench):
    first, second = create(bench), create(bench, ZAP.model_copy(update={"name": "Two"}))
    with bench.runtime.database.write() as session:
        zaps.delete(session, first, now=bench.now())
    assert [one.id for one in every(bench)] == [second]
    with bench.runtime.database.read() as session:
        found = bench.runtime.outlines
        [gone] = found.deleted(session, since=bench.now() - timedelta(days=1))
        assert (gone.id, gone.deleted_at is not None) == (first, True)
        assert found.deleted(session, since=bench.now() + timedelta(days=1)) == []
        assert [one.id for one in found.some(session, [first, second])] == [second]
        assert outlines.queued(session, [second]) == 0
        assert outlines.last_calls(session, [second]) == {}
        assert outlines.last_calls(session, []) == {}
