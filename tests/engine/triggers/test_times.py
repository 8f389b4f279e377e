"""The times of schedules as moments: across changes of the clock, leap years and short months, by hand-made tables."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from engine.triggers.times import Timetable
from zapwerk import Cron, Daily, Every, Monthly, Schedule, Weekly

BERLIN = "Europe/Berlin"  # forward 29 March 2026 02:00, back 25 October 2026 03:00
NEW_YORK = "America/New_York"  # forward 8 March 2026 02:00, back 1 November 2026 02:00
SYDNEY = "Australia/Sydney"  # back 5 April 2026 03:00, forward 4 October 2026 02:00
LORD_HOWE = "Australia/Lord_Howe"  # by half an hour: back 5 April 2026 02:00, forward 4 October 2026 02:00


def times(schedule: Schedule, zone: str, begin: str, count: int) -> list[str]:
    """The next few as the clock shows them, with the offset."""
    table = Timetable(schedule, ZoneInfo(zone))
    after = datetime.fromisoformat(begin).replace(tzinfo=ZoneInfo(zone))
    return [f"{one:%m-%d %H:%M%z}" for one in table.upcoming(count, after)]


def at(hour: int, minute: int = 0) -> time:
    return time(hour, minute)


SPRING = [
    pytest.param(BERLIN, "2026-03-28", ["03-28 02:30+0100", "03-29 03:00+0200", "03-30 02:30+0200"], id="Berlin"),
    pytest.param(NEW_YORK, "2026-03-07", ["03-07 02:30-0500", "03-08 03:00-0400", "03-09 02:30-0400"], id="New York"),
    pytest.param(SYDNEY, "2026-10-03", ["10-03 02:30+1000", "10-04 03:00+1100", "10-05 02:30+1100"], id="Sydney"),
]


@pytest.mark.parametrize(("zone", "begin", "wanted"), SPRING)
def test_a_time_that_the_clock_skips_happens_when_the_clock_goes_on(zone: str, begin: str, wanted: list[str]):
    assert times(Daily(at(2, 30)), zone, begin, 3) == wanted
    assert times(Cron("30 2 * * *"), zone, begin, 3) == wanted


def test_where_the_clock_skips_half_an_hour_only_that_half_hour_moves():
    assert times(Daily(at(2, 15)), LORD_HOWE, "2026-10-03", 3) == [
        "10-03 02:15+1030",
        "10-04 02:30+1100",
        "10-05 02:15+1100",
    ]
    assert times(Daily(at(2, 30)), LORD_HOWE, "2026-10-04", 2) == ["10-04 02:30+1100", "10-05 02:30+1100"]


AUTUMN = [
    pytest.param(BERLIN, 2, "2026-10-24", ["10-24 02:30+0200", "10-25 02:30+0200", "10-26 02:30+0100"], id="Berlin"),
    pytest.param(
        NEW_YORK, 1, "2026-10-31", ["10-31 01:30-0400", "11-01 01:30-0400", "11-02 01:30-0500"], id="New York"
    ),
    pytest.param(SYDNEY, 2, "2026-04-04", ["04-04 02:30+1100", "04-05 02:30+1100", "04-06 02:30+1000"], id="Sydney"),
    pytest.param(
        LORD_HOWE, 1, "2026-04-04", ["04-04 01:30+1100", "04-05 01:30+1100", "04-06 01:30+1030"], id="Lord Howe"
    ),
]


@pytest.mark.parametrize(("zone", "hour", "begin", "wanted"), AUTUMN)
def test_a_time_that_comes_twice_happens_the_first_time(zone: str, hour: int, begin: str, wanted: list[str]):
    assert times(Daily(at(hour, 30)), zone, begin, 3) == wanted
    assert times(Cron(f"30 {hour} * * *"), zone, begin, 3) == wanted


def test_between_the_two_passes_of_an_hour_the_next_time_is_the_next_day():
    second_pass = datetime(2026, 10, 25, 2, 10, tzinfo=ZoneInfo(BERLIN), fold=1)
    table = Timetable(Daily(at(2, 30)), ZoneInfo(BERLIN))
    assert [one.isoformat() for one in table.upcoming(1, second_pass)] == ["2026-10-26T02:30:00+01:00"]


def test_a_cron_line_for_every_hour_follows_the_clock_through_both_changes():
    assert times(Cron("*/30 * * * *"), BERLIN, "2026-03-29T01:00", 3) == [
        "03-29 01:30+0100",
        "03-29 03:00+0200",
        "03-29 03:30+0200",
    ]
    assert times(Cron("*/30 * * * *"), BERLIN, "2026-10-25T01:30", 6) == [
        "10-25 02:00+0200",
        "10-25 02:30+0200",
        "10-25 02:00+0100",
        "10-25 02:30+0100",
        "10-25 03:00+0100",
        "10-25 03:30+0100",
    ]
    assert times(Cron("15 */2 * * *"), BERLIN, "2026-03-29T00:00", 2) == ["03-29 00:15+0100", "03-29 04:15+0200"]


def test_several_skipped_times_of_one_line_happen_once_together():
    assert times(Cron("0,20,40 2,3 * * *"), BERLIN, "2026-03-29T00:00", 4) == [
        "03-29 03:00+0200",
        "03-29 03:20+0200",
        "03-29 03:40+0200",
        "03-30 02:00+0200",
    ]


def test_every_two_hours_is_real_time_whatever_the_clock_does():
    table = Timetable(Every(timedelta(hours=2)), ZoneInfo(BERLIN))
    for day in ("2026-03-28", "2026-10-24"):
        begin = datetime.fromisoformat(f"{day}T12:00+00:00")
        found = list(table.between(begin, begin + timedelta(days=2)))
        assert {after - before for before, after in pairwise(found)} == {timedelta(hours=2)}


def test_every_is_counted_from_its_start_so_that_asking_at_another_moment_changes_nothing():
    table = Timetable(Every(timedelta(minutes=90), start=datetime(2026, 1, 5, 8, 0)), ZoneInfo(BERLIN))
    begin = datetime(2026, 7, 1, tzinfo=UTC)
    found = list(table.between(begin, begin + timedelta(days=1)))
    for seconds in (1, 59, 1801, 5399):
        assert table.after(found[3] + timedelta(seconds=seconds)) == found[4]
    assert (found[0] - datetime(2026, 1, 5, 7, 0, tzinfo=UTC)) % timedelta(minutes=90) == timedelta(0)


def test_nothing_happens_before_the_start():
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    every = Timetable(Every(timedelta(hours=1), start=datetime(2026, 5, 1, 12, 0)), ZoneInfo(BERLIN))
    assert every.after(begin) == datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
    daily = Timetable(Daily(at(9), start=date(2026, 5, 1)), ZoneInfo(BERLIN))
    assert daily.after(begin) == datetime(2026, 5, 1, 7, 0, tzinfo=UTC)


def test_every_third_day_is_at_the_same_local_time():
    assert times(Daily(at(9), every=3, start=date(2026, 3, 26)), BERLIN, "2026-03-25", 3) == [
        "03-26 09:00+0100",
        "03-29 09:00+0200",
        "04-01 09:00+0200",
    ]


SHORT_MONTHS = [
    pytest.param(31, "2026-01-30", ["01-31", "02-28", "03-31", "04-30"], id="31"),
    pytest.param("last", "2026-01-30", ["01-31", "02-28", "03-31", "04-30"], id="last"),
    pytest.param(30, "2026-01-29", ["01-30", "02-28", "03-30", "04-30"], id="30"),
    pytest.param(29, "2026-01-28", ["01-29", "02-28", "03-29", "04-29"], id="29"),
    pytest.param(29, "2028-01-28", ["01-29", "02-29", "03-29", "04-29"], id="29 in a leap year"),
    pytest.param(31, "2028-01-30", ["01-31", "02-29", "03-31", "04-30"], id="31 in a leap year"),
    pytest.param(28, "2028-01-27", ["01-28", "02-28", "03-28", "04-28"], id="28"),
]


@pytest.mark.parametrize(("day", "begin", "wanted"), SHORT_MONTHS)
def test_a_day_that_a_month_does_not_have_is_its_last_one(day, begin: str, wanted: list[str]):
    assert [one[:5] for one in times(Monthly(day, at(8)), BERLIN, begin, 4)] == wanted


def test_weekly_is_on_the_chosen_days():
    assert times(Weekly(("mon", "sun"), at(9)), BERLIN, "2026-11-23T09:00", 3) == [
        "11-29 09:00+0100",
        "11-30 09:00+0100",
        "12-06 09:00+0100",
    ]


CRON = [
    pytest.param("0 9 * * 1", "2026-11-21", ["11-23 09:00", "11-30 09:00", "12-07 09:00"], id="weekday 1 is Monday"),
    pytest.param("0 9 * * 0", "2026-11-21", ["11-22 09:00", "11-29 09:00", "12-06 09:00"], id="weekday 0 is Sunday"),
    pytest.param("0 9 * * 7", "2026-11-21", ["11-22 09:00", "11-29 09:00", "12-06 09:00"], id="weekday 7 is Sunday"),
    pytest.param("0 0 13 * 5", "2026-11-01", ["11-06 00:00", "11-13 00:00", "11-20 00:00"], id="the 13th or a Friday"),
    pytest.param("0 0 13 * 5", "2026-10-10", ["10-13 00:00", "10-16 00:00", "10-23 00:00"], id="a 13th on a Tuesday"),
    pytest.param("0 0 */10 * 1", "2026-05-30", ["06-01 00:00", "08-31 00:00", "09-21 00:00"], id="*/10 and a Monday"),
    pytest.param("*/20 8-9 * * *", "2026-05-30", ["05-30 08:00", "05-30 08:20", "05-30 08:40"], id="steps"),
    pytest.param("59 23 31 12 *", "2026-05-30", ["12-31 23:59", "12-31 23:59", "12-31 23:59"], id="once a year"),
    pytest.param("0 0 29 2 *", "2026-03-01", ["02-29 00:00", "02-29 00:00", "02-29 00:00"], id="in leap years"),
    pytest.param(
        "0 0 31 * *", "2026-01-31", ["03-31 00:00", "05-31 00:00", "07-31 00:00"], id="31 is skipped as cron does"
    ),
    pytest.param("@weekly", "2026-11-23", ["11-29 00:00", "12-06 00:00", "12-13 00:00"], id="@weekly"),
    pytest.param("0 12 * 2 mon", "2026-02-20", ["02-23 12:00", "02-01 12:00", "02-08 12:00"], id="Mondays in February"),
]


@pytest.mark.parametrize(("line", "begin", "wanted"), CRON)
def test_a_cron_line_happens_when_people_expect_it(line: str, begin: str, wanted: list[str]):
    assert [one[:11] for one in times(Cron(line), "UTC", begin, 3)] == wanted


def test_a_leap_day_comes_every_four_years_and_not_in_2100():
    table = Timetable(Cron("0 0 29 2 *"), ZoneInfo("UTC"))
    years = [
        one.year for one in islice(table.between(datetime(2090, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)), 3)
    ]
    assert years == [2092, 2096, 2104]


def test_a_day_that_a_country_left_out_has_no_times():
    assert times(Daily(at(9), start=date(2011, 1, 1)), "Pacific/Apia", "2011-12-28T10:00", 3) == [
        "12-29 09:00-1000",
        "12-31 09:00+1400",
        "01-01 09:00+1400",
    ]


def test_midnight_where_the_clock_skips_midnight():
    assert times(Daily(at(0)), "Africa/Cairo", "2026-04-22T12:00", 3) == [
        "04-23 00:00+0200",
        "04-24 01:00+0300",
        "04-25 00:00+0300",
    ]


def test_the_latest_times_are_found_from_the_end():
    table = Timetable(Daily(at(9)), ZoneInfo("UTC"))
    until = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert [one.day for one in table.latest(3, until)] == [21, 22, 23]
    assert table.latest(3, until, after=datetime(2026, 11, 22, 9, 0, tzinfo=UTC)) == [until]
    assert table.latest(1, until, after=until) == []
    yearly = Timetable(Cron("0 0 1 1 *"), ZoneInfo("UTC"))
    assert [one.year for one in yearly.latest(2, until)] == [2025, 2026]
