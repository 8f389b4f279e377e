"""A served installation with the shop and its zaps: what the tests of testing, rehearsing and publishing ask."""

import html
import re
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
from tests.web.browser.house import House, house
from tests.web.conftest import made_in
from tests.web.installation import Installation

PARCELS = """
zapwerk: 1
name: {name}
trigger: {{use: shop.new_order, connection: shop}}
steps:
  - key: only
    filter: {{all: [{{value: "{{{{ trigger.who }}}}", is: is_not, to: Spam}}]}}
  - key: parcel
    use: shop.send_parcel
    connection: shop
    with: {{to: "{{{{ trigger.who }}}}"}}
"""


_CSRF = re.compile(r'<meta name="csrf" content="([^"]*)">')
_UNSEEN = re.compile(r"<script.*?</script>|<[^>]+>", re.DOTALL)


@dataclass
class Guest:
    """Somebody at a browser without scripts. `page` is what was seen last."""

    client: httpx.Client
    csrf: str = field(init=False)
    page: httpx.Response = field(init=False)

    def __post_init__(self) -> None:
        self.csrf = _CSRF.findall(self.get("/settings").text)[0]

    def get(self, path: str) -> httpx.Response:
        self.page = self.client.get(path)
        return self.page

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Sends a form of ours."""
        self.page = self.client.post(path, data={"csrf": self.csrf, **fields})
        return self.page

    @property
    def said(self) -> str:
        """What the page says, without markup."""
        return " ".join(html.unescape(_UNSEEN.sub(" ", self.page.text)).split())


@dataclass
class Corner:
    """The shop at the corner. `installation` is its command line in this process."""

    house: House
    installation: Installation
    clients: list[httpx.Client] = field(default_factory=list)

    def visit(self, role: Role = Role.EDITOR, *, language: str = "en") -> Guest:
        client = plain.Client(
            base_url=self.house.url,
            headers={"accept-language": language},
            cookies={"zapwerk": self.house.tokens[role]},
            timeout=30,
        )
        self.clients.append(client)
        return Guest(client)

    def draft(self, name: str, text: str = PARCELS) -> str:
        """A zap that was never published; gives its id."""
        self.installation.run("zaps", "import", str(self.installation.write_zap(text.format(name=name))))
        return self.id_of(name)

    def id_of(self, name: str) -> str:
        found = next(zap for zap in self.installation.json("zaps", "list") if zap["name"] == name)
        return str(found["id"])

    def zap(self, zap_id: str) -> dict[str, Any]:
        return next(zap for zap in self.installation.json("zaps", "list") if zap["id"] == zap_id)

    @contextmanager
    def runtime(self) -> Iterator[Runtime]:
        """Another access to the same data folder."""
        opened = Runtime(Settings(data=self.installation.data))
        try:
            yield opened
        finally:
            opened.database.close()

    def change(self, zap_id: str, field: str, value: str, step: str = "parcel") -> None:
        """Somebody fills in a field of the draft."""
        with self.runtime() as runtime:
            drafts = runtime.editing.drafts
            drafts.put_value(zap_id, step, field, value, revision=drafts.get(zap_id).revision, by="")

    def revision(self, zap_id: str) -> int:
        with self.runtime() as runtime:
            return runtime.editing.drafts.get(zap_id).revision

    def audited(self, zap_id: str) -> list[str]:
        with self.runtime() as runtime:
            return [one.action for one in runtime.people.audit.page().entries if one.subject_id == zap_id]


@contextmanager
def corner(folder: Path) -> Iterator[Corner]:
    """Serves a fresh data folder with a connection to the shop."""
    installation = made_in(folder)
    installation.connect()
    with house(folder) as made:
        opened = Corner(made, installation)
        try:
            yield opened
        finally:
            for client in opened.clients:
                client.close()
