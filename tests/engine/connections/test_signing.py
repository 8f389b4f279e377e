"""Credentials go onto requests to the app's own origin, and nowhere else; reads follow redirects, writes do not."""

import base64
import logging

import httpx
import pytest
from aiohttp import web
from pydantic import SecretStr

from engine.connections.addresses import AddressRefused, Guard
from engine.connections.client import Client
from engine.connections.oauth import TokenKeeper
from engine.connections.signing import Fixed, Signature, Signed, sign_for
from engine.connections.wire import Wire
from engine.sdk.auth import ApiKey, Basic, BearerToken, Credentials, KeyGiven, NoAuth, NothingGiven, PasswordGiven
from engine.sdk.errors import PermanentFailure
from engine.sdk.http import refusal_of
from tests.engine.connections.loops import looped
from tests.engine.connections.servers import web_app
from tests.engine.connections.test_oauth import Refresher, Store, token

LOCAL = Guard(frozenset({"127.0.0.1"}))
KEY = KeyGiven(key=SecretStr("the-key"))


async def echo(request: web.Request) -> web.Response:
    return web.json_response({"headers": dict(request.headers), "path": request.raw_path})


def signed(wire: Wire, sign, base_url: str = "") -> Client:
    return Client(Signed(wire.transport(LOCAL), sign, base_url))


@pytest.mark.parametrize(
    ("kind", "given", "header", "value"),
    [
        (ApiKey(header="X-Api-Key"), KEY, "X-Api-Key", "the-key"),
        (ApiKey(prefix="Token "), KEY, "Authorization", "Token the-key"),
        (BearerToken(), KEY, "Authorization", "Bearer the-key"),
        (Basic(), PasswordGiven(username="ü", password=SecretStr("p:w")), "Authorization",
         "Basic " + base64.b64encode("ü:p:w".encode()).decode()),
    ],
    ids=["key", "prefixed key", "bearer", "basic"],
)  # fmt: skip
@looped
async def test_each_kind_is_put_on_where_it_belongs_and_hidden_afterwards(kind, given, header, value):
    wire = Wire()
    async with web_app(echo) as url:
        response = await signed(wire, sign_for(kind, given, None), url).get(f"{url}/x")
        await wire.close()
    assert response.json()["headers"][header] == value
    assert "the-key" not in repr([response.request.headers, str(response.request.url)])
    assert header not in response.request.headers


@looped
async def test_a_key_in_the_address_is_neither_shown_nor_logged(caplog):
    caplog.set_level(logging.DEBUG)
    wire = Wire()
    async with web_app(echo) as url:
        response = await signed(wire, sign_for(ApiKey(query="api_key"), KEY, None), url).get(
            f"{url}/x", params={"a": "b"}
        )
        await wire.close()
    assert response.json()["path"] == "/x?a=b&api_key=the-key"
    assert str(response.url) == f"{url}/x?a=b"
    assert "the-key" not in caplog.text


class Named(KeyGiven):
    """What a person says besides the key."""

    name: str


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ApiKey(header="X-{name}", prefix="{name} "), Signature(header=("X-Own", "Own the-key"))),
        (ApiKey(query="{name}"), Signature(query=("Own", "the-key"))),
    ],
)
def test_names_with_placeholders_are_filled_in_from_what_the_person_gave(kind, expected):
    sign = sign_for(kind, Named(key=SecretStr("the-key"), name="Own"), None)
    assert sign == Fixed(expected)


@pytest.mark.parametrize(("kind", "given"), [(NoAuth(), NothingGiven()), (Credentials(PasswordGiven), None)])
def test_what_only_the_connector_understands_is_not_put_on(kind, given):
    assert sign_for(kind, given, None) is None


@pytest.mark.parametrize(
    "sign", [sign_for(ApiKey(header="X-Api-Key"), KEY, None), sign_for(ApiKey(query="key"), KEY, None)]
)
@looped
async def test_another_origin_gets_no_credentials(sign):
    wire = Wire()
    async with web_app(echo) as own, web_app(echo) as other:
        client = signed(wire, sign, own)
        direct = (await client.get(f"{other}/x")).text
        await wire.close()
    assert "the-key" not in direct


@looped
async def test_a_redirect_to_another_origin_takes_no_secret_along():
    wire = Wire()
    async with web_app(echo) as other:

        async def away(request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{other}/landed"})

        async with web_app(away) as own:
            client = signed(wire, sign_for(ApiKey(header="X-Api-Key"), KEY, None))
            arrived = (await client.get(own, headers={"X-Own-Token": "typed-by-hand", "Accept": "text/x"})).json()
        await wire.close()
    assert arrived["path"] == "/landed"
    assert arrived["headers"]["Accept"] == "text/x"
    assert {"X-Api-Key", "X-Own-Token"}.isdisjoint(arrived["headers"])


@looped
async def test_a_redirect_on_the_same_origin_stays_signed():
    async def moved(request: web.Request) -> web.StreamResponse:
        return await echo(request) if request.path == "/new" else web.Response(status=301, headers={"Location": "/new"})

    wire = Wire()
    async with web_app(moved) as url:
        answer = (await signed(wire, sign_for(BearerToken(), KEY, None), url).get(f"{url}/old")).json()
        await wire.close()
    assert answer["headers"]["Authorization"] == "Bearer the-key"


@looped
async def test_a_redirect_into_a_private_network_is_refused():
    async def inside(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"http://localhost:{request.url.port}/admin"})

    wire = Wire()
    async with web_app(inside) as url:
        with pytest.raises(AddressRefused):
            await signed(wire, None).get(url)
        await wire.close()


@looped
async def test_redirects_in_a_circle_end():
    async def circle(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/"})

    wire = Wire()
    async with web_app(circle) as url:
        with pytest.raises(httpx.TooManyRedirects):
            await signed(wire, None).get(url)
        await wire.close()


@pytest.mark.parametrize("status", [301, 302, 303])
@looped
async def test_a_write_is_not_sent_on_where_it_may_have_been_done(status):
    paths = []

    async def moved(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    wire = Wire()
    async with web_app(moved) as url:
        response = await signed(wire, None).post(url, json={})
        await wire.close()
    assert (response.status_code, paths) == (status, ["/"])


@pytest.mark.parametrize("status", [307, 308])
@looped
async def test_a_write_that_was_not_done_is_sent_on_within_its_origin_signed_and_unchanged(status):
    async def moved(request: web.Request) -> web.Response:
        if request.path == "/":
            return web.Response(status=status, headers={"Location": "/elsewhere"})
        return web.json_response([request.method, await request.text(), dict(request.headers)])

    wire = Wire()
    async with web_app(moved) as url:
        response = await signed(wire, sign_for(BearerToken(), KEY, None), url).post(url, json={"n": 1})
        await wire.close()
    method, body, headers = response.json()
    assert (method, body, str(response.url)) == ("POST", '{"n":1}', f"{url}/elsewhere")
    assert (headers["Authorization"], headers["Content-Type"]) == ("Bearer the-key", "application/json")
    assert "Authorization" not in response.request.headers


@pytest.mark.parametrize("status", [307, 308])
@looped
async def test_a_write_is_never_sent_on_to_another_origin(status):
    arrived = []

    async def other_answer(request: web.Request) -> web.Response:
        arrived.append(request.path)
        return web.Response()

    wire = Wire()
    async with web_app(other_answer) as other:

        async def moved(request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": f"{other}/landed"})

        async with web_app(moved) as url:
            assert (await signed(wire, None).post(url, json={})).status_code == status
        await wire.close()
    assert arrived == []


@pytest.mark.parametrize(("status", "body"), [(302, b"asked"), (307, b"asked"), (303, b"")])
@looped
async def test_a_read_keeps_its_body_within_its_origin(status, body):
    async def moved(request: web.Request) -> web.Response:
        if request.path == "/":
            return web.Response(status=status, headers={"Location": "/elsewhere"})
        return web.Response(body=await request.read())

    wire = Wire()
    async with web_app(moved) as url:
        assert (await signed(wire, None).request("GET", url, content=b"asked")).content == body
        await wire.close()


@looped
async def test_a_redirect_to_an_address_with_a_user_name_is_refused():
    async def away(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"http://user:pw@127.0.0.1:{request.url.port}/"})

    wire = Wire()
    async with web_app(away) as url:
        with pytest.raises(httpx.UnsupportedProtocol, match="user name"):
            await signed(wire, None).get(url)
        await wire.close()


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_write_to_an_address_that_moved_was_not_done(status):
    response = httpx.Response(status, headers={"Location": "https://new.example/"})
    assert isinstance(refusal_of(response, read=False), PermanentFailure)
    assert refusal_of(response, read=True) is None


class Api:
    """Accepts the access tokens in `good`."""

    def __init__(self, *good: str) -> None:
        self.good = {f"Bearer {one}" for one in good}
        self.seen: list[tuple[str, bytes]] = []

    async def answer(self, request: web.Request) -> web.Response:
        said = request.headers["Authorization"]
        self.seen.append((said, await request.read()))
        return web.json_response({}, status=200 if said in self.good else 401)


@looped
async def test_a_refused_token_is_refreshed_and_the_request_sent_once_more():
    api, refresh, wire = Api("a1"), Refresher(), Wire()
    keeper = TokenKeeper("c", token(), refresh, Store())
    async with web_app(api.answer) as url:
        response = await signed(wire, sign_for(NoAuth(), None, keeper), url).post(url, json={"n": 1})
        await wire.close()
    assert response.status_code == 200
    assert api.seen == [("Bearer a0", b'{"n":1}'), ("Bearer a1", b'{"n":1}')]
    assert refresh.used == ["r0"]


@looped
async def test_a_token_that_is_refused_again_is_not_refreshed_for_ever():
    api, refresh, wire = Api(), Refresher(), Wire()
    keeper = TokenKeeper("c", token(), refresh, Store())
    async with web_app(api.answer) as url:
        client = signed(wire, sign_for(NoAuth(), None, keeper), url)
        assert [(await client.get(url)).status_code for _ in range(3)] == [401, 401, 401]
        await wire.close()
    assert refresh.used == ["r0"]
