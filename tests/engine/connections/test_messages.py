"""Requests and responses made quickly are those that httpx would make."""

from typing import Any

import httpx
import pytest

from engine.connections import messages

URLS = [
    "http://host", "http://host?q=1", "HTTP://Example.COM/a%2Cb?x=%2B+%20y&z=ä", "http://[::1]:8080/", "http://bücher.de/ü",
    "http://a.example/a/../b", "https://a.example:8443/a;b=c?d e#part", "http://h/%zz",
]  # fmt: skip
BODIES: list[dict[str, Any]] = [
    {},
    {"json": {"name": "Jürgen", "n": [1, None, True, 2.5]}},
    {"json": []},
    {"content": b"raw"},
    {"content": "tüxt"},
    {"content": ""},
    {"json": {"a": 1}, "headers": {"content-type": "application/vnd.api+json", "X-Twice": "1"}},
    {"content": b"x", "headers": [("X-Twice", "1"), ("X-Twice", "2"), ("Host", "other.example")]},
]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("given", BODIES, ids=str)
def test_a_request_equals_the_one_that_httpx_makes(method: str, given: dict[str, Any]):
    url = "https://api.example/v1?q=1"
    theirs = httpx.Request(method, url, **given)
    lines = list(messages.lines_of(given.get("headers")))
    ours = messages.request(
        method, messages.address(url), lines, content=given.get("content"), data=given.get("json"), extensions={}
    )
    assert (ours.method, ours.url, ours.content) == (theirs.method, theirs.url, theirs.content)
    assert ours.headers == theirs.headers
    assert b"".join(ours.stream) == b"".join(theirs.stream)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", URLS)
def test_what_leaves_is_the_address_that_httpx_reads(url: str):
    read, target = httpx.URL(url), messages.target_of(httpx.URL(url))
    assert target.raw_host == read.raw_host.decode()
    assert target.raw_path_qs == read.raw_path.decode()
    assert target.port == (read.port or {"http": 80, "https": 443}[read.scheme])
    assert messages.address(url).origin == messages.origin_of(read)


def test_user_name_and_password_do_not_leave_with_an_address():
    target = messages.target_of(httpx.URL("http://user:secret@host/x"))
    assert str(target) == "http://host/x"


@pytest.mark.parametrize("url", ["/relative", "http:///path", "host"])
def test_an_address_without_a_host_leads_nowhere(url: str):
    with pytest.raises(ValueError, match="host"):
        messages.target_of(httpx.URL(url))


def test_a_response_equals_one_that_httpx_has_read():
    lines = [(b"Content-Type", b"application/json"), (b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")]
    theirs = httpx.Response(201, headers=lines, stream=httpx.ByteStream(b'{"a": 1}'))
    theirs.read()
    ours = messages.response(201, lines, b'{"a": 1}', {})
    assert (ours.status_code, ours.headers, ours.content) == (theirs.status_code, theirs.headers, theirs.content)
    assert ours.json() == theirs.json()
    assert ours.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert (ours.is_closed, ours.is_stream_consumed) == (theirs.is_closed, theirs.is_stream_consumed)
    assert ours.num_bytes_downloaded == theirs.num_bytes_downloaded
    assert b"".join(ours.iter_bytes()) == b'{"a": 1}'


def test_headers_given_once_more_are_not_those_of_the_caller():
    given = httpx.Headers({"X-A": "1"})
    messages.request("GET", messages.address("http://h/"), list(messages.lines_of(given)), content=None, data=None,
                     extensions={})  # fmt: skip
    assert given.raw == [(b"X-A", b"1")]
