"""Signing in at an app in the browser, at the Invoice2go sandbox, which asks for consent as a real service does."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from engine.people.roles import Role
from tests import plain
from tests.processes import sandbox
from tests.web.browser.house import House, house
from tests.web.visiting import Visit

ALL = ("accounts", "clients", "items")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with sandbox("invoice2go", tmp_path_factory.mktemp("books")) as told:
        yield told


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, books: dict[str, Any]) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        made.installation.fill_in("invoice2go", "sandbox", books["profile"])
        yield made


@pytest.fixture
def owner(served: House) -> Iterator[Visit]:
    with Visit(served) as visit:
        yield visit


def said(answer: httpx.Response) -> str:
    return html.unescape(answer.text)


def leaving(visit: Visit, path: str = "/connections/sign-in", **fields: str) -> str:
    """The address of the consent page that a form leads to."""
    asked = {"app": "invoice2go", "profile": "sandbox", "auth": "oauth2", "name": "Books", **fields}
    answer = visit.post(path, **asked)
    assert answer.status_code == 200, answer.text
    return html.unescape(re.findall(r'href="([^"]*)"[^>]*data-follow', answer.text)[0])


def decided(address: str, decision: str, grant: tuple[str, ...] = ALL) -> str:
    """Where the sandbox sends a person who decided."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    answer = plain.post(address.partition("?")[0], data={**asked, "decision": decision, "grant": list(grant)})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def tokens(books: dict[str, Any], do: str) -> None:
    plain.post(f"{books['url']}/sandbox/tokens", json={"do": do}).raise_for_status()


def found(visit: Visit, name: str) -> list[dict[str, Any]]:
    return [one for one in visit.house.installation.show("connections", "list") if one["name"] == name]


def test_who_allows_access_is_connected(owner: Visit):
    back = decided(leaving(owner, name="Allowed"), "allow")
    answer = owner.client.get(back)
    assert answer.headers["location"] == f"/connections/{owner.id_of(answer)}/connected"
    assert answer.headers["referrer-policy"] == "no-referrer"
    (connection,) = found(owner, "Allowed")
    assert (connection["auth"], connection["account"]) == ("oauth2", "Musterbetrieb (practice)")


def test_who_denies_is_told_why_nothing_was_connected_and_can_try_again(owner: Visit):
    answer = owner.client.get(decided(leaving(owner, name="Denied"), "deny"))
    page = said(answer)
    assert answer.status_code == 400
    assert "You did not give the permission at Invoice2go" in page
    assert "/connections/new?app=invoice2go&profile=sandbox&auth=oauth2" in page
    assert found(owner, "Denied") == []


def test_a_permission_that_was_left_out_is_named(owner: Visit):
    answer = owner.client.get(decided(leaving(owner, name="Partly"), "allow", ("accounts", "items")))
    assert (answer.status_code, "the permission “clients”" in said(answer)) == (400, True)
    assert found(owner, "Partly") == []


def test_a_sign_in_serves_once(owner: Visit):
    back = decided(leaving(owner, name="Once"), "allow")
    jar = dict(owner.client.cookies)
    assert owner.client.get(back).status_code == 303
    assert (again := owner.client.get(back)).status_code == 400
    assert "Each one serves once" in said(again)
    with Visit(owner.house) as copied:
        copied.client.cookies.update(jar)
        assert copied.client.get(back).status_code == 400
    assert len(found(owner, "Once")) == 1


def test_a_sign_in_of_another_session_is_refused(owner: Visit):
    back = decided(leaving(owner, name="Stolen"), "allow")
    with Visit(owner.house, Role.EDITOR) as thief:
        thief.client.cookies.update({name: value for name, value in owner.client.cookies.items() if "oauth" in name})
        assert thief.client.get(back).status_code == 400
    assert found(owner, "Stolen") == []


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("code=abc&state=guessed", id="a guessed state"),
        pytest.param("", id="nothing"),
        pytest.param("state=%00%3Cscript%3E&code=1", id="a hostile state"),
    ],
)
def test_a_return_that_nobody_began_is_refused(owner: Visit, query: str):
    answer = owner.client.get(f"/oauth/return?{query}")
    assert (answer.status_code, "not begun in this browser" in said(answer)) == (400, True)


def test_a_code_that_is_not_accepted_is_explained(owner: Visit):
    back = decided(leaving(owner, name="Bad code"), "allow")
    answer = owner.client.get(re.sub(r"code=[^&]*", "code=wrong", back))
    assert (answer.status_code, "did not accept the code" in said(answer)) == (400, True)


def test_what_the_app_says_is_only_text(owner: Visit):
    state = parse_qs(urlsplit(leaving(owner, name="Hostile")).query)["state"][0]
    hostile = "<script>alert(1)</script>"
    answer = owner.get("/oauth/return", state=state, error="server_error", error_description=hostile)
    assert hostile not in answer.text
    assert hostile in said(answer)


def test_who_signed_in_under_another_name_of_this_computer_is_told_where_to_go(owner: Visit):
    fields = {"app": "invoice2go", "profile": "sandbox", "auth": "oauth2", "name": "Elsewhere", "csrf": owner.csrf}
    host = f"localhost:{owner.house.served.port}"
    cookies = f"zapwerk={owner.house.tokens[Role.OWNER]}"
    answer = plain.post(
        f"{owner.house.url}/connections/sign-in", data=fields, headers={"host": host, "cookie": cookies}
    )
    assert (answer.status_code, "there you are not signed in" in said(answer)) == (422, True)


def test_an_account_that_was_revoked_is_reconnected(owner: Visit, books: dict[str, Any]):
    id_ = owner.id_of(owner.client.get(decided(leaving(owner, name="Revoked"), "allow")))
    tokens(books, "revoke")
    refused = owner.post(f"/connections/{id_}/check")
    assert (refused.status_code, "The test failed" in said(refused)) == (422, True)
    back = decided(leaving(owner, f"/connections/{id_}/sign-in"), "allow")
    assert owner.id_of(owner.client.get(back)) == id_
    assert owner.post(f"/connections/{id_}/check").status_code == 303


def test_an_expired_token_is_renewed_by_itself(owner: Visit, books: dict[str, Any]):
    id_ = owner.id_of(owner.client.get(decided(leaving(owner, name="Expired"), "allow")))
    tokens(books, "expire")
    assert owner.post(f"/connections/{id_}/check").status_code == 303


def test_an_app_that_does_not_know_us_says_whom_to_ask(served: House):
    for role, expected in ((Role.OWNER, "/apps/gmail"), (Role.EDITOR, "Olga Owner")):
        with Visit(served, role) as visit:
            page = said(visit.get("/connections/new", app="gmail", auth="oauth2"))
        assert "must know this installation first" in page
        assert expected in page


def test_invoice2go_begins_with_its_honest_page(owner: Visit):
    page = said(owner.get("/connections/new", app="invoice2go"))
    for part in ("only by arrangement", "Practise with the sandbox", "I have access", "Unverified", "any web address"):
        assert part in page
