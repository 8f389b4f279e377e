"""A connection of the HTTP app: how it signs, which host it is for, and what a refusal means."""

import base64
import json

import pytest
from aiohttp import web

from engine.errors import Problems, Refused
from engine.store.states import RunState
from tests.connectors.http.benches import HttpBench, service
from tests.engine.benches import in_a_loop

SECRET = "s3cret-key"
WAYS = [
    pytest.param("token", {"key": SECRET}, "authorization", f"Bearer {SECRET}", id="token"),
    pytest.param(
        "basic", {"username": "erika", "password": SECRET}, "authorization",
        "Basic " + base64.b64encode(f"erika:{SECRET}".encode()).decode(), id="basic",
    ),
    pytest.param("api_key", {"key": SECRET}, "x-api-key", SECRET, id="usual header"),
    pytest.param(
        "api_key", {"key": SECRET, "header": "X-Own", "prefix": "Token "}, "x-own", f"Token{SECRET}", id="own header"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("auth", "values", "header", "value"), WAYS)
@in_a_loop
async def test_each_way_signs_requests_below_its_address(
    bench: HttpBench, auth: str, values: dict[str, str], header: str, value: str
):
    async with service() as there:
        connection = await bench.signed_in(auth, base_url=f"{there.url}/v1/", **values)
        run = await bench.sent(connection=connection, url="/me", query={"a": 1})
    assert run.state == RunState.SUCCEEDED
    assert there.last.path == "/v1/me?a=1"
    assert there.last.headers[header] == value


@in_a_loop
async def test_a_key_in_the_address_goes_out_and_is_never_shown(bench: HttpBench):
    async with service() as there:
        connection = await bench.signed_in("query_key", base_url=there.url, parameter="apikey", key=SECRET)
        run = await bench.sent(connection=connection, url=f"{there.url}/x?a=b")
    assert there.last.path == f"/x?a=b&apikey={SECRET}"
    assert bench.output(run)["url"] == f"{there.url}/x?a=b"
    assert SECRET not in repr(bench.lines(run.id))


@pytest.mark.parametrize("auth", ["token", "query_key"])
@in_a_loop
async def test_a_mapped_address_cannot_send_the_secret_elsewhere(bench: HttpBench, auth: str):
    async with service() as own, service() as other:
        connection = await bench.signed_in(auth, base_url=own.url, key=SECRET)
        run = await bench.sent(connection=connection, url="{{ trigger.data }}", data=f"{other.url}/x")
        assert other.seen == []
    assert (run.state, run.field) == (RunState.FAILED, "url")
    assert f"The connection is for {own.url}" in run.problem


@pytest.mark.parametrize("url", ["//{other}/x", "http:\\\\{other}/x", "@{other}/x", "..//{other}"])
@in_a_loop
async def test_odd_spellings_stay_on_the_host_of_the_connection(bench: HttpBench, url: str):
    async with service() as own, service() as other:
        connection = await bench.signed_in("token", base_url=f"{own.url}/v1", key=SECRET)
        await bench.sent(connection=connection, url=url.format(other=other.url.removeprefix("http://")))
        assert other.seen == []


@in_a_loop
async def test_a_redirect_takes_the_sign_in_to_no_other_origin(bench: HttpBench):
    async with service() as other, service() as own:
        connection = await bench.signed_in("token", base_url=own.url, key=SECRET)
        own.next(web.Response(status=302, headers={"Location": f"{other.url}/landed"}))
        run = await bench.sent(connection=connection, url="x")
    assert run.state == RunState.SUCCEEDED
    assert other.last.path == "/landed"
    assert SECRET not in repr(other.last)


@in_a_loop
async def test_a_refused_sign_in_holds_the_run_until_the_connection_is_repaired(bench: HttpBench):
    async with service() as there:
        connection = await bench.signed_in("token", base_url=there.url, key=SECRET)
        there.next(web.Response(status=401))
        run = await bench.sent(connection=connection, method="POST", url="x")
        assert run.state == RunState.HELD
        await bench.runtime.connecting.reconnect(connection, {"key": "another-key"})
        await bench.drain()
    assert bench.run(run.id).state == RunState.SUCCEEDED
    assert there.last.headers["authorization"] == "Bearer another-key"


@in_a_loop
async def test_without_a_connection_a_refusal_fails_the_run_at_the_connection(bench: HttpBench):
    async with service() as there:
        there.next(web.Response(status=401))
        run = await bench.sent(url=there.url)
    assert (run.state, run.field) == (RunState.FAILED, "connection")


@pytest.mark.parametrize(
    ("status", "probe", "accepted"),
    [(200, "", True), (404, "", True), (403, "", True), (401, "", False), (200, "me", True), (403, "me", False),
     (404, "me", False)],
)  # fmt: skip
@in_a_loop
async def test_a_connection_is_saved_only_when_the_service_does_not_refuse_it(
    bench: HttpBench, status: int, probe: str, accepted: bool
):
    async with service() as there:
        there.next(web.Response(status=status))
        try:
            await bench.signed_in("token", base_url=f"{there.url}/v1", key=SECRET, probe=probe)
            saved = True
        except (Problems, Refused):
            saved = False
    assert saved is accepted
    assert there.last.path == ("/v1/me" if probe else "/v1")
    assert there.last.method == "GET"


@in_a_loop
async def test_the_same_service_with_another_key_is_the_same_account_and_another_service_is_not(bench: HttpBench):
    async with service() as one, service() as two:
        connection = await bench.signed_in("token", base_url=one.url, key=SECRET)
        await bench.runtime.connecting.reconnect(connection, {"key": "new"}, trusted=True)
        with pytest.raises(Refused, match="another account"):
            await bench.runtime.connecting.reconnect(connection, {"base_url": two.url}, trusted=True)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "base_url"),
        ({"base_url": "ftp://example.com"}, "base_url"),
        ({"base_url": "https://user:hidden@example.com"}, "base_url"),
        ({"base_url": "https://example.com/?a=b"}, "base_url"),
        ({"base_url": "https://example.com", "header": "Host"}, "header"),
        ({"base_url": "https://example.com", "header": "a b"}, "header"),
    ],
)
@in_a_loop
async def test_what_is_no_sign_in_is_refused_at_its_field(bench: HttpBench, values: dict[str, str], field: str):
    with pytest.raises(Problems) as caught:
        await bench.signed_in("api_key", key=SECRET, **values)
    assert [one.field for one in caught.value.problems] == [field]
    assert "hidden" not in str(caught.value)


@in_a_loop
async def test_without_a_sign_in_nothing_needs_to_be_filled_in(bench: HttpBench):
    async with service() as there:
        connection = await bench.signed_in("none", base_url=there.url)
        run = await bench.sent(connection=connection, url="x")
    assert run.state == RunState.SUCCEEDED
    assert json.loads(there.last.body or b"null") is None
