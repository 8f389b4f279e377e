"""Signing in from the command line, at the Invoice2go sandbox, which asks for consent as a real service does."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.connections.oauth import SignIn, Started
from engine.errors import Refused
from engine.sdk.auth import OAuth2, Profile
from tests import plain
from tests.processes import sandbox
from tests.web.installation import Installation
from web import signing_in

ADD = ("connections", "add", "invoice2go", "--name", "books", "--auth", "oauth2", "--profile", "sandbox")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with sandbox("invoice2go", tmp_path_factory.mktemp("books")) as told:
        yield told


@pytest.fixture
def ready(installation: Installation, books: dict[str, Any]) -> Installation:
    """With the sandbox's addresses filled in."""
    values = [f"{name}={value}" for name, value in books["profile"].items()]
    installation.run("apps", "set", "invoice2go", "--profile", "sandbox", *values)
    return installation


@dataclass
class Adding:
    """`connections add` in a process of its own, waiting for the person."""

    data: Path
    more: tuple[str, ...] = ()
    said: list[str] = field(default_factory=list)

    def __enter__(self) -> "Adding":
        command = [sys.executable, "-m", "web.cli", "--data", str(self.data), *ADD, *self.more]
        pipe = subprocess.PIPE
        environ = {**os.environ, "BROWSER": "true", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environ)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def address(self) -> str:
        """The address that the person is asked to open."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("http"):
                return line.strip()
        raise AssertionError("".join(self.said))

    def ends(self, said: str = "") -> tuple[int, str]:
        """Its exit code and what it said on stderr."""
        _, errors = self.process.communicate(said, timeout=30)
        return self.process.returncode, errors


def answered(address: str, decision: str, *, grant: tuple[str, ...] = ("accounts", "clients", "items")) -> str:
    """Where the service sends the person who decided."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    form = {**asked, "decision": decision, "grant": list(grant)}
    answer = plain.post(address.partition("?")[0], data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_who_allows_access_is_connected(ready: Installation):
    with Adding(ready.data) as adding:
        back = answered(adding.address(), "allow")
        page = plain.get(back)
        assert "You can close this page" in page.text
        assert page.headers["cache-control"] == "no-store"
        assert adding.ends()[0] == 0
    (found,) = ready.json("connections", "list")
    assert (found["auth"], found["account"]) == ("oauth2", "Musterbetrieb (practice)")
    assert ready.json("connections", "check")[0]["ok"]


def test_who_refuses_access_is_told_that_nothing_was_connected(ready: Installation):
    with Adding(ready.data) as adding:
        plain.get(answered(adding.address(), "deny"))
        code, said = adding.ends()
    assert code == 1
    assert "permission was not given" in said
    assert ready.json("connections", "list") == []


def test_a_permission_that_was_left_out_is_named(ready: Installation):
    with Adding(ready.data) as adding:
        plain.get(answered(adding.address(), "allow", grant=("accounts", "items")))
        code, said = adding.ends()
    assert code == 1
    assert "clients" in said
    assert ready.json("connections", "list") == []


def test_a_stranger_who_calls_the_listener_changes_nothing(ready: Installation):
    with Adding(ready.data) as adding:
        back = answered(adding.address(), "allow")
        place = back.partition("?")[0]
        assert plain.get(f"{place}?code=stolen&state=guessed").status_code == 404
        assert plain.get(place.replace("/oauth/return", "/favicon.ico")).status_code == 404
        assert plain.post(back).status_code == 404
        plain.get(back)
        assert adding.ends()[0] == 0


def test_with_a_browser_elsewhere_the_address_is_pasted(ready: Installation):
    with Adding(ready.data, ("--no-browser",)) as adding:
        back = answered(adding.address(), "allow")
        assert adding.ends(f"  {back}\n")[0] == 0
    assert ready.json("connections", "list")[0]["state"] == "active"


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        pytest.param(
            "http://127.0.0.1:8765/oauth/return?code=1&state=another", "begun elsewhere", id="another sign-in"
        ),
        pytest.param("http://127.0.0.1/", "not the address", id="another page"),
        pytest.param("", "not the address", id="nothing"),
        pytest.param("a-guessed-code", "accepts the sign-in", id="a code that is none"),
    ],
)
def test_what_is_pasted_must_belong_to_this_sign_in(ready: Installation, pasted: str, said: str):
    assert said in ready.run(*ADD, "--no-browser", code=1, said=f"{pasted}\n").stderr
    assert ready.json("connections", "list") == []


def test_an_app_that_does_not_know_us_yet_says_how_to_register(installation: Installation):
    done = installation.run("connections", "add", "gmail", "--auth", "oauth2", "--set", "email=a@example.com", code=1)
    assert "zapwerk apps set gmail --profile default client_id=" in done.stderr


def test_nobody_coming_back_ends_with_a_sentence():
    async def wait() -> None:
        async with plain.AsyncClient() as client:
            oauth = OAuth2(authorize="http://127.0.0.1:9/authorize", token="http://127.0.0.1:9/token")
            sign_in = SignIn(oauth, Profile(client_id="me"), client)
            await signing_in.sign_in(sign_in, "Shop", browser=True, public_url=None, wait=0.05)

    begun = time.monotonic()
    with pytest.raises(Refused, match="Nobody came back from Shop"):
        asyncio.run(wait())
    assert time.monotonic() - begun < 5


def test_a_code_alone_belongs_to_the_sign_in_that_was_begun():
    assert signing_in.pasted(" abc \n", Started("url", "state", "verifier")) == {"code": "abc", "state": "state"}
