"""An app in this process, with an owner who types into its forms in both languages. Used by `test_hostile`."""

import asyncio
import hashlib
import html
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyotp
from fastapi import FastAPI

from engine.engine import Engine
from engine.people.roles import Role
from engine.people.sign_ins import csrf_of
from engine.runtime import Runtime
from engine.settings import Settings
from tests.web.browser.house import PASSWORD, signed_in
from tests.web.conftest import made_in
from tests.web.installation import Installation
from web import app

BASE = "http://127.0.0.1:8000"
STORED = (
    *("setting", "profile", "connection", "zap", "version", "sample", "keeping"),
    *("notice_way", "notice_wish", "link", "token", "person"),
)
UNSTEADY = ("_at", "last_seen")  # columns that say when, not what

_FIELD = re.compile(r"<(input|textarea|select)\b[^>]*>")
_PROBLEM = re.compile(
    r'<(?:p|div|span)[^>]*class="[^"]*\b(?:problem|callout bad)\b[^"]*"[^>]*>(.*?)</(?:p|div|span)>\s', re.S
)
_TAGS = re.compile(r"<[^>]+>")


@dataclass
class Answer:
    """What came back, as a person sees it."""

    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def is_json(self) -> bool:
        return "application/json" in self.response.headers.get("content-type", "")

    @property
    def refused(self) -> bool:
        """By its status; the editor's scripts are told in the answer as well."""
        return self.status == 422 or (self.is_json and bool(self.response.json().get("problem")))

    @property
    def language(self) -> str:
        found = re.search(r'<html lang="(\w+)"', self.text)
        return found[1] if found else ""

    @property
    def wrong(self) -> set[str]:
        """The fields that are marked as wrong."""
        if self.is_json:
            return {"to", "template", *self.response.json().get("fields", {})}
        marked = (one[0] for one in _FIELD.finditer(self.text) if 'aria-invalid="true"' in one[0])
        return {name[1] for one in marked if (name := re.search(r' name="([^"]*)"', one))}

    @property
    def said(self) -> set[str]:
        """The problems, in words."""
        if self.is_json:
            return {self.response.json()["problem"]}
        return {" ".join(html.unescape(_TAGS.sub(" ", one)).split()) for one in _PROBLEM.findall(self.text)} - {""}

    @property
    def typed(self) -> str:
        """Everything that stands in the fields, and in what scripts are told."""
        return html.unescape(self.text)


@dataclass
class TypingHouse:
    """`places` are the ids that stand in addresses; `made` is what is used up, and made anew for each form."""

    runtime: Runtime
    app: FastAPI
    runner: asyncio.Runner
    token: str
    places: dict[str, str] = field(default_factory=dict)
    made: dict[str, Callable[[], str]] = field(default_factory=dict)
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    def filled(self, text: str) -> str:
        """With ids, links and revisions in their places."""
        made = {name: make() for name, make in self.made.items() if f"{{{name}}}" in text}
        return text.format(**self.places, **made)

    def post(self, path: str, fields: dict[str, str], language: str, *, signed_in: bool = True, **more: Any) -> Answer:
        """Sends a form of ours."""
        form = {"csrf": csrf_of(self.token), **fields} if signed_in else fields
        how: dict[str, Any] = {"data": form, "headers": {"origin": BASE, "referer": f"{BASE}/settings/tokens"}}
        if more.get("script"):
            how["headers"] |= {"hx-request": "true", "x-csrf": csrf_of(self.token)}
        if more.get("multipart"):
            how["files"] = {name: (None, value) for name, value in how.pop("data").items()}
        return Answer(self.runner.run(self.client(language, signed_in).post(path, **how)))

    def client(self, language: str, signed_in: bool) -> httpx.AsyncClient:
        """Somebody at a browser, with nothing in it but perhaps the owner's sign-in."""
        name = f"{language}{signed_in}"
        if name not in self.clients:
            how: Any = {"transport": httpx.ASGITransport(self.app), "base_url": BASE, "timeout": 60}
            self.clients[name] = httpx.AsyncClient(headers={"accept-language": language}, **how)
        self.clients[name].cookies = httpx.Cookies({"zapwerk": self.token} if signed_in else {})
        return self.clients[name]

    def stored(self) -> str:
        """A print of all that people made; the same as long as nothing of it changed."""
        digest = hashlib.sha256()
        with sqlite3.connect(self.runtime.settings.data / "zapwerk.db") as database:
            for table in STORED:
                names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                steady = ", ".join(one for one in names if not one.endswith(UNSTEADY))
                digest.update(repr(sorted(database.execute(f"SELECT {steady} FROM {table}"))).encode())
        database.close()
        return digest.hexdigest()

    def calm(self) -> None:
        """Forgets the passwords that were wrong."""
        with sqlite3.connect(self.runtime.settings.data / "zapwerk.db", timeout=10) as database:
            database.execute("DELETE FROM throttle")
        database.close()

    def with_second_factor(self, on: bool) -> None:
        """Switches it on or off for the owner."""
        factor, owner = self.runtime.people.second_factor, self.owner()
        if on and not owner.second_factor:
            begun = factor.begin(owner)
            factor.confirm(owner, begun.pending, pyotp.TOTP(begun.secret).now())
        if not on and owner.second_factor:
            factor.take_off(owner, by=owner)

    def owner(self) -> Any:
        return next(one for one in self.runtime.people.accounts.every() if one.role is Role.OWNER)


@contextmanager
def typing_house(folder: Path) -> Iterator[TypingHouse]:
    """With a connection, a zap, and a link of each kind."""
    installation = made_in(folder)
    installation.connect()
    installation.connect("another")
    installation.run("zaps", "import", str(installation.write_zap(name="Parcels")))
    installation.run("zaps", "import", str(installation.write_zap(name="Whole")))
    tokens = signed_in(installation.data)
    with _opened(installation, tokens[Role.OWNER]) as house:
        people, owner = house.runtime.people, house.owner()
        zaps = {one["name"]: one["id"] for one in installation.json("zaps", "list")}
        connections = {one["name"]: one["id"] for one in installation.json("connections", "list")}
        house.places = {
            "zap_id": zaps["Parcels"],
            "whole_id": zaps["Whole"],
            "connection_id": connections["shop"],
            "another_id": connections["another"],
            "shop": str(installation.shop),
            "key": "shop",
            "name": "other",
            "change": "value",
        }
        viewer = next(one for one in people.accounts.every() if one.role is Role.VIEWER)
        drafts = house.runtime.editing.drafts
        house.made = {
            "whole_revision": lambda: str(drafts.get(house.places["whole_id"]).revision),
            "revision": lambda: str(drafts.get(house.places["zap_id"]).revision),
            "pending": lambda: people.second_factor.begin(house.owner()).pending,
            "invitation": lambda: people.accounts.invite(Role.VIEWER, by=owner).token,
            "reset": lambda: people.accounts.reset_link(viewer.id, by=owner).token,
        }
        yield house


@contextmanager
def empty_house(folder: Path) -> Iterator[TypingHouse]:
    """Where nobody is yet."""
    with _opened(made_in(folder), "") as house:
        link = house.runtime.people.links.set_up()
        assert link is not None
        house.places = {"set_up": link.token}
        yield house


@contextmanager
def _opened(installation: Installation, token: str) -> Iterator[TypingHouse]:
    runtime = Runtime(Settings(data=installation.data, port=8000))
    engine = Engine(runtime)
    house = TypingHouse(runtime, app.create(runtime, engine), asyncio.Runner(), token)
    try:
        yield house
    finally:
        for client in house.clients.values():
            house.runner.run(client.aclose())
        house.runner.run(runtime.close())
        engine.writer.close()
        house.runner.close()


__all__ = ["PASSWORD", "Answer", "TypingHouse", "empty_house", "typing_house"]
