"""The web app over a bench, with people of all roles: what the tests of the history's pages ask."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from engine.people.roles import Role
from engine.settings import Settings
from tests.engine.benches import Bench
from web import app

PASSWORD = "a quiet harbour at dawn"
BASE = "http://127.0.0.1:8000"


@dataclass
class HistoryHouse:
    """A bench whose engine the test drives, the app over it, and a browser for each role."""

    bench: Bench
    app: FastAPI
    clients: dict[Role, httpx.AsyncClient]

    async def get(self, path: str, role: Role = Role.EDITOR, *, part: bool = False) -> httpx.Response:
        """What is answered; with `part` as htmx asks."""
        return await self.clients[role].get(path, headers={"HX-Request": "true"} if part else {})

    async def page(self, path: str, role: Role = Role.EDITOR) -> str:
        """The markup of a page that must be there."""
        answer = await self.get(path, role)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def post(self, path: str, role: Role = Role.EDITOR, *, csrf: bool = True, **form: Any) -> httpx.Response:
        """A form of ours, sent."""
        signed = {"csrf": await self.csrf(role)} if csrf else {}
        return await self.clients[role].post(path, data={**form, **signed})

    async def csrf(self, role: Role) -> str:
        found = re.search(r'<meta name="csrf" content="([^"]*)"', (await self.get("/history", role)).text)
        assert found is not None
        return found[1]

    async def labels(self, query: str = "") -> list[str]:
        """What the runs in the list are called, the newest first."""
        return re.findall(r'<a class="whole clip"[^>]*><bdi>(.*?)</bdi>', await self.page(f"/history{query}"))

    def run_id(self, zap_id: str, number: int = 0) -> str:
        return self.bench.runs(zap_id)[number].id

    def audited(self) -> list[str]:
        return [one.action for one in self.bench.runtime.people.audit.page(action="run.").entries]


@asynccontextmanager
async def history_house(folder: Path) -> AsyncIterator[HistoryHouse]:
    bench = Bench(Settings(data=folder / "data", port=8000))
    made = app.create(bench.runtime, bench.engine)
    tokens = _signed_in(bench)
    clients = {
        role: httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url=BASE, cookies={"zapwerk": token})
        for role, token in tokens.items()
    }
    try:
        yield HistoryHouse(bench, made, clients)
    finally:
        for client in clients.values():
            await client.aclose()
        await bench.close(grace=0)


def _signed_in(bench: Bench) -> dict[Role, str]:
    people = bench.runtime.people
    link = people.links.set_up()
    assert link is not None
    owner = people.accounts.set_up(link.token, "Olga Owner", "olga@zapwerk.example", PASSWORD, "", "")
    found = {Role.OWNER: owner}
    for role, name in ((Role.EDITOR, "Emil"), (Role.VIEWER, "Vera")):
        invited = people.accounts.invite(role, by=owner)
        found[role] = people.accounts.accept(invited.token, name, f"{name}@zapwerk.example", PASSWORD, "", "")
    begin = people.sign_ins.begin_for
    return {role: begin(one, address="127.0.0.1", agent="tests").token for role, one in found.items()}
