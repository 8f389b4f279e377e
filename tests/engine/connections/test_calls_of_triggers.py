"""Triggers are read lazily, closed where they ran, and bounded in time, whatever they do."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from engine.connections.calls import ConnectorBug, ReadTimedOut
from engine.sdk.records import Page
from tests.engine.connections import probe
from tests.engine.connections.loops import looped, until
from tests.engine.connections.probe import Found, Given, asked, calling, read

COLOURS = pytest.mark.parametrize("action", [probe.act_async, probe.act_blocking], ids=["async", "blocking"])
TRIGGERS = pytest.mark.parametrize("trigger", [probe.things_async, probe.things_blocking], ids=["async", "blocking"])


@TRIGGERS
@looped
async def test_a_trigger_is_read_to_its_end_and_closed(trigger, tmp_path):
    probe.closed.clear()
    async with calling(tmp_path) as calls:
        assert [one.id for one in await read(calls, trigger)] == ["0", "1", "2"]
    assert len(probe.closed) == 1


@TRIGGERS
@looped
async def test_a_trigger_is_read_no_further_than_asked_and_closed_where_it_ran(trigger, tmp_path):
    probe.closed.clear()
    async with calling(tmp_path) as calls:
        async with aclosing(calls.poll(trigger, asked(), Given(what="exit"))) as found:
            assert (await anext(found)).id == "0"
        await until(lambda: probe.closed)
        assert "another thread" not in probe.closed


@TRIGGERS
@pytest.mark.parametrize("what", ["exit", "key error", "dict", "nothing", "no id", "secret", "cancelled"])
@looped
async def test_a_trigger_that_fails_after_some_records_is_a_bug(trigger, what, tmp_path):
    got: list[Any] = []
    async with calling(tmp_path) as calls:
        with pytest.raises(ConnectorBug) as bug:
            await read(calls, trigger, what, got)
    assert [one.id for one in got] == ["0", "1", "2"]
    assert probe.SECRET not in f"{bug.value}{bug.value.traceback}"


@looped
async def test_pages_come_with_their_cursor(tmp_path):
    async with calling(tmp_path) as calls:
        assert await read(calls, probe.pages, cursor=7) == [Page((Found(id="7"),), {"next": 2}, "rebuilt")]


@TRIGGERS
@looped
async def test_a_secret_that_is_sent_back_is_in_no_record(trigger, tmp_path):
    async with calling(tmp_path) as calls:
        assert (await read(calls, trigger, "echo"))[-1].text == "You sent •••"


@looped
async def test_a_secret_in_a_cursor_stays_for_the_connector_needs_it(tmp_path):
    async with calling(tmp_path) as calls:
        page, _ = await read(calls, probe.pages, "echo", cursor=7)
    assert probe.SECRET not in f"{page.records}{page.warning}"
    assert page.cursor == {"next": f"/?key={probe.SECRET}"}


@pytest.mark.parametrize("what", ["record", "bad cursor", "bad record"])
@looped
async def test_pages_that_are_none_are_a_bug(what, tmp_path):
    async with calling(tmp_path) as calls:
        with pytest.raises(ConnectorBug):
            await read(calls, probe.pages, what)


@TRIGGERS
@looped
async def test_the_time_between_two_records_is_the_engines_own(trigger, tmp_path):
    async with calling(tmp_path) as calls, aclosing(calls.poll(trigger, asked(), Given())) as found:
        async for _ in found:
            await asyncio.sleep(0.15)


@looped
async def test_the_place_of_a_poll_that_hangs_comes_back_when_it_ends(tmp_path):
    async with calling(tmp_path, polls=1) as calls:
        reading = asyncio.create_task(read(calls, probe.things_blocking, "hang"))
        second = asyncio.create_task(read(calls, probe.things_blocking))
        await asyncio.sleep(0.4)
        assert not second.done()
        probe.stop_hanging.set()
        assert len(await asyncio.wait_for(second, 10)) == 3
        assert isinstance((await asyncio.gather(reading, return_exceptions=True))[0], ReadTimedOut)
