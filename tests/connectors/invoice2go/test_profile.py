"""The profile: what may be sent, and when; values that come as text."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from connectors.invoice2go.clients import NewClient, create_client
from connectors.invoice2go.connector import account, invoice2go
from connectors.invoice2go.profile import INVOICE2GO, SANDBOX, Invoice2goProfile
from engine.registry import Registry
from engine.runtime import Runtime
from engine.settings import Settings
from tests.connectors.invoice2go.contexts import context
from zapwerk import Account, PermanentFailure

FILLED_IN: dict[str, Any] = {
    "items_path": "accounts/{account}/items",
    "client_fields": {"name": "name"},
    "item_fields": {"name": "name"},
}
LOCAL = {
    "base_url": "http://127.0.0.1:5/api",
    "authorize_url": "http://localhost:5/oauth/authorize",
    "token_url": "http://[::1]:5/oauth/token",
}


def changed(profile: Invoice2goProfile, **changes: Any) -> Invoice2goProfile:
    return Invoice2goProfile.model_validate({**profile.model_dump(), **changes})


def test_the_sandbox_is_the_first_profile_and_the_live_one_is_unverified_and_unconfirmed():
    assert list(invoice2go.profiles) == ["sandbox", "invoice2go"]
    assert not INVOICE2GO.verified
    assert not INVOICE2GO.confirmed
    assert not INVOICE2GO.practice


def test_the_live_profile_says_what_is_still_missing():
    problem = INVOICE2GO.problem() or ""
    assert "only by arrangement" in problem
    assert "items_path, client_fields, item_fields" in problem


def test_the_live_profile_filled_in_still_waits_for_the_owners_word():
    assert "confirm" in (changed(INVOICE2GO, **FILLED_IN).problem() or "")
    assert changed(INVOICE2GO, **FILLED_IN, confirmed=True).problem() is None


def test_confirming_an_empty_profile_is_not_enough():
    assert "missing" in (changed(INVOICE2GO, confirmed=True).problem() or "")


def test_the_sandbox_must_have_been_started():
    assert "not been started" in (SANDBOX.problem() or "")
    assert changed(SANDBOX, **LOCAL).problem() is None


@pytest.mark.parametrize(
    "address",
    [
        "https://api.2go.com",
        "http://127.0.0.1.evil.example/api",
        "http://localhost@evil.example/",
        "http://evil.example/?127.0.0.1",
    ],
)
def test_the_practice_profile_reaches_no_other_computer_unconfirmed(address: str):
    for field in LOCAL:
        assert changed(SANDBOX, **{**LOCAL, field: address}).problem()


@pytest.mark.parametrize("address", ["http://api.2go.com", "ftp://127.0.0.1", "api.2go.com", "http://[::1", "https://"])
def test_a_live_address_that_is_not_https_is_refused(address: str):
    assert "https://" in (changed(INVOICE2GO, **FILLED_IN, confirmed=True, base_url=address).problem() or "")


@pytest.mark.parametrize("path", ["https://evil.example/x", "//evil.example/x", "../../x"])
def test_a_path_cannot_lead_to_another_host(path: str):
    with pytest.raises(ValidationError):
        changed(SANDBOX, clients_path=path)


def test_nothing_is_sent_with_a_profile_that_is_not_ready():
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=[])

    async def call(profile: Invoice2goProfile) -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            ctx = context(profile, client, who=Account("1", "x"), key="k")
            for work in (create_client(ctx, NewClient(name="A")), account(ctx)):
                with pytest.raises(PermanentFailure, match="by arrangement"):
                    await work

    asyncio.run(call(INVOICE2GO))
    asyncio.run(call(changed(INVOICE2GO, **FILLED_IN)))
    assert sent == []


def test_values_may_come_as_text():
    profile = changed(
        SANDBOX,
        client_fields="name=client.title, email = mail",
        item_fields='{"name": "n"}',
        quota_statuses="402, 403",
        quota_codes="full, limit_reached",
        idempotency="false",
        page_size="20",
    )
    assert profile.client_fields == {"name": "client.title", "email": "mail"}
    assert profile.item_fields == {"name": "n"}
    assert profile.quota_statuses == (402, 403)
    assert profile.quota_codes == ("full", "limit_reached")
    assert profile.idempotency is False
    assert profile.page_size == 20


def test_repeating_is_allowed_only_where_the_service_honours_our_key():
    assert create_client.repeatable(SANDBOX)
    assert not create_client.repeatable(INVOICE2GO)


def test_other_values_than_the_confirmed_ones_must_be_confirmed_anew(tmp_path: Path):
    runtime = Runtime(Settings(data=tmp_path), registry=Registry.of(invoice2go))
    fill_in = partial(runtime.connections.set_profile, invoice2go, "invoice2go", trusted=False)
    assert fill_in({**FILLED_IN, "confirmed": True}).problem() is None
    assert fill_in({"client_id": "ours", "client_secret": "s"}).problem() is None
    assert "confirm" in (fill_in({"base_url": "https://elsewhere.example"}).problem() or "")
    assert fill_in({"confirmed": True}).problem() is None
    runtime.database.close()
