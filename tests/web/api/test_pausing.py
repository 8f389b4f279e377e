"""Pausing, runs in order, and wishes about notices by the API."""

from tests.waiting import wait_until
from tests.web.api.desk import Desk


def test_everything_is_paused_until_it_goes_on(desk: Desk):
    assert desk.viewer.get("/pausing") == {"paused": False, "since": None, "by": ""}
    assert desk.viewer.ask("PUT", "/pausing").status_code == 403
    paused = desk.editor.put("/pausing")
    assert (paused["paused"], paused["by"]) == (True, desk.editor.get("/me")["id"])
    desk.editor.delete("/pausing")
    assert desk.viewer.get("/pausing")["paused"] is False


def test_a_paused_zap_keeps_what_arrives_and_goes_on_with_it(desk: Desk):
    zap = desk.on("Paused")
    paused = desk.editor.put(f"/zaps/{zap}/pausing")
    assert (paused["paused"], paused["reason"][:15]) == (True, "Somebody paused")
    desk.installation.order("Ada")
    [held] = desk.runs(zap, 1)
    assert (held["state"], held["hold"]) == ("held", "paused")
    assert desk.viewer.ask("POST", f"/zaps/{zap}/resume").status_code == 403
    assert desk.editor.post(f"/zaps/{zap}/resume")["released"] == 1
    wait_until(lambda: desk.viewer.get("/runs", zap=zap, state="succeeded")["items"], what="the run to end")
    assert desk.viewer.get(f"/zaps/{zap}/pausing")["paused"] is False
    actions = [one["action"] for one in desk.owner.get("/audit", subject=zap)["items"]]
    assert actions[:2] == ["zap.switched_on", "zap.paused"]
    desk.editor.post(f"/zaps/{zap}/off")


def test_a_run_in_order_says_what_it_waits_for_and_may_be_let_pass(desk: Desk):
    zap = desk.on("In order", concurrency=1)
    desk.installation.order("Mystery")
    [first] = desk.runs(zap, 1)
    assert desk.editor.ask("POST", f"/runs/{first['id']}/pass").status_code == 409
    desk.installation.order("Ada")
    wait_until(lambda: desk.viewer.get(f"/runs/{first['id']}")["behind"] == 1, what="a run to wait")
    behind = desk.viewer.get("/runs", zap=zap)["items"][0]["id"]
    expected = {"id": first["id"], "state": "needs_review"}
    assert desk.viewer.get(f"/runs/{behind}")["waits_for"] == expected
    assert desk.viewer.ask("POST", f"/runs/{behind}/pass").status_code == 403
    desk.editor.post(f"/runs/{behind}/pass")
    assert [one["state"] for one in desk.runs(zap, 2)] == ["succeeded", "needs_review"]
    assert desk.owner.get("/audit", action="run.passed")["items"][0]["subject_id"] == behind
    desk.editor.post(f"/zaps/{zap}/off")


def test_everybody_says_when_they_are_told_of_a_zap(desk: Desk):
    zap = desk.draft("Quiet")
    assert desk.viewer.patch("/me/notices", usual="now", weekly=True)["weekly"] is True
    wished = desk.viewer.put(f"/me/notices/zaps/{zap}", wish="never")
    assert wished == {"usual": "now", "weekly": True, "zaps": [{"zap_id": zap, "wish": "never"}]}
    assert desk.editor.get("/me/notices")["zaps"] == []
    desk.viewer.delete(f"/me/notices/zaps/{zap}")
    assert desk.viewer.get("/me/notices")["zaps"] == []
    assert desk.viewer.ask("PUT", "/me/notices/zaps/nothing", json={"wish": "now"}).status_code == 404
