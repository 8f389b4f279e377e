"""A refused OAuth token is refreshed once and the call made again; any other refusal is final."""

import time
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web

from engine.connections.calls import ConnectorBug
from engine.sdk.errors import AuthFailed, TemporaryFailure
from tests.engine.connections import probe
from tests.engine.connections.loops import looped
from tests.engine.connections.probe import Given, asked, calling, read
from tests.engine.connections.servers import web_app
from tests.engine.connections.test_oauth import Store, token

COLOURS = pytest.mark.parametrize("action", [probe.act_async, probe.act_blocking], ids=["async", "blocking"])
TRIGGERS = pytest.mark.parametrize("trigger", [probe.things_async, probe.things_blocking], ids=["async", "blocking"])


class Tokens(Store):
    pass


async def token_endpoint(request: web.Request) -> web.Response:
    form = await request.post()
    number = int(str(form["refresh_token"])[1:]) + 1
    return web.json_response({"access_token": f"a{number}", "refresh_token": f"r{number}"})


@looped
async def test_a_connector_that_uses_the_token_itself_gets_a_fresh_one_after_a_refusal(tmp_path):
    store = Tokens()
    async with web_app(token_endpoint) as url, calling(tmp_path, store) as calls:
        live = probe.by_token(url, token())
        assert (await calls.act(probe.signs_in, asked(live), Given(what="a0"))).id == "a1"
        assert (await calls.act(probe.signs_in, asked(live), Given(what=""))).id == "a1"
    assert store.saved == ["a1"]


async def long_tokens(request: web.Request) -> web.Response:
    await request.post()
    return web.json_response({"access_token": "renewed-access-token", "refresh_token": "r1"})


@looped
async def test_a_token_that_was_renewed_during_the_call_is_not_in_what_it_brings(tmp_path):
    async with web_app(long_tokens) as url, calling(tmp_path, Tokens()) as calls:
        made = await calls.act(probe.signs_in, asked(probe.by_token(url, token())), Given(what="a0"))
    assert probe.waits[-1] == "renewed-access-token"
    assert made.id == "•••"


@looped
async def test_a_connector_that_is_refused_twice_must_be_reconnected(tmp_path):
    store = Tokens()
    async with web_app(token_endpoint) as url, calling(tmp_path, store) as calls:
        with pytest.raises(AuthFailed):
            await calls.act(probe.signs_in, asked(probe.by_token(url, token())), Given(what="a0 a1"))
    assert store.saved == ["a1"]


@looped
async def test_an_expired_token_is_refreshed_before_the_call(tmp_path):
    async with web_app(token_endpoint) as url, calling(tmp_path, Tokens()) as calls:
        live = probe.by_token(url, token(expires_at=time.time() - 1))
        assert (await calls.act(probe.signs_in, asked(live), Given())).id == "a1"


@looped
async def test_other_sign_ins_that_are_refused_are_not_tried_again(tmp_path):
    async with calling(tmp_path) as calls:
        with pytest.raises(ConnectorBug):
            await calls.act(probe.signs_in, asked(probe.by_password()), Given())


@looped
async def test_a_trigger_that_is_refused_at_once_is_read_again_with_a_fresh_token(tmp_path):
    async with web_app(token_endpoint) as url, calling(tmp_path, Tokens()) as calls:
        live = probe.by_token(url, token())
        async with aclosing(calls.poll(probe.signs_in_to_look, asked(live), Given())) as found:
            assert [one.id async for one in found] == ["a1"]


@looped
async def test_a_trigger_that_is_refused_halfway_goes_on_at_the_next_check(tmp_path):
    async with web_app(token_endpoint) as url, calling(tmp_path, Tokens()) as calls:
        live = probe.by_token(url, token())
        got: list[Any] = []
        with pytest.raises(TemporaryFailure, match="renewed"):
            await read(calls, probe.signs_in_to_look, "late", got, live=live)
        assert [one.id for one in got] == ["first"]
        assert [one.id for one in await read(calls, probe.signs_in_to_look, live=live)] == ["a1"]
