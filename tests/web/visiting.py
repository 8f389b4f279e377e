"""A person's browser without scripts: pages over real HTTP, with the cookie of a role and the token of its forms."""

import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from engine.people.roles import Role
from tests import plain
from tests.web.browser.house import House

_CSRF = re.compile(r'<meta name="csrf" content="([^"]*)">')


@dataclass
class Visit:
    """Somebody of a role. Nothing is followed by itself; `post` brings what a form of ours brings."""

    house: House
    role: Role = Role.OWNER
    language: str = "en"
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        cookies = {one["name"]: one["value"] for one in self.house.cookies(self.role)}
        headers = {"accept-language": self.language}
        self.client = plain.Client(base_url=self.house.url, cookies=cookies, headers=headers, timeout=60)
        self.csrf = _CSRF.findall(self.client.get("/apps").text)[0]

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str, **params: str) -> httpx.Response:
        return self.client.get(path, params=params or None)

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Names with two underscores are those below “given”."""
        form = {name.replace("given__", "given."): value for name, value in fields.items()}
        return self.client.post(path, data={"csrf": self.csrf, **form})

    def connect(self, app: str, **fields: Any) -> httpx.Response:
        return self.post("/connections/new", app=app, **fields)

    def id_of(self, answer: httpx.Response) -> str:
        """The connection that a form led to."""
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].split("/")[2]
