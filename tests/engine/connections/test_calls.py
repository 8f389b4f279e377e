"""Whatever a connector does, the engine gets a checked value, an error by consequence, or a bug with a traceback."""

import asyncio
import logging
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from aiohttp import web

from engine.connections import prints
from engine.connections.calls import ConnectorBug, EffectTimedOut, ReadTimedOut
from engine.connections.contexts import Purpose
from engine.sdk.connector import Connector
from engine.sdk.context import Context
from engine.sdk.errors import OutcomeUnknown, PermanentFailure, TemporaryFailure
from engine.sdk.records import Account, Choice, Delivery, Hook
from engine.sdk.schedules import Rate
from tests.engine.connections import probe
from tests.engine.connections.loops import looped
from tests.engine.connections.probe import Found, Given, asked, calling, connection, read
from tests.engine.connections.servers import web_app
from tests.waiting import free_port

COLOURS = pytest.mark.parametrize("action", [probe.act_async, probe.act_blocking], ids=["async", "blocking"])
TRIGGERS = pytest.mark.parametrize("trigger", [probe.things_async, probe.things_blocking], ids=["async", "blocking"])


# What comes back


@COLOURS
@looped
async def test_an_action_gives_its_record(action, tmp_path):
    async with calling(tmp_path) as calls:
        assert await calls.act(action, asked(), Given(what="x")) == Found(id="1", text="x")


@COLOURS
@pytest.mark.parametrize("what", ["exit", "interrupt", "key error", "stop iteration", "cancelled"])
@looped
async def test_whatever_a_connector_raises_is_a_bug_of_it_alone(action, what, tmp_path):
    async with calling(tmp_path) as calls:
        with pytest.raises(ConnectorBug) as bug:
            await calls.act(action, asked(), Given(what=what))
        assert "Probe" in str(bug.value)
        assert "Traceback" in bug.value.traceback
        assert await calls.act(action, asked(), Given(what="alive")) == Found(id="1", text="alive")


@COLOURS
@pytest.mark.parametrize("what", ["nothing", "dict", "no id", "number id"])
@looped
async def test_rubbish_is_not_believed(action, what, tmp_path):
    async with calling(tmp_path) as calls:
        with pytest.raises(ConnectorBug, match="faulty"):
            await calls.act(action, asked(), Given(what=what))


@COLOURS
@pytest.mark.parametrize(("what", "error"), [("secret", ConnectorBug), ("refused secret", PermanentFailure)])
@looped
async def test_no_secret_gets_out_with_an_error(action, what, error, tmp_path, caplog):
    async with calling(tmp_path) as calls:
        with pytest.raises(error) as caught:
            await calls.act(action, asked(), Given(what=what))
    assert probe.SECRET not in f"{caught.value} {getattr(caught.value, 'traceback', '')} {caplog.text}"
    assert "•••" in str(caught.value)


@COLOURS
@looped
async def test_a_service_that_sends_the_connections_secret_back_does_not_bring_it_into_a_record(action, tmp_path):
    async with calling(tmp_path) as calls:
        made = await calls.act(action, asked(), Given(what="echo"))
        found = await calls.find(probe.find_thing, asked(), Given(what="echo"))
        (choice,) = await calls.choices(probe.colours, connection(), Given(), probe.SECRET)
        delivery = Delivery("POST", {"x-secret": "s", "x-key": probe.SECRET}, {}, b"17")
        received = await calls.receive(probe.hooked, asked(), Given(), delivery, Hook("", "s"))
    assert made.text == "You sent •••"
    assert made.sent == {"•••": ["key=•••"]}
    assert probe.SECRET not in f"{made!r}{found!r}{choice!r}{received!r}"


@COLOURS
@looped
async def test_what_a_connector_prints_is_logged_without_its_secrets(action, tmp_path, caplog, capsys):
    caplog.set_level(logging.INFO)
    with prints.divided():
        async with calling(tmp_path) as calls:
            await calls.act(action, asked(), Given(what="prints"))
    assert capsys.readouterr() == ("", "")
    assert "printed: my password is •••" in caplog.text


@looped
async def test_searches_and_lookups_may_find_nothing(tmp_path):
    async with calling(tmp_path) as calls:
        assert await calls.find(probe.find_thing, asked(), Given(what="nothing")) is None
        assert await calls.find(probe.find_thing, asked(), Given(what="x")) == Found(id="1", text="x")
        assert await calls.look_up(probe.act_async, asked(idempotency_key="k"), Given()) is None
        assert await calls.look_up(probe.act_async, asked(idempotency_key="k"), Given(what="there")) == Found(id="k")
        assert await calls.look_up(probe.act_blocking, asked(idempotency_key="k"), Given()) == Found(id="k")
        with pytest.raises(ConnectorBug):
            await calls.find(probe.find_thing, asked(), Given(what="dict"))


@looped
async def test_choices_and_checks_are_checked(tmp_path):
    async with calling(tmp_path) as calls:
        assert await calls.choices(probe.colours, connection(), Given(), "re") == [Choice("re", "me@example.com")]
        with pytest.raises(ConnectorBug):
            await calls.choices(probe.wrong_colours, connection(), Given())
        assert await calls.check(connection()) == Account("me", "me@example.com")


@looped
async def test_a_webhook_delivery_is_verified_first(tmp_path):
    delivery = Delivery("POST", {"x-secret": "s"}, {}, b"17")
    async with calling(tmp_path) as calls:
        assert await calls.receive(probe.hooked, asked(), Given(), delivery, Hook("", "s")) == [Found(id="17")]
        with pytest.raises(PermanentFailure, match="not signed"):
            await calls.receive(probe.hooked, asked(), Given(), delivery, Hook("", "other"))


@TRIGGERS
@looped
async def test_listeners_return_when_told_to(trigger, tmp_path):
    stopping = threading.Event()
    async with calling(tmp_path) as calls:
        listening = asyncio.create_task(calls.listen(trigger, asked(stopping=stopping.is_set), Given()))
        await asyncio.sleep(0.02)
        assert not listening.done()
        stopping.set()
        await asyncio.wait_for(listening, 5)


# Time


@COLOURS
@looped
async def test_an_action_that_hangs_is_unknown(action, tmp_path):
    async with calling(tmp_path) as calls:
        with pytest.raises(OutcomeUnknown, match="may have been done") as late:
            await calls.act(action, asked(), Given(what="hang"))
        assert isinstance(late.value, EffectTimedOut)
        probe.stop_hanging.set()
        await asyncio.wait_for(calls.ended(late.value), 5)


@TRIGGERS
@looped
async def test_a_check_that_hangs_can_be_tried_again(trigger, tmp_path):
    async with calling(tmp_path) as calls:
        with pytest.raises(TemporaryFailure) as late:
            await read(calls, trigger, "hang")
        assert isinstance(late.value, ReadTimedOut)


@looped
async def test_a_lookup_waits_until_the_call_that_timed_out_has_ended(tmp_path):
    async with calling(tmp_path) as calls:
        with pytest.raises(EffectTimedOut) as late:
            await calls.act(probe.act_blocking, asked(), Given(what="hang"))
        waiting = asyncio.create_task(calls.ended(late.value))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        probe.stop_hanging.set()
        await asyncio.wait_for(waiting, 5)


@looped
async def test_giving_up_waiting_for_the_end_does_not_free_the_place(tmp_path):
    async with calling(tmp_path, steps=1) as calls:
        with pytest.raises(EffectTimedOut) as late:
            await calls.act(probe.act_blocking, asked(), Given(what="hang"))
        waiting = asyncio.create_task(calls.ended(late.value))
        await asyncio.sleep(0)
        waiting.cancel()
        second = asyncio.create_task(calls.act(probe.act_blocking, asked(), Given(what="second")))
        await asyncio.sleep(0.05)
        assert not second.done()
        probe.stop_hanging.set()
        assert (await asyncio.wait_for(second, 5)).text == "second"


@looped
async def test_an_async_function_that_will_not_stop_is_left_running(tmp_path):
    async with calling(tmp_path) as calls:
        with pytest.raises(EffectTimedOut) as late:
            await calls.act(probe.act_async, asked(), Given(what="will not stop"))
        assert not late.value.ended.done()
        probe.stop_hanging.set()
        await asyncio.wait_for(calls.ended(late.value), 5)


@looped
async def test_other_errors_have_ended_already(tmp_path):
    async with calling(tmp_path) as calls:
        await asyncio.wait_for(calls.ended(OutcomeUnknown("x")), 1)


@looped
async def test_a_function_whose_time_is_over_cannot_send_anything_any_more(tmp_path):
    paths = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.json_response({})

    async with web_app(answer) as url, calling(tmp_path) as calls:
        with pytest.raises(EffectTimedOut) as late:
            await calls.act(probe.act_blocking, asked(connection(url)), Given(what="hang, then post"))
        probe.stop_hanging.set()
        await asyncio.wait_for(calls.ended(late.value), 5)
        assert paths == []


@looped
async def test_a_connector_that_hangs_blocks_neither_its_reads_nor_others(tmp_path):
    async with calling(tmp_path, steps=2) as calls:
        hanging = [asyncio.create_task(calls.act(probe.act_blocking, asked(), Given(what="hang"))) for _ in range(4)]
        await asyncio.sleep(0.05)
        assert len(await read(calls, probe.things_blocking)) == 3
        other = Connector("other", title="Other")
        assert (await calls.check(connection(connector=other, auth="none"))).label == "Mine"
        probe.stop_hanging.set()
        await asyncio.gather(*hanging, return_exceptions=True)


@COLOURS
@looped
async def test_a_stopped_engine_stops_waiting(action, tmp_path):
    async with calling(tmp_path) as calls:
        call = asyncio.create_task(calls.act(action, asked(), Given(what="hang")))
        await asyncio.sleep(0.02)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(call, 5)


@looped
async def test_many_calls_at_once_use_few_threads_and_all_end(tmp_path):
    async with calling(tmp_path, steps=4) as calls:
        acts = [calls.act(probe.act_blocking, asked(), Given(what="thread")) for _ in range(300)]
        assert len({found.id for found in await asyncio.gather(*acts)}) <= 4


# Places and rates


@looped
async def test_a_place_is_held_before_the_call_and_given_back_after_it(tmp_path):
    async with calling(tmp_path, steps=1) as calls:
        async with calls.place(asked(), blocking=True) as place:
            second = asyncio.create_task(calls.act(probe.act_blocking, asked(), Given(what="second")))
            assert (await calls.act(probe.act_blocking, asked(), Given(what="first"), place=place)).text == "first"
            assert not second.done()
        assert (await asyncio.wait_for(second, 5)).text == "second"


@looped
async def test_a_place_that_was_not_used_is_given_back(tmp_path):
    async with calling(tmp_path, steps=1) as calls:
        for _ in range(3):
            async with asyncio.timeout(5), calls.place(asked(), blocking=True):
                pass


@looped
async def test_the_turn_that_came_with_a_place_is_not_waited_for_again(tmp_path):
    slow = Connector("slow", title="Slow", rate=Rate(1, per=timedelta(hours=1)), base_url="{base}", auth=[])

    @slow.action()
    async def post(ctx: Context, given: Given) -> Found:
        """One call."""
        return Found(id="1", text=(await ctx.http.post("x", json={})).text)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="done")

    async with web_app(answer) as url, calling(tmp_path) as calls:
        live = connection(url, connector=slow, auth="none")
        async with asyncio.timeout(5), calls.place(asked(live), blocking=False) as place:
            assert (await calls.act(post, asked(live), Given(), place=place)).text == "done"


# What a call may do


@COLOURS
@looped
async def test_an_action_is_signed_and_carries_its_idempotency_key(action, tmp_path):
    seen = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.headers["X-Api-Key"], request.headers["Idempotency-Key"], request.path))
        return web.Response(text="made")

    async with web_app(answer) as url, calling(tmp_path) as calls:
        live = connection(url)
        assert (await calls.act(action, asked(live, idempotency_key="k1"), Given(what="post"))).text == "made"
    assert seen == [(probe.SECRET, "k1", "/things")]


@looped
async def test_a_question_by_post_carries_no_key_and_its_failures_are_harmless(tmp_path):
    async def broken(request: web.Request) -> web.Response:
        return web.Response(status=500, text=str("Idempotency-Key" in request.headers))

    async with web_app(broken) as url, calling(tmp_path) as calls:
        with pytest.raises(TemporaryFailure, match="False"):
            await calls.existing(probe.act_async, asked(connection(url), idempotency_key="k1"), Given())


@COLOURS
@looped
async def test_a_refused_connection_is_certainly_nothing_done(action, tmp_path):
    async with calling(tmp_path) as calls:
        with pytest.raises(TemporaryFailure):
            await calls.act(action, asked(connection(f"http://127.0.0.1:{free_port()}")), Given(what="post"))


@looped
async def test_blocking_functions_use_the_checkpoint_they_are_given(tmp_path):
    class Notes:
        def __init__(self) -> None:
            self.put_: dict[str, int] = {}

        def get(self, key: str) -> object:
            return self.put_.get(key)

        async def put(self, key: str, value: int) -> None:
            await asyncio.sleep(0)
            self.put_[key] = value

    notes = Notes()
    async with calling(tmp_path) as calls:
        assert (await calls.act(probe.act_blocking, asked(checkpoint=notes), Given(what="note"))).text == "1"
    assert notes.put_ == {"n": 1}


# What calls of one connection share


@looped
async def test_calls_of_one_connection_share_its_kit_until_its_credentials_change(tmp_path):
    async with calling(tmp_path) as calls:
        contexts, live = calls.contexts, connection()
        kit = contexts.kit(live)
        assert contexts.kit(connection()) is kit
        assert contexts.kit(connection(name="renamed")) is kit
        changed = replace(live, allowed_hosts=frozenset({"nas.local"}))
        assert contexts.kit(changed) is not kit
        assert contexts.kit(connection(id="c2")) is not contexts.kit(changed)


@looped
async def test_a_connection_that_is_not_saved_yet_leaves_nothing_open(tmp_path):
    async with calling(tmp_path) as calls:
        unsaved = connection(id="")
        shut: list[str] = []
        async with calls.contexts.open(asked(unsaved, purpose=Purpose.CHECK), blocking=True) as opened:
            assert opened.ctx.account is None
            with opened.ctx.sessions.borrow("inbox", lambda: "open", shut.append):
                pass
        assert shut == ["open"]


@looped
async def test_forgetting_and_closing_shut_the_sessions(tmp_path):
    async with calling(tmp_path) as calls:
        shut: list[str] = []
        for live in (connection(), connection(id="c2")):
            async with calls.contexts.open(asked(live), blocking=True) as opened:
                with opened.ctx.sessions.borrow("inbox", partial(getattr, live, "id"), shut.append):
                    pass
        assert shut == []
        await calls.contexts.forget("c1")
        await calls.contexts.forget("unknown")
        assert shut == ["c1"]
    assert shut == ["c1", "c2"]
