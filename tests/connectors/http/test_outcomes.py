"""No answer, a slow one, a crash: what is sent again with the same key, and what waits for a person."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web

from connectors.http import http
from connectors.http.request import Request
from engine.store.states import RunState
from tests.connectors.http.benches import HttpBench, Service, service
from tests.engine.benches import in_a_loop
from tests.engine.connections.servers import Line, Raw, raw
from tests.waiting import free_port, until

PROFILE = http.profiles["default"]
ONCE = {"POST": False, "PATCH": False, "GET": True, "HEAD": True, "OPTIONS": True, "PUT": True, "DELETE": True}


@pytest.mark.parametrize(("method", "twice"), ONCE.items())
def test_the_method_says_whether_a_request_may_be_sent_twice_unless_a_person_does(method: str, twice: bool):
    repeatable = http.actions["request"].repeatable
    assert repeatable(PROFILE, Request(method=method, url="/")) is twice
    assert repeatable(PROFILE, Request(method=method, url="/", repeatable=True)) is True
    assert repeatable(PROFILE, Request(method=method, url="/", repeatable=False)) is False


async def done_but_silent(request: web.Request) -> web.StreamResponse:
    """The effect has happened (`Service` has it); the answer never comes."""
    await asyncio.sleep(60)
    raise AssertionError("the client should have given up")


@in_a_loop
async def test_a_post_that_was_not_answered_in_time_is_sent_once_and_waits_for_a_person(bench: HttpBench):
    async with service() as there:
        there.next(done_but_silent)
        run = await bench.sent(method="POST", url=there.url, body={"a": 1}, timeout=1)
    assert run.state == RunState.NEEDS_REVIEW
    assert len(there.seen) == 1
    assert bench.lines(run.id)[-1].data["sent"]["body"] == {"a": 1}


@pytest.mark.parametrize(
    "given", [{"method": "PUT"}, {"method": "DELETE"}, {"method": "POST", "repeatable": True}], ids=str
)
@in_a_loop
async def test_what_may_be_repeated_is_sent_again_with_the_same_key(bench: HttpBench, given: dict[str, Any]):
    async with service() as there:
        there.next(done_but_silent)
        run = await bench.sent(url=there.url, body={"a": 1}, timeout=1, **given)
    assert run.state == RunState.SUCCEEDED
    assert [one.body for one in there.seen] == [b'{"a":1}'] * 2
    assert there.keys[0] == there.keys[1] is not None


@in_a_loop
async def test_an_answer_that_drips_is_cut_off_at_the_time_limit(bench: HttpBench):
    async def drips(server: Raw, line: Line) -> None:
        server.requests.append(await line.request())
        await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await line.say(b".")
            await asyncio.sleep(0.1)

    async with raw(drips) as server:
        run = await bench.sent(method="POST", url=server.url, timeout=1)
    assert run.state == RunState.NEEDS_REVIEW
    assert len(server.requests) == 1


@in_a_loop
async def test_a_read_that_was_not_answered_is_tried_again_and_says_the_limit(bench: HttpBench):
    async with service() as there:
        there.next(*[done_but_silent] * 3)
        run = await bench.sent(url=there.url, timeout=1)
    assert run.state == RunState.RETRYING
    assert "no complete answer within 1 seconds" in run.problem
    assert len(there.seen) == 3


@pytest.mark.parametrize("method", ["POST", "PUT"])
@in_a_loop
async def test_a_write_that_found_nobody_was_not_done_and_is_tried_later(bench: HttpBench, method: str):
    run = await bench.sent(method=method, url=f"http://127.0.0.1:{free_port()}/")
    assert run.state == RunState.RETRYING
    assert "could not be reached" in run.problem


@in_a_loop
async def test_a_write_that_could_not_connect_in_time_was_not_done(bench: HttpBench):
    """A listening socket whose backlog is full takes no further connection: nothing can have been sent."""
    with full_house() as port:
        run = await bench.sent(method="POST", url=f"http://127.0.0.1:{port}/", timeout=1)
    assert run.state == RunState.RETRYING


@pytest.mark.parametrize("method", ["PUT", "POST"])
@in_a_loop
async def test_after_a_crash_in_a_request_it_is_repeated_exactly_or_put_before_a_person(bench: HttpBench, method: str):
    given: dict[str, Any] = {
        "body": {"n": "{{ trigger.data | times: 2 }}"},
        "headers": {"Authorization": "Bearer s3cret", "X-A": "b"},
    }
    async with service() as there:
        there.next(done_but_silent)
        zap = await bench.sending(method=method, url=there.url, **given)
        await bench.feeds(zap, 1.25)
        await crash_when_seen(bench, there)
        (run,) = await bench.resume(zap)
    if_repeated = method == "PUT"
    assert run.state == (RunState.SUCCEEDED if if_repeated else RunState.NEEDS_REVIEW)
    assert len(there.seen) == 1 + if_repeated
    same = [(one.body, one.headers["authorization"], one.headers["x-a"], one.headers["idempotency-key"])
            for one in there.seen]  # fmt: skip
    assert set(same) == {(b'{"n":2.5}', "Bearer s3cret", "b", there.keys[0])}


async def crash_when_seen(bench: HttpBench, there: Service) -> None:
    draining = asyncio.create_task(bench.drain())
    await until(lambda: there.seen, what="the request to arrive")
    await bench.crash()
    await asyncio.gather(draining, return_exceptions=True)


@contextmanager
def full_house() -> Iterator[int]:
    """A port on loopback whose queue of connections is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        guests = [socket.socket() for _ in range(4)]
        for guest in guests:
            guest.setblocking(False)
            guest.connect_ex(server.getsockname())
        try:
            yield server.getsockname()[1]
        finally:
            for guest in guests:
                guest.close()
