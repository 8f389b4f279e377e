"""Connecting a mailbox in the web: by its address, what goes wrong at its field, and what is done with it later."""

import html
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from engine.people.roles import Role
from tests.processes import sandbox
from tests.waiting import free_port
from tests.web.browser.house import House, house
from tests.web.visiting import Visit

CHECK = "0123456789abcdef" * 2
HOSTILE = '<script>alert(1)</script>{{ 7*7 }}"'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a person types for the demo mailbox."""
    with sandbox("imap", tmp_path_factory.mktemp("mailbox")) as told:
        yield {f"given__{name}": value for name, value in told["credentials"].items()}


@pytest.fixture
def owner(served: House) -> Iterator[Visit]:
    with Visit(served) as visit:
        yield visit


@pytest.fixture
def editor(served: House) -> Iterator[Visit]:
    with Visit(served, Role.EDITOR) as visit:
        yield visit


def said(answer: httpx.Response) -> str:
    return html.unescape(answer.text)


def connected(owner: Visit, mailbox: dict[str, str], name: str, **more: str) -> str:
    return owner.id_of(owner.connect("imap", name=name, allow="127.0.0.1", **{**mailbox, **more}))


def names(visit: Visit) -> list[str]:
    return [one["name"] for one in visit.house.installation.show("connections", "list")]


def test_the_address_is_asked_for_first(owner: Visit):
    page = said(owner.get("/connections/new", app="imap"))
    assert 'name="given.username"' in page
    assert 'name="given.password"' not in page


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        pytest.param("anna@gmx.de", "At GMX, first switch on", id="a provider that is known"),
        pytest.param("anna@unknown.example", "imap.unknown.example is tried", id="one that is guessed"),
        pytest.param("anna", "This is no e-mail address", id="no address"),
        pytest.param("anna@outlook.com", "no longer accept a password", id="one where it cannot work"),
    ],
)
def test_the_address_tells_what_is_to_be_known(owner: Visit, address: str, hint: str):
    page = said(owner.connect("imap", step="first", given__username=address))
    assert hint in page
    assert 'name="given.password"' in page


def test_what_is_known_of_a_provider_is_told_in_german(served: House):
    with Visit(served, language="de") as visit:
        page = said(visit.connect("imap", step="first", given__username="anna@gmx.de"))
    assert "Bei GMX zuerst im Webmailer" in page
    assert "Weitere Felder" in page


def test_where_no_password_works_nothing_is_tried(owner: Visit):
    answer = owner.connect("imap", name="Outlook", given__username="a@outlook.com", given__password="x", check=CHECK)
    assert (answer.status_code, "no longer accept a password" in said(answer)) == (200, True)
    assert "Outlook" not in names(owner)


def test_a_mailbox_is_connected_and_its_ticks_are_shown(owner: Visit, mailbox: dict[str, str]):
    answer = owner.connect("imap", name="Ticking", allow="127.0.0.1", check=CHECK, **mailbox)
    page = said(owner.client.get(answer.headers["location"]))
    for part in ("Mail server 127.0.0.1", "not encrypted", "Sign-in as demo@zapwerk.example", "0 mails"):
        assert part in page
    ticks = owner.get(f"/connections/checks/{CHECK}")
    assert "Sign-in as demo@zapwerk.example" in said(ticks)


def test_the_ticks_of_somebody_else_are_not_told(owner: Visit, editor: Visit, mailbox: dict[str, str]):
    own = CHECK[::-1]
    owner.connect("imap", name="Own ticks", allow="127.0.0.1", check=own, **mailbox)
    assert "Sign-in" not in said(editor.get(f"/connections/checks/{own}"))


def test_a_wrong_password_is_told_at_its_field_and_the_rest_stays(owner: Visit, mailbox: dict[str, str]):
    wrong = {**mailbox, "given__password": "not this secret"}
    answer = owner.connect("imap", name="Kept name", allow="127.0.0.1", **wrong)
    page = said(answer)
    assert answer.status_code == 422
    assert "does not accept user name and password" in page
    assert "Kept name" in page
    assert mailbox["given__port"] in page
    assert "not this secret" not in page
    assert "please type yours again" in page
    assert 'name="allow" value="127.0.0.1"' in page, "what an owner allowed holds for the next try"


def test_a_server_that_is_down_is_told_at_its_field(owner: Visit, mailbox: dict[str, str]):
    answer = owner.connect("imap", name="Down", allow="127.0.0.1", **{**mailbox, "given__port": str(free_port())})
    assert (answer.status_code, "No mail server answers at 127.0.0.1" in said(answer)) == (422, True)


def test_the_words_of_the_mail_server_are_told_in_german(served: House, mailbox: dict[str, str]):
    with Visit(served, language="de") as visit:
        wrong = {**mailbox, "given__password": "falsch"}
        page = said(visit.connect("imap", name="Deutsch", allow="127.0.0.1", **wrong))
    assert "Der Mailserver nimmt Benutzername und Passwort nicht an" in page


def test_a_private_host_is_refused_until_an_owner_allows_it(owner: Visit, mailbox: dict[str, str]):
    refused = owner.connect("imap", name="Private", **mailbox)
    assert refused.status_code == 422
    assert "is in a private network" in said(refused)
    assert 'name="allow" value="127.0.0.1"' in said(refused)
    assert "Private" not in names(owner)
    id_ = connected(owner, mailbox, "Private")
    assert "Private hosts it may reach" in said(owner.get(f"/connections/{id_}"))


def test_an_editor_is_told_whom_to_ask_and_cannot_allow_it(editor: Visit, mailbox: dict[str, str]):
    answer = editor.connect("imap", name="Editors", allow="127.0.0.1", **mailbox)
    page = said(answer)
    assert answer.status_code == 422
    assert "Olga Owner" in page
    assert 'name="allow"' not in page
    assert "Editors" not in names(editor)


def test_the_machines_own_secrets_can_be_allowed_by_nobody(owner: Visit, mailbox: dict[str, str]):
    host = "169.254.169.254"
    answer = owner.connect("imap", name="Cloud", allow=host, **{**mailbox, "given__host": host})
    assert "never contacted" in said(answer)
    assert 'name="allow"' not in answer.text


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("  ", "needs a name", id="none"),
        pytest.param("x" * 101, "too long", id="too long"),
        pytest.param("a\u202eb", "invisible", id="turned around"),
        pytest.param("a\x00b", "invisible", id="NUL"),
    ],
)
def test_a_name_that_cannot_be_is_told_at_its_field(owner: Visit, mailbox: dict[str, str], name: str, why: str):
    answer = owner.connect("imap", name=name, allow="127.0.0.1", **mailbox)
    assert (answer.status_code, why in said(answer)) == (422, True)


def test_a_hostile_name_is_only_text_everywhere(owner: Visit, mailbox: dict[str, str]):
    id_ = connected(owner, mailbox, HOSTILE)
    for path in (
        "/connections",
        f"/connections/{id_}",
        f"/connections/{id_}/reconnect",
        f"/connections/{id_}/connected",
    ):
        page = owner.get(path).text
        assert "<script>alert" not in page, path
        assert HOSTILE in html.unescape(page), path


def test_it_is_renamed(owner: Visit, mailbox: dict[str, str]):
    id_ = connected(owner, mailbox, "Before")
    connected(owner, mailbox, "Taken")
    assert owner.post(f"/connections/{id_}/name", name="After").status_code == 303
    refused = owner.post(f"/connections/{id_}/name", name="taken")
    assert (refused.status_code, "There is a connection “taken” already" in said(refused)) == (422, True)
    assert {"After", "Taken"} <= set(names(owner))


def test_it_is_tested(owner: Visit, mailbox: dict[str, str]):
    id_ = connected(owner, mailbox, "Tested")
    answer = owner.post(f"/connections/{id_}/check", check=CHECK)
    page = said(owner.client.get(answer.headers["location"]))
    assert "The account is accepted." in page
    assert "Sign-in as" in page


def test_it_is_reconnected_keeping_what_was_not_typed_anew(owner: Visit, mailbox: dict[str, str]):
    id_ = connected(owner, mailbox, "Again")
    form = said(owner.get(f"/connections/{id_}/reconnect"))
    assert mailbox["given__port"] in form
    assert mailbox["given__password"] not in form.replace("demo@zapwerk.example", "").replace("demo mailbox", "")
    assert owner.post(f"/connections/{id_}/reconnect", given__password="wrong").status_code == 422
    assert owner.post(f"/connections/{id_}/reconnect", given__password="").status_code == 303


def test_it_is_disconnected_only_when_its_name_is_typed(owner: Visit, mailbox: dict[str, str]):
    id_ = connected(owner, mailbox, "Leaving")
    assert "type the name" in said(owner.get(f"/connections/{id_}/disconnect"))
    refused = owner.post(f"/connections/{id_}/disconnect", name="something else")
    assert (refused.status_code, "nothing was disconnected" in said(refused)) == (422, True)
    assert "Leaving" in names(owner)
    assert owner.post(f"/connections/{id_}/disconnect", name=" leaving ").status_code == 303
    assert "Leaving" not in names(owner)


def test_who_came_from_a_zap_goes_back_there(owner: Visit, mailbox: dict[str, str]):
    answer = owner.connect("imap", name="From a zap", allow="127.0.0.1", next="/zaps/1/edit?step=trigger", **mailbox)
    assert answer.headers["location"].startswith("/zaps/1/edit?step=trigger&connected=")
    away = owner.connect("imap", name="Away", allow="127.0.0.1", next="https://evil.example/", **mailbox)
    assert away.headers["location"].startswith("/?connected=")


def test_in_a_window_of_its_own_the_end_tells_the_page_that_opened_it(owner: Visit, mailbox: dict[str, str]):
    answer = owner.connect("imap", name="Window", allow="127.0.0.1", embed="1", **mailbox)
    page = said(owner.client.get(answer.headers["location"]))
    assert f'data-connected="{owner.id_of(answer)}" data-name="Window"' in page
    assert 'class="side"' not in page


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/connections/new"),
        ("POST", "/connections/new"),
        ("POST", "/connections/sign-in"),
        ("GET", "/connections/x/reconnect"),
        ("POST", "/connections/x/check"),
        ("POST", "/connections/x/disconnect"),
        ("POST", "/connections/x/name"),
        ("GET", "/oauth/return"),
    ],
)
def test_a_viewer_may_only_look(served: House, method: str, path: str):
    with Visit(served, Role.VIEWER) as visit:
        answer = visit.get(path) if method == "GET" else visit.post(path)
        assert answer.status_code == 403
        assert visit.get("/connections").status_code == 200


def test_a_form_without_its_token_changes_nothing(owner: Visit, mailbox: dict[str, str]):
    sent: dict[str, Any] = {name.replace("given__", "given."): value for name, value in mailbox.items()}
    answer = owner.client.post("/connections/new", data={"app": "imap", "name": "Forged", **sent})
    assert answer.status_code == 403
    assert "Forged" not in names(owner)


def test_what_is_not_there_is_not_found(owner: Visit):
    assert owner.get("/connections/nothing").status_code == 404
    assert owner.get("/connections/new", app="nothing").status_code == 404
    assert owner.connect("schedule", name="x").status_code == 404
