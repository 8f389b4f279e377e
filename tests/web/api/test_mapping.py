"""What an editor does in the API besides drawing: checks, mappings, templates, calls as samples, and many zaps."""

from tests.waiting import wait_until
from tests.web.api.desk import Desk


def test_the_log_of_checks_says_how_the_trigger_does(desk: Desk):
    zap = desk.draft("Checked")
    assert desk.viewer.get(f"/zaps/{zap}/checks") == {"health": None, "lines": [], "hours": []}
    desk.editor.post(f"/zaps/{zap}/publish")
    found = wait_until(lambda: desk.viewer.get(f"/zaps/{zap}/checks")["lines"], 20, what="a check")
    assert (found[0]["outcome"], found[0]["problem"]) == ("quiet", "")
    checks = desk.viewer.get(f"/zaps/{zap}/checks")
    assert checks["health"]["state"] == "ok"
    assert checks["hours"][0]["checks"] >= 1
    assert desk.viewer.ask("GET", "/zaps/nothing/checks").status_code == 404
    desk.editor.post(f"/zaps/{zap}/off")


def test_a_mapping_proposes_itself_and_says_what_it_gives(desk: Desk):
    desk.installation.order("Ada")
    empty = {"key": "parcel", "use": "shop.send_parcel", "connection": desk.shop, "with": {}}
    zap = desk.draft("Mapped", empty)
    record = desk.editor.get(f"/zaps/{zap}/records")["records"][0]
    desk.editor.put(f"/zaps/{zap}/samples/trigger", record=record["id"])
    proposals = desk.viewer.get(f"/zaps/{zap}/steps/parcel/proposals")["items"]
    assert [one["field"] for one in proposals] in ([], ["to"])
    seen = desk.viewer.post(f"/zaps/{zap}/steps/parcel/preview", field="to", template="Dear {{ trigger.who }}")
    assert (seen["state"], seen["made_up"]) == ("shown", False)
    assert seen["text"].startswith("Dear ")
    wrong = desk.viewer.post(f"/zaps/{zap}/steps/parcel/preview", field="to", template="{{ trigger.")
    assert (wrong["state"], wrong["problems"][0]["field"]) == ("problem", "to")


def test_a_zap_begins_as_a_template_has_it(desk: Desk):
    templates = {one["key"]: one for one in desk.editor.get("/zap-templates")["items"]}
    assert templates["schedule_to_http"]["apps"] == ["schedule", "http"]
    assert desk.viewer.ask("POST", "/zap-templates/schedule_to_http/zap").status_code == 403
    draft = desk.editor.post("/zap-templates/schedule_to_http/zap")
    assert draft["zap"]["name"] == templates["schedule_to_http"]["name"]
    assert desk.editor.ask("POST", "/zap-templates/nothing/zap").status_code == 404


def test_calls_are_waited_for_until_that_is_ended(desk: Desk):
    zap = desk.draft("Waits")
    assert desk.editor.get(f"/zaps/{zap}/wait")["waits"] is False
    assert desk.editor.put(f"/zaps/{zap}/wait")["waits"] is True
    desk.editor.delete(f"/zaps/{zap}/wait")
    assert desk.editor.get(f"/zaps/{zap}/wait")["waits"] is False


def test_with_many_zaps_the_same_is_done_and_what_cannot_be_is_said(desk: Desk):
    good, never = desk.on("Many: good"), desk.draft("Many: never published")
    desk.editor.post(f"/zaps/{good}/off")
    body = {"do": "on", "zaps": [good, never, "gone"]}
    assert desk.viewer.ask("POST", "/zaps/many", json=body).status_code == 403
    on = desk.editor.post("/zaps/many", **body)
    assert (on["done"], [one["zap"] for one in on["refused"]]) == ([good], [never])
    assert on["refused"][0]["why"] == "It was never published."
    moved = desk.editor.post("/zaps/many", do="move", zaps=[good, never], folder="Together")
    assert sorted(moved["done"]) == sorted([good, never])
    assert desk.viewer.get(f"/zaps/{good}")["folder"] == "Together"
    wrong = desk.editor.ask("POST", "/zaps/many", json={"do": "move", "zaps": [good], "folder": "x" * 500})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "folder")
    for doing in ("off", "delete", "restore"):
        assert desk.editor.post("/zaps/many", do=doing, zaps=[good])["done"] == [good]
    assert desk.viewer.get(f"/zaps/{good}")["state"] == "off"
