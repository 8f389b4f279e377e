"""A served installation with the shop and the kiosk, asked by a program with a token: what the tests of the API use."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from engine.people.roles import Role
from engine.runtime import Runtime
from engine.settings import Settings
from tests import plain
from tests.waiting import wait_until
from tests.web.browser.house import House, house
from tests.web.conftest import made_in
from tests.web.installation import Installation
from tests.web.kiosk import Kiosk, kiosk_at

V1 = "/api/v1"
RESTS = frozenset({"succeeded", "filtered", "stopped", "handled", "failed", "cancelled", "held", "needs_review"})


@dataclass
class Program:
    """Calls the API with a token. Paths are below /api/v1, or whole as `next` gives them."""

    client: httpx.Client

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        whole = path if path.startswith("/api/") else f"{V1}{path}"
        return self.client.request(method, whole, **more)

    def get(self, path: str, **query: Any) -> Any:
        """What is answered; fails when it is a problem."""
        return _good(self.ask("GET", path, params=query or None))

    def post(self, path: str, **sent: Any) -> Any:
        return _good(self.ask("POST", path, json=sent))

    def put(self, path: str, headers: dict[str, str] | None = None, **sent: Any) -> Any:
        return _good(self.ask("PUT", path, json=sent, headers=headers))

    def patch(self, path: str, **sent: Any) -> Any:
        return _good(self.ask("PATCH", path, json=sent))

    def delete(self, path: str) -> Any:
        return _good(self.ask("DELETE", path))

    def every(self, path: str, **query: Any) -> list[list[Any]]:
        """All pages of a list."""
        pages, following = [], path
        while following:
            page = self.get(following, **query)
            query = {}
            pages.append(page["items"])
            following = page["next"]
        return pages


def _good(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url} {answer.status_code}: {answer.text}"
    return answer.json() if answer.content else None


@dataclass
class Desk:
    """`owner`, `editor` and `viewer` are programs with such tokens; `shop` is the id of the connection to the shop."""

    house: House
    installation: Installation
    kiosk: Kiosk
    programs: dict[Role, Program]
    secrets: dict[Role, str]
    shop: str = field(init=False)

    def __post_init__(self) -> None:
        self.shop = self.owner.get("/connections")["items"][0]["id"]

    @property
    def owner(self) -> Program:
        return self.programs[Role.OWNER]

    @property
    def editor(self) -> Program:
        return self.programs[Role.EDITOR]

    @property
    def viewer(self) -> Program:
        return self.programs[Role.VIEWER]

    def zap(self, name: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A drawn zap: a parcel for each order, unless other steps are given."""
        parcel = {
            "key": "parcel",
            "use": "shop.send_parcel",
            "connection": self.shop,
            "with": {"to": "{{ trigger.who }}"},
        }
        trigger = {"use": "shop.new_order", "connection": self.shop}
        return {"name": name, "trigger": trigger, "steps": list(steps or (parcel,)), **more}

    def draft(self, name: str, *steps: dict[str, Any], **more: Any) -> str:
        """The id of a zap that was never published."""
        return str(self.editor.post("/zaps", zap=self.zap(name, *steps, **more))["id"])

    def on(self, name: str, *steps: dict[str, Any], **more: Any) -> str:
        """The id of a zap that is on."""
        zap = self.draft(name, *steps, **more)
        self.editor.post(f"/zaps/{zap}/publish")
        return zap

    def runs(self, zap: str, count: int, **query: Any) -> list[Any]:
        """Its runs, once there are so many and all of them rest; the newest first."""

        def rest() -> list[Any] | None:
            found: list[Any] = self.editor.get("/runs", zap=zap, limit=100, **query)["items"]
            return found if len(found) == count and {one["state"] for one in found} <= RESTS else None

        return wait_until(rest, 20, what=f"{count} runs to rest")

    @contextmanager
    def runtime(self) -> Iterator[Runtime]:
        """Another access to the same data folder."""
        opened = Runtime(Settings(data=self.installation.data))
        try:
            yield opened
        finally:
            opened.database.close()


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """Serves a fresh data folder with a connection to the shop, and another to the kiosk."""
    with kiosk_at() as kiosk:
        installation = made_in(folder)
        (installation.data / "connectors" / "kiosk.py").write_text(kiosk.connector())
        installation.connect()
        with house(folder, environ={"ZAPWERK_ALLOW_PRIVATE_HOSTS": "127.0.0.1"}) as made:
            secrets = _tokens(installation.data)
            programs = {role: _program(made.url, secret) for role, secret in secrets.items()}
            try:
                yield Desk(made, installation, kiosk, programs, secrets)
            finally:
                for program in programs.values():
                    program.client.close()


def _program(url: str, secret: str) -> Program:
    return Program(plain.Client(base_url=url, headers={"authorization": f"Bearer {secret}"}, timeout=60))


def _tokens(data: Path) -> dict[Role, str]:
    runtime = Runtime(Settings(data=data))
    try:
        people = runtime.people.accounts.every()
        return {one.role: runtime.people.tokens.make(one, "tests", one.role).secret for one in people}
    finally:
        runtime.database.close()
