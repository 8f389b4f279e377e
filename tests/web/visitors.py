"""Somebody at a browser, as far as HTTP goes: keeps cookies, and sends forms with the token of their sign-in."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from engine.people.roles import Role
from engine.people.sign_ins import csrf_of
from tests import plain
from tests.web.browser.house import House

_TAGS = re.compile(r"<[^>]+>")


@dataclass
class Visitor:
    """`page` is what was seen last."""

    client: httpx.Client
    page: httpx.Response = field(init=False)

    def get(self, path: str) -> httpx.Response:
        self.page = self.client.get(path)
        return self.page

    def post(self, path: str, /, **fields: Any) -> httpx.Response:
        """Sends a form as a page of theirs would."""
        self.page = self.client.post(path, data={"csrf": self.csrf, **fields})
        return self.page

    @property
    def csrf(self) -> str:
        """What the pages of this sign-in hold."""
        token = self.client.cookies.get("zapwerk")
        return csrf_of(token) if token else ""

    @property
    def said(self) -> str:
        """What the page says, without markup."""
        return " ".join(html.unescape(_TAGS.sub(" ", self.page.text)).split())

    @property
    def wrong(self) -> set[str]:
        """The fields that are to be mended."""
        return set(re.findall(r'<(?:input|select)[^>]* name="(\w+)"[^>]*aria-invalid="true"', self.page.text))

    def is_signed_in(self) -> bool:
        return self.client.get("/settings").status_code == 200

    def value(self, name: str) -> str:
        """What stands in a field of the page."""
        found = re.search(rf'<input[^>]* (?:id|name)="{name}"[^>]*>', self.page.text)
        assert found is not None, f"there is no field {name}"
        value = re.search(r' value="([^"]*)"', found.group(0))
        return html.unescape(value.group(1)) if value else ""


def visitor(house: House, role: Role | None = None, *, language: str = "en", agent: str = "tests") -> Visitor:
    """A browser of its own; with a role, one where the person who has it is signed in."""
    headers = {"accept-language": language, "user-agent": agent, "origin": house.url}
    cookies = {"zapwerk": house.tokens[role]} if role else {}
    no_lines_kept_open = httpx.Limits(max_keepalive_connections=0)  # so that nobody need close the client
    return Visitor(
        plain.Client(base_url=house.url, headers=headers, cookies=cookies, timeout=30, limits=no_lines_kept_open)
    )
