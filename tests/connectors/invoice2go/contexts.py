"""A running sandbox, and contexts to call the connector with: the SDK's own `Http` over real HTTP."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from connectors.invoice2go.connector import account, invoice2go
from connectors.invoice2go.profile import SANDBOX, Invoice2goProfile
from connectors.invoice2go.sandbox import serve
from engine.sdk.auth import KeyGiven, filled
from engine.sdk.http import Http
from tests import plain
from zapwerk import Account, Context, Sandbox


async def at_once() -> None:
    """No rate to keep."""


def context(
    profile: Invoice2goProfile,
    client: httpx.AsyncClient,
    *,
    who: Account | None = None,
    key: str = "",
    started_at: datetime | None = None,
    reads_only: bool = False,
    credentials: Any = None,
) -> Context:
    nothing: Any = None  # what this connector never touches
    return Context(
        http=Http(
            client=client,
            wait_for_turn=at_once,
            explain=invoice2go.explain,
            idempotency_key=key,
            reads_only=reads_only,
            base_url=filled(invoice2go.base_url, profile.model_dump()),
        ),
        account=who,
        credentials=credentials,
        auth="token",
        profile=profile,
        cursor=None,
        idempotency_key=key,
        started_at=started_at,
        log=logging.getLogger("tests.invoice2go"),
        now=lambda: datetime.now(UTC),
        stopping=lambda: False,
        files=nothing,
        checkpoint=nothing,
        sessions=nothing,
        connect=nothing,
    )


@dataclass(frozen=True)
class Practice:
    """A sandbox that is signed in to with its long-lived token."""

    sandbox: Sandbox
    profile: Invoice2goProfile
    client: httpx.AsyncClient
    who: Account

    def ctx(self, key: str = "key-1", **changes: Any) -> Context:
        """The context of an action, or with `reads_only=True` of a lookup."""
        return context(self.profile, self.client, who=self.who, key=key, **changes)

    def lookup(self, key: str = "key-1", started_at: datetime | None = None) -> Context:
        return self.ctx(key, started_at=started_at, reads_only=True)

    def with_profile(self, **changes: Any) -> "Practice":
        return replace(self, profile=self.profile.model_copy(update=changes))

    async def control(self, path: str, /, **given: Any) -> Any:
        answer = await self.client.post(f"{self.sandbox.url}/sandbox/{path}", json=given)
        assert answer.is_success, answer.text
        return answer.json()

    async def state(self) -> Any:
        return (await self.client.get(f"{self.sandbox.url}/sandbox/state")).json()

    async def names(self, kind: str = "clients") -> list[str]:
        return [row["name"] for row in (await self.state())[kind]]

    async def fault(self, kind: str, **more: Any) -> None:
        await self.control("faults", kind=kind, **more)


def profile_of(sandbox: Sandbox, **changes: Any) -> Invoice2goProfile:
    """The sandbox profile with what the running sandbox gave, as the command line would fill it in."""
    return Invoice2goProfile.model_validate({**SANDBOX.model_dump(), **sandbox.profile, **changes})


def signed_in(sandbox: Sandbox, *, timeout: float = 10.0) -> httpx.AsyncClient:
    return plain.AsyncClient(headers={"Authorization": f"Bearer {sandbox.credentials['key']}"}, timeout=timeout)


@asynccontextmanager
async def practice(folder: Path, *, timeout: float = 10.0, **options: Any) -> AsyncIterator[Practice]:
    """A running sandbox with its state in `folder`."""
    async with serve(folder, **options) as sandbox, signed_in(sandbox, timeout=timeout) as client:
        profile = profile_of(sandbox)
        given = KeyGiven(key=SecretStr(sandbox.credentials["key"]))
        who = await account(context(profile, client, credentials=given))
        yield Practice(sandbox, profile, client, who)
