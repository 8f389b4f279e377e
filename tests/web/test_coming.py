"""Setting up, signing in and out, invitations, new passwords: over real HTTP, against a running `zapwerk serve`."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyotp
import pytest

from engine.people.audit import Action
from engine.people.links import Purpose
from engine.people.roles import Role
from engine.runtime import Runtime
from engine.settings import Settings
from tests.web.browser.house import PASSWORD, House, house
from tests.web.visitors import Visitor, visitor

NEW = "seven quiet paper boats"
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("coming")) as made:
        yield made


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Nobody owns it yet."""
    with house(tmp_path_factory.mktemp("empty"), people=False) as made:
        yield made


def invited(there: House, role: str = "editor", **more: str) -> str:
    """The path of a new invitation."""
    owner = visitor(there, Role.OWNER)
    assert owner.post("/settings/people/invitations", role=role, **more).status_code == 200
    return owner.value("link").removeprefix(there.url)


def joined(there: House, email: str, role: str = "editor") -> Visitor:
    """Somebody new, who is signed in."""
    new = visitor(there)
    answer = new.post(invited(there, role), name=email.partition("@")[0], email=email, password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/zaps")
    return new


def with_second_factor(who: Visitor) -> tuple[pyotp.TOTP, list[str]]:
    """Switches it on: the phone, and the recovery codes."""
    who.get("/settings/security/second-factor")
    phone, pending = pyotp.TOTP(who.value("secret").replace(" ", "")), who.value("pending")
    assert who.post("/settings/security/second-factor", pending=pending, code=phone.now()).status_code == 200
    return phone, re.findall(r'<li class="mono">([\w-]+)</li>', who.page.text)


def sign_in(who: Visitor, email: str, password: str = PASSWORD, next: str = "") -> httpx.Response:
    return who.post("/sign-in", email=email, password=password, next=next)


def test_without_an_owner_every_way_leads_to_where_the_link_is_explained(empty: House):
    stranger = visitor(empty)
    assert stranger.get("/").headers["location"] == "/welcome"
    assert stranger.get("/sign-in").headers["location"] == "/welcome"
    assert "Set up Zapwerk" in stranger.get("/welcome").text


def test_setting_up_signs_in_and_the_link_is_dead_afterwards(tmp_path: Path):
    with house(tmp_path, people=False) as made:
        first, second = visitor(made), visitor(made)
        link = set_up_link(made)
        assert "time zone" in first.get(link).text.lower()
        first.post(link, name="Anna", email="anna@example.com", password="short", timezone="Nowhere/At all")
        assert (first.page.status_code, first.wrong) == (422, {"password", "timezone"})
        assert (first.value("name"), first.value("password")) == ("Anna", "")
        given = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD, "timezone": "Europe/Berlin"}
        assert first.post(link, **given).headers["location"] == "/settings/notices/first"
        assert first.is_signed_in()
        assert second.post(link, **given).status_code == 410
        assert "set up already" in second.said
        assert second.get("/welcome").headers["location"] == "/sign-in"


def set_up_link(made: House) -> str:
    """Another one than was printed when it was started; the same kind."""
    runtime = Runtime(Settings(data=made.installation.data))
    link = runtime.people.links.set_up()
    runtime.database.close()
    assert link is not None
    return f"/welcome/{link.token}"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(there: House):
    answer = sign_in(visitor(there), "olga@zapwerk.example")
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith("zapwerk=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def test_by_https_the_cookie_insists_on_it(tmp_path: Path):
    environ = {"ZAPWERK_PUBLIC_URL": "https://zaps.example.com"}
    with house(tmp_path, environ=environ) as made:
        stranger = visitor(made)
        stranger.client.headers["origin"] = "https://zaps.example.com"
        answer = stranger.client.post("/sign-in", data={"email": "olga@zapwerk.example", "password": PASSWORD})
        (cookie,) = [one for one in answer.headers.get_list("set-cookie") if "zapwerk=" in one]
        assert cookie.startswith("__Host-zapwerk=")
        assert "Secure" in cookie.split("; ")


@pytest.mark.parametrize(
    ("next", "leads_to"),
    [
        ("/settings/about?x=1", "/settings/about?x=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_goes_on_but_never_to_another_site(there: House, next: str, leads_to: str):
    assert sign_in(visitor(there), "olga@zapwerk.example", next=next).headers["location"] == leads_to


def test_who_was_going_somewhere_gets_there_after_signing_in(there: House):
    assert visitor(there).get("/settings/audit?kind=zap.").headers["location"] == (
        "/sign-in?next=%2Fsettings%2Faudit%3Fkind%3Dzap."
    )


@pytest.mark.parametrize("email", ["olga@zapwerk.example", "nobody@zapwerk.example"])
def test_a_wrong_password_and_a_wrong_address_look_the_same(there: House, email: str):
    stranger = visitor(there)
    assert sign_in(stranger, email, "not the password").status_code == 422
    assert "The e-mail address, the password or the code is not right." in stranger.said
    assert stranger.value("email") == email


def test_signing_in_is_slowed_down_and_says_how_long(there: House):
    stranger = visitor(there, language="de")
    for _ in range(5):
        sign_in(stranger, "slow@zapwerk.example", "wrong")
    assert sign_in(stranger, "slow@zapwerk.example", "wrong").status_code == 429
    assert 0 < int(stranger.page.headers["retry-after"]) <= 30
    assert re.search(r"Bitte warten Sie \d+ s", stranger.said)


def test_the_code_is_asked_for_without_the_password_in_the_page(there: House):
    phone, codes = with_second_factor(joined(there, "two@zapwerk.example"))
    assert len(codes) == 10
    stranger = visitor(there)
    assert sign_in(stranger, "two@zapwerk.example", next="/settings/about").status_code == 200
    assert PASSWORD not in stranger.page.text
    assert not stranger.is_signed_in()
    note, next = stranger.value("note"), stranger.value("next")
    assert stranger.post("/sign-in", note=note, code="000000", next=next).status_code == 422
    assert (stranger.wrong, stranger.value("note")) == ({"code"}, note)
    later = phone.at(int(time.time()) + 30)  # the one of now was used up when it was switched on
    assert stranger.post("/sign-in", note=note, code=later, next=next).headers["location"] == "/settings/about"
    assert stranger.is_signed_in()


def test_a_recovery_code_opens_once(there: House):
    _, codes = with_second_factor(joined(there, "lost@zapwerk.example"))
    first, second = visitor(there), visitor(there)
    sign_in(first, "lost@zapwerk.example")
    note = first.value("note")
    assert first.post("/sign-in", note=note, code=codes[0].upper().replace("-", " ")).status_code == 303
    assert second.post("/sign-in", note=note, code=codes[0]).status_code == 422


@pytest.mark.parametrize("note", ["nothing", "a" * 5000, "ünï"], ids=["nothing", "long", "odd"])
def test_a_note_that_is_none_of_ours_leads_back_to_the_beginning(there: House, note: str):
    stranger = visitor(there)
    assert stranger.post("/sign-in", note=note, code="123456").status_code == 422
    assert "took too long" in stranger.said


def test_a_note_is_worth_nothing_once_the_password_was_changed(there: House):
    someone = joined(there, "change@zapwerk.example")
    _, codes = with_second_factor(someone)
    thief = visitor(there)
    sign_in(thief, "change@zapwerk.example")
    assert someone.post("/settings/password", old=PASSWORD, new=NEW).status_code == 303
    assert thief.post("/sign-in", note=thief.value("note"), code=codes[0]).status_code == 422
    assert not thief.is_signed_in()


def test_signing_out_ends_it_on_the_server_too(there: House):
    someone = joined(there, "out@zapwerk.example")
    kept = dict(someone.client.cookies)
    assert someone.post("/sign-out").headers["location"] == "/sign-in"
    someone.client.cookies.update(kept)
    assert not someone.is_signed_in()


def test_an_invitation_knows_whom_it_is_for_and_is_good_once(there: House):
    link = invited(there, "viewer", name="Nora", email="nora@zapwerk.example")
    first, second = visitor(there), visitor(there)
    first.get(link)
    assert (first.value("name"), first.value("email")) == ("Nora", "nora@zapwerk.example")
    assert "invited as a viewer" in first.said
    typed = {"name": "Nora", "email": "nora@zapwerk.example", "password": PASSWORD}
    assert first.post(link, **typed).headers["location"] == "/zaps"
    assert first.get("/settings/people").status_code == 403
    assert second.get(link).status_code == 410
    assert "ask the person who invited you" in second.said


@pytest.mark.parametrize("path", ["welcome", "join", "password", "enter"])
@pytest.mark.parametrize("token", ["nothing", "a" * 3000, "%00"], ids=["nothing", "long", "nul"])
def test_a_link_that_is_none_has_a_page_that_says_whom_to_ask(there: House, path: str, token: str):
    stranger = visitor(there)
    assert stranger.get(f"/{path}/{token}").status_code == 410
    assert stranger.post(f"/{path}/{token}").status_code == 410


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("name", HOSTILE * 10, id="a long name of markup"),
        pytest.param("name", "An\x00na", id="a name with NUL"),
        pytest.param("name", "An\u202ena", id="a name that turns round"),
        pytest.param("name", "", id="no name"),
        pytest.param("email", HOSTILE, id="an address of markup"),
        pytest.param("email", "a@b\x00.example", id="an address with NUL"),
        pytest.param("email", "a" * 300 + "@example.com", id="a long address"),
        pytest.param("email", "olga@zapwerk.example", id="somebody else's address"),
        pytest.param("timezone", "../../etc/passwd", id="a path as time zone"),
        pytest.param("language", "tlh", id="a language we do not have"),
        pytest.param("password", "x" * 5000, id="a long password"),
        pytest.param("password", "password1234", id="a common password"),
    ],
)
def test_what_cannot_be_taken_is_refused_at_its_field_and_kept(there: House, field: str, value: str):
    new = visitor(there)
    fine = {"name": "Ida", "email": "ida@zapwerk.example", "password": PASSWORD, "timezone": "", "language": ""}
    assert new.post(invited(there), **{**fine, field: value}).status_code == 422
    assert new.wrong == {field}
    assert HOSTILE not in new.page.text
    kept = {name: new.value(name) for name in ("name", "email", "timezone")}
    wanted = {name: {**fine, field: value}[name] for name in kept}
    assert {name: text.replace("\ufffd", "\x00") for name, text in kept.items()} == wanted
    assert new.value("password") == ""


def test_a_new_password_ends_all_sign_ins_and_does_not_sign_in(there: House):
    someone = joined(there, "forgot@zapwerk.example")
    owner, stranger = visitor(there, Role.OWNER), visitor(there)
    owner.post(f"/settings/people/{person_id(there, 'forgot@zapwerk.example')}/password-link")
    link = owner.value("link").removeprefix(there.url)
    assert stranger.post(link, password="short").status_code == 422
    assert stranger.post(link, password=NEW).headers["location"] == "/sign-in"
    assert not someone.is_signed_in()
    assert not stranger.is_signed_in()
    assert stranger.post(link, password=NEW).status_code == 410
    assert sign_in(stranger, "forgot@zapwerk.example", NEW).status_code == 303


def person_id(there: House, email: str) -> str:
    found = {one["email"]: one["id"] for one in json.loads(there.installation.run("people", "list", "--json"))}
    return str(found[email])


def test_looking_at_a_one_time_link_does_not_use_it_up(there: House):
    runtime = Runtime(Settings(data=there.installation.data))
    someone = runtime.people.accounts.find("olga@zapwerk.example")
    made = runtime.people.links.make(Purpose.SIGN_IN, person_id=someone.id)
    runtime.database.close()
    path, scanner, person = f"/enter/{made.token}", visitor(there), visitor(there)
    assert scanner.get(path).status_code == 200
    assert person.get(path).status_code == 200
    assert person.post(path).headers["location"] == "/"
    assert person.is_signed_in()
    assert visitor(there).post(path).status_code == 410


@pytest.mark.parametrize(
    ("accepts", "language"),
    [("de-AT,de;q=0.9,en;q=0.5", "de"), ("fr, en;q=0.8", "en"), ("fr", "en"), ("x;q=y,,;", "en"), ("", "en")],
)
def test_the_page_speaks_the_browsers_language(there: House, accepts: str, language: str):
    stranger = visitor(there, language=accepts)
    assert f'<html lang="{language}">' in stranger.get("/sign-in").text


def test_no_password_code_or_token_is_written_down(there: House):
    link = invited(there, "viewer", name="Lea")
    lea = visitor(there)
    lea.post(link, name="Lea", email="lea@zapwerk.example", password=NEW)
    sign_in(lea, "lea@zapwerk.example", "my secret typed wrong")
    runtime = Runtime(Settings(data=there.installation.data))
    log = repr(runtime.people.audit.page(size=200).entries)
    runtime.database.close()
    assert Action.SIGNED_IN in log
    for secret in (link.rpartition("/")[2], NEW, PASSWORD, "my secret typed wrong"):
        assert secret not in log
