"""Scheduled and called zaps at the command line: their next times, their problems, and looking at their records."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.settings import Settings
from engine.store import watches
from engine.store.database import Database
from engine.store.watches import Watch
from tests.web.installation import Installation, flat
from web import telling
from web.diagnosis import silent

CONNECTOR = '''
"""An app that is due at times, and one that calls."""
from datetime import time
from pydantic import BaseModel, Field, field_validator
from zapwerk import Connector, Context, Cron, Delivery, Record, TimeZone

ticks = Connector("ticks", title="Ticks")

class When(BaseModel):
    line: str = Field(title="Cron line")
    zone: TimeZone | None = Field(None, title="Time zone")

    @field_validator("line")
    @classmethod
    def _is_possible(cls, line: str) -> str:
        return Cron(line).line

class Note(Record):
    text: str = ""

class NewNote(BaseModel):
    text: str = Field("", title="Text")

@ticks.schedule()
def by_cron(given: When) -> Cron:
    """At the times of a cron line."""
    return Cron(given.line, zone=given.zone or "")

@ticks.webhook()
async def called(ctx: Context, given: NewNote, delivery: Delivery) -> list[Note]:
    """Somebody calls."""
    return [Note(id="1", text="called")]

@ticks.action(repeatable=True)
async def note(ctx: Context, given: NewNote) -> Note:
    """Notes it."""
    return Note(id="1", text=given.text)
'''
ZAP = """
zapwerk: 1
name: Report
timezone: Europe/Berlin
trigger: {{use: {use}, with: {given}}}
steps:
  - {{key: note, use: ticks.note, with: {{text: "{{{{ trigger.{field} }}}}"}}}}
"""
MONDAYS = ZAP.format(use="ticks.by_cron", given="{line: 0 9 * * 1}", field="date")
CALLED = ZAP.format(use="ticks.called", given="{}", field="text")


@pytest.fixture
def ticking(installation: Installation) -> Installation:
    folder = installation.data / "connectors"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ticks.py").write_text(CONNECTOR)
    return installation


def test_the_next_times_are_shown_when_it_is_switched_on_and_later(ticking: Installation):
    ticking.run("zaps", "import", str(ticking.write_zap(MONDAYS)))
    assert "Next: Mon " in ticking.run("zaps", "enable", "Report").stderr
    trigger = ticking.json("zaps", "show", "Report")["trigger"]
    times = [datetime.fromisoformat(one) for one in trigger["next"]]
    assert [one.weekday() for one in times] == [0, 0, 0]
    assert times == sorted(times)
    assert trigger["next_check_at"] == trigger["next"][0]
    shown = flat(ticking.run("zaps", "show", "Report").stdout)
    assert shown.count("Mon ") == 3
    assert "09:00 (Europe/Berlin)" in shown


IMPOSSIBLE = [
    pytest.param("{line: 0 0 31 2 *}", "line", "there is no day 31 in February", id="31 February"),
    pytest.param("{line: 60 * * * *}", "line", "There is no minute 60", id="minute 60"),
    pytest.param("{line: 0 0 * * * *}", "line", "six fields", id="six fields"),
    pytest.param("{line: 0 9 * * 1, zone: Berlin}", "zone", "Did you mean “Europe/Berlin”?", id="a zone"),
]


@pytest.mark.parametrize(("given", "field", "said"), IMPOSSIBLE)
def test_an_impossible_line_or_zone_is_a_problem_at_its_field(ticking: Installation, given: str, field: str, said: str):
    text = ZAP.format(use="ticks.by_cron", given=given, field="date")
    told = ticking.json("zaps", "import", str(ticking.write_zap(text)), code=1)
    (problem,) = told["problems"]
    assert (problem["step"], problem["field"]) == ("trigger", field)
    assert said in problem["message"]


def test_the_last_times_can_be_looked_at_and_a_step_be_done_with_them(ticking: Installation):
    ticking.run("zaps", "import", str(ticking.write_zap(MONDAYS)))
    records = ticking.json("zaps", "test", "Report", "--count", "2")
    assert [record["weekday"] for record in records] == ["Monday", "Monday"]
    tried = ticking.json("zaps", "test", "Report", "--step", "note", "--yes")
    assert tried["record"]["text"] == records[0]["date"]


def test_a_called_zap_says_that_its_records_come_when_they_are_sent(ticking: Installation):
    ticking.run("zaps", "import", str(ticking.write_zap(CALLED)), "--enable")
    assert "when the service sends them" in flat(ticking.run("zaps", "test", "Report").stderr)
    refused = ticking.run("zaps", "test", "Report", "--step", "note", "--yes", code=1).stderr
    assert "none to test the step with" in flat(refused)
    assert ticking.json("zaps", "test", "Report") == []


def test_a_called_zap_has_no_next_check_and_nothing_is_wrong_with_it(ticking: Installation):
    ticking.run("zaps", "import", str(ticking.write_zap(CALLED)), "--enable")
    trigger = ticking.json("zaps", "show", "Report")["trigger"]
    assert (trigger["watched"], trigger["next_check_at"], trigger["next"], trigger["problem"]) == (True, None, [], "")


def test_apps_show_all_kinds_of_triggers(ticking: Installation):
    shown = ticking.json("apps", "show", "ticks")
    assert {one["use"]: one["kind"] for one in shown["operations"]} == {
        "ticks.called": "webhook",
        "ticks.by_cron": "schedule",
        "ticks.note": "action",
    }


def test_dates_to_come_are_told_as_a_calendar_has_them():
    now = datetime.now(UTC)
    next_year = now.replace(year=now.year + 1, month=2, day=1, hour=9, minute=5)
    assert telling.dates([next_year]) == f"{next_year:%a} 1 Feb {now.year + 1} 09:05"
    assert telling.dates([]) == ""
    assert str(now.year) not in telling.dates([now])


def watch_of(ticking: Installation) -> Watch:
    database = Database(Settings(data=ticking.data).database)
    with database.read() as session:
        (watch,) = watches.every(session).values()
    database.close()
    return watch


def test_a_called_zap_that_nobody_calls_is_not_thought_silent(ticking: Installation):
    ticking.run("zaps", "import", str(ticking.write_zap(CALLED)), "--enable")
    assert silent(watch_of(ticking), True, datetime.now(UTC) + timedelta(days=400)) == ""


def test_a_scheduled_zap_is_thought_silent_when_its_time_passes_and_nothing_happens(ticking: Installation):
    ticking.run("zaps", "import", str(ticking.write_zap(MONDAYS)), "--enable")
    watch = watch_of(ticking)
    assert silent(watch, True, watch.next_poll_at + timedelta(seconds=30)) == ""
    assert "was not looked at" in silent(watch, True, watch.next_poll_at + timedelta(hours=1))
    assert silent(watch, False, watch.next_poll_at + timedelta(hours=1)) == ""
