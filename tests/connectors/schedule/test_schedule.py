"""The app “Schedule”: what people fill in, when it fires, and which sentences they get for what cannot be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.schedule import schedule
from engine.errors import Problems
from zapwerk.testing import Harness, standard_checks

BERLIN = "Europe/Berlin"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def harness():
    made = Harness(schedule)
    yield made
    made.close()


def test_it_passes_the_standard_checks_also_in_german():
    standard_checks(schedule, languages=("de",))


# From midnight in Berlin on Monday, 23 March 2026: 812 days after 1 January 2024, so 58 fortnights.
TIMES = [
    pytest.param("every", {"every": 90, "unit": "minutes"}, ["23 01:30", "23 03:00", "23 04:30"], id="90 minutes"),
    pytest.param("every", {"every": 8, "at": "08:30"}, ["23 00:30", "23 08:30", "23 16:30"], id="8 hours from 08:30"),
    pytest.param(
        "every", {"every": 3, "unit": "days", "at": "07:00"}, ["24 07:00", "27 07:00", "30 07:00"], id="3 days"
    ),
    pytest.param(
        "every", {"every": 2, "unit": "weeks", "at": "09:00"}, ["23 09:00", "06 09:00", "20 09:00"], id="2 weeks"
    ),
    pytest.param(
        "every",
        {"every": 2, "unit": "weeks", "first": "2026-03-24"},
        ["24 00:00", "07 00:00", "21 00:00"],
        id="a first day",
    ),
    pytest.param("daily", {"at": "02:30"}, ["23 02:30", "24 02:30", "25 02:30"], id="daily"),
    pytest.param(
        "weekly", {"days": ["mon", "Friday"], "at": "09:00"}, ["23 09:00", "27 09:00", "30 09:00"], id="weekly"
    ),
    pytest.param(
        "weekly", {"days": "tue, sat", "at": "18:15"}, ["24 18:15", "28 18:15", "31 18:15"], id="weekly in words"
    ),
    pytest.param("monthly", {"day": 31, "at": "08:00"}, ["31 08:00", "30 08:00", "31 08:00"], id="day 31"),
    pytest.param("monthly", {"day": "last", "at": "08:00"}, ["31 08:00", "30 08:00", "31 08:00"], id="the last day"),
    pytest.param("monthly", {"day": "1", "at": "08:00"}, ["01 08:00", "01 08:00", "01 08:00"], id="the first day"),
    pytest.param("cron", {"cron": "0 9 * * 1-5"}, ["23 09:00", "24 09:00", "25 09:00"], id="cron"),
]


@pytest.mark.parametrize(("use", "given", "wanted"), TIMES)
def test_it_fires_when_it_says(harness: Harness, use: str, given: dict[str, Any], wanted: list[str]):
    begin = datetime(2026, 3, 22, 23, 0, tzinfo=UTC)  # midnight in Berlin, before a Monday
    found = harness.times(use, begin, begin + 120 * DAY, timezone=BERLIN, **given)
    assert [f"{one:%d %H:%M}" for one in found[:3]] == wanted


def test_working_days_leave_the_weekend_out(harness: Harness):
    begin = datetime(2026, 3, 22, 23, 0, tzinfo=UTC)
    found = harness.times("daily", begin, begin + 14 * DAY, timezone=BERLIN, at="09:00", weekends="no")
    assert [one.isoweekday() for one in found] == [1, 2, 3, 4, 5] * 2


def test_its_own_time_zone_goes_before_the_zaps(harness: Harness):
    given = schedule.schedules["daily"].given.model_validate({"at": "09:00", "timezone": "america/new_york"})
    assert schedule.schedules["daily"](given).zone == "America/New_York"
    assert schedule.schedules["daily"](given.model_copy(update={"timezone": None})).zone == ""


REFUSED = [
    pytest.param("cron", {"cron": "0 0 31 2 *"}, "cron", "there is no day 31 in February", id="31 February"),
    pytest.param("cron", {"cron": "60 * * * *"}, "cron", "There is no minute 60", id="minute 60"),
    pytest.param("cron", {"cron": "0 0 9 * * 1"}, "cron", "six fields", id="six fields"),
    pytest.param("daily", {"at": "09:00", "timezone": "Berlin"}, "timezone", "“Europe/Berlin”", id="a zone"),
    pytest.param("daily", {"at": "25:00"}, "at", "write it like 14:30", id="a time"),
    pytest.param("daily", {}, "at", "required", id="no time"),
    pytest.param("weekly", {"days": [], "at": "09:00"}, "days", "at least 1", id="no day"),
    pytest.param("monthly", {"day": 32, "at": "09:00"}, "day", "not one of the choices", id="day 32"),
    pytest.param("every", {"every": 0}, "every", "at least 1", id="no time between"),
    pytest.param("daily", {"at": "09:00", "missed": "twice"}, "missed", "not one of the choices", id="missed"),
]  # fmt: skip


@pytest.mark.parametrize(("use", "given", "field", "said"), REFUSED)
def test_what_cannot_be_is_said_at_its_field(harness: Harness, use: str, given: dict[str, Any], field: str, said: str):
    with pytest.raises(Problems, match=said) as refused:
        harness.switch_on(use, **given)
    assert [(one.step, one.field) for one in refused.value.problems] == [("trigger", field)]


def test_a_switched_on_schedule_fires_when_its_time_comes_and_missed_ones_as_it_says():
    harness = Harness(schedule)
    once = harness.switch_on("every", every=1, unit="hours")
    skip = harness.switch_on("every", every=1, unit="hours", at="00:01", missed="skip")
    each = harness.switch_on("every", every=1, unit="hours", missed="all")
    assert [*once.poll(), *skip.poll(), *each.poll()] == []
    harness.later(timedelta(hours=5))
    fired = once.poll()
    assert len(fired) in (1, 2), "the latest that was missed, and one that is on time if there is any"
    assert len(each.poll()) in (5, 6)
    assert [one for one in skip.poll() if one.late] == []
    assert once.poll() == []
    harness.close()
