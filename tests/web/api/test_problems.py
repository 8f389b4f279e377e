"""What the API answers where something is wrong: always a problem, never a page, never a fault of the server."""

import json
from typing import Any

import httpx
import pytest

from engine.people.roles import Role
from engine.zaps.model import ActionStep
from tests import plain
from tests.web.api.desk import Desk
from tests.web.corner import Guest

JSON = {"content-type": "application/json"}


def is_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer zw_nothing"}, {"authorization": "Basic abc"}])
def test_without_a_good_token_nothing_is_answered_and_nothing_is_read(desk: Desk, headers: dict[str, str]):
    answer = plain.post(f"{desk.house.url}/api/v1/zaps", content=b"{broken", headers={**JSON, **headers})
    is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_who_may_not_is_told_who_may(desk: Desk):
    problem = is_problem(desk.viewer.ask("POST", "/zaps", json={}, headers={"accept-language": "de"}), 403)
    assert "Bearbeiter" in problem["detail"]


def test_a_browser_that_is_signed_in_needs_its_page_for_writes(desk: Desk):
    cookies = {"zapwerk": desk.house.tokens[Role.OWNER]}
    with plain.Client(base_url=desk.house.url, cookies=cookies) as client:
        csrf = Guest(client).csrf
        assert client.get("/api/v1/me").status_code == 200
        is_problem(client.post("/api/v1/zaps", json={}), 403)
        assert client.post("/api/v1/zaps", json={}, headers={"x-csrf": csrf}).status_code == 201


@pytest.mark.parametrize("path", ["/zaps/nothing", "/runs/%F0%9F%8D%8E", "/connections/%00", "/apps/a%2Fb", "/nowhere"])
def test_what_is_not_there_is_not_found_however_odd_its_name(desk: Desk, path: str):
    is_problem(desk.owner.ask("GET", path), 404)


@pytest.mark.parametrize("number", ["0", "-1", "one", "99999999999999999999", "7"])
def test_a_version_that_is_no_number_is_not_there(desk: Desk, number: str):
    is_problem(desk.viewer.ask("GET", f"/zaps/{desk.draft(f'Numbered {number}')}/versions/{number}"), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/zaps", "GET, POST"),
        ("POST", "/pausing", "DELETE, GET, PUT"),
        ("GET", "/me/password", "PUT"),
        ("OPTIONS", "/me", "GET, PATCH"),
    ],
)
def test_a_way_of_asking_that_there_is_not_is_said_so_with_those_there_are(
    desk: Desk, method: str, path: str, allowed: str
):
    answer = desk.owner.ask(method, path)
    assert is_problem(answer, 405)["detail"] == f"This address takes only: {allowed}."
    assert answer.headers["allow"] == allowed
    page = plain.request("DELETE", f"{desk.house.url}/sign-in")
    assert (page.status_code, page.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("body", "position"),
    [
        (b"{", 1),
        (b'{"name": }', 9),
        (b"\xff\xff", None),
        (b'{"name": NaN}', None),
        (b'{"name": 1e999}', None),
        (b"[" * 100_000, None),
    ],
    ids=["cut", "no value", "no text", "NaN", "beyond all numbers", "too deep"],
)
def test_what_is_no_json_is_said_so_with_the_position(desk: Desk, body: bytes, position: int | None):
    problem = is_problem(desk.editor.ask("POST", "/zaps", content=body, headers=JSON), 400)
    assert problem.get("position") == position


def test_values_nested_too_deeply_are_not_taken(desk: Desk):
    nested = b'{"zap":' + b'{"a":' * 60 + b"1" + b"}" * 61
    is_problem(desk.editor.ask("POST", "/zaps", content=nested, headers=JSON), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_kind_of_content_is_not_taken(desk: Desk, kind: str):
    problem = is_problem(desk.editor.ask("POST", "/zaps", content=b"{}", headers={"content-type": kind}), 415)
    assert "application/json" in problem["detail"]


@pytest.mark.parametrize("said", [True, False], ids=["said", "not said"])
def test_a_body_that_is_too_long_is_not_taken(desk: Desk, said: bool):
    body = b'{"name": "' + b"x" * 9_000_000 + b'"}'
    sent: Any = body if said else iter([body[:3_000_000], body[3_000_000:]])
    try:
        answer = desk.editor.ask("POST", "/zaps", content=sent, headers=JSON)
    except httpx.WriteError:  # the server answers and closes before all of it was sent
        return
    assert is_problem(answer, 413)["detail"].startswith("The body is larger than the 2 MB that are taken")


def test_how_long_a_body_may_be_is_said_in_german_too(desk: Desk):
    sent = {"content": b"x" * 2_000_001, "headers": {**JSON, "accept-language": "de"}}
    problem = is_problem(desk.editor.ask("POST", "/zaps", **sent), 413)
    assert problem["detail"] == "Der Inhalt ist größer als die 2 MB, die angenommen werden; es wurde nichts getan."


NOTHING_TO_SEND = (("PUT", "/pausing"), ("DELETE", "/pausing"), ("POST", "/zaps/{zap}/duplicate"))


@pytest.mark.parametrize(("method", "path"), NOTHING_TO_SEND)
def test_what_is_sent_where_nothing_is_taken_is_refused(desk: Desk, method: str, path: str):
    zap = desk.draft(f"Nothing {method}")
    before = desk.viewer.get("/zaps", limit=100)["items"]

    def refused(status: int, content: bytes, kind: str = "application/json") -> dict[str, Any]:
        sent = {"content": content, "headers": {"content-type": kind}}
        return is_problem(desk.editor.ask(method, path.format(zap=zap), **sent), status)

    told = refused(422, b'{"until": "2027-01-01", "why": 1}')["errors"]
    assert [(one["field"], one["message"]) for one in told] == [
        ("until", "There is no such field."),
        ("why", "There is no such field."),
    ]
    refused(415, b"[1]")
    refused(415, b"until=2027", "application/x-www-form-urlencoded")
    refused(400, b"{")
    assert desk.viewer.get("/pausing")["paused"] is False
    assert desk.viewer.get("/zaps", limit=100)["items"] == before


@pytest.mark.parametrize("body", [b"", b"{}", b" { } ", b"null"], ids=repr)
def test_a_body_that_says_nothing_is_as_none(desk: Desk, body: bytes):
    assert desk.editor.ask("DELETE", "/pausing", content=body, headers=JSON).status_code == 204


def test_a_field_that_is_not_known_is_refused(desk: Desk):
    problem = is_problem(desk.editor.ask("POST", "/zaps", json={"nmae": "Typo"}), 422)
    assert problem["errors"] == [{"step": "", "field": "nmae", "message": "There is no such field."}]
    german = desk.editor.ask("POST", "/zaps", json={"nmae": "Typo"}, headers={"accept-language": "de-AT,de;q=0.9"})
    assert german.json()["errors"][0]["message"] == "Dieses Feld gibt es nicht."


@pytest.mark.parametrize("sign", ["\\u0000", "\\ud800"], ids=["NUL", "half of a character"])
def test_signs_that_no_text_may_hold_are_refused_at_their_field(desk: Desk, sign: str):
    body = f'{{"zap": {json.dumps(desk.zap("Odd"))}}}'.replace("{{ trigger.who }}", sign)
    problem = is_problem(desk.editor.ask("POST", "/zaps", content=body.encode(), headers=JSON), 422)
    assert [one["field"] for one in problem["errors"]] == ["zap.steps.0.with.to"]


@pytest.mark.parametrize("sign", ["\\0", "\\ud800"], ids=["NUL", "half of a character"])
def test_such_signs_in_a_file_are_refused_at_their_line(desk: Desk, sign: str):
    file = f'zapwerk: 1\nname: "Odd {sign}"\ntrigger: {{use: shop.new_order}}\nsteps: []\n'
    said = {"accept-language": "de", "content-type": "application/yaml"}
    problem = is_problem(desk.editor.ask("POST", "/zaps/import", content=file.encode(), headers=said), 422)
    assert problem["errors"][0]["message"].startswith("Zeile 2, Spalte 7: darin steht ein Zeichen")


def test_such_signs_in_the_address_are_refused_too(desk: Desk):
    is_problem(desk.viewer.ask("GET", "/runs?q=%00"), 422)


def test_what_is_wrong_in_a_zap_is_said_at_its_place(desk: Desk):
    zap = {**desk.zap("Places"), "steps": [{"key": "A!", "use": "shop.send_parcel"}, {"key": "b"}]}
    problem = is_problem(desk.editor.ask("POST", "/zaps", json={"zap": zap}), 422)
    assert [one["field"] for one in problem["errors"]] == ["zap.steps.0.key", "zap.steps.1"]


def test_two_zaps_cannot_have_one_name(desk: Desk):
    desk.draft("Taken")
    is_problem(desk.editor.ask("POST", "/zaps", json={"name": "taken"}), 409)


def test_secrets_that_were_typed_into_a_step_are_never_given_back_and_stay(desk: Desk):
    call = {"method": "POST", "url": "https://shop.example", "headers": {"Authorization": "Bearer hush", "A": "b"}}
    step = {"key": "call", "use": "http.request", "with": call}
    zap = desk.draft("Hidden", step)
    answer = desk.viewer.ask("GET", f"/zaps/{zap}/draft")
    assert "hush" not in answer.text
    drawn = answer.json()
    desk.editor.put(f"/zaps/{zap}/draft", revision=drawn["revision"], zap={**drawn["zap"], "name": "Hidden still"})
    with desk.runtime() as runtime:
        kept = runtime.editing.drafts.get(zap).step("call")
        assert isinstance(kept, ActionStep)
        headers: Any = runtime.connections.typed.opened(kept).with_["headers"]
    assert headers["Authorization"].get_secret_value() == "Bearer hush"


def test_nothing_of_the_api_is_kept_by_browsers(desk: Desk):
    assert desk.viewer.ask("GET", "/zaps").headers["cache-control"] == "no-store"


def test_whoever_is_not_signed_in_is_led_to_sign_in_by_the_page_and_refused_the_document(desk: Desk):
    page = plain.get(f"{desk.house.url}/api/docs")
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Fapi%2Fdocs")
    is_problem(plain.get(f"{desk.house.url}/api/openapi.json"), 401)
