"""Secrets are sent, and never seen again: not in the journal, history or an error. Those that a person typed into a
step, and those of a connection.
"""

import base64

import pytest
from aiohttp import web

from connectors.http import names
from engine.store.states import RunState
from tests.connectors.http.benches import HttpBench, service
from tests.connectors.http.test_typed_secrets import everything_in
from tests.engine.benches import in_a_loop

SECRET = "typed-by-hand"
BLOT = "••••••"


@pytest.mark.parametrize(
    "name",
    ["Authorization", "Proxy-Auth", "Cookie", "X-Api-Key", "apikey", "api_key", "X-Auth-Token", "access_token", "token",
     "X-Amz-Security-Token", "client_secret", "Ocp-Apim-Subscription-Key", "password", "sig", "X-Hub-Signature", "key",
     "session_id"],
)  # fmt: skip
def test_secret_names_are_known(name: str):
    assert names.is_secret(name)


@pytest.mark.parametrize(
    "name", ["Accept", "Content-Type", "Idempotency-Key", "X-Author", "Authors", "keyword", "q", "page", "User-Agent"]
)
def test_ordinary_names_are_no_secrets(name: str):
    assert not names.is_secret(name)


@in_a_loop
async def test_a_typed_secret_is_sent_and_blotted_out_in_the_journal(bench: HttpBench):
    async with service() as there:
        run = await bench.sent(
            method="POST",
            url=there.url,
            headers={"Authorization": f"Bearer {SECRET}", "X-Shown": "shown"},
            query={"api_key": SECRET, "q": "shown"},
        )
    assert there.last.headers["authorization"] == f"Bearer {SECRET}"
    assert there.last.path == f"/?api_key={SECRET}&q=shown"
    journal = bench.lines(run.id)
    assert journal[0].data["input"]["headers"] == {"Authorization": BLOT, "X-Shown": "shown"}
    assert journal[0].data["input"]["query"] == {"api_key": BLOT, "q": "shown"}
    assert SECRET not in repr(journal)


@in_a_loop
async def test_a_review_shows_what_was_sent_without_the_secret(bench: HttpBench):
    async with service() as there:
        there.next(web.Response(status=500))
        run = await bench.sent(method="POST", url=there.url, headers={"X-Api-Key": SECRET, "X-Shown": "shown"})
    assert run.state == RunState.NEEDS_REVIEW
    assert bench.lines(run.id)[-1].data["sent"]["headers"] == {"X-Api-Key": BLOT, "X-Shown": "shown"}
    assert SECRET not in repr(bench.lines(run.id))


@in_a_loop
async def test_a_service_that_repeats_the_secret_in_its_refusal_does_not_bring_it_into_the_history(bench: HttpBench):
    async with service() as there:
        there.next(web.Response(status=422, text=f"the key {SECRET} is unknown"))
        run = await bench.sent(method="POST", url=there.url, headers={"X-Api-Key": SECRET})
    assert "the key ••• is unknown" in run.problem
    assert SECRET not in repr([run, bench.lines(run.id)])


SAVED = "kept/by+the connection"
PAIR = base64.b64encode(f"erika:{SAVED}".encode()).decode()


async def echoing(request: web.Request) -> web.Response:
    return web.json_response({"headers": dict(request.headers), "path": request.raw_path, "key": dict(request.query)})


@pytest.mark.parametrize(
    ("auth", "values"),
    [
        pytest.param("token", {}, id="token"),
        pytest.param("basic", {"username": "erika"}, id="user name and password"),
        pytest.param("api_key", {}, id="key in a header"),
        pytest.param("query_key", {}, id="key in the address"),
    ],
)
@in_a_loop
async def test_a_service_that_repeats_the_secret_of_a_connection_does_not_bring_it_onto_the_disk(
    bench: HttpBench, auth: str, values: dict[str, str]
):
    field = "password" if auth == "basic" else "key"
    async with service() as there:
        connection = await bench.signed_in(auth, base_url=there.url, **{field: SAVED}, **values)
        there.next(echoing)
        run = await bench.sent(connection=connection, method="POST", url="x")
    assert run.state == RunState.SUCCEEDED
    assert "•••" in repr(bench.output(run))
    await bench.engine.indexing.tick()
    written = everything_in(bench.settings.data)
    found = [form for form in (SAVED, "kept%2Fby", PAIR, PAIR[12:-4]) if form.encode() in written]
    assert not found
