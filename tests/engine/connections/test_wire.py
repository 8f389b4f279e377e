"""Servers that misbehave: what an error says about whether the request may have arrived, and what is sent twice."""

import asyncio
import gzip
import ssl
from typing import Any

import httpx
import pytest
import trustme
from aiohttp import web

from engine.connections.addresses import AddressRefused, Guard
from engine.connections.client import Client
from engine.connections.wire import Wire
from engine.sdk.errors import OutcomeUnknown, PermanentFailure
from engine.sdk.http import NothingSent, failure_of
from tests.engine.connections.loops import looped, until
from tests.engine.connections.servers import OK, Line, Raw, raw, web_app
from tests.waiting import free_port

LOCAL = Guard(frozenset({"127.0.0.1", "localhost"}))
QUICK = httpx.Timeout(connect=2, read=0.3, write=2, pool=2)


def client_of(wire: Wire, guard: Guard = LOCAL, timeout: httpx.Timeout = QUICK) -> Client:
    return Client(wire.transport(guard), timeout=timeout)


async def failure(method: str, url: str, guard: Guard = LOCAL, **options) -> Any:
    wire = Wire()
    try:
        with pytest.raises(Exception) as caught:  # noqa: PT011  the test looks at what it is
            await client_of(wire, guard).request(method, url, **options)
    finally:
        await wire.close()
    return caught.value


async def answering(server: Raw, line: Line) -> None:
    while request := await line.request():
        server.requests.append(request)
        await line.say(OK)


@looped
async def test_a_refused_connection_sent_nothing():
    error = await failure("POST", f"http://127.0.0.1:{free_port()}/", json={})
    assert isinstance(error, NothingSent)
    assert "refused" in str(error).lower()


@looped
async def test_an_unknown_name_sent_nothing():
    assert isinstance(await failure("POST", "http://no-such-host.invalid/", json={}), NothingSent)


@looped
async def test_a_certificate_that_is_not_trusted_sent_nothing():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    try:
        error = await failure("POST", f"https://localhost:{server.sockets[0].getsockname()[1]}/", json={})
    finally:
        server.close()
    assert isinstance(error, NothingSent)
    assert "not trusted" in str(error)


@looped
async def test_a_trusted_certificate_is_accepted():
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    wire = Wire(tls=ours)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        response = await client_of(wire).get(f"https://localhost:{server.sockets[0].getsockname()[1]}/")
    finally:
        server.close()
        await wire.close()
    assert response.json() == {}


@looped
async def test_no_tls_where_tls_was_expected_sent_nothing():
    async with raw(answering) as server:
        assert isinstance(await failure("POST", f"https://127.0.0.1:{server.port}/", json={}), NothingSent)
        assert server.requests == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@looped
async def test_a_write_that_was_read_and_then_cut_off_is_unknown_and_never_sent_again(method):
    async def cut(server: Raw, line: Line) -> None:
        server.requests.append(await line.request())

    async with raw(cut) as server:
        error = await failure(method, server.url, content=b"x")
        assert not isinstance(error, NothingSent)
        assert isinstance(failure_of(error, read=False), OutcomeUnknown)
        assert len(server.requests) == 1


@looped
async def test_a_write_of_which_one_byte_was_read_is_unknown():
    async def resetting(server: Raw, line: Line) -> None:
        await line.reader.readexactly(1)
        line.reset()

    async with raw(resetting) as server:
        error = await failure("POST", server.url, content=b"x" * 10)
        assert isinstance(failure_of(error, read=False), OutcomeUnknown)
        assert len(server.lines) == 1


@looped
async def test_a_server_that_hangs_up_on_everybody_is_not_called_for_ever():
    async def resetting(server: Raw, line: Line) -> None:
        line.reset()

    async with raw(resetting) as server:
        assert isinstance(await failure("POST", server.url, content=b"x"), httpx.TransportError)
        assert len(server.lines) <= 3


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
@looped
async def test_a_write_on_a_kept_connection_that_breaks_is_not_sent_again(method):
    async def once(server: Raw, line: Line) -> None:
        server.requests.append(await line.request())
        await line.say(OK)
        server.requests.append(await line.request())

    wire = Wire()
    async with raw(once) as server:
        client = client_of(wire)
        await client.get(server.url)
        with pytest.raises(httpx.TransportError) as caught:
            await client.request(method, server.url, content=b"x")
        await wire.close()
        assert not isinstance(caught.value, NothingSent)
        assert len([request for request in server.requests if request]) == 2


@looped
async def test_a_write_finds_out_that_a_kept_connection_was_closed_and_takes_another():
    async def one_each(server: Raw, line: Line) -> None:
        server.requests.append(await line.request())
        await line.say(OK)

    wire = Wire()
    async with raw(one_each) as server:
        client = client_of(wire)
        for _ in range(20):
            assert (await client.post(server.url, json={})).status_code == 200
        await wire.close()
        assert len(server.requests) == 20


@looped
async def test_a_write_sees_a_hang_up_that_the_loop_has_not_seen_yet():
    async def one_each(server: Raw, line: Line) -> None:
        server.requests.append(await line.request())
        await line.say(OK)
        await line.request()

    wire = Wire()
    async with raw(one_each) as server:
        client = client_of(wire)
        await client.post(server.url, json={})
        # The server's end goes away without the loop getting a chance to notice before the next write.
        server.lines[0].writer.get_extra_info("socket")._sock.shutdown(2)
        assert (await client.post(server.url, json={})).status_code == 200
        await wire.close()
        assert len([request for request in server.requests if request]) == 2


@pytest.mark.parametrize("method", ["DELETE", "POST"])
@looped
async def test_a_write_without_a_body_sees_a_hang_up_too_and_takes_another_connection(method):
    async def one_each(server: Raw, line: Line) -> None:
        server.requests.append(await line.request())
        await line.say(OK)
        await line.request()

    wire = Wire()
    async with raw(one_each) as server:
        client = client_of(wire)
        await client.request(method, server.url)
        server.lines[0].writer.get_extra_info("socket")._sock.shutdown(2)
        assert (await client.request(method, server.url)).status_code == 200
        await wire.close()
        assert len([request for request in server.requests if request]) == 2


@looped
async def test_an_address_is_sent_as_it_was_written():
    async def echo(request: web.Request) -> web.Response:
        return web.json_response(request.raw_path)

    wire = Wire()
    async with web_app(echo) as url:
        assert (await client_of(wire).get(f"{url}/a%2Cb%7E?x=%2B+%41")).json() == "/a%2Cb%7E?x=%2B+%41"
        await wire.close()


@looped
async def test_a_read_that_was_cut_off_is_tried_again():
    async def second_time_lucky(server: Raw, line: Line) -> None:
        server.requests.append(await line.request())
        await line.say(OK[: 1000 * (len(server.requests) > 1)])

    wire = Wire()
    async with raw(second_time_lucky) as server:
        assert (await client_of(wire).get(server.url)).json() == {}
        await wire.close()
        assert len(server.requests) == 2


@looped
async def test_a_slow_answer_is_unknown_for_writes():
    async def silent(server: Raw, line: Line) -> None:
        server.requests.append(await line.request())
        await line.request()

    async with raw(silent) as server:
        error = await failure("POST", server.url, json={})
        assert isinstance(error, httpx.ReadTimeout)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Enc",
        b"hello\r\n\r\n",
        b"\0\xff" * 50,
    ],
    ids=["half a body", "half a head", "no HTTP", "bytes"],
)
@looped
async def test_half_and_rubbish_answers_to_a_write_are_unknown(answer):
    async def rubbish(server: Raw, line: Line) -> None:
        await line.request()
        await line.say(answer)

    async with raw(rubbish) as server:
        error = await failure("POST", server.url, json={})
    assert isinstance(error, httpx.TransportError)
    assert isinstance(failure_of(error, read=False), OutcomeUnknown)


@looped
async def test_a_stalling_body_times_out():
    async def stalling(server: Raw, line: Line) -> None:
        await line.request()
        await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await line.request()

    async with raw(stalling) as server:
        assert isinstance(await failure("GET", server.url), httpx.ReadTimeout)


@looped
async def test_private_hosts_are_refused_when_connecting_whatever_their_name():
    async with raw(answering) as server:
        for host in ("127.0.0.1", "localhost", "0x7f000001", "[::ffff:127.0.0.1]"):
            assert isinstance(await failure("GET", f"http://{host}:{server.port}/", Guard()), AddressRefused)
        assert server.lines == []


@looped
async def test_a_connection_that_one_account_may_use_is_not_lent_to_another():
    wire = Wire()
    async with raw(answering) as server:
        assert (await client_of(wire).get(server.url)).status_code == 200
        with pytest.raises(AddressRefused):
            await client_of(wire, Guard()).get(server.url)
        await wire.close()


@looped
async def test_cookies_do_not_travel_from_call_to_call():
    async def answer(request: web.Request) -> web.Response:
        response = web.json_response(dict(request.cookies))
        response.set_cookie("session", "of-somebody")
        return response

    wire = Wire()
    async with web_app(answer) as url:
        client = client_of(wire)
        await client.get(url)
        assert (await client.get(url)).json() == {}
        await wire.close()


@looped
async def test_an_answer_that_is_too_large_is_cut_off():
    async def large(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 200_000)

    wire = Wire(max_answer=100_000)
    async with web_app(large) as url:
        client = client_of(wire)
        with pytest.raises(PermanentFailure, match="larger than"):
            await client.get(url)
        with pytest.raises(httpx.ReadError):
            await client.post(url, json={})
        await wire.close()


@looped
async def test_a_small_answer_that_unpacks_to_a_large_one_is_cut_off():
    bomb = gzip.compress(b"\0" * 50_000_000)

    async def small(request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    wire = Wire(max_answer=1_000_000)
    async with web_app(small) as url:
        with pytest.raises(PermanentFailure, match="larger than 0 MB"):
            await client_of(wire).get(url)
        await wire.close()


@looped
async def test_packed_answers_are_unpacked():
    async def packed(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})

    wire = Wire()
    async with web_app(packed) as url:
        assert (await client_of(wire).get(url)).json() == {"a": 1}
        await wire.close()


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"name": "Jürgen"}},
        {"data": {"name": "Jürgen"}},
        {"content": b"raw"},
        {"files": {"file": ("ä.txt", b"content")}},
        {"params": {"q": "a b&c"}},
        {"headers": [("X-Twice", "1"), ("X-Twice", "2"), ("User-Agent", "own")]},
        {},
    ],
    ids=["json", "form", "content", "files", "params", "headers", "nothing"],
)
@looped
async def test_what_is_sent_is_what_httpx_would_send(options):
    async def echo(request: web.Request) -> web.Response:
        boundary = request.headers.get("Content-Type", "").partition("boundary=")[2].encode() or b"\0"
        headers = [(name, value.partition("boundary=")[0]) for name, value in request.headers.items()]
        body = (await request.read()).replace(boundary, b"").decode()
        return web.json_response([request.raw_path, body, sorted(headers)])

    wire = Wire()
    async with web_app(echo) as url, httpx.AsyncClient(trust_env=False) as reference:
        ours = (await client_of(wire).post(url, **options)).json()
        given = httpx.Headers(options.pop("headers", None))
        given.setdefault("User-Agent", "Zapwerk/1")
        given.setdefault("Accept-Encoding", "gzip, deflate")
        theirs = (await reference.post(url, headers=given, **options)).json()
        await wire.close()
    for answer in (ours, theirs):
        answer[2] = [pair for pair in answer[2] if pair[0] not in ("Connection",)]
    assert ours == theirs


@looped
async def test_header_injection_is_refused_before_anything_is_sent():
    async with raw(answering) as server:
        error = await failure("POST", server.url, headers={"X-A": "b\r\nX-Evil: 1"}, json={})
        assert isinstance(error, PermanentFailure)
        assert server.requests == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://", "/relative", "http://127.0.0.1:99999/", "http://[::1"])
@looped
async def test_what_is_no_web_address_is_refused(url):
    error = await failure("GET", url)
    assert isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL)


@looped
async def test_a_cancelled_request_hangs_up():
    ended = asyncio.Event()

    async def silent(server: Raw, line: Line) -> None:
        server.requests.append(await line.request())
        await line.request()
        ended.set()

    wire = Wire()
    async with raw(silent) as server:
        call = asyncio.create_task(client_of(wire, timeout=httpx.Timeout(30)).get(server.url))
        await until(lambda: server.requests)
        call.cancel()
        await asyncio.wait_for(ended.wait(), 5)
        await wire.close()
