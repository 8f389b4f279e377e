"""What comes back: the record of an answer, and which answers are failures."""

from typing import Any

import pytest
from aiohttp import web

from engine.store.states import RunState
from engine.zaps.model import ActionStep
from tests.connectors.http.benches import HttpBench, service
from tests.engine.benches import in_a_loop


def answer(body: bytes, kind: str = "", **headers: str) -> web.Response:
    typed = {"Content-Type": kind} if kind else {}
    return web.Response(body=body, headers={**typed, **headers})


@pytest.mark.parametrize(
    ("kind", "body", "value"),
    [
        ("application/json", b'{"a": [1, 2.5, null, "\xc3\xbc"]}', {"a": [1, 2.5, None, "ü"]}),
        ("application/json; charset=utf-8", b"[]", []),
        ("application/problem+json", b'{"title": "x"}', {"title": "x"}),
        ("application/json", b"oops", "oops"),
        ("application/json", b'{"a": NaN}', '{"a": NaN}'),
        ("application/json", b"[1e999]", "[1e999]"),
        ("application/json", b"[" * 100_000, "[" * 100_000),
        ("text/plain; charset=latin-1", b"J\xfcrgen", "Jürgen"),
        ("text/html", "<p>ü</p>".encode(), "<p>ü</p>"),
        ("application/xml", b"<a/>", "<a/>"),
        ("text/plain; charset=unheard-of", b"text", "text"),
        ("application/json", b"", None),
    ],
)
@in_a_loop
async def test_a_body_is_read_by_its_kind(bench: HttpBench, kind: str, body: bytes, value: Any):
    async with service() as there:
        there.next(answer(body, kind))
        run = await bench.sent(url=there.url)
    assert run.state == RunState.SUCCEEDED
    assert bench.output(run)["body"] == value


@pytest.mark.parametrize(
    ("reply", "name", "kind"),
    [
        (answer(b"\x89PNG\0", "image/png"), "picture", "image/png"),
        (answer(b"%PDF\0", "application/pdf", **{"Content-Disposition": 'attachment; filename="../Rechnung 5.pdf"'}),
         "Rechnung 5.pdf", "application/pdf"),
        (answer(b"\0\1", "application/octet-stream"), "picture", "application/octet-stream"),
        (answer(b"a" * 1_000_001, "text/csv"), "picture", "text/csv"),
    ],
    ids=["picture", "named by the service", "bytes", "a long text"],
)  # fmt: skip
@in_a_loop
async def test_what_is_no_short_text_becomes_a_file(bench: HttpBench, reply: web.Response, name: str, kind: str):
    async with service() as there:
        there.next(reply)
        run = await bench.sent(url=f"{there.url}/picture")
    file = bench.output(run)["body"]
    assert (file["name"], file["content_type"], file["size"]) == (name, kind, reply.content_length)
    assert bench.runtime.blobs.size(file["ref"]) == file["size"]


@in_a_loop
async def test_the_record_holds_status_headers_address_and_the_requests_own_id(bench: HttpBench):
    reply = web.json_response({"id": 7}, status=201, headers={"X-Total": "5"})
    reply.headers.add("X-Twice", "a")
    reply.headers.add("x-twice", "b")
    async with service() as there:
        there.next(reply)
        run = await bench.sent(method="POST", url=f"{there.url}/things")
    found = bench.output(run)
    assert (found["status"], found["url"]) == (201, f"{there.url}/things")
    assert (found["headers"]["x-total"], found["headers"]["x-twice"]) == ("5", "a, b")
    assert found["id"] == there.keys[0]


@in_a_loop
async def test_later_steps_map_what_was_answered(bench: HttpBench):
    mapped = {"first": "{{ sent.body.rows[0].name }}", "total": "{{ sent.headers.x-total }}", "all": "{{ sent.body }}"}
    async with service() as there:
        there.next(web.json_response({"rows": [{"name": "Erika"}]}, headers={"X-Total": "5"}))
        more = ActionStep(key="more", use="http.request", with_={"method": "PUT", "url": there.url, "body": mapped})
        run = await bench.sent(more, url=there.url)
    assert run.state == RunState.SUCCEEDED
    assert there.last.body == b'{"first":"Erika","total":"5","all":{"rows":[{"name":"Erika"}]}}'


@pytest.mark.parametrize(
    ("status", "method", "state", "words"),
    [
        (404, "GET", RunState.FAILED, "answered 404"),
        (422, "POST", RunState.FAILED, "answered 422"),
        (304, "GET", RunState.FAILED, "answered 304"),
        (500, "GET", RunState.RETRYING, "answered 500"),
        (429, "POST", RunState.RETRYING, "too busy"),
        (500, "POST", RunState.NEEDS_REVIEW, "broke off"),
        (502, "PATCH", RunState.NEEDS_REVIEW, "broke off"),
        (500, "PUT", RunState.RETRYING, "answered 500"),
        (401, "GET", RunState.FAILED, "Choose a connection"),
        (403, "POST", RunState.FAILED, "Choose a connection"),
    ],
)
@in_a_loop
async def test_a_status_decides_what_becomes_of_the_run(
    bench: HttpBench, status: int, method: str, state: RunState, words: str
):
    async with service() as there:
        there.next(*(web.Response(status=status) for _ in range(5)))
        run = await bench.sent(method=method, url=there.url)
    assert (run.state, words in run.problem) == (state, True), run.problem


@pytest.mark.parametrize(
    ("accept", "status"),
    [("404", 404), ("404, 409", 409), ("4xx", 429), (["4XX", "5xx"], 503), (302, 302), ("401", 401)],
)
@in_a_loop
async def test_a_status_that_was_listed_is_a_result(bench: HttpBench, accept: Any, status: int):
    async with service() as there:
        there.next(web.json_response({"why": "x"}, status=status, headers={"Location": "/elsewhere"}))
        run = await bench.sent(method="POST", url=there.url, accept=accept)
    assert run.state == RunState.SUCCEEDED
    assert bench.output(run)["status"] == status
    assert bench.output(run)["body"] == {"why": "x"}


@in_a_loop
async def test_listing_one_status_lets_no_other_pass(bench: HttpBench):
    async with service() as there:
        there.next(web.Response(status=410))
        run = await bench.sent(url=there.url, accept="404")
    assert run.state == RunState.FAILED


@in_a_loop
async def test_a_read_whose_answer_is_larger_than_the_engine_takes_fails_with_the_limit(bench: HttpBench):
    bench.runtime.calls.contexts.wire.max_answer = 100_000
    async with service() as there:
        there.next(answer(b"x" * 200_000, "text/plain"))
        run = await bench.sent(url=there.url)
    assert run.state == RunState.FAILED
    assert "larger than" in run.problem
