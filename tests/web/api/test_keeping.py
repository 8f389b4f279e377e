"""Keeping, what is kept about a person, and backups by the API."""

from typing import Any

from tests.waiting import wait_until
from tests.web.api.desk import Desk


def test_the_house_says_how_long_things_are_kept_and_an_owner_changes_it(desk: Desk):
    before = desk.owner.get("/keeping")
    assert (before["contents_days"], before["runs_days"]) == (30, 365)
    assert desk.editor.ask("GET", "/keeping").status_code == 403
    changed = desk.owner.patch("/keeping", contents_days=20)
    assert changed == {**before, "contents_days": 20}
    german = {"accept-language": "de"}
    wrong = desk.owner.ask("PATCH", "/keeping", json={"runs_days": 10}, headers=german)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "runs_days")
    assert "Ausführung" in wrong.json()["errors"][0]["message"]
    assert desk.owner.get("/keeping") == changed


def test_sizes_are_told_and_cleaning_up_now_is_among_them(desk: Desk):
    sizes = desk.owner.get("/keeping/sizes")
    assert sizes["database"] > 0
    assert sizes["rows"]["audit"] > 0
    assert desk.owner.post("/keeping/now") == {"begun": True}

    def cleaned() -> Any:
        last = desk.owner.get("/keeping/sizes")["last"]
        return last if last and last != sizes["last"] else None

    assert wait_until(cleaned, 20, what="the cleaning up")["runs"] == 0


def test_a_zap_keeps_its_runs_otherwise_until_it_is_as_the_house_again(desk: Desk):
    zap = desk.draft("Kept otherwise")
    nothing = {"contents_days": None, "runs_days": None, "runs_most": None}
    assert desk.viewer.get(f"/zaps/{zap}/keeping") == nothing
    assert desk.viewer.ask("PUT", f"/zaps/{zap}/keeping", json={}).status_code == 403
    assert desk.editor.put(f"/zaps/{zap}/keeping", runs_days=90) == {**nothing, "runs_days": 90}
    assert desk.viewer.get(f"/zaps/{zap}/keeping")["runs_days"] == 90
    assert desk.editor.ask("PUT", f"/zaps/{zap}/keeping", json={"runs_most": 0}).status_code == 422
    assert desk.editor.put(f"/zaps/{zap}/keeping") == nothing


def test_what_is_kept_about_a_person_is_found_and_erased_and_the_log_does_not_say_whom(desk: Desk):
    zap = desk.on("About a person")
    desk.installation.order("Theodora")
    desk.runs(zap, 1)
    desk.editor.post(f"/zaps/{zap}/off")
    assert desk.editor.ask("POST", "/persons/find", json={"text": "Theodora"}).status_code == 403
    kept = desk.owner.post("/persons/find", text="Theodora")
    assert (kept["runs"], kept["going_on"], kept["items"][0]["zap_id"]) == (1, 0, zap)
    assert desk.owner.ask("POST", "/persons/erase", json={"text": "a"}).status_code == 409
    assert desk.owner.post("/persons/erase", text="Theodora")["runs"] == 1
    assert desk.owner.post("/persons/find", text="Theodora")["runs"] == 0
    [entry] = desk.owner.get("/audit", action="run.erased")["items"]
    assert entry["details"]["runs"] == 1
    assert "Theodora" not in str(entry)


def test_backups_are_planned_made_and_fetched(desk: Desk):
    assert desk.editor.ask("GET", "/backups").status_code == 403
    plan = desk.owner.patch("/backups/plan", hour=4, timezone="Europe/Berlin")
    assert (plan["hour"], plan["timezone"], plan["kept"]) == (4, "Europe/Berlin", 7)
    wrong = desk.owner.ask("PATCH", "/backups/plan", json={"timezone": "Mars"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "timezone")
    assert len(desk.owner.post("/backups/code")["code"]) > 20
    desk.owner.post("/backups")
    made = wait_until(lambda: desk.owner.get("/backups")["items"], 20, what="the backup")[0]
    wait_until(lambda: desk.owner.get("/backups")["asked_for"]["ended_at"], 20, what="the backup to be read")
    assert (made["with_key"], desk.owner.get("/backups")["plan"]) == (True, plan)
    file = desk.owner.ask("GET", f"/backups/{made['name']}")
    assert (file.content[:2], file.headers["content-type"]) == (b"PK", "application/zip")
    assert desk.owner.ask("GET", "/backups/zapwerk.db").status_code == 404
    told = {one["action"] for one in desk.owner.get("/audit", action="backup.")["items"]}
    assert told == {"backup.made", "backup.code_made", "backup.downloaded"}


def test_nothing_waits_for_a_decision_where_nothing_was_restored_or_copied(desk: Desk):
    assert desk.viewer.get("/restored")["zaps"] == []
    zap = desk.draft("Never restored")
    assert desk.editor.ask("POST", f"/restored/{zap}", json={"choice": "run"}).status_code == 409
    assert desk.viewer.get("/place")["waits"] == ""
    assert desk.viewer.ask("PUT", "/place", json={"this_is": "a_copy"}).status_code == 403
    assert desk.owner.put("/place", this_is="a_copy")["waits"] == ""
