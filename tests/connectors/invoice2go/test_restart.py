"""What the sandbox answered is kept, also when its process is killed; and it keeps up with a burst."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.invoice2go.clients import NewClient, create_client, this_client
from connectors.invoice2go.profile import Invoice2goProfile
from tests import plain
from tests.connectors.invoice2go.contexts import context, practice, profile_of, signed_in
from zapwerk import Account, ConnectorError, Sandbox

ROOT = Path(__file__).parents[3]
PROGRAM = """
import asyncio, dataclasses, json, pathlib, sys
from connectors.invoice2go.sandbox import serve

async def main():
    async with serve(pathlib.Path(sys.argv[1])) as sandbox:
        print(json.dumps(dataclasses.asdict(sandbox)), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@contextmanager
def process(folder: Path) -> Iterator[tuple[Sandbox, int]]:
    """A sandbox in a process of its own; killed at the end."""
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as started:
        try:
            assert started.stdout is not None
            yield Sandbox(**json.loads(started.stdout.readline())), started.pid
        finally:
            started.kill()


async def account_of(sandbox: Sandbox, client: httpx.AsyncClient) -> Account:
    [row] = (await client.get(f"{sandbox.profile['base_url']}/accounts")).json()["data"]
    return Account(row["id"], row["name"])


async def create_until_killed(sandbox: Sandbox, pid: int) -> dict[str, str]:
    """Creates clients in parallel, kills the sandbox in the middle; gives the ids it had answered, by key."""
    profile, answered = profile_of(sandbox), {}
    async with signed_in(sandbox) as client:
        who = await account_of(sandbox, client)

        async def one(number: int) -> None:
            key = f"k{number}"
            made = await create_client(context(profile, client, who=who, key=key), NewClient(name=f"Client {number}"))
            answered[key] = made.id

        calls = [asyncio.create_task(one(number)) for number in range(120)]
        await calls[60]
        os.kill(pid, signal.SIGKILL)
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(result is None or isinstance(result, ConnectorError) for result in results)
    return answered


async def looked_up(sandbox: Sandbox, key: str, name: str) -> str | None:
    profile: Invoice2goProfile = profile_of(sandbox)
    async with signed_in(sandbox) as client:
        who = await account_of(sandbox, client)
        found = await this_client(context(profile, client, who=who, key=key, reads_only=True), NewClient(name=name))
        return found.id if found else None


def test_all_that_was_answered_survives_sigkill(tmp_path: Path):
    with process(tmp_path) as (sandbox, pid):
        answered = asyncio.run(create_until_killed(sandbox, pid))
    assert "k60" in answered
    with process(tmp_path) as (again, _):
        assert again.credentials == sandbox.credentials
        assert again.profile["client_secret"] == sandbox.profile["client_secret"]
        state: Any = plain.get(f"{again.url}/sandbox/state").json()
        kept = {row["external_reference"]: row["id"] for row in state["clients"]}
        assert kept.items() >= answered.items()
        assert len(kept) == len(state["clients"]) == state["accounts"][0]["clients"]
        assert {call["key"] for call in state["calls"]} >= set(kept)
        assert asyncio.run(looked_up(again, "k60", "Client 60")) == answered["k60"]


def test_sign_ins_quotas_and_keys_survive_a_restart_and_a_reset_forgets_the_work_only(tmp_path: Path):
    async def run() -> None:
        async with practice(tmp_path, clients_quota=5) as before:
            made = await create_client(before.ctx("same"), NewClient(name="A"))
            secret = before.sandbox.credentials["key"]
        async with practice(tmp_path) as after:
            assert after.sandbox.credentials["key"] == secret
            assert after.who == before.who
            again = await create_client(after.ctx("same"), NewClient(name="A"))
            assert again.id == made.id
            await after.control("reset")
            state = await after.state()
            assert (state["clients"], state["calls"]) == ([], [])
            assert (state["accounts"][0]["clients"], state["accounts"][0]["clients_quota"]) == (0, 5)
            assert (await create_client(after.ctx("same"), NewClient(name="A"))).id != made.id

    asyncio.run(run())


def test_three_hundred_clients_at_once_are_three_hundred_clients(tmp_path: Path):
    async def run() -> None:
        async with practice(tmp_path) as there:
            given = [NewClient(name=f"Client {n}", email=f"c{n}@x.example") for n in range(300)]
            made = await asyncio.gather(*(create_client(there.ctx(f"k{n}"), one) for n, one in enumerate(given)))
            assert len({client.id for client in made}) == 300
            assert sorted(await there.names()) == sorted(one.name for one in given)

    asyncio.run(run())


@pytest.mark.parametrize("path", ["/", "/clients/{id}"])
def test_the_pages_show_what_was_created_and_escape_it(tmp_path: Path, path: str):
    async def run() -> None:
        async with practice(tmp_path, clients_quota=100) as there:
            evil = "<img src=x onerror=alert(1)> Öl"
            made = await create_client(there.ctx(), NewClient(name=evil, address=evil))
            page = await there.client.get(there.sandbox.url + path.format(id=made.id))
            assert page.status_code == 200
            assert "<img" not in page.text
            assert "&lt;img src=x onerror=alert(1)&gt; Öl" in page.text
            assert "unsafe" not in page.headers["Content-Security-Policy"]
            front = await there.client.get(there.sandbox.url)
            assert "1 of 100 used" in front.text
            assert (await there.client.get(f"{there.sandbox.url}/clients/unknown")).status_code == 404

    asyncio.run(run())
