"""What people change under Settings: profile, password, second factor, sign-ins, people, tokens, the audit log."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from engine.people.audit import Action
from engine.people.roles import Role
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store.audit import Entry
from tests import plain
from tests.web.browser.house import PASSWORD, House, house
from tests.web.test_coming import NEW, invited, joined, person_id, sign_in, with_second_factor
from tests.web.visitors import visitor
from web import audit_sentences

HOSTILE = "<img src=x onerror=alert(1)>{{ 7*7 }}"
OWNER, VIEWER = Role.OWNER, Role.VIEWER


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("settings")) as made:
        yield made


def test_the_language_of_the_profile_counts_more_than_the_browsers(there: House):
    someone = joined(there, "polly@zapwerk.example")
    fine = {"name": "Polly", "language": "de", "timezone": "Europe/Vienna"}
    assert someone.post("/settings/profile", **fine).headers["location"] == "/settings"
    assert '<html lang="de">' in someone.get("/settings").text
    assert someone.value("timezone") == "Europe/Vienna"
    someone.post("/settings/profile", **{**fine, "language": ""})
    assert '<html lang="en">' in someone.get("/settings").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("name", "", id="no name"),
        pytest.param("name", "x" * 101, id="a long name"),
        pytest.param("name", "An\u200bna", id="a hidden space in a name"),
        pytest.param("timezone", HOSTILE, id="markup as time zone"),
        pytest.param("timezone", "Europe", id="a folder of time zones"),
        pytest.param("language", HOSTILE, id="markup as language"),
    ],
)
def test_a_profile_that_cannot_be_taken_is_refused_at_its_field(there: House, field: str, value: str):
    someone = visitor(there, VIEWER)
    fine = {"name": "Vera", "language": "", "timezone": ""}
    assert someone.post("/settings/profile", **{**fine, field: value}).status_code == 422
    assert someone.wrong == {field}
    assert HOSTILE not in someone.page.text
    assert someone.value("timezone") == {**fine, field: value}["timezone"]


def test_a_name_of_markup_is_shown_as_it_was_written(there: House):
    someone = joined(there, "marked@zapwerk.example")
    someone.post("/settings/profile", name=HOSTILE, language="", timezone="")
    owner = visitor(there, OWNER)
    owner.get("/settings/people")
    assert HOSTILE in owner.said
    assert HOSTILE not in owner.page.text


def test_another_e_mail_address_needs_the_password(there: House):
    someone = joined(there, "old@zapwerk.example")
    assert someone.post("/settings/email", email="new@zapwerk.example", password="wrong").status_code == 422
    assert someone.wrong == {"password"}
    assert someone.post("/settings/email", email="olga@zapwerk.example", password=PASSWORD).status_code == 422
    assert someone.wrong == {"email"}
    assert someone.post("/settings/email", email="new@zapwerk.example", password=PASSWORD).status_code == 303
    assert sign_in(visitor(there), "new@zapwerk.example").status_code == 303


def test_another_password_needs_the_old_one_and_signs_the_others_out(there: House):
    here = joined(there, "pat@zapwerk.example")
    elsewhere = visitor(there)
    sign_in(elsewhere, "pat@zapwerk.example")
    assert here.post("/settings/password", old="wrong", new=NEW).status_code == 422
    assert here.wrong == {"old"}
    assert here.post("/settings/password", old=PASSWORD, new="short").status_code == 422
    assert here.wrong == {"new"}
    assert here.post("/settings/password", old=PASSWORD, new=NEW).status_code == 303
    assert (here.is_signed_in(), elsewhere.is_signed_in()) == (True, False)


def test_guessing_the_password_of_a_browser_left_open_is_slowed_down(there: House):
    someone = joined(there, "guess@zapwerk.example")
    for _ in range(5):
        someone.post("/settings/security/second-factor/off", password="a guess")
    assert someone.post("/settings/password", old="a guess", new=NEW).status_code == 429
    assert re.search(r"Please wait \d+ s", someone.said)


def test_sign_ins_are_named_plainly_and_end_at_once(there: House):
    here = joined(there, "many@zapwerk.example")
    phone = visitor(there, agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile Safari/604.1")
    laptop = visitor(there, agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0")
    for one in (phone, laptop):
        sign_in(one, "many@zapwerk.example")
    here.get("/settings/security")
    assert ("Safari on iPhone" in here.said, "Edge on Windows" in here.said) == (True, True)
    before_phone = here.page.text.partition("Safari on iPhone")[2]
    (ends, *_) = re.findall(r"/settings/security/sign-ins/(\w+)/end", before_phone)
    assert here.post(f"/settings/security/sign-ins/{ends}/end").status_code == 303
    assert (here.is_signed_in(), phone.is_signed_in(), laptop.is_signed_in()) == (True, False, True)
    here.post("/settings/security/sign-ins/end-others")
    assert (here.is_signed_in(), laptop.is_signed_in()) == (True, False)


def test_nobody_ends_the_sign_in_of_somebody_else(there: House):
    other, someone = joined(there, "target@zapwerk.example"), visitor(there, OWNER)
    (own,) = re.findall(r"/settings/security/sign-ins/(\w+)/end\"", other.get("/settings/security").text)
    someone.post(f"/settings/security/sign-ins/{own}/end")
    assert other.is_signed_in()


def test_the_second_factor_is_switched_on_with_a_code_and_off_with_the_password(there: House):
    someone = joined(there, "factor@zapwerk.example")
    someone.get("/settings/security/second-factor")
    secret, pending = someone.value("secret"), someone.value("pending")
    assert "<svg" in someone.page.text
    assert " style=" not in someone.page.text
    assert someone.post("/settings/security/second-factor", pending=pending, code="12345").status_code == 422
    assert (someone.wrong, someone.value("secret")) == ({"code"}, secret)
    assert someone.post("/settings/security/second-factor", pending="forged", code="123456").status_code == 422
    assert someone.value("secret") != secret
    _, codes = with_second_factor(someone)
    assert codes[0] not in someone.get("/settings/security").text
    assert someone.post("/settings/security/recovery", password="wrong").status_code == 422
    assert someone.post("/settings/security/recovery", password=PASSWORD).status_code == 200
    assert codes[0] not in someone.page.text
    assert someone.post("/settings/security/second-factor/off", password=PASSWORD).status_code == 303
    assert sign_in(visitor(there), "factor@zapwerk.example").status_code == 303


def test_a_lost_phone_is_helped_by_an_owner(there: House):
    someone = joined(there, "phone@zapwerk.example")
    with_second_factor(someone)
    owner, stranger = visitor(there, OWNER), visitor(there)
    owner.post(f"/settings/people/{person_id(there, 'phone@zapwerk.example')}/password-link", lost="1")
    stranger.post(owner.value("link").removeprefix(there.url), password=NEW)
    assert sign_in(stranger, "phone@zapwerk.example", NEW).status_code == 303


def test_an_invitation_can_be_withdrawn(there: House):
    link, owner = invited(there, name="Wanda"), visitor(there, OWNER)
    (found, *_) = re.findall(r"/settings/people/invitations/(\w+)/withdraw", owner.get("/settings/people").text)
    assert owner.post(f"/settings/people/invitations/{found}/withdraw").status_code == 303
    assert visitor(there).get(link).status_code == 410


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"role": "king"}, "role"),
        ({"role": "viewer", "email": "no address"}, "email"),
        ({"role": "viewer", "email": "olga@zapwerk.example"}, "email"),
        ({"role": "viewer", "name": "a\x07b"}, "name"),
    ],
)
def test_an_invitation_that_cannot_be_made_says_why(there: House, fields: dict[str, str], wrong: str):
    owner = visitor(there, OWNER)
    assert owner.post("/settings/people/invitations", **fields).status_code == 422
    assert owner.wrong == {wrong}


def test_another_role_counts_at_once(there: House):
    someone, owner = joined(there, "rise@zapwerk.example", "viewer"), visitor(there, OWNER)
    path = f"/settings/people/{person_id(there, 'rise@zapwerk.example')}/role"
    assert someone.get("/settings/people").status_code == 403
    assert owner.post(path, role="owner").status_code == 303
    assert someone.get("/settings/people").status_code == 200
    owner.post(path, role="viewer")
    assert someone.get("/settings/people").status_code == 403


def test_who_is_removed_is_out_at_once(there: House):
    someone, owner = joined(there, "gone@zapwerk.example"), visitor(there, OWNER)
    assert owner.post(f"/settings/people/{person_id(there, 'gone@zapwerk.example')}/remove").status_code == 303
    assert not someone.is_signed_in()
    assert sign_in(visitor(there), "gone@zapwerk.example").status_code == 422


@pytest.mark.parametrize(("action", "fields"), [("remove", {}), ("role", {"role": "viewer"})])
def test_the_last_owner_stays(there: House, action: str, fields: dict[str, str]):
    owner = visitor(there, OWNER, language="de")
    path = f"/settings/people/{person_id(there, 'olga@zapwerk.example')}/{action}"
    assert owner.post(path, **fields).status_code == 409
    assert "Das ist der letzte Inhaber." in owner.said


def test_a_token_opens_what_its_role_may_until_it_is_revoked(there: House):
    someone = joined(there, "prog@zapwerk.example")
    assert someone.post("/settings/tokens", name="script", role="viewer", expires="30").status_code == 200
    secret = someone.value("token")
    assert asks(there, secret, "/api/v1/zaps").status_code == 200
    assert asks(there, secret, "/api/v1/people").status_code == 403
    assert secret not in someone.get("/settings/tokens").text
    (found,) = set(re.findall(r"/settings/tokens/(\w+)/revoke", someone.page.text))
    assert someone.post(f"/settings/tokens/{found}/revoke").status_code == 303
    assert asks(there, secret, "/api/v1/zaps").status_code == 401


def test_a_token_opens_no_page(there: House):
    owner = visitor(there, OWNER)
    owner.post("/settings/tokens", name="no pages", role="owner", expires="never")
    answer = asks(there, owner.value("token"), "/settings/about")
    assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")


def asks(there: House, secret: str, path: str) -> httpx.Response:
    return plain.get(there.url + path, headers={"authorization": f"Bearer {secret}"})


def test_a_token_fills_in_no_form_of_a_page(there: House):
    owner = visitor(there, OWNER)
    owner.post("/settings/tokens", name="owns all", role="owner", expires="never")
    headers = {"authorization": f"Bearer {owner.value('token')}"}
    fields = {"name": "child", "role": "owner", "expires": "never"}
    assert plain.post(f"{there.url}/settings/tokens", data=fields, headers=headers).status_code == 303
    assert "child" not in owner.get("/settings/tokens").text


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 200), ("name", "a\x00"), ("role", "owner"), ("role", "x"), ("expires", "1000")],
)
def test_a_token_that_cannot_be_made_says_why(there: House, field: str, value: str):
    someone = visitor(there, VIEWER)
    fine = {"name": "script", "role": "viewer", "expires": "90"}
    assert someone.post("/settings/tokens", **{**fine, field: value}).status_code == 422
    assert someone.wrong == {field}


def test_nobody_but_an_owner_revokes_the_token_of_somebody_else(there: House):
    owner, other = visitor(there, OWNER), joined(there, "holder@zapwerk.example")
    other.post("/settings/tokens", name="kept", role="viewer", expires="30")
    secret = other.value("token")
    (found,) = set(re.findall(r"/settings/tokens/(\w+)/revoke", other.get("/settings/tokens").text))
    someone = visitor(there, VIEWER)
    assert someone.post(f"/settings/tokens/{found}/revoke").status_code == 409
    assert asks(there, secret, "/api/v1/zaps").status_code == 200
    assert owner.post(f"/settings/tokens/{found}/revoke").status_code == 303


def test_the_audit_log_says_who_did_what_and_can_be_filtered(there: House):
    someone = joined(there, "told@zapwerk.example")
    someone.post("/settings/tokens", name="told token", role="viewer", expires="30")
    owner = visitor(there, OWNER, language="de")
    owner.get(f"/settings/audit?person={person_id(there, 'told@zapwerk.example')}&kind=token.")
    assert "told hat den API-Token „told token“ erstellt, Rolle: Betrachter." in owner.said
    assert "ist beigetreten" not in owner.said


def test_the_audit_log_pages_without_leaving_anything_out(there: House):
    told = {f"paged {number}" for number in range(120)}
    runtime = Runtime(Settings(data=there.installation.data))
    for name in told:
        runtime.people.audit.tell(Action.ZAP_CREATED, person=None, subject=name)
    runtime.database.close()
    owner, seen, path = visitor(there, OWNER), "", "/settings/audit?kind=zap."
    while path:
        seen += owner.get(path).text
        following = re.findall(r'href="(/settings/audit\?[^"]*before=\d+)"', owner.page.text)
        path = following[0].replace("&amp;", "&") if following else ""
    assert sorted(re.findall(r"paged \d+", seen)) == sorted(told)
    assert "To the newest" in owner.said


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=" + "9" * 40, "kind=%00", "person=" + "x" * 5000])
def test_the_audit_log_takes_any_address(there: House, query: str):
    assert visitor(there, OWNER).get(f"/settings/audit?{query}").status_code == 200


def test_an_owner_sees_where_the_data_lies_and_others_do_not(there: House):
    data = str(there.installation.data)
    assert data in visitor(there, OWNER).get("/settings/about").text
    assert data not in visitor(there, VIEWER).get("/settings/about").text


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("action", list(Action))
def test_every_action_is_a_sentence_in_both_languages(action: Action, language: str):
    details = {"role": "viewer", "before": "viewer", "after": "owner"}
    entry = Entry(id=1, at=datetime.now(UTC), action=action, person="Anna", subject="50 % Rabatt", details=details)
    said = audit_sentences.said(entry, language)
    assert said.endswith(".")
    assert "%(" not in said
    assert action not in said


def test_an_action_of_another_version_stands_for_itself():
    entry = Entry(id=1, at=datetime.now(UTC), action="future.done", person="command line")
    assert audit_sentences.said(entry, "de") == "Die Kommandozeile: future.done"
