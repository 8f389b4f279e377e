"""What goes out: method, address, query, headers and body as drawn, native values as they are, and the key."""

from typing import Any

import pytest

from connectors.http import http
from engine.registry import Registry
from engine.store.states import RunState
from engine.zaps import check
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.connectors.http.benches import HttpBench, feed_of, service
from tests.engine.benches import in_a_loop

WRITES = ["POST", "PUT", "PATCH", "DELETE"]
READS = ["GET", "HEAD", "OPTIONS"]


@pytest.mark.parametrize("method", [*WRITES, *READS])
@in_a_loop
async def test_every_method_is_sent_and_only_writes_carry_a_key(bench: HttpBench, method: str):
    async with service() as there:
        run = await bench.sent(method=method.lower(), url=f"{there.url}/x")
    assert run.state == RunState.SUCCEEDED
    assert there.last.method == method
    assert bool(there.keys[0]) == (method in WRITES)


@in_a_loop
async def test_the_key_is_what_the_journal_holds_and_each_runs_own(bench: HttpBench):
    async with service() as there:
        zap = await bench.sending(method="POST", url=there.url)
        await bench.feeds(zap)
        await bench.feeds(zap)
        await bench.drain()
        runs = bench.runs(zap)
    assert set(there.keys) == {bench.lines(run.id)[0].data["key"] for run in runs}
    assert len(there.keys) == len(set(there.keys)) == 2


@in_a_loop
async def test_a_key_that_a_person_set_is_kept(bench: HttpBench):
    async with service() as there:
        await bench.sent(method="POST", url=there.url, headers={"idempotency-key": "{{ trigger.id }}-own"})
    assert there.keys == ["1-own"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"q": "a b&c", "n": 5, "yes": True}, "/x?q=a%20b%26c&n=5&yes=true"),
        ({"tag": ["a", "ü"]}, "/x?tag=a&tag=%C3%BC"),
        ({"gone": "{{ trigger.data.note }}", "who": "{{ trigger.data.name }}"}, "/x?who=ball"),
        ({}, "/x"),
    ],
    ids=["single values", "a list", "nothing where a value is missing", "none"],
)
@in_a_loop
async def test_the_query_is_added_to_the_address(bench: HttpBench, query: dict[str, Any], path: str):
    async with service() as there:
        await bench.sent(url=f"{there.url}/x", query=query, data={"name": "ball"})
    assert there.last.path == path


@in_a_loop
async def test_a_query_in_the_address_stays_as_it_was_written(bench: HttpBench):
    async with service() as there:
        await bench.sent(url=f"{there.url}/a%2Cb?x=%2B+1", query={"y": "2"})
    assert there.last.path == "/a%2Cb?x=%2B+1&y=2"


@pytest.mark.parametrize(
    ("given", "body", "kind"),
    [
        ({"body": {"name": "{{ trigger.data.name }}", "tags": ["ü", 1, None]}}, '{"name":"ball","tags":["ü",1,null]}',
         "application/json"),
        ({"body": ["{{ trigger.data.name }}"]}, '["ball"]', "application/json"),
        ({"body": "{{ trigger.data.parts }}"}, '[{"size":1.5},{"size":null}]', "application/json"),
        ({"body": {"double": "{{ trigger.data.size | times: 2 }}"}}, '{"double":3}', "application/json"),
        ({"body": "hello {{ trigger.data.name }}"}, "hello ball", "text/plain; charset=utf-8"),
        ({"body": "[note] {not json}"}, "[note] {not json}", "text/plain; charset=utf-8"),
        ({"body": '{"a":  1}', "body_format": "json"}, '{"a":  1}', "application/json"),
        ({"body": '{"a":  1}', "headers": {"content-type": "text/csv"}}, '{"a":  1}', "text/csv"),
        ({"body": {"a": "ü b", "t": [1, 2], "gone": None}, "body_format": "form"}, "a=%C3%BC+b&t=1&t=2",
         "application/x-www-form-urlencoded"),
        ({"body": 5, "body_format": "text"}, "5", "text/plain; charset=utf-8"),
        ({"body": ""}, "", None),
        ({}, "", None),
    ],
    ids=["mapping", "list", "mapped list", "computed number", "text", "text that looks like JSON", "JSON as text",
         "own content type", "form", "number as text", "empty", "none"],
)  # fmt: skip
@in_a_loop
async def test_the_body_is_sent(bench: HttpBench, given: dict[str, Any], body: str, kind: str | None):
    data = {"name": "ball", "size": 1.5, "parts": [{"size": 1.5}, {"size": None}]}
    async with service() as there:
        run = await bench.sent(method="POST", url=there.url, data=data, **given)
    assert run.state == RunState.SUCCEEDED
    assert there.last.body.decode() == body
    assert there.last.headers.get("content-type") == kind


@in_a_loop
async def test_headers_are_sent_as_typed_and_blank_ones_left_out(bench: HttpBench):
    mapped = {"X-Who": "{{ trigger.data.name }}", "X-Gone": "{{ trigger.data.note }}"}
    async with service() as there:
        await bench.sent(url=there.url, headers={**mapped, "X-Number": 5, "X-Umlaut": "Jürgen"}, data={"name": "ball"})
    sent = there.last.headers
    assert (sent["x-who"], sent["x-number"], sent["x-umlaut"]) == ("ball", "5", "Jürgen")
    assert "x-gone" not in sent


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"body": "{", "body_format": "json"}, "no valid JSON"),
        ({"body": {"a": 1}, "body_format": "text"}, "cannot be sent as text"),
        ({"body": [1], "body_format": "form"}, "named values"),
        ({"body": {"a": {"b": 1}}, "body_format": "form"}, "“a”"),
        ({"query": {"a": {"b": 1}}}, "“a”"),
        ({"headers": {"X-A": "{{ trigger.data }}"}}, "line break"),
    ],
)
@in_a_loop
async def test_what_cannot_be_sent_fails_at_its_field(bench: HttpBench, given: dict[str, Any], words: str):
    async with service() as there:
        run = await bench.sent(method="POST", url=there.url, data="a\nb", **given)
    assert (run.state, run.field) == (RunState.FAILED, next(iter(given)))
    assert words in run.problem
    assert there.seen == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"headers": {"X-A": "b\nX-Evil: 1"}}, "line break"),
        ({"headers": {"X-A": "b\x00"}}, "control character"),
        ({"headers": {"X A": "b"}}, "not the name of a header"),
        ({"headers": {"X-A": {"b": 1}}}, "group or a list"),
        *(({"headers": {name: "x"}}, "written by Zapwerk")
          for name in ("Host", "connection", "Content-Length", "Transfer-Encoding", "TE", "Upgrade")),
        ({"timeout": 0}, "1"),
        ({"timeout": 121}, "120"),
        ({"accept": ["4x"]}, "404"),
        ({"method": "TRACE"}, "TRACE"),
    ],
)  # fmt: skip
def test_what_can_never_be_sent_is_a_problem_of_the_drawn_zap(given: dict[str, Any], words: str):
    step = ActionStep(key="sent", use="http.request", with_={"url": "https://example.com/", **given})
    zap = Zap(name="z", trigger=TriggerUse(use="feed.new"), steps=(step,))
    (found,) = check.problems(zap, Registry.of(feed_of([]), http), {})
    assert (found.step, found.field) == ("sent", next(iter(given)))
    assert words in found.message


@in_a_loop
async def test_a_header_that_cannot_be_sent_is_not_quoted(bench: HttpBench):
    run = await bench.sent(
        url="http://127.0.0.1:1/", headers={"Authorization": "{{ trigger.data }}"}, data="Bearer very\nsecret"
    )
    assert "line break" in run.problem
    assert "secret" not in repr(bench.lines(run.id))
