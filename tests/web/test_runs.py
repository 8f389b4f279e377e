"""`zapwerk runs …`"""

import json
from typing import Any

import pytest

from tests.web.installation import ZAP, Installation


@pytest.fixture
def some_runs(switched_on: Installation) -> Installation:
    """One run that succeeded, one that failed, one that needs a person."""
    switched_on.order("Ada", "Nobody", "Mystery")
    switched_on.work(3)
    return switched_on


def only(installation: Installation, state: str) -> dict[str, Any]:
    (run,) = installation.json("runs", "list", "--state", state)
    found: dict[str, Any] = run
    return found


def test_runs_are_listed_the_newest_first(some_runs: Installation):
    states = [run["state"] for run in some_runs.json("runs", "list")]
    assert states == ["needs_review", "failed", "succeeded"]
    assert len(some_runs.json("runs", "list", "--limit", "2")) == 2


def test_runs_are_listed_by_zap_and_state(some_runs: Installation):
    some_runs.run("zaps", "import", str(some_runs.write_zap(name="Idle")))
    assert some_runs.json("runs", "list", "--zap", "Idle") == []
    found = some_runs.json("runs", "list", "--zap", "Parcels", "--state", "failed", "--state", "succeeded")
    assert [run["state"] for run in found] == ["failed", "succeeded"]
    assert "no zap" in some_runs.run("runs", "list", "--zap", "Nothing", code=1).stderr


def test_a_failed_run_says_why_and_where(some_runs: Installation):
    run = only(some_runs, "failed")
    assert (run["problem"], run["step"], run["zap"]) == ("Nobody lives there.", "parcel", "Parcels")


def test_a_run_shows_its_record_and_its_journal(some_runs: Installation):
    run = some_runs.json("runs", "show", only(some_runs, "succeeded")["id"])
    assert run["record"]["who"] == "Ada"
    assert [(line["path"], line["entry"]) for line in run["lines"]] == [("parcel", "started"), ("parcel", "finished")]
    assert run["lines"][1]["data"]["output"]["to"] == "Ada"
    assert "parcel" in some_runs.run("runs", "show", run["id"]).stdout


def test_replaying_prints_the_new_run(some_runs: Installation):
    failed = only(some_runs, "failed")["id"]
    new = some_runs.run("runs", "replay", failed).stdout.strip()
    assert some_runs.json("runs", "show", new)["replay_of"] == failed
    assert "has not ended" in some_runs.run("runs", "replay", new, code=1).stderr


def test_replaying_the_whole_run_with_the_newest_version_does_all_steps_again(some_runs: Installation):
    some_runs.run("runs", "replay", only(some_runs, "succeeded")["id"], "--whole", "--newest")
    some_runs.work(4)
    assert sorted(some_runs.parcels()) == ["Ada", "Ada", "Mystery"]


def test_a_run_that_has_ended_cannot_be_cancelled(some_runs: Installation):
    done = some_runs.run("runs", "cancel", only(some_runs, "failed")["id"], "--yes", code=1)
    assert "cannot be cancelled" in done.stderr


def test_a_run_that_waits_is_cancelled_after_asking(some_runs: Installation):
    run = only(some_runs, "needs_review")["id"]
    assert "--yes" in some_runs.run("runs", "cancel", run, code=1).stderr
    some_runs.run("runs", "cancel", run, "--yes")
    assert only(some_runs, "cancelled")["id"] == run


def test_a_review_shows_what_was_sent_and_the_candidates(some_runs: Installation):
    run = some_runs.json("runs", "show", only(some_runs, "needs_review")["id"])
    review = next(line["data"] for line in run["lines"] if line["entry"] == "review")
    assert review["sent"]["to"] == "Mystery"
    assert [one["id"] for one in run["candidates"]] == ["p-1", "p-2"]
    assert "p-2" in some_runs.run("runs", "show", run["id"]).stdout


@pytest.mark.parametrize(
    ("more", "output"),
    [
        pytest.param((), {}, id="without a record"),
        pytest.param(("--record-id", "p-2"), {"id": "p-2"}, id="one of the candidates"),
        pytest.param(("--record", json.dumps({"id": "mine"})), {"id": "mine"}, id="a record of one's own"),
    ],
)
def test_a_person_says_that_it_went_through(some_runs: Installation, more: tuple[str, ...], output: dict[str, str]):
    run = only(some_runs, "needs_review")["id"]
    some_runs.run("runs", "decide", run, "went-through", *more)
    some_runs.work(3)
    shown = some_runs.json("runs", "show", run)
    assert shown["state"] == "succeeded"
    decided = next(line["data"] for line in shown["lines"] if line["entry"] == "decided")
    assert decided["output"] == output
    assert "command line" in decided["by"]
    assert sorted(some_runs.parcels()) == ["Ada", "Mystery"]


def test_a_person_says_do_it_again(some_runs: Installation):
    run = only(some_runs, "needs_review")["id"]
    some_runs.run("runs", "decide", run, "again")
    some_runs.work(3)
    assert sorted(some_runs.parcels()) == ["Ada", "Mystery", "Mystery"]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(("maybe",), id="an unknown decision"),
        pytest.param(("again", "--record-id", "p-1"), id="a record where nothing was made"),
        pytest.param(("went-through", "--record", "{"), id="broken JSON"),
        pytest.param(("went-through", "--record", "[]"), id="no object"),
        pytest.param(("went-through", "--record", "{}", "--record-id", "p-1"), id="both"),
    ],
)
def test_a_decision_that_is_written_wrongly_changes_nothing(some_runs: Installation, more: tuple[str, ...]):
    run = only(some_runs, "needs_review")["id"]
    some_runs.run("runs", "decide", run, *more, code=2)
    assert only(some_runs, "needs_review")["id"] == run


def test_a_candidate_that_is_none_is_refused_with_those_there_are(some_runs: Installation):
    run = only(some_runs, "needs_review")["id"]
    assert "p-1, p-2" in some_runs.run("runs", "decide", run, "went-through", "--record-id", "p-9", code=1).stderr
    failed = only(some_runs, "failed")["id"]
    assert "does not wait" in some_runs.run("runs", "decide", failed, "again", code=1).stderr


def test_held_runs_are_released_one_by_one_or_by_zap(connected: Installation):
    careful = ZAP.format(name="Careful") + "flood_limit: 1\n"
    connected.run("zaps", "import", str(connected.write_zap(careful)), "--enable")
    connected.order("Ada", "Grace", "Edsger")
    connected.work(3)
    held = connected.json("runs", "list", "--state", "held")
    assert [run["hold"] for run in held] == ["flood", "flood"]
    assert held[0]["due_at"] is None
    connected.run("runs", "release", held[0]["id"])
    connected.run("runs", "release", "--zap", "Careful")
    connected.work(3)
    assert sorted(connected.parcels()) == ["Ada", "Edsger", "Grace"]
    assert "0 released" in connected.run("runs", "release", held[0]["id"], code=1).stderr


def test_releasing_needs_either_runs_or_a_zap(installation: Installation):
    installation.run("runs", "release", code=2)
    installation.run("runs", "release", "a", "--zap", "b", code=2)


def test_what_a_record_says_cannot_command_the_terminal(switched_on: Installation):
    switched_on.order("Ada\x1b]0;title\x07")
    switched_on.work(1)
    run = only(switched_on, "succeeded")["id"]
    assert "\x1b" not in switched_on.run("runs", "show", run).stdout
    assert switched_on.json("runs", "show", run)["record"]["who"] == "Ada\x1b]0;title\x07"
