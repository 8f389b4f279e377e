"""The sandbox's OAuth 2: consent, PKCE, rotation; and what the connector's check makes of a sign-in."""

import asyncio
import base64
import hashlib
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from connectors.invoice2go.connector import account, invoice2go
from engine.connections.oauth import SignIn
from engine.sdk.auth import OAuth2
from tests import plain
from tests.connectors.invoice2go.contexts import Practice, context, practice
from tests.connectors.invoice2go.test_creating import with_sandbox
from zapwerk import Account, AuthFailed, PermissionMissing, Token

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BACK = "http://127.0.0.1:8000/oauth/callback"
ALL = ["accounts", "clients", "items"]
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def asked(there: Practice, **changes: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": there.profile.client_id,
        "redirect_uri": BACK,
        "scope": "accounts clients items",
        "state": "st&te",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }


async def decide(there: Practice, decision: str, grant: list[str] | None = None, **changes: str) -> dict[str, str]:
    """Open the consent page, press a button, and give what the browser is sent back with."""
    async with plain.AsyncClient() as browser:
        shown = await browser.get(there.profile.authorize_url, params=asked(there, **changes))
        assert shown.status_code == 200
        fields: dict[str, Any] = {unescape(name): unescape(value) for name, value in HIDDEN.findall(shown.text)}
        form = {**fields, "decision": decision, "grant": ALL if grant is None else grant}
        answer = await browser.post(there.profile.authorize_url, data=form)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


async def tokens(there: Practice, **form: str) -> httpx.Response:
    client = {"client_id": there.profile.client_id, "client_secret": there.profile.client_secret.get_secret_value()}
    async with plain.AsyncClient() as unsigned:
        return await unsigned.post(there.profile.token_url, data={**client, **form})


async def for_code(there: Practice, given: str, **changes: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": given, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return await tokens(there, **{**form, **changes})


async def refreshed(there: Practice, refresh: str) -> httpx.Response:
    return await tokens(there, grant_type="refresh_token", refresh_token=refresh)


async def checked(there: Practice, token: dict[str, Any]) -> Account:
    """What the connector's check says to a token."""
    given = Token(access_token=SecretStr(token["access_token"]), scope=token.get("scope", ""))
    async with plain.AsyncClient(headers={"Authorization": f"Bearer {token['access_token']}"}) as client:
        return await account(context(there.profile, client, credentials=given))


async def signed_in(there: Practice, grant: list[str] | None = None) -> dict[str, Any]:
    code = (await decide(there, "allow", grant))["code"]
    answer = await for_code(there, code)
    assert answer.status_code == 200
    return dict(answer.json())


def test_allowing_gives_tokens_that_the_check_accepts(tmp_path: Path):
    async def work(there: Practice) -> None:
        back = await decide(there, "allow")
        assert back["state"] == "st&te"
        answer = await for_code(there, back["code"])
        assert answer.headers["Cache-Control"] == "no-store"
        assert await checked(there, answer.json()) == Account(there.who.id, "Musterbetrieb (practice)")

    with_sandbox(tmp_path, work)


def test_denying_gives_no_code(tmp_path: Path):
    async def work(there: Practice) -> None:
        back = await decide(there, "deny")
        assert back["error"] == "access_denied"
        assert "code" not in back
        nothing_ticked = await decide(there, "allow", grant=[])
        assert nothing_ticked["error"] == "access_denied"

    with_sandbox(tmp_path, work)


def test_a_sign_in_without_a_needed_permission_is_told_which(tmp_path: Path):
    async def work(there: Practice) -> None:
        with pytest.raises(PermissionMissing) as caught:
            await checked(there, await signed_in(there, grant=["accounts", "items"]))
        assert caught.value.what == "clients"
        silent = {**await signed_in(there, grant=["clients"]), "scope": ""}
        with pytest.raises(PermissionMissing) as caught:
            await checked(there, silent)
        assert caught.value.what == "accounts"

    with_sandbox(tmp_path, work)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:8000/other"},
        {"code": "unheard-of"},
        {"client_secret": "wrong"},
        {"client_id": "wrong"},
        {"grant_type": "password"},
    ],
    ids=str,
)
def test_a_code_is_worth_nothing_without_all_that_belongs_to_it(tmp_path: Path, changes: dict[str, str]):
    async def work(there: Practice) -> None:
        code = (await decide(there, "allow"))["code"]
        answer = await for_code(there, code, **changes)
        assert answer.status_code in (400, 401)
        assert "access_token" not in answer.json()

    with_sandbox(tmp_path, work)


def test_a_code_used_twice_ends_its_tokens(tmp_path: Path):
    async def work(there: Practice) -> None:
        code = (await decide(there, "allow"))["code"]
        first = (await for_code(there, code)).json()
        assert (await for_code(there, code)).json()["error"] == "invalid_grant"
        with pytest.raises(AuthFailed):
            await checked(there, first)

    with_sandbox(tmp_path, work)


def test_refreshing_replaces_both_tokens_and_an_old_one_ends_the_sign_in(tmp_path: Path):
    async def work(there: Practice) -> None:
        first = await signed_in(there)
        second = (await refreshed(there, first["refresh_token"])).json()
        assert second["access_token"] != first["access_token"]
        assert second["refresh_token"] != first["refresh_token"]
        await checked(there, second)
        with pytest.raises(AuthFailed):
            await checked(there, first)
        assert (await refreshed(there, first["refresh_token"])).json()["error"] == "invalid_grant"
        with pytest.raises(AuthFailed):
            await checked(there, second)
        assert (await refreshed(there, second["refresh_token"])).json()["error"] == "invalid_grant"

    with_sandbox(tmp_path, work)


def test_expired_tokens_can_be_refreshed_and_revoked_ones_cannot(tmp_path: Path):
    async def work(there: Practice) -> None:
        first = await signed_in(there)
        await there.control("tokens", do="expire")
        with pytest.raises(AuthFailed):
            await checked(there, first)
        second = (await refreshed(there, first["refresh_token"])).json()
        await checked(there, second)
        await there.control("tokens", do="revoke")
        with pytest.raises(AuthFailed):
            await checked(there, second)
        assert (await refreshed(there, second["refresh_token"])).status_code == 400

    with_sandbox(tmp_path, work)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://127.0.0.1@evil.example/"},
        {"redirect_uri": "http://127.0.0.1:8000/#x"},
        {"redirect_uri": "http://127.0.0.1\\@evil.example/"},
        {"redirect_uri": "javascript://127.0.0.1/%0aalert(1)"},
        {"redirect_uri": ""},
    ],
    ids=str,
)
def test_nobody_is_sent_to_an_address_that_is_not_known(tmp_path: Path, changes: dict[str, str]):
    async def work(there: Practice) -> None:
        async with plain.AsyncClient() as browser:
            shown = await browser.get(there.profile.authorize_url, params=asked(there, **changes))
            sent = await browser.post(there.profile.authorize_url, data={**asked(there, **changes), "grant": "items"})
        assert (shown.status_code, sent.status_code) == (400, 400)

    with_sandbox(tmp_path, work)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
    ids=str,
)
def test_a_request_that_is_not_accepted_goes_back_with_its_error(tmp_path: Path, changes: dict[str, str], error: str):
    async def work(there: Practice) -> None:
        async with plain.AsyncClient() as browser:
            answer = await browser.get(there.profile.authorize_url, params=asked(there, **changes))
        assert answer.status_code == 303
        back = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert (back["error"], back["state"]) == ([error], ["st&te"])

    with_sandbox(tmp_path, work)


def test_a_registered_address_may_lie_elsewhere(tmp_path: Path):
    async def work(there: Practice) -> None:
        async with plain.AsyncClient() as browser:
            asking = asked(there, redirect_uri="https://zaps.example/back")
            assert (await browser.get(there.profile.authorize_url, params=asking)).status_code == 200

    with_sandbox(tmp_path, work, redirect_uris=["https://zaps.example/back"])


def test_the_consent_page_escapes_what_it_is_given(tmp_path: Path):
    async def work(there: Practice) -> None:
        async with plain.AsyncClient() as browser:
            evil = asked(there, state='"><script>alert(1)</script>')
            shown = await browser.get(there.profile.authorize_url, params=evil)
        assert "<script>" not in shown.text
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in shown.headers["Content-Security-Policy"]

    with_sandbox(tmp_path, work)


def test_the_engines_own_sign_in_works_with_the_sandbox(tmp_path: Path):
    async def work(there: Practice) -> None:
        kind = invoice2go.auth["oauth2"]
        assert isinstance(kind, OAuth2)
        async with plain.AsyncClient() as browser, plain.AsyncClient() as unsigned:
            sign_in = SignIn(kind, there.profile, unsigned, redirect_uri=BACK)
            started = sign_in.start()
            shown = await browser.get(started.url)
            fields: dict[str, Any] = {unescape(name): unescape(value) for name, value in HIDDEN.findall(shown.text)}
            form = {**fields, "decision": "allow", "grant": ALL}
            answer = await browser.post(there.profile.authorize_url, data=form)
            back = {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
            token = await sign_in.finish(back, started)
            assert token.scope == "accounts clients items"
            again = await sign_in.refresh(token)
        assert (await checked(there, {"access_token": again.access_token.get_secret_value()})).id == there.who.id

    with_sandbox(tmp_path, work)


def test_a_wrong_key_is_not_accepted(tmp_path: Path):
    async def work(there: Practice) -> None:
        for wrong in ("x", there.sandbox.credentials["key"][:-1], "ü" * 30):
            headers = {b"Authorization": f"Bearer {wrong}".encode()}
            async with plain.AsyncClient(headers=headers) as client:
                with pytest.raises(AuthFailed):
                    await account(context(there.profile, client))

    with_sandbox(tmp_path, work)


def test_of_several_accounts_the_default_is_used(tmp_path: Path):
    async def run() -> None:
        async with practice(tmp_path, accounts=["Erste GmbH", "Zweite GmbH"]) as there:
            assert there.who.label == "Erste GmbH (practice)"
            second = (await there.state())["accounts"][1]["id"]
            marked = there.with_profile(account_default="quota.clients.limit", practice=False, confirmed=True)
            assert (await account(marked.ctx())).label == "Erste GmbH"
            assert second != there.who.id

    asyncio.run(run())
