"""Listeners: shared by the zaps that watch the same place, begun again when they fail, and followed by a check."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from engine.connections import calls
from engine.store import watches
from engine.triggers import listening as listeners
from tests.engine.benches import Bench, in_a_loop
from tests.engine.toys import error
from tests.waiting import until


async def listening(bench: Bench, count: int) -> None:
    await bench.engine.listening.reconcile()
    await until(lambda: bench.toy.listeners == count, what=f"{count} listeners")


@in_a_loop
async def test_what_a_listener_hears_is_checked_at_once(bench: Bench):
    zap = await bench.zap("heard_thing")
    await listening(bench, 1)
    bench.toy.add("a")
    bench.toy.bell.release()
    await until(lambda: bench.records(zap) == ["a"])
    bench.toy.add("b")
    bench.toy.bell.release()
    await until(lambda: bench.records(zap) == ["a", "b"])


@in_a_loop
async def test_what_came_before_it_listened_is_checked_when_it_begins(bench: Bench):
    zap = await bench.zap("heard_thing")
    bench.toy.add("a")
    await listening(bench, 1)
    await until(lambda: bench.records(zap) == ["a"])


@in_a_loop
async def test_zaps_on_the_same_place_share_a_listener_and_another_place_has_its_own(bench: Bench):
    first = await bench.zap("heard_thing")
    second = await bench.zap("heard_thing", given={"limit": 9})
    await listening(bench, 1)
    await bench.zap("heard_thing", given={"shelf": "b"})
    await listening(bench, 2)
    bench.runtime.switching.off(first)
    bench.runtime.switching.off(second)
    await listening(bench, 1)


@in_a_loop
async def test_all_zaps_of_a_listener_are_checked(bench: Bench):
    first, second = await bench.zap("heard_thing"), await bench.zap("heard_thing")
    await listening(bench, 1)
    bench.toy.add("a")
    bench.toy.bell.release()
    await until(lambda: bench.records(first) == bench.records(second) == ["a"])


@in_a_loop
async def test_a_zap_that_joins_a_listener_is_checked_with_the_others(bench: Bench):
    await bench.zap("heard_thing")
    await listening(bench, 1)
    second = await bench.zap("heard_thing")
    await listening(bench, 1)
    bench.toy.add("a")
    bench.toy.bell.release()
    await until(lambda: bench.records(second) == ["a"])


@in_a_loop
async def test_switching_off_stops_the_listener(bench: Bench):
    zap = await bench.zap("heard_thing")
    await listening(bench, 1)
    bench.runtime.switching.off(zap)
    await listening(bench, 0)
    assert bench.toy.stopped_listeners == 1


@in_a_loop
async def test_a_listener_that_fails_is_begun_again_and_what_came_meanwhile_is_checked(bench: Bench):
    zap = await bench.zap("heard_thing")
    bench.toy.next("listen", error("temporary"), error("bug"))
    await bench.engine.listening.reconcile()
    await until(lambda: bench.toy.calls["listen"] == 1)
    assert not listens(bench, zap)
    bench.toy.add("a")
    await until(lambda: bench.toy.listeners == 1, 12)
    await until(lambda: bench.records(zap) == ["a"])
    await until(lambda: listens(bench, zap))


@in_a_loop
async def test_a_connection_that_needs_reconnecting_is_not_listened_on(bench: Bench):
    zap = await bench.zap("heard_thing")
    await listening(bench, 1)
    bench.toy.refusal = error("auth failed")  # type: ignore[assignment]
    await bench.check(zap)
    await listening(bench, 0)
    bench.toy.refusal = None
    await bench.runtime.connecting.check(bench.connection)
    await listening(bench, 1)


@in_a_loop
async def test_stopping_ends_all_listeners_within_their_grace(bench: Bench):
    zap = await bench.zap("heard_thing")
    await bench.zap("heard_thing", given={"shelf": "b"})
    await listening(bench, 2)
    await bench.close()
    assert bench.toy.listeners == 0
    bench.open()
    await bench.engine.writer.write(watches.free_all)
    assert not listens(bench, zap)


@in_a_loop
async def test_a_listener_that_hears_nothing_for_long_is_asked_back_and_begun_again_and_is_well(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(listeners, "ASKED_BACK_AFTER", timedelta(seconds=0.05))
    zap = await bench.zap("heard_thing")
    await bench.engine.listening.reconcile()
    await until(lambda: bench.toy.stopped_listeners >= 5)
    assert listens(bench, zap)
    assert "listening failed" not in caplog.text
    bench.toy.add("a")
    await until(lambda: bench.records(zap) == ["a"])


@in_a_loop
async def test_beside_a_listener_that_hangs_another_is_begun(bench: Bench, gate: threading.Event, impatient: None):
    zap = await bench.zap("heard_thing")
    bench.toy.next("listen", hangs(gate))
    await listening(bench, 1)
    await until(lambda: listens(bench, zap))
    assert not gate.is_set()
    bench.toy.add("a")
    bench.toy.bell.release()
    await until(lambda: bench.records(zap) == ["a"])


@in_a_loop
async def test_listeners_that_hang_do_not_pile_up(
    bench: Bench, gate: threading.Event, impatient: None, caplog: pytest.LogCaptureFixture
):
    zap = await bench.zap("heard_thing")
    hanging = listeners.LEFT_BEHIND + 1
    bench.toy.next("listen", *[hangs(gate) for _ in range(hanging)])
    await bench.engine.listening.reconcile()
    await until(lambda: "listeners hang" in caplog.text, 30)
    assert bench.toy.calls["listen"] == hanging
    assert not listens(bench, zap)
    gate.set()
    await until(lambda: bench.toy.calls["listen"] > hanging)
    await until(lambda: listens(bench, zap))


@in_a_loop
async def test_a_listener_that_returns_after_its_time_is_heard_all_the_same(
    bench: Bench, gate: threading.Event, impatient: None, monkeypatch: pytest.MonkeyPatch
):
    zap = await bench.zap("heard_thing")
    bench.toy.next("listen", hangs(gate))
    await bench.engine.listening.reconcile()
    await until(lambda: bench.toy.calls["listen"] == 1)
    monkeypatch.setattr(calls, "LISTEN_TIMEOUT", timedelta(hours=2))
    monkeypatch.setattr(listeners, "ASKED_BACK_AFTER", timedelta(hours=1))
    await until(lambda: listens(bench, zap))
    bench.toy.add("a")
    gate.set()
    await until(lambda: bench.records(zap) == ["a"])
    assert bench.toy.listeners == 1, "and the other one goes on"


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Until it is set, what hangs does not end."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hours that a listener has are moments."""
    monkeypatch.setattr(calls, "LISTEN_TIMEOUT", timedelta(seconds=1))
    monkeypatch.setattr(listeners, "ASKED_BACK_AFTER", timedelta(seconds=0.2))
    monkeypatch.setattr(listeners, "ENDS_WITHIN", timedelta(seconds=0.1))


def hangs(gate: threading.Event) -> Callable[[], None]:
    """A listener that looks at nothing, and then says that it failed."""

    def behaviour() -> None:
        assert gate.wait(60), "nobody let it go"
        raise error("temporary")

    return behaviour


def listens(bench: Bench, zap_id: str) -> bool:
    """Whether the watch says that something listens."""
    with bench.runtime.database.read() as session:
        return any(watch.listening for key, watch in watches.every(session).items() if key == zap_id)
