"""Testing and rehearsing by the API."""

from typing import Any

import pytest

from tests.waiting import wait_until
from tests.web.api.desk import Desk


@pytest.fixture(scope="module")
def zap(desk: Desk) -> str:
    desk.installation.order("Ada", "Nobody")
    return desk.draft("Tried")


def test_the_last_records_are_read_and_one_is_the_sample(desk: Desk, zap: str):
    found = desk.editor.get(f"/zaps/{zap}/records")
    assert [one["label"] for one in found["records"]] == ["Nobody", "Ada"]
    ada = found["records"][1]["id"]
    assert desk.editor.put(f"/zaps/{zap}/samples/trigger", record=ada)["record"]["who"] == "Ada"
    assert [one["step"] for one in desk.viewer.get(f"/zaps/{zap}/samples")["items"]] == ["trigger"]
    gone = desk.editor.ask("PUT", f"/zaps/{zap}/samples/trigger", json={"record": "none of them"})
    assert gone.status_code == 409


def test_a_step_is_really_done(desk: Desk, zap: str):
    found = desk.editor.get(f"/zaps/{zap}/records")["records"]
    desk.editor.put(f"/zaps/{zap}/samples/trigger", record=found[1]["id"])
    tried = desk.editor.post(f"/zaps/{zap}/steps/parcel/test")
    assert (tried["outcome"], tried["input"]["to"], tried["output"]["to"]) == ("done", "Ada", "Ada")
    assert "Ada" in desk.installation.parcels()
    steps = {one["step"]: one["state"] for one in desk.viewer.get(f"/zaps/{zap}/draft")["steps"]}
    assert steps["parcel"] == "tested"
    assert desk.editor.ask("POST", f"/zaps/{zap}/steps/nothing/test").status_code == 404


def test_a_sample_is_made_up_and_forgotten(desk: Desk, zap: str):
    assert desk.editor.post(f"/zaps/{zap}/samples/parcel/made-up")["real"] is False
    assert desk.editor.delete(f"/zaps/{zap}/samples/parcel") is None
    assert "parcel" not in [one["step"] for one in desk.viewer.get(f"/zaps/{zap}/samples")["items"]]


def test_a_rehearsal_is_begun_and_asked_for_as_it_goes(desk: Desk, zap: str):
    begun = desk.editor.post(f"/zaps/{zap}/rehearsals", last=10)

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = desk.editor.get(f"/zaps/{zap}/rehearsals/{begun['id']}")
        return found if found["ended"] else None

    rehearsal = wait_until(ended, 20, what="the rehearsal to end")
    assert [row["outcome"] for row in rehearsal["rows"]] == ["would_do"] * rehearsal["records"]
    assert rehearsal["rows"][0]["steps"][0]["given"]["to"] == "Nobody"
    assert rehearsal["rows"][0]["steps"][0]["uses_quota"] is True
    assert [(one["app"], one["count"]) for one in rehearsal["quotas"]] == [("shop", rehearsal["records"])]
    assert len(desk.editor.get(f"/zaps/{zap}/rehearsals/{begun['id']}", after=1)["rows"]) == rehearsal["records"] - 1
    assert desk.editor.post(f"/zaps/{zap}/rehearsals/{begun['id']}/stop")["ended"] is True
    assert desk.owner.ask("GET", f"/zaps/{zap}/rehearsals/{begun['id']}").status_code == 404


def test_choices_come_from_the_app(desk: Desk):
    kiosk = desk.owner.post("/connections", app="kiosk", name="Choosing", values={"key": "open-sesame-42"})["id"]
    order = {"key": "order", "use": "kiosk.order", "connection": kiosk, "with": {}}
    zap = desk.draft("Choosing", order)
    found = desk.editor.get(f"/zaps/{zap}/steps/order/choices", field="shelf", search="up")
    assert found == {"items": [{"value": "u", "label": "Upper"}], "more": False}
    none = desk.editor.ask("GET", f"/zaps/{zap}/steps/order/choices", params={"field": "what"})
    assert none.status_code == 404
