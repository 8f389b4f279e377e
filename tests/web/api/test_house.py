"""The ways people are told, notices that were read, and what keeps an account safe, by the API."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from engine.people.roles import Role
from engine.store import notices
from tests.engine.notices.office import Receiver
from tests.web.api.desk import Desk
from tests.web.browser.house import PASSWORD


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def test_an_address_is_called_signed_by_a_secret_that_is_told_once(desk: Desk, receiver: Receiver):
    assert desk.owner.ask("POST", "/notice-ways/hook/test").status_code == 409
    made = desk.owner.put("/notice-ways/hook", address=receiver.url)
    assert made["secret"]
    assert desk.owner.get("/notice-ways")["hook"]["secret"] == ""
    assert desk.owner.post("/notice-ways/hook/test") == {"sent_to": ""}
    assert len(receiver.calls) == 1
    assert desk.owner.get("/notice-ways")["hook"]["worked_at"]
    assert desk.owner.put("/notice-ways/hook", address=receiver.url)["secret"] == ""
    assert desk.owner.put("/notice-ways/hook", address=receiver.url, renew=True)["secret"] != made["secret"]
    desk.owner.delete("/notice-ways/hook")
    assert desk.owner.get("/notice-ways")["hook"] is None
    assert desk.editor.ask("GET", "/notice-ways").status_code == 403


def test_a_mail_server_keeps_its_password_to_itself(desk: Desk):
    server: dict[str, Any] = {"host": "mail.zapwerk.example", "username": "us", "sender": "us@zapwerk.example"}
    made = desk.owner.put("/notice-ways/mail", **server, password="a still pond")
    assert (made["password_set"], made["host"]) == (True, "mail.zapwerk.example")
    assert "a still pond" not in desk.owner.ask("GET", "/notice-ways").text
    assert desk.owner.put("/notice-ways/mail", **server, port=587)["password_set"] is True
    elsewhere = desk.owner.put("/notice-ways/mail", **{**server, "host": "else.zapwerk.example"})
    assert elsewhere["password_set"] is False
    wrong = desk.owner.ask("PUT", "/notice-ways/mail", json={"connection": desk.shop})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "connection")
    desk.owner.delete("/notice-ways/mail")


def test_notices_are_marked_as_read(desk: Desk):
    assert desk.viewer.post("/notices/read") is None


def test_all_open_notices_are_reached_page_by_page(desk: Desk):
    with desk.runtime() as runtime:
        for moment in (runtime.now(), runtime.now() + timedelta(seconds=1)):
            with runtime.database.write() as session:
                for number in range(60):
                    matter = f"space:{moment.timestamp()}-{number}"
                    notices.tell(session.connection(), matter, "It is narrow.", now=moment)
    pages = desk.viewer.every("/notices", limit=50)
    found = [one for page in pages for one in page]
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({one["id"] for one in found}) == 120
    assert [one["updated_at"] for one in found] == sorted((one["updated_at"] for one in found), reverse=True)
    assert desk.viewer.get("/notices", limit=100)["more"] is True


@pytest.mark.parametrize("after", ["nonsense", "1", "1-", "-1-a", "²-a", "1-A", "9" * 30 + "-a"])
def test_a_place_in_the_notices_that_is_none_is_refused(desk: Desk, after: str):
    answer = desk.viewer.ask("GET", "/notices", params={"after": after})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "after")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/me/password", {"old": "wrong", "new": "a brighter harbour at dawn"}),
        ("PUT", "/me/email", {"password": "wrong", "email": "new@zapwerk.example"}),
        ("POST", "/me/second-factor/off", {"password": "wrong"}),
    ],
)
def test_a_token_alone_takes_no_account_over(desk: Desk, method: str, path: str, body: dict[str, str]):
    answer = desk.viewer.ask(method, path, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in ("old", "password")
    assert desk.viewer.get("/me")["email"] == "vera@zapwerk.example"


def test_with_the_password_the_password_and_the_address_are_changed(desk: Desk):
    desk.editor.ask("PUT", "/me/password", json={"old": PASSWORD, "new": "a brighter harbour at dawn"})
    new: dict[str, Any] = {"password": "a brighter harbour at dawn", "email": "emil.e@zapwerk.example"}
    assert desk.editor.put("/me/email", **new)["email"] == "emil.e@zapwerk.example"
    assert desk.editor.get("/sign-ins")["items"] == []
    assert desk.editor.ask("POST", "/me/recovery-codes", json={"password": new["password"]}).status_code == 409


def test_all_browsers_are_signed_out_at_once(desk: Desk):
    assert len(desk.owner.get("/sign-ins")["items"]) == 1
    desk.owner.delete("/sign-ins")
    assert desk.owner.get("/sign-ins")["items"] == []
    assert desk.owner.get("/me")["role"] == Role.OWNER
