"""The heartbeat: somebody outside hears every minute that all is well, and nothing when it is not."""

import asyncio

import pytest

from engine.connections.wire import Wire
from engine.errors import Refused
from engine.notices.heartbeat import Heartbeat
from engine.settings import from_environment
from tests.engine.benches import Bench, in_a_loop
from tests.engine.notices.office import Office, Receiver


async def beat(receiver: Receiver, *reasons: str, write: object = None, url: str = "") -> Heartbeat:
    wire = Wire()

    async def written() -> None:
        if isinstance(write, Exception):
            raise write

    made = Heartbeat(url or receiver.url, wire, lambda: reasons, written)
    await made.tick()
    await wire.close()
    return made


def test_it_beats_while_all_is_well(receiver: Receiver):
    assert asyncio.run(beat(receiver)).silent == ""
    assert len(receiver.calls) == 1


@pytest.mark.parametrize(
    ("reasons", "write"), [(("it does not run",), None), ((), OSError("disk full"))], ids=["unwell", "not writable"]
)
def test_it_stays_away_when_something_is_wrong(receiver: Receiver, reasons: tuple[str, ...], write: object):
    assert asyncio.run(beat(receiver, *reasons, write=write)).silent != ""
    assert receiver.calls == []


def test_it_says_why_it_could_not_call(receiver: Receiver):
    receiver.answers.append(500)
    assert "answered 500" in asyncio.run(beat(receiver)).silent
    assert "could not be reached" in asyncio.run(beat(receiver, url="http://127.0.0.1:1/")).silent


def test_an_address_that_cannot_be_called_is_refused_at_the_start():
    with pytest.raises(Refused, match="ZAPWERK_HEARTBEAT_URL"):
        from_environment({"ZAPWERK_HEARTBEAT_URL": "watch.example.com"})


def test_an_engine_beats_when_it_runs(small: Office, receiver: Receiver):
    @in_a_loop
    async def run() -> None:
        bench = Bench(small.settings.model_copy(update={"heartbeat_url": receiver.url}))
        assert bench.engine.heartbeat is not None
        await bench.engine.heartbeat.tick()
        assert bench.engine.heartbeat.silent == "the engine does not run"
        bench.engine.ready = True
        await bench.engine.heartbeat.tick()
        assert (bench.engine.heartbeat.silent, len(receiver.calls)) == ("", 1)
        bench.engine.ready = False
        await bench.close()

    small.close()
    run()
    small.open()
