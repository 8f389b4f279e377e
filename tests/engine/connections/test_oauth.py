"""Signing in with PKCE, and a token that is refreshed once, stored before it is used, and never lost to impatience."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from pydantic import SecretStr

from engine.connections.addresses import Guard
from engine.connections.client import Client
from engine.connections.oauth import SignIn, TokenKeeper, challenge_of
from engine.connections.wire import Wire
from engine.sdk.auth import OAuth2, Profile, Token
from engine.sdk.errors import AuthFailed, PermissionMissing, TemporaryFailure
from tests.engine.connections.loops import looped, until
from tests.engine.connections.servers import web_app
from tests.waiting import free_port

PROFILE = Profile(client_id="our id", client_secret=SecretStr("our/secret"))
LOCAL = Guard(frozenset({"127.0.0.1"}))


def token(access: str = "a0", refresh: str | None = "r0", expires_at: float | None = None, **more) -> Token:
    return Token(
        access_token=SecretStr(access),
        refresh_token=SecretStr(refresh) if refresh else None,
        expires_at=expires_at,
        **more,
    )


class Service:
    """A token endpoint that replaces the refresh token each time, as careful services do."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.current = 0
        self.answers: list[web.Response] = []

    async def answer(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        self.headers.append(dict(request.headers))
        if self.answers:
            return self.answers.pop(0)
        if form.get("refresh_token", f"r{self.current}") != f"r{self.current}":
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.current += 1
        return web.json_response(
            {"access_token": f"a{self.current}", "refresh_token": f"r{self.current}", "expires_in": 3600, "scope": "s",
             "instance_url": "https://eu.example"}
        )  # fmt: skip


@asynccontextmanager
async def signing_in(service: Service, **options) -> AsyncIterator[SignIn]:
    wire = Wire()
    async with web_app(service.answer) as url:
        oauth = OAuth2(
            authorize=f"{url}/authorize?prompt=x",
            token=f"{url}/token",
            revoke=f"{url}/revoke",
            scopes=("a", "b"),
            **options,
        )
        yield SignIn(oauth, PROFILE, Client(wire.transport(LOCAL)), "http://127.0.0.1:8000/callback")
    await wire.close()


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@looped
async def test_the_consent_page_is_asked_with_pkce_and_state():
    async with signing_in(Service(), authorize_params={"access_type": "offline"}, scope_separator=",") as sign_in:
        started, other = sign_in.start(), sign_in.start()
    query = query_of(started.url)
    assert query == {
        "prompt": "x", "response_type": "code", "client_id": "our id", "scope": "a,b", "state": started.state,
        "redirect_uri": "http://127.0.0.1:8000/callback", "code_challenge": challenge_of(started.verifier),
        "code_challenge_method": "S256", "access_type": "offline",
    }  # fmt: skip
    assert len(started.verifier) >= 43
    assert {started.state, started.verifier}.isdisjoint({other.state, other.verifier})
    assert started.verifier not in started.url


def test_the_challenge_is_the_one_of_the_standard():
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@looped
async def test_a_code_becomes_a_token_that_ends_a_minute_early():
    service = Service()
    async with signing_in(service, keep=("instance_url", "missing")) as sign_in:
        started = sign_in.start()
        found = await sign_in.finish({"code": "c", "state": started.state}, started)
    assert service.asked == [{
        "grant_type": "authorization_code", "code": "c", "code_verifier": started.verifier, "client_id": "our id",
        "redirect_uri": "http://127.0.0.1:8000/callback", "client_secret": "our/secret",
    }]  # fmt: skip
    assert found.access_token.get_secret_value() == "a1"
    assert found.expires_at == pytest.approx(time.time() + 3540, abs=10)
    assert found.model_extra == {"instance_url": "https://eu.example"}


@looped
async def test_the_client_can_show_itself_in_a_header():
    service = Service()
    async with signing_in(service, client_auth="header") as sign_in:
        await sign_in.refresh(token())
    assert service.headers[0]["Authorization"] == "Basic " + base64.b64encode(b"our+id:our%2Fsecret").decode()
    assert "client_secret" not in service.asked[0]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"code": "c", "state": "forged"}, AuthFailed),
        ({"code": "c"}, AuthFailed),
        ({"error": "access_denied"}, PermissionMissing),
        ({"error": "server_error", "error_description": "later"}, AuthFailed),
        ({}, AuthFailed),
    ],
    ids=["forged state", "no state", "denied", "error", "no code"],
)
@looped
async def test_an_answer_of_the_consent_page_that_gives_no_code_asks_for_no_token(answer, error):
    service = Service()
    async with signing_in(service) as sign_in:
        started = sign_in.start()
        state = {} if answer.get("code") else {"state": started.state}
        with pytest.raises(error):
            await sign_in.finish({**answer, **state}, started)
    assert service.asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda: web.json_response({"error": "invalid_grant"}, status=400), AuthFailed),
        (lambda: web.json_response({"error": "invalid_client"}, status=401), AuthFailed),
        (lambda: web.json_response({"error": "bad_refresh_token"}), AuthFailed),
        (lambda: web.Response(status=403, text="<html>"), AuthFailed),
        (lambda: web.Response(status=503, headers={"Retry-After": "7"}), TemporaryFailure),
        (lambda: web.Response(status=429), TemporaryFailure),
        (lambda: web.Response(text="<html>welcome to the hotel's WiFi</html>"), TemporaryFailure),
        (lambda: web.json_response(["no", "token"]), TemporaryFailure),
        (lambda: web.json_response({"access_token": None}), TemporaryFailure),
    ],
    ids=["grant", "client", "200 with error", "403", "503", "429", "a portal", "a list", "null"],
)
@looped
async def test_refusals_of_the_token_endpoint_are_told_by_consequence(answer, error):
    service = Service()
    service.answers.append(answer())
    async with signing_in(service) as sign_in:
        with pytest.raises(error) as caught:
            await sign_in.refresh(token())
    assert "r0" not in str(caught.value)


@looped
async def test_a_token_endpoint_that_cannot_be_reached_is_no_reason_to_reconnect():
    wire = Wire()
    oauth = OAuth2(authorize="", token=f"http://127.0.0.1:{free_port()}/token")
    with pytest.raises(TemporaryFailure):
        await SignIn(oauth, PROFILE, Client(wire.transport(LOCAL))).refresh(token())
    await wire.close()


@looped
async def test_without_a_refresh_token_one_must_reconnect():
    async with signing_in(Service()) as sign_in:
        with pytest.raises(AuthFailed):
            await sign_in.refresh(token(refresh=None))


@looped
async def test_a_refresh_keeps_what_the_service_does_not_repeat():
    service = Service()
    service.answers.append(web.json_response({"access_token": "new"}))
    async with signing_in(service, keep=("instance_url",)) as sign_in:
        found = await sign_in.refresh(token(instance_url="https://us.example", mailbox="me@example.com", scope="a"))
    assert found.refresh_token is not None
    assert found.refresh_token.get_secret_value() == "r0"
    assert found.model_extra == {"instance_url": "https://us.example", "mailbox": "me@example.com"}
    assert (found.expires_at, found.scope) == (None, "a")


@looped
async def test_revoking_tells_the_service_the_longest_lived_token():
    service = Service()
    async with signing_in(service) as sign_in:
        assert await sign_in.revoke(token())
        service.answers.append(web.Response(status=500))
        assert not await sign_in.revoke(token(refresh=None))
    assert [(form["token"], form["token_type_hint"]) for form in service.asked] == [
        ("r0", "refresh_token"),
        ("a0", "access_token"),
    ]


@looped
async def test_addresses_are_filled_in_from_the_profile():
    class OwnProfile(Profile):
        site: str = "https://example.com"

    sign_in = SignIn(
        OAuth2(authorize="{site}/authorize", token="{site}/token"), OwnProfile(), Client(Wire().transport(LOCAL))
    )
    assert sign_in.start().url.startswith("https://example.com/authorize?response_type=code")


class Store:
    """Keeps the token in memory, and the order in which things happened."""

    def __init__(self, stored: Token | None = None) -> None:
        self.stored = stored
        self.saved: list[str] = []
        self.lock = asyncio.Lock()
        self.fails = False

    @asynccontextmanager
    async def exclusively(self, connection_id: str) -> AsyncIterator[Token | None]:
        async with self.lock:
            yield self.stored

    async def save(self, connection_id: str, fresh: Token) -> None:
        if self.fails:
            raise OSError("disk full")
        self.saved.append(fresh.access_token.get_secret_value())
        self.stored = fresh


class Refresher:
    """Counts refreshes; each gives the next token once `gate` is open."""

    def __init__(self) -> None:
        self.used: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self, old: Token) -> Token:
        assert old.refresh_token is not None
        self.used.append(old.refresh_token.get_secret_value())
        await self.gate.wait()
        if self.error:
            raise self.error
        number = len(self.used)
        return token(f"a{number}", f"r{number}", time.time() + 3600)


EXPIRED = 1.0


@looped
async def test_a_token_that_has_not_expired_is_used_as_it_is():
    refresh = Refresher()
    keeper = TokenKeeper("c", token(expires_at=time.time() + 60), refresh, Store())
    assert (await keeper.fresh()).access_token.get_secret_value() == "a0"
    assert refresh.used == []


@looped
async def test_however_many_wait_one_refreshes_and_all_get_the_stored_token():
    refresh, store = Refresher(), Store()
    keeper = TokenKeeper("c", token(expires_at=EXPIRED), refresh, store)
    found = await asyncio.gather(*(keeper.fresh() for _ in range(50)))
    assert {one.access_token.get_secret_value() for one in found} == {"a1"}
    assert (refresh.used, store.saved) == (["r0"], ["a1"])


@looped
async def test_a_refresh_is_finished_and_stored_even_if_all_gave_up_waiting():
    refresh, store = Refresher(), Store()
    refresh.gate.clear()
    keeper = TokenKeeper("c", token(expires_at=EXPIRED), refresh, store)
    waiting = asyncio.create_task(keeper.fresh())
    await until(lambda: refresh.used)
    waiting.cancel()
    await asyncio.wait({waiting})
    refresh.gate.set()
    await until(lambda: store.saved)
    assert (await keeper.fresh()).access_token.get_secret_value() == "a1"
    assert refresh.used == ["r0"]


@looped
async def test_a_token_that_could_not_be_stored_is_not_used():
    store = Store()
    store.fails = True
    keeper = TokenKeeper("c", token(expires_at=EXPIRED), Refresher(), store)
    with pytest.raises(OSError, match="disk full"):
        await keeper.fresh()
    assert keeper.token.access_token.get_secret_value() == "a0"


@looped
async def test_a_token_that_another_process_refreshed_is_taken_over():
    refresh, store = Refresher(), Store(token("elsewhere", expires_at=time.time() + 99))
    keeper = TokenKeeper("c", token(expires_at=EXPIRED), refresh, store)
    assert (await keeper.fresh()).access_token.get_secret_value() == "elsewhere"
    assert refresh.used == []


@looped
async def test_a_failed_refresh_can_be_tried_again():
    refresh = Refresher()
    refresh.error = TemporaryFailure("down")
    keeper = TokenKeeper("c", token(expires_at=EXPIRED), refresh, Store())
    with pytest.raises(TemporaryFailure):
        await keeper.fresh()
    refresh.error = None
    assert (await keeper.fresh()).access_token.get_secret_value() == "a2"


@looped
async def test_a_refused_token_is_refreshed_once_for_all_who_were_refused():
    refresh = Refresher()
    keeper = TokenKeeper("c", token(), refresh, Store())
    found = await asyncio.gather(*(keeper.refresh_after_refusal("a0") for _ in range(20)))
    assert {one.access_token.get_secret_value() for one in found} == {"a1"}
    assert (await keeper.refresh_after_refusal("a0")).access_token.get_secret_value() == "a1"
    assert refresh.used == ["r0"]


@looped
async def test_a_fresh_token_that_is_refused_too_means_reconnect():
    refresh = Refresher()
    keeper = TokenKeeper("c", token(), refresh, Store())
    await keeper.refresh_after_refusal("a0")
    for refused in ("a1", "a0"):
        with pytest.raises(AuthFailed):
            await keeper.refresh_after_refusal(refused)
    assert refresh.used == ["r0"]


@looped
async def test_later_a_refused_token_is_refreshed_again():
    now, refresh = [1000.0], Refresher()
    keeper = TokenKeeper("c", token(), refresh, Store(), now=lambda: now[0])
    await keeper.refresh_after_refusal("a0")
    now[0] += 60
    assert (await keeper.refresh_after_refusal("a1")).access_token.get_secret_value() == "a2"


@looped
async def test_an_older_token_from_the_store_is_not_taken_a_new_sign_in_is():
    keeper = TokenKeeper("c", token(expires_at=EXPIRED), Refresher(), Store())
    await keeper.fresh()
    keeper.offer(token("a0"))
    assert keeper.token.access_token.get_secret_value() == "a1"
    keeper.offer(token("signed in again"))
    assert keeper.token.access_token.get_secret_value() == "signed in again"
