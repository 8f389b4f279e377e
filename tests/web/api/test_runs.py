"""Runs by the API: the list by any filter and page by page, one of them, and what is done with them."""

from datetime import UTC, datetime

import pytest

from engine.store import intake
from engine.store.encoding import encode
from engine.store.intake import Found
from tests.waiting import wait_until
from tests.web.api.desk import Desk

MANY = 250


@pytest.fixture(scope="module")
def orders(desk: Desk) -> str:
    """A zap with a run that was done, one that failed, and one that waits for a decision."""
    zap = desk.on("Orders")
    desk.installation.order("Ada", "Nobody", "Mystery")
    desk.runs(zap, 3)
    desk.editor.post(f"/zaps/{zap}/off")
    return zap


@pytest.fixture(scope="module")
def long(desk: Desk) -> str:
    """A zap with 250 runs on hold."""
    zap = desk.on("Long")
    desk.editor.post(f"/zaps/{zap}/off")
    with desk.runtime() as runtime, runtime.database.write() as session:
        found = [Found(f"r{number:03}", encode({"id": f"r{number:03}", "who": "Eve"})) for number in range(MANY)]
        intake.accept(session.connection(), zap, "test", found, flood_limit=1, now=datetime.now(UTC))
    return zap


def of_state(desk: Desk, zap: str, state: str) -> str:
    [run] = desk.viewer.get("/runs", zap=zap, state=state)["items"]
    return str(run["id"])


def test_runs_are_filtered_by_state_text_and_time(desk: Desk, orders: str):
    assert [one["label"] for one in desk.viewer.get("/runs", zap=orders, state="failed")["items"]] == ["Nobody"]
    both = desk.viewer.get("/runs", zap=orders, state=["failed", "needs_review"])
    assert (len(both["items"]), both["total"], both["more_than_total"], both["next"]) == (2, 2, False, None)
    oldest = desk.viewer.get("/runs", zap=orders)["items"][-1]["created_at"]
    assert desk.viewer.get("/runs", zap=orders, since=oldest)["total"] == 3
    assert desk.viewer.get("/runs", zap=orders, until=oldest, since="2020-01-01")["total"] == 0
    assert desk.viewer.get("/runs", zap=orders, since="2999-01-01T00:00:00+02:00")["items"] == []
    assert desk.viewer.ask("GET", "/runs", params={"since": "0001-01-01"}).status_code == 422


def test_250_runs_come_page_by_page_each_once_and_the_newest_first(desk: Desk, long: str):
    pages = desk.viewer.every("/runs", zap=long, limit=100)
    assert [len(page) for page in pages] == [100, 100, 50]
    ids = [one["id"] for page in pages for one in page]
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) == MANY


def test_next_keeps_the_filter_and_the_limit(desk: Desk, long: str):
    following = desk.viewer.get("/runs", zap=long, state="held", limit=7)["next"]
    assert following.startswith("/api/v1/runs?")
    assert len(desk.viewer.get(following)["items"]) == 7


@pytest.mark.parametrize("limit", ["0", "101", "ten"])
def test_no_page_is_larger_than_a_hundred(desk: Desk, limit: str):
    answer = desk.viewer.ask("GET", "/runs", params={"limit": limit})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "limit")


def test_a_cursor_that_is_none_is_refused(desk: Desk):
    assert desk.viewer.ask("GET", "/runs", params={"after": "nonsense"}).status_code == 409


def test_a_run_shows_its_record_and_its_steps(desk: Desk, orders: str):
    run = desk.viewer.get(f"/runs/{of_state(desk, orders, 'succeeded')}")
    assert (run["label"], run["record"]["value"]["who"]) == ("Ada", "Ada")
    [step] = run["steps"]
    assert (step["key"], step["state"], step["input"]["value"]["to"]) == ("parcel", "done", "Ada")


def test_a_failed_run_is_replayed_as_a_new_one(desk: Desk, orders: str):
    failed = of_state(desk, orders, "failed")
    again = desk.editor.post(f"/runs/{failed}/replay", whole=True, newest=True)
    assert again["replay_of"] == failed
    assert again["id"] in desk.viewer.get(f"/runs/{failed}")["replays"]
    desk.runs(orders, 4)
    done = of_state(desk, orders, "succeeded")
    assert desk.editor.ask("POST", f"/runs/{done}/replay", json={}).status_code == 409


def test_a_person_says_what_became_of_an_unknown_call(desk: Desk, orders: str):
    run = of_state(desk, orders, "needs_review")
    candidates = desk.viewer.get(f"/runs/{run}")["steps"][0]["review"]["candidates"]
    assert candidates[0]["id"] == "p-1"
    wrong = desk.editor.ask("POST", f"/runs/{run}/decide", json={"decision": "went_through", "candidate": 9})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "candidate")
    desk.editor.post(f"/runs/{run}/decide", decision="went_through", candidate=0)
    desk.runs(orders, 4)
    assert desk.viewer.get(f"/runs/{run}")["steps"][0]["output"]["value"]["id"] == "p-1"
    assert desk.editor.ask("POST", f"/runs/{run}/decide", json={"decision": "again"}).status_code == 409


def test_held_runs_are_released_and_dropped_one_and_many(desk: Desk, long: str):
    held = [one["id"] for one in desk.viewer.get("/runs", zap=long, state="held", limit=10)["items"]]
    assert desk.editor.post(f"/runs/{held[0]}/cancel")["state"] == "cancelled"
    assert desk.editor.post(f"/runs/{held[1]}/release")["hold"] == ""
    assert desk.editor.ask("POST", f"/runs/{held[0]}/release").status_code == 409
    outcome = desk.editor.post("/runs/many", do="drop", runs=[held[0], *held[2:4], "nothing"])
    assert outcome["done"] == held[2:4]
    assert [one["run"] for one in outcome["refused"]] == [held[0], "nothing"]
    rest = desk.editor.post("/runs/many", do="drop", filter={"zap": [long], "state": ["held"], "hold": "flood"})
    assert len(rest["done"]) == desk.viewer.get("/runs", zap=long, state="cancelled")["total"] - 3
    assert desk.viewer.get("/runs", zap=long, state="held")["items"] == []


@pytest.mark.parametrize("sent", [{"do": "drop"}, {"do": "drop", "runs": []}, {"do": "burn", "runs": ["x"]}])
def test_many_runs_must_be_named(desk: Desk, sent: dict[str, object]):
    assert desk.editor.ask("POST", "/runs/many", json=sent).status_code == 422


def test_what_was_done_is_in_the_audit_log_with_who_did_it(desk: Desk, orders: str):
    replayed = desk.owner.get("/audit", action="run.replayed")["items"]
    assert (replayed[0]["person"], replayed[0]["details"]["through"]) == ("Emil Editor", "API")
    assert next(len(page) for page in desk.owner.every("/audit", action="run.", limit=2)) == 2


def test_words_and_states_are_asked_for_together(desk: Desk, orders: str):
    query = {"zap": orders, "state": ["needs_review", "failed", "succeeded"], "q": "nobody"}
    found = wait_until(lambda: desk.viewer.get("/runs", **query)["items"], what="the run to be found")
    assert {one["label"] for one in found} == {"Nobody"}
    assert desk.viewer.get("/runs", state="needs_review", q="nobody")["items"] == []


@pytest.mark.parametrize("zap", ["a=b", 'a" OR "b', "é", ""])
def test_a_zap_that_has_an_odd_name_has_no_runs(desk: Desk, zap: str):
    assert desk.viewer.get("/runs", zap=zap, q="Eve")["items"] == []
