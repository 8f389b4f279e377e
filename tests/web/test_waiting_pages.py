"""Waiting in the editor for a call of a webhook, while its zap is off and while it is on."""

import html
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from engine.people.roles import Role
from tests import plain
from tests.waiting import wait_until
from tests.web.corner import Corner, Guest, corner

CALLED = """
zapwerk: 1
name: {name}
trigger: {{use: webhook.catch}}
steps:
  - key: only
    filter: {{all: [{{value: "{{{{ trigger.body.name }}}}", is: exists}}]}}
"""
SECRET = "what we agreed on"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corner]:
    with corner(tmp_path_factory.mktemp("corner")) as made:
        yield made


@pytest.fixture(scope="module")
def editor(shop: Corner) -> Guest:
    return shop.visit()


def address_of(editor: Guest, zap: str) -> str:
    found = re.search(r'id="hook-address" value="([^"]+)"', editor.get(f"/zaps/{zap}/try?step=trigger").text)
    assert found
    return found.group(1)


def call(editor: Guest, zap: str, **more: Any) -> httpx.Response:
    return plain.post(address_of(editor, zap), timeout=20, **(more or {"json": {"name": "Ada Lovelace"}}))


def looks_for_calls(editor: Guest) -> str:
    """Where the page looks for what came; “” when it does not."""
    found = re.search(r'data-waiting="([^"]+)"', editor.page.text)
    return html.unescape(found.group(1)) if found else ""


def test_the_address_and_an_example_are_there_before_anything_is_switched_on(shop: Corner, editor: Guest):
    zap = shop.draft("Addressed", CALLED)
    url = address_of(editor, zap)
    assert f"curl {url} \\" in html.unescape(editor.page.text)
    assert "a call is taken only while you wait for one here" in editor.said
    assert call(editor, zap).status_code == 410


def test_a_call_that_is_waited_for_can_be_chosen_as_the_sample_and_starts_nothing(shop: Corner, editor: Guest):
    zap = shop.draft("Waited for", CALLED)
    editor.post(f"/zaps/{zap}/try/wait")
    assert "Waiting for a call until" in editor.said
    seen = looks_for_calls(editor)
    assert editor.get(seen).status_code == 204
    answer = call(editor, zap)
    assert (answer.status_code, answer.json()["runs"]) == (202, [])
    assert "nothing was started" in answer.json()["test"]
    editor.get(seen)
    assert "Ada Lovelace" in editor.said
    assert editor.page.text.startswith('<div class="waited')
    record = re.findall(r'name="record" value="([^"]+)"', editor.page.text)[0]
    editor.post(f"/zaps/{zap}/try/sample", record=record)
    assert "Sample chosen" in editor.said
    assert looks_for_calls(editor) == ""
    assert call(editor, zap).status_code == 410
    assert shop.installation.json("runs", "list", "--zap", "Waited for") == []


def test_a_page_that_is_loaded_again_goes_on_waiting(shop: Corner, editor: Guest):
    zap = shop.draft("Loaded again", CALLED)
    editor.post(f"/zaps/{zap}/try/wait")
    call(editor, zap)
    for guest in (editor, shop.visit(Role.OWNER)):
        guest.get(f"/zaps/{zap}/try?step=trigger")
        assert "Ada Lovelace" in guest.said
        assert looks_for_calls(guest)


def test_waiting_can_be_ended_and_what_came_stays_to_choose(shop: Corner, editor: Guest):
    zap = shop.draft("Ended", CALLED)
    editor.post(f"/zaps/{zap}/try/wait")
    call(editor, zap)
    editor.post(f"/zaps/{zap}/try/wait/end")
    assert "Ada Lovelace" in editor.said
    assert looks_for_calls(editor) == ""
    assert call(editor, zap).status_code == 410


def test_a_wait_whose_time_is_over_says_so(shop: Corner, editor: Guest):
    zap = shop.draft("Over", CALLED)
    editor.post(f"/zaps/{zap}/try/wait")
    seen = looks_for_calls(editor)
    with shop.runtime() as runtime, runtime.database.write() as session:
        session.connection().exec_driver_sql("UPDATE awaiting SET until = 1000")
    editor.get(seen)
    assert "The waiting ended at" in editor.said
    assert "No call came." in editor.said
    assert looks_for_calls(editor) == ""
    editor.get(f"/zaps/{zap}/try?step=trigger")
    assert "Wait once more" in editor.said


def test_why_a_call_was_refused_is_said_where_somebody_waits_for_it(shop: Corner, editor: Guest):
    zap = shop.draft("Unreadable", CALLED)
    editor.post(f"/zaps/{zap}/try/wait")
    seen = looks_for_calls(editor)
    assert call(editor, zap, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    editor.get(seen)
    assert "and was refused: The body is no valid JSON" in editor.said


def test_what_must_be_signed_must_be_signed_for_a_test_too(shop: Corner, editor: Guest):
    agreed = ("--auth", "signed", "--set", f"secret={SECRET}", "--set", "way=token", "--set", "header=X-Token")
    shop.installation.run("connections", "add", "webhook", "--name", "agreed", *agreed)
    zap = shop.draft("Signed", CALLED.replace("webhook.catch", "webhook.catch, connection: agreed"))
    editor.post(f"/zaps/{zap}/try/wait")
    assert "What is not signed as agreed is refused, also now." in editor.said
    assert "curl" not in editor.said
    seen = looks_for_calls(editor)
    assert call(editor, zap).status_code == 403
    editor.get(seen)
    assert "The signature is missing or wrong." in editor.said
    assert call(editor, zap, json={"name": "Bea"}, headers={"X-Token": SECRET}).status_code == 202
    editor.get(seen)
    assert "Bea" in editor.said


def test_while_the_zap_is_on_the_last_real_calls_are_shown_and_start_runs(shop: Corner, editor: Guest):
    zap = shop.draft("Already on", CALLED)
    shop.installation.run("zaps", "enable", "Already on")
    editor.post(f"/zaps/{zap}/try/wait")
    assert "The zap is on: each call starts a run" in editor.said
    seen = looks_for_calls(editor)
    assert call(editor, zap).json()["run"]
    editor.get(seen)
    assert "Ada Lovelace" in editor.said
    wait_until(lambda: len(shop.installation.json("runs", "list", "--zap", "Already on")) == 1, what="its run")


def test_a_zap_that_was_never_on_is_rehearsed_with_what_came(shop: Corner, editor: Guest):
    zap = shop.draft("Rehearsed", CALLED)
    editor.post(f"/zaps/{zap}/try/wait")
    call(editor, zap)
    call(editor, zap, json={"other": 1})
    rehearsal = shop.installation.json("zaps", "rehearse", "Rehearsed")
    assert (rehearsal["records"], rehearsal["outcomes"]["filtered"]) == (2, 1)


def test_a_viewer_neither_sees_the_address_nor_waits(shop: Corner):
    zap = shop.draft("Looked at", CALLED)
    viewer = shop.visit(Role.VIEWER)
    assert "hook-address" not in viewer.get(f"/zaps/{zap}/try?step=trigger").text
    assert viewer.post(f"/zaps/{zap}/try/wait").status_code == 403
    assert viewer.get(f"/zaps/{zap}/try/waited").status_code == 403


def test_there_is_no_waiting_for_a_zap_that_does_not_exist(editor: Guest):
    assert editor.post("/zaps/none/try/wait").status_code == 404
    assert editor.get("/zaps/none/try/waited").status_code == 404


def test_waiting_is_told_in_german(shop: Corner):
    zap = shop.draft("Gewartet", CALLED)
    german = shop.visit(language="de")
    german.post(f"/zaps/{zap}/try/wait")
    assert "wird auf einen Aufruf gewartet" in german.said
    seen = looks_for_calls(german)
    call(german, zap, content=b"{", headers={"Content-Type": "application/json"})
    german.get(seen)
    assert "kam ein Aufruf und wurde abgelehnt: Der Inhalt ist kein gültiges JSON" in german.said
