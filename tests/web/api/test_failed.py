"""What failed for one reason by the API: listed, looked at with nothing done, replayed, and then nothing is left."""

from tests.waiting import wait_until
from tests.web.api.desk import Desk


def test_runs_that_failed_are_looked_at_and_replayed_with_the_newest_version(desk: Desk):
    parcel = {"key": "parcel", "use": "shop.send_parcel", "connection": desk.shop}
    zap = desk.on("Mended", {**parcel, "with": {"to": "{{ trigger.who }}", "weight": "{{ trigger.who }}"}})
    desk.installation.order("Ada", "Bob")
    failed = sorted(one["id"] for one in desk.runs(zap, 2))
    assert desk.viewer.get(f"/zaps/{zap}/failed")["runs"] == []
    revision = desk.editor.get(f"/zaps/{zap}/draft")["revision"]
    mended = desk.zap("Mended", {**parcel, "with": {"to": "{{ trigger.who }}"}})
    desk.editor.put(f"/zaps/{zap}/draft", revision=revision, zap=mended)
    desk.editor.post(f"/zaps/{zap}/publish")
    found = desk.viewer.get(f"/zaps/{zap}/failed")
    assert (found["runs"], found["step"], found["version"]) == (failed, "parcel", 2)
    assert desk.viewer.ask("POST", f"/zaps/{zap}/failed/replay", json={}).status_code == 403
    begun = desk.editor.post(f"/zaps/{zap}/failed/rehearsals")["id"]
    rows = wait_until(
        lambda: (seen := desk.editor.get(f"/zaps/{zap}/rehearsals/{begun}"))["ended"] and seen["rows"], what="the rows"
    )
    assert [(one["outcome"], one["steps"][0]["given"]["to"]) for one in rows] == [
        ("would_do", "Ada"),
        ("would_do", "Bob"),
    ]
    assert desk.installation.parcels() == []
    assert len(desk.editor.post(f"/zaps/{zap}/failed/replay", runs=failed[:1])["done"]) == 1
    assert len(desk.editor.post(f"/zaps/{zap}/failed/replay")["done"]) == 1
    assert desk.editor.post(f"/zaps/{zap}/failed/replay")["done"] == []
    assert desk.editor.ask("POST", f"/zaps/{zap}/failed/rehearsals", json={}).status_code == 409
    desk.runs(zap, 4)
    assert sorted(desk.installation.parcels()) == ["Ada", "Bob"]
    desk.editor.post(f"/zaps/{zap}/off")
