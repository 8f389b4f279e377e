"""Zaps by the API: the list, drafts, publishing, switching, versions, files."""

import json
from typing import Any

import pytest
import yaml

from tests.web.api.desk import Desk

UNKNOWN = "0000000000"


def test_a_zap_is_created_published_and_listed_with_its_health_and_figures(desk: Desk):
    zap = desk.on("Listed")
    desk.installation.order("Ada", "Bob")
    desk.runs(zap, 2)
    line = next(one for one in desk.viewer.get("/zaps", q="listed")["items"])
    assert (line["id"], line["state"], line["version"], line["changed"]) == (zap, "on", 1, False)
    assert (line["trigger"], line["apps"], line["connections"]) == ("shop.new_order", ["shop"], [desk.shop])
    assert (line["health"]["watched"], line["health"]["state"]) == (True, "ok")
    assert line["health"]["last_success_at"].endswith("Z")
    assert line["figures"]["last_run"]["state"] == "succeeded"
    assert len(line["figures"]["days"]) == 7
    desk.editor.post(f"/zaps/{zap}/off")


def test_a_zap_shows_what_is_live(desk: Desk):
    zap = desk.on("Live")
    shown = desk.viewer.get(f"/zaps/{zap}")
    assert shown["live"]["steps"][0]["with"] == {"to": "{{ trigger.who }}"}
    assert desk.editor.post(f"/zaps/{zap}/off") == {"held": 0}
    assert desk.viewer.get(f"/zaps/{zap}")["state"] == "off"
    assert desk.editor.post(f"/zaps/{zap}/on", catch_up=True)["version"] == 1
    assert desk.editor.post(f"/zaps/{zap}/on")["new_baseline"] is False
    desk.editor.post(f"/zaps/{zap}/off", hold_waiting=True)


def test_a_blank_zap_has_the_language_of_whoever_makes_it(desk: Desk):
    made = desk.editor.post("/zaps", language="de", timezone="Europe/Berlin", folder="  New   ones ")
    assert (made["zap"]["name"], made["zap"]["timezone"]) == ("Unbenannter Zap", "Europe/Berlin")
    assert desk.viewer.get(f"/zaps/{made['id']}")["folder"] == "New ones"
    assert {one["step"] for one in made["problems"]} == {"trigger", "step1"}


def test_a_draft_is_replaced_whole_and_once_more_changes_nothing(desk: Desk):
    zap = desk.draft("Put")
    before = desk.viewer.get(f"/zaps/{zap}/draft")
    wanted = {**before["zap"], "name": "Put again", "note": None}
    del wanted["note"]
    seen = {"if-match": f'"{before["revision"]}"'}
    first = desk.editor.put(f"/zaps/{zap}/draft", seen, zap=wanted)
    second = desk.editor.put(f"/zaps/{zap}/draft", seen, zap=wanted)
    assert (first["zap"]["name"], first["revision"]) == ("Put again", before["revision"] + 1)
    assert second == first
    undone = desk.editor.post(f"/zaps/{zap}/draft/undo", revision=first["revision"])
    assert (undone["zap"]["name"], undone["can_redo"]) == ("Put", True)
    redone = desk.editor.post(f"/zaps/{zap}/draft/redo", revision=undone["revision"])
    assert redone["zap"]["name"] == "Put again"


def test_a_draft_has_an_etag_that_counts_as_its_revision(desk: Desk):
    answer = desk.viewer.ask("GET", f"/zaps/{desk.draft('Tagged')}/draft")
    assert answer.headers["etag"] == f'"{answer.json()["revision"]}"'


@pytest.mark.parametrize("seen", [{"revision": 7_000}, {"headers": {"if-match": '"7000"'}}], ids=["field", "header"])
def test_whoever_has_not_seen_the_newest_draft_changes_nothing(desk: Desk, seen: dict[str, Any]):
    zap = desk.draft(f"Conflict {len(seen)} {'headers' in seen}")
    headers = seen.pop("headers", None)
    sent = {"zap": desk.zap("Mine"), **seen}
    answer = desk.editor.ask("PUT", f"/zaps/{zap}/draft", json=sent, headers=headers)
    assert answer.status_code == 409
    assert set(answer.json()) >= {"title", "status", "detail", "changed_by", "changed_at"}
    assert desk.viewer.get(f"/zaps/{zap}")["name"].startswith("Conflict")


def test_a_draft_without_any_revision_is_not_taken(desk: Desk):
    answer = desk.editor.ask("PUT", f"/zaps/{desk.draft('Unseen')}/draft", json={"zap": desk.zap("Mine")})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "revision"


def test_what_speaks_against_publishing_is_said_by_step_and_field_in_the_language_asked_for(desk: Desk):
    parcel = {"key": "parcel", "use": "shop.send_parcel", "connection": desk.shop, "with": {"to": "{{ nobody.name }}"}}
    zap = desk.draft("Unready", parcel)
    answer = desk.editor.ask("POST", f"/zaps/{zap}/publish", json={}, headers={"accept-language": "de"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    assert (error["step"], error["field"]) == ("parcel", "to")
    assert answer.json()["detail"] == "Das geht noch nicht; `errors` sagt, was zu beheben ist."
    english = desk.editor.ask("POST", f"/zaps/{zap}/publish", json={}, headers={"accept-language": "en"})
    assert english.json()["errors"][0]["message"] != error["message"]
    assert desk.editor.get(f"/zaps/{zap}/publish")["problems"][0]["step"] == "parcel"


def test_name_folder_and_settings_are_changed_by_themselves(desk: Desk):
    zap = desk.draft("Patched")
    shown = desk.editor.patch(f"/zaps/{zap}", name="Patched well", folder="Shop", flood_limit=0, concurrency=1)
    assert (shown["name"], shown["folder"]) == ("Patched well", "Shop")
    drawn = desk.viewer.get(f"/zaps/{zap}/draft")["zap"]
    assert (drawn["flood_limit"], drawn["concurrency"]) == (None, 1)
    shown = desk.editor.patch(f"/zaps/{zap}", while_running="skip", auto_pause=False)
    drawn = desk.viewer.get(f"/zaps/{zap}/draft")["zap"]
    assert (drawn["while_running"], drawn["auto_pause"]) == ("skip", False)
    assert desk.editor.patch(f"/zaps/{zap}")["revision"] == shown["revision"]
    again = desk.editor.ask("PATCH", f"/zaps/{zap}", json={"name": "x", "revision": shown["revision"] + 5})
    assert again.status_code == 409


@pytest.mark.parametrize("name", ["Hides\u200b", "\u202eHides", "Hides\x07", "Hi\u2060des"], ids=ascii)
def test_a_name_with_invisible_signs_is_refused_wherever_it_is_set(desk: Desk, name: str):
    zap = desk.draft(f"Seen {name!a}")
    drawn = desk.viewer.get(f"/zaps/{zap}/draft")
    whole = {"revision": drawn["revision"], "zap": {**drawn["zap"], "name": name}}
    file = f"zapwerk: 1\nname: {json.dumps(name)}\ntrigger: {{use: shop.new_order}}\nsteps: [{{key: a, use: shop.b}}]\n"
    answers = [
        desk.editor.ask("POST", "/zaps", json={"name": name}),
        desk.editor.ask("POST", "/zaps", json={"zap": desk.zap(name)}),
        desk.editor.ask("PATCH", f"/zaps/{zap}", json={"name": name}),
        desk.editor.ask("PUT", f"/zaps/{zap}/draft", json=whole),
        desk.editor.ask("POST", "/zaps/import", content=file, headers={"content-type": "application/yaml"}),
    ]
    told = [(answer.status_code, [one["field"] for one in answer.json()["errors"]]) for answer in answers]
    assert told == [(422, ["name"])] * len(answers)


def test_a_deleted_zap_is_restored_with_its_history(desk: Desk):
    zap = desk.draft("Gone")
    assert desk.editor.delete(f"/zaps/{zap}") is None
    assert desk.viewer.ask("GET", f"/zaps/{zap}").status_code == 404
    assert zap in [one["id"] for one in desk.viewer.get("/zaps", state="deleted")["items"]]
    assert desk.editor.post(f"/zaps/{zap}/restore")["name"] == "Gone"
    assert desk.editor.post(f"/zaps/{zap}/restore")["id"] == zap
    copy = desk.editor.post(f"/zaps/{zap}/duplicate")
    assert copy["id"] != zap
    assert copy["zap"]["steps"] == desk.viewer.get(f"/zaps/{zap}/draft")["zap"]["steps"]


def test_versions_are_listed_compared_and_restored(desk: Desk):
    zap = desk.on("Versioned")
    draft = desk.viewer.get(f"/zaps/{zap}/draft")
    steps = [{**draft["zap"]["steps"][0], "with": {"to": "Eve"}}]
    changed = desk.editor.put(f"/zaps/{zap}/draft", revision=draft["revision"], zap={**draft["zap"], "steps": steps})
    assert changed["differs"] is True
    desk.editor.post(f"/zaps/{zap}/off")
    switched = desk.editor.post(f"/zaps/{zap}/on")
    assert (switched["version"], switched["published"], switched["unpublished_changes"]) == (1, False, True)
    [difference] = desk.viewer.get(f"/zaps/{zap}/versions/compare", a=1)["items"]
    assert (difference["step"], difference["field"], difference["after"]) == ("parcel", "to", "Eve")
    assert desk.editor.post(f"/zaps/{zap}/publish", revision=changed["revision"])["version"] == 2
    assert [one["number"] for one in desk.viewer.get(f"/zaps/{zap}/versions")["items"]] == [2, 1]
    assert [len(page) for page in desk.viewer.every(f"/zaps/{zap}/versions", limit=1)] == [1, 1]
    back = desk.editor.post(f"/zaps/{zap}/versions/1/restore", revision=changed["revision"])
    assert back["zap"]["steps"] == draft["zap"]["steps"]
    assert desk.viewer.get(f"/zaps/{zap}/versions/2")["zap"]["steps"][0]["with"] == {"to": "Eve"}
    discarded = desk.editor.post(f"/zaps/{zap}/draft/discard", revision=back["revision"])
    assert discarded["differs"] is False
    desk.editor.post(f"/zaps/{zap}/off")


def test_of_what_exists_exactly_the_chosen_records_fire(desk: Desk):
    desk.installation.order("Old one", "Another old one")
    zap = desk.draft("Catching up")
    existing = desk.editor.get(f"/zaps/{zap}/existing")["records"]
    assert existing[0]["label"]
    confirmation = desk.editor.get(f"/zaps/{zap}/publish")
    assert (confirmation["first"], confirmation["kind"], confirmation["source"]) == (True, "polling", "new")
    published = desk.editor.post(f"/zaps/{zap}/publish", also=[existing[0]["id"]])
    assert published["fired"] == 1
    [run] = desk.runs(zap, 1)
    assert run["state"] == "succeeded"
    desk.editor.post(f"/zaps/{zap}/off")


def test_a_zap_travels_as_a_file(desk: Desk):
    zap = desk.draft("Travelling")
    answer = desk.viewer.ask("GET", f"/zaps/{zap}/export")
    assert answer.headers["content-type"].startswith("application/yaml")
    assert yaml.safe_load(answer.text)["steps"][0]["connection"] == "shop"
    headers = {"content-type": "application/yaml"}
    sent = desk.editor.ask("POST", "/zaps/import", content=answer.content, headers=headers)
    assert sent.status_code == 201
    assert sent.json()["zap"]["steps"][0]["connection"] == desk.shop
    wrong = desk.editor.ask("POST", "/zaps/import", content=b"name: [", headers=headers)
    assert (wrong.status_code, "ine 1" in wrong.json()["errors"][0]["message"]) == (422, True)
    assert desk.editor.ask("POST", "/zaps/import", content=b"\xff\xfe", headers=headers).status_code == 422


def test_only_a_zap_that_is_called_has_an_address(desk: Desk):
    kiosk = desk.owner.post("/connections", app="kiosk", name="Called", values={"key": "open-sesame-42"})["id"]
    called = {"name": "Called", "trigger": {"use": "kiosk.paid", "connection": kiosk}, "steps": []}
    zap = desk.editor.post("/zaps", zap=called)["id"]
    first = desk.editor.get(f"/zaps/{zap}/address")["address"]
    second = desk.editor.post(f"/zaps/{zap}/address")["address"]
    assert first != second
    assert desk.editor.get(f"/zaps/{zap}/address")["address"] == second
    assert desk.editor.ask("GET", f"/zaps/{desk.draft('Not called')}/address").status_code == 409


def test_an_account_that_is_left_out_is_the_only_one_there_is_and_null_is_none(desk: Desk):
    steps = [{"key": key, "use": "shop.send_parcel", "with": {"to": "Eve"}} for key in ("left_out", "none")]
    zap = {
        "name": "Left out",
        "trigger": {"use": "shop.new_order"},
        "steps": [steps[0], {**steps[1], "connection": None}],
    }
    made = desk.editor.post("/zaps", zap=zap)
    again = desk.editor.put(f"/zaps/{made['id']}/draft", revision=made["revision"], zap=zap)
    users = (made["zap"]["trigger"], *made["zap"]["steps"])
    assert [one["connection"] for one in users] == [desk.shop, desk.shop, None]
    assert (again["zap"], again["revision"]) == (made["zap"], made["revision"])
