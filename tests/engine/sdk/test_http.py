"""`ctx.http` against real servers: what goes out, what comes back, and what each failure means."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from aiohttp import web

from engine.connections.addresses import Guard
from engine.connections.client import Client
from engine.connections.signing import Signed
from engine.connections.wire import Wire
from engine.sdk.errors import (
    AuthFailed,
    InvalidInput,
    OutcomeUnknown,
    PermanentFailure,
    PermissionMissing,
    QuotaReached,
    TemporaryFailure,
)
from engine.sdk.http import BlockingHttp, Http, at_path, joined, retry_after_of
from tests.engine.connections.loops import looped
from tests.engine.connections.servers import Line, Raw, raw, web_app
from tests.waiting import free_port

LOCAL = Guard(frozenset({"127.0.0.1"}))


async def at_once() -> None:
    return None


@asynccontextmanager
async def http_to(url: str, **options: Any) -> AsyncIterator[Http]:
    wire = Wire()
    timeout = httpx.Timeout(connect=2, read=0.5, write=2, pool=2)
    given = {"wait_for_turn": at_once, "base_url": url, **options}
    try:
        yield Http(Client(wire.transport(LOCAL), timeout=timeout), **given)
    finally:
        await wire.close()


def answering(status: int = 200, body: Any = None, **headers: str):
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers={n.replace("_", "-"): v for n, v in headers.items()})

    return answer


async def echo(request: web.Request) -> web.Response:
    return web.json_response([request.method, request.path_qs, dict(request.headers), (await request.read()).decode()])


async def failure_of(answer, method: str = "POST", **options: Any) -> Any:
    async with web_app(answer) as url, http_to(url) as http:
        with pytest.raises(Exception) as caught:  # noqa: PT011  the test looks at what it is
            await http.request(method, "x", **options)
    return caught.value


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@looped
async def test_every_method_goes_below_the_base_address(method):
    async with web_app(echo) as url, http_to(f"{url}/v1/") as http:
        found = (await getattr(http, method)("/clients", params={"q": "a b"})).json()
    assert found[:2] == [method.upper(), "/v1/clients?q=a+b"]


@looped
async def test_only_writes_carry_the_idempotency_key():
    async with web_app(echo) as url, http_to(url, idempotency_key="k") as http:
        post = (await http.post("x", json={})).json()[2]
        own = (await http.post("x", json={}, headers={"idempotency-key": "own"})).json()[2]
        get = (await http.get("x")).json()[2]
        search = (await http.post("x", json={}, read=True)).json()[2]
    assert post["Idempotency-Key"] == "k"
    assert own["idempotency-key"] == "own"
    assert "Idempotency-Key" not in {**get, **search}


@looped
async def test_where_nothing_may_change_no_method_carries_a_key():
    async with web_app(echo) as url, http_to(url, idempotency_key="k", reads_only=True) as http:
        assert "Idempotency-Key" not in (await http.post("x", json={})).json()[2]


@looped
async def test_every_request_waits_for_its_turn():
    turns = []

    async def turn() -> None:
        turns.append(1)

    async with web_app(echo) as url, http_to(url, wait_for_turn=turn) as http:
        await http.get("x")
        await http.post("x")
    assert len(turns) == 2


@pytest.mark.parametrize(
    ("status", "method", "error"),
    [
        (401, "POST", AuthFailed),
        (403, "POST", PermissionMissing),
        (404, "GET", PermanentFailure),
        (422, "POST", PermanentFailure),
        (429, "POST", TemporaryFailure),
        (500, "GET", TemporaryFailure),
        (500, "POST", OutcomeUnknown),
        (502, "PUT", OutcomeUnknown),
        (503, "POST", OutcomeUnknown),
        (504, "DELETE", OutcomeUnknown),
        (408, "POST", OutcomeUnknown),
        (408, "GET", TemporaryFailure),
        (308, "POST", PermanentFailure),
    ],
)
@looped
async def test_a_status_means(status, method, error):
    assert type(await failure_of(answering(status), method)) is error


@looped
async def test_a_503_that_says_when_to_come_back_was_not_done():
    error = await failure_of(answering(503, Retry_After="120"))
    assert isinstance(error, TemporaryFailure)
    assert error.retry_after == timedelta(seconds=120)


@looped
async def test_a_question_by_post_that_fails_is_harmless():
    assert isinstance(await failure_of(answering(500), "POST", read=True), TemporaryFailure)


@looped
async def test_a_status_that_is_expected_is_returned():
    async with web_app(answering(404, {"a": 1})) as url, http_to(url) as http:
        assert (await http.get("x", accept=(404,))).json() == {"a": 1}


@looped
async def test_the_services_own_words_are_quoted_but_no_web_page():
    assert "no such client" in str(await failure_of(answering(422, {"message": "no such client"})))

    async def page(request: web.Request) -> web.Response:
        return web.Response(status=500, text="<HTML><body>oops</body></html>")

    assert "oops" not in str(await failure_of(page))


@looped
async def test_the_connectors_own_reading_of_an_answer_goes_first():
    def explain(response: httpx.Response) -> Exception | None:
        return QuotaReached("100 of 100") if response.json().get("code") == 7 else None

    async with web_app(answering(200, {"code": 7})) as url, http_to(url, explain=explain) as http:
        with pytest.raises(QuotaReached):
            await http.post("x", json={})
        with pytest.raises(InvalidInput):
            await http.post("x", json={}, explain=lambda _: InvalidInput("bad", field="name"))


@pytest.mark.parametrize(("method", "error"), [("GET", TemporaryFailure), ("POST", OutcomeUnknown)])
@looped
async def test_no_answer_means(method, error):
    async def silent(server: Raw, line: Line) -> None:
        await line.request()
        await line.request()

    async with raw(silent) as server, http_to(server.url) as http:
        with pytest.raises(error):
            await http.request(method, "x", content=b"x")


@looped
async def test_a_write_that_found_nobody_was_not_done():
    async with http_to(f"http://127.0.0.1:{free_port()}") as http:
        with pytest.raises(TemporaryFailure):
            await http.post("x", json={})


@pytest.mark.parametrize("url", ["http://", "ftp://example.com", "http://a\x00b/", "http://[::1"])
@looped
async def test_an_address_that_cannot_be_used_will_never_work(url):
    async with http_to("") as http:
        with pytest.raises(PermanentFailure):
            await http.post(url, json={})


@pytest.mark.parametrize(("method", "error"), [("GET", TemporaryFailure), ("POST", OutcomeUnknown)])
@looped
async def test_an_answer_that_is_not_complete_in_time_means(method, error):
    async def drips(server: Raw, line: Line) -> None:
        await line.request()
        await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await line.say(b".")
            await asyncio.sleep(0.02)

    async with raw(drips) as server, http_to(server.url) as http:
        with pytest.raises(error, match=r"within 0\.4 seconds"):
            await http.request(method, "x", content=b"x", within=0.4)


@looped
async def test_redirects_in_a_circle_will_never_work():
    wire = Wire()
    async with web_app(answering(302, Location="/")) as url:
        http = Http(Client(Signed(wire.transport(LOCAL), None)), at_once)
        with pytest.raises(PermanentFailure, match="circle"):
            await http.get(url)
        await wire.close()


ROWS = [{"id": str(number)} for number in range(5)]


async def by_link(request: web.Request) -> web.Response:
    at = int(request.query.get("at", 0))
    more = {"Link": f'</rows?at={at + 2}>; rel="next"'} if at + 2 < len(ROWS) else {}
    return web.json_response(ROWS[at : at + 2], headers=more)


async def by_cursor(request: web.Request) -> web.Response:
    at = int(request.query.get("after", 0))
    following = str(at + 2) if at + 2 < len(ROWS) else None
    return web.json_response({"data": {"rows": ROWS[at : at + 2]}, "meta": {"next": following}})


async def by_number(request: web.Request) -> web.Response:
    at = (int(request.query["page"]) - 1) * 2
    return web.json_response(ROWS[at : at + 2])


PAGINGS = pytest.mark.parametrize(
    ("answer", "options"),
    [
        (by_link, {}),
        (by_cursor, {"rows": "data.rows", "cursor": "meta.next", "cursor_param": "after"}),
        (by_number, {"page_param": "page"}),
    ],
    ids=["link header", "cursor", "page number"],
)


@PAGINGS
@looped
async def test_lists_are_walked_page_by_page(answer, options):
    async with web_app(answer) as url, http_to(url) as http:
        assert [row async for row in http.pages("rows", params={"per": "2"}, **options)] == ROWS


@looped
async def test_a_page_is_read_only_when_it_is_asked_for():
    asked = []

    async def counted(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        return await by_number(request)

    async with web_app(counted) as url, http_to(url) as http:
        async for row in http.pages("rows", page_param="page"):
            if row["id"] == "1":
                break
    assert asked == ["/rows?page=1"]


@PAGINGS
@looped
async def test_blocking_functions_have_the_same_in_a_thread(answer, options):
    loop = asyncio.get_running_loop()

    def wait(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    async with web_app(answer) as url, http_to(url) as http:
        rows = await asyncio.to_thread(lambda: list(BlockingHttp(http, wait).pages("rows", **options)))
    assert rows == ROWS


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@looped
async def test_blocking_functions_have_every_method(method):
    loop = asyncio.get_running_loop()

    def wait(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(10)

    async with web_app(echo) as url, http_to(url) as http:
        response = await asyncio.to_thread(getattr(BlockingHttp(http, wait), method), "x", json={})
    assert response.json()[0] == method.upper()
    assert not inspect.iscoroutine(response)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta(0)),
        ("99999999999", timedelta(days=7)),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(0)),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(value, wait):
    response = httpx.Response(503, headers=[(b"Retry-After", value.encode())])
    assert retry_after_of(response) == wait


def test_retry_after_as_a_date_is_the_time_until_then():
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    wait = retry_after_of(httpx.Response(503, headers={"Retry-After": date}))
    assert wait is not None
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("base", "url", "whole"),
    [
        ("https://a.example/v1", "clients", "https://a.example/v1/clients"),
        ("https://a.example/v1/", "/clients", "https://a.example/v1/clients"),
        ("https://a.example/v1", "", "https://a.example/v1"),
        ("https://a.example/v1", "https://b.example/x", "https://b.example/x"),
        ("", "https://b.example/x", "https://b.example/x"),
    ],
)
def test_addresses_are_joined_below_the_base(base, url, whole):
    assert joined(base, url) == whole


@pytest.mark.parametrize(
    ("path", "value"), [("a.b.0", 1), ("a.b.1", None), ("a.x.y", None), ("a", {"b": [1]}), ("a.b.c", None)]
)
def test_a_path_that_ends_early_is_nothing(path, value):
    assert at_path({"a": {"b": [1]}}, path) == value
