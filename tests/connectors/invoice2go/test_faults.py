"""The sandbox misbehaves on request, and the connector says what each misbehaviour means."""

import asyncio
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.invoice2go.clients import NewClient, create_client, same_client, this_client
from tests.connectors.invoice2go.contexts import Practice, practice
from tests.connectors.invoice2go.test_creating import with_sandbox
from zapwerk import AuthFailed, OutcomeUnknown, TemporaryFailure

ANNA = NewClient(name="Anna", email="anna@x.example")


@pytest.mark.parametrize(
    ("kind", "error", "effect"),
    [
        ("rate_limit", TemporaryFailure, False),
        ("unavailable", TemporaryFailure, False),
        ("expired_token", AuthFailed, False),
        ("error_before", OutcomeUnknown, False),
        ("error_after", OutcomeUnknown, True),
        ("timeout_before", OutcomeUnknown, False),
        ("timeout_after", OutcomeUnknown, True),
        ("cut_before", OutcomeUnknown, False),
        ("cut_after", OutcomeUnknown, True),
    ],
)
def test_each_fault_has_its_error_and_its_effect(tmp_path: Path, kind: str, error: type[Exception], effect: bool):
    async def run() -> None:
        async with practice(tmp_path, timeout=1.0) as there:
            await there.fault(kind, seconds=20)
            with pytest.raises(error):
                await create_client(there.ctx("k"), ANNA)
            assert await there.names() == ["Anna"] * effect
            found = await this_client(there.lookup("k"), ANNA)
            assert (found is not None) is effect
            again = await create_client(there.ctx("k"), ANNA)
            assert again.id == (found or again).id
            assert await there.names() == ["Anna"]

    asyncio.run(run())


def test_the_wait_that_the_service_asks_for_is_passed_on(tmp_path: Path):
    async def work(there: Practice) -> None:
        await there.fault("rate_limit", seconds=7)
        with pytest.raises(TemporaryFailure) as caught:
            await create_client(there.ctx(), ANNA)
        assert caught.value.retry_after == timedelta(seconds=7)

    with_sandbox(tmp_path, work)


def test_a_slow_service_still_answers(tmp_path: Path):
    async def work(there: Practice) -> None:
        await there.fault("slow", seconds=0.3)
        began = time.monotonic()
        await create_client(there.ctx(), ANNA)
        assert time.monotonic() - began >= 0.3

    with_sandbox(tmp_path, work)


def test_faults_wait_for_the_calls_they_concern_and_can_be_read_back_and_taken_back(tmp_path: Path):
    async def work(there: Practice) -> None:
        await there.fault("error_after", times=2)
        await there.fault("rate_limit", path="/items")
        assert await same_client(there.lookup(), ANNA) is None
        with pytest.raises(OutcomeUnknown):
            await create_client(there.ctx("1"), ANNA)
        waiting = (await there.state())["faults"]
        assert [(fault["kind"], fault["times"]) for fault in waiting] == [("error_after", 1), ("rate_limit", 1)]
        await there.fault("none")
        assert (await there.state())["faults"] == []
        await create_client(there.ctx("2"), ANNA)

    with_sandbox(tmp_path, work)


def test_a_read_that_fails_can_be_tried_again(tmp_path: Path):
    async def work(there: Practice) -> None:
        for kind in ("error_before", "cut_before"):
            await there.fault(kind, method="GET")
            with pytest.raises(TemporaryFailure):
                await same_client(there.lookup(), ANNA)

    with_sandbox(tmp_path, work)


def test_every_call_is_written_down_with_its_times_key_and_fault(tmp_path: Path):
    async def work(there: Practice) -> None:
        await there.control("reset")
        await there.fault("cut_after")
        with pytest.raises(OutcomeUnknown):
            await create_client(there.ctx("k"), ANNA)
        made = await create_client(there.ctx("k"), ANNA)
        cut, answered = (await there.state())["calls"]
        assert (cut["method"], cut["key"], cut["fault"], cut["record"]) == ("POST", "k", "cut_after", made.id)
        assert (cut["status"], cut["answered_at"]) == (None, None)
        assert (answered["status"], answered["fault"], answered["record"]) == (201, None, made.id)
        assert cut["received_at"] < answered["received_at"] < answered["answered_at"]

    with_sandbox(tmp_path, work)


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("faults", {"kind": "unheard_of"}),
        ("faults", {"kind": "slow", "times": 0}),
        ("faults", {"kind": "slow", "seconds": "soon"}),
        ("faults", {"kind": "slow", "seconds": float("inf")}),
        ("quota", {"clients": -1}),
        ("quota", {"until": "soon"}),
        ("settings", {"idempotency": "no"}),
        ("settings", {"unknown": True}),
        ("seed", {"clients": [{"email": "a@b.example"}]}),
        ("seed", {"clients": ["x"]}),
        ("tokens", {"do": "nothing"}),
    ],
    ids=str,
)
def test_a_wrong_order_is_refused_and_changes_nothing(tmp_path: Path, path: str, given: dict[str, Any]):
    async def work(there: Practice) -> None:
        before = await there.state()
        body = json.dumps(given)
        headers = {"Content-Type": "application/json"}
        answer = await there.client.post(f"{there.sandbox.url}/sandbox/{path}", content=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["error"]
        assert await there.state() == before

    with_sandbox(tmp_path, work)


def test_a_foreign_web_page_can_neither_give_orders_nor_read(tmp_path: Path):
    async def work(there: Practice) -> None:
        url = there.sandbox.url
        form = await there.client.post(f"{url}/sandbox/reset", content="{}", headers={"Content-Type": "text/plain"})
        assert form.status_code == 400
        rebound = await there.client.get(f"{url}/sandbox/state", headers={"Host": "evil.example"})
        assert rebound.status_code == 421

    with_sandbox(tmp_path, work)
