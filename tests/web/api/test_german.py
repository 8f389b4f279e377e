"""Problems of the API are told in the language that a program asks for, or that its person reads."""

from typing import Any

import pytest

from tests.web.api.desk import Desk

GERMAN = {"accept-language": "de-AT, de;q=0.9"}


def asked(desk: Desk, method: str, path: str, **more: Any) -> dict[str, Any]:
    answer = desk.editor.ask(method, path, headers=GERMAN, **more)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("changed", "field", "german"),
    [
        pytest.param({"concurrency": 1.5}, "zap.concurrency", "Hier wird eine ganze Zahl erwartet", id="a part"),
        pytest.param({"concurrency": 0}, "zap.concurrency", "Das muss mindestens 1 sein.", id="too little"),
        pytest.param({"language": "fr"}, "zap.language", "Erlaubt ist", id="no such choice"),
        pytest.param({"timezone": "Mars"}, "zap.timezone", "Die Zeitzone „Mars“ gibt es nicht", id="no such zone"),
        pytest.param({"name": None}, "zap.name", "Das muss ein Text sein.", id="nothing"),
        pytest.param({"auto_pause": "maybe"}, "zap.auto_pause", "Das muss true oder false sein.", id="neither"),
        pytest.param({"steps": {}}, "zap.steps", "Hier wird eine Liste erwartet.", id="no list"),
        pytest.param({"steps": [{"key": "a"}]}, "zap.steps.0", "Ein Schritt braucht `use`", id="no step"),
    ],
)
def test_what_cannot_be_read_is_said_in_german(desk: Desk, changed: dict[str, Any], field: str, german: str):
    problem = asked(desk, "POST", "/zaps", json={"zap": {**desk.zap("Deutsch"), **changed}})
    by_field = {one["field"]: one["message"] for one in problem["errors"]}
    assert german in by_field[field]


@pytest.mark.parametrize(
    ("path", "german"),
    [
        pytest.param("/zaps/nothing", "Den Zap „nothing“ gibt es nicht.", id="zap"),
        pytest.param("/runs/nothing", "Die Ausführung nothing gibt es nicht.", id="run"),
        pytest.param("/connections/nothing", "Die Verknüpfung „nothing“ gibt es nicht.", id="connection"),
        pytest.param("/apps/shoop", "Die App „shoop“ gibt es hier nicht. Meinten Sie „shop“?", id="app"),
    ],
)
def test_what_there_is_not_is_said_in_german(desk: Desk, path: str, german: str):
    assert asked(desk, "GET", path)["detail"] == german


@pytest.mark.parametrize(
    ("given", "german"),
    [
        pytest.param({"cron": "61 * * * *"}, "Minute 61 gibt es nicht; möglich ist 0 bis 59.", id="no minute"),
        pytest.param({"cron": "0 9 * *"}, "Diese Zeile hat 4 Felder", id="too few fields"),
        pytest.param(
            {"cron": "0 9 * * *", "timezone": "Europe/Berlim"},
            "Die Zeitzone „Europe/Berlim“ gibt es nicht. Meinten Sie „Europe/Berlin“?",
            id="zone",
        ),
    ],
)
def test_what_is_wrong_in_a_schedule_is_said_in_german(desk: Desk, given: dict[str, str], german: str):
    zap = {**desk.zap(f"Zeitplan {german[:12]}"), "trigger": {"use": "schedule.cron", "with": given}}
    made = desk.editor.post("/zaps", zap=zap)["id"]
    problem = asked(desk, "POST", f"/zaps/{made}/publish", json={})
    assert any(german in one["message"] for one in problem["errors"]), problem
